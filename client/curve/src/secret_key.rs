//! A secret scalar.

use core::fmt;

use crate::backend::active::Scalar;
use crate::{CurveError, PublicKey, SharedX, Signature};

/// A secp256k1 secret key: a scalar in `1..n`. Erased when dropped, never copied.
pub struct SecretKey {
    scalar: Scalar,
}

impl SecretKey {
    /// Takes 32 bytes, big-endian. The caller's array stays the caller's to erase.
    ///
    /// # Errors
    /// [`CurveError::SecretKeyOutOfRange`] if the value is 0, `n` or above. Random bytes meet this with
    /// probability 2^-128, so that a caller who draws them need not loop.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CurveError> {
        Scalar::parse(bytes).map(|scalar| Self { scalar }).ok_or(CurveError::SecretKeyOutOfRange)
    }

    /// The secret itself, for an encrypted keystore; nothing else needs it.
    pub fn expose_bytes(&self) -> &[u8; 32] {
        self.scalar.as_bytes()
    }

    /// The public key. One multiplication of the base point: keep the result.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_point(self.scalar.base_product())
    }

    /// The X coordinate of the shared point (SEC 1, 3.3.1), as PKCS#11's `CKM_ECDH1_DERIVE` gives it.
    ///
    /// It is the same for a point and its negation, and is no key: whoever uses it must hash it together with
    /// both public keys, as the handshake's transcript does.
    pub fn ecdh_x(&self, theirs: &PublicKey) -> SharedX {
        self.scalar.product_x(theirs.point())
    }

    /// Signs a 32-byte digest: deterministic nonce (RFC 6979 with SHA-256), low s.
    pub fn sign_prehash(&self, digest: &[u8; 32]) -> Signature {
        self.scalar.sign_prehash(digest)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let key = SecretKey::from_bytes(&[0x42; 32]).map_err(|_| ());
        assert_eq!(format!("{key:?}"), "Ok(SecretKey(..))");
        assert_eq!(format!("{key:#?}"), "Ok(\n    SecretKey(..),\n)");
    }

    #[test]
    fn exposes_what_it_took() {
        let key = SecretKey::from_bytes(&[0x42; 32]);
        assert_eq!(key.as_ref().map(SecretKey::expose_bytes), Ok(&[0x42; 32]));
    }
}
