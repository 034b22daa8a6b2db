//! A static key in this process's memory.

use core::fmt;
use core::future::{Future, ready};

use countersign_protocol::curve::{PublicKey, SecretKey};
use countersign_protocol::{KeyAnswer, KeyRequest};
use zeroize::Zeroizing;

use crate::custody::{Custody, CustodyError};

/// A static key held in memory and erased when dropped. Answers every request, within some tens of microseconds.
pub struct LocalKey {
    secret: SecretKey,
    public: PublicKey,
}

impl LocalKey {
    /// Takes a key that exists already, for instance one imported from another tool.
    #[must_use]
    pub fn new(secret: SecretKey) -> Self {
        let public = secret.public_key();
        Self { secret, public }
    }

    /// Makes a new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`CustodyError::NoRandomness`] where the operating system has none to give.
    pub fn generate() -> Result<Self, CustodyError> {
        let mut candidate = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(&mut *candidate).map_err(CustodyError::NoRandomness)?;
            // Zero and the values from n on are no keys (2^-128 of all draws); drawing again keeps the rest uniform.
            if let Ok(secret) = SecretKey::from_bytes(&candidate) {
                return Ok(Self::new(secret));
            }
        }
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.secret
    }

    fn compute(&self, request: &KeyRequest) -> KeyAnswer {
        match request {
            KeyRequest::Ecdh { peer, .. } => KeyAnswer::SharedX(self.secret.ecdh_x(peer)),
            KeyRequest::Sign { digest } => KeyAnswer::Signature(self.secret.sign_prehash(digest)),
        }
    }
}

impl Custody for LocalKey {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn answer(&self, request: KeyRequest) -> impl Future<Output = Result<KeyAnswer, CustodyError>> + Send {
        ready(Ok(self.compute(&request)))
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use countersign_protocol::EcdhPurpose;

    use super::*;

    #[test]
    fn debug_shows_the_public_key_and_nothing_else() {
        let key = LocalKey::new(SecretKey::from_bytes(&[0x42; 32]).unwrap());
        let shown = format!("{key:?}");
        assert!(!shown.contains("4242424242"), "{shown}");
        assert_eq!(shown, format!("LocalKey {{ public: {:?}, .. }}", key.public_key()));
    }

    #[tokio::test]
    async fn both_ends_compute_the_same_product() {
        let (a, b) = (LocalKey::generate().unwrap(), LocalKey::generate().unwrap());
        for purpose in [EcdhPurpose::StaticStatic, EcdhPurpose::EphemeralStatic] {
            let at_a = a.answer(KeyRequest::Ecdh { purpose, peer: b.public_key() }).await.unwrap();
            let at_b = b.answer(KeyRequest::Ecdh { purpose, peer: a.public_key() }).await.unwrap();
            let (KeyAnswer::SharedX(x), KeyAnswer::SharedX(y)) = (at_a, at_b) else {
                panic!("not a product")
            };
            assert_eq!(x.as_bytes(), y.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_signature_verifies_under_the_public_key() {
        let key = LocalKey::generate().unwrap();
        let digest = [7; 32];
        let answer = key.answer(KeyRequest::Sign { digest }).await.unwrap();
        let KeyAnswer::Signature(signature) = answer else { panic!("not a signature") };
        key.public_key().verify_prehash(&digest, &signature).unwrap();
        assert!(key.public_key().verify_prehash(&[8; 32], &signature).is_err());
    }
}
