//! A point that somebody holds the secret of.

use core::fmt;
use core::hash::{Hash, Hasher};

use sha3::{Digest, Keccak256};

use crate::backend::active::Point;
use crate::{CurveError, Signature};

/// A secp256k1 public key: parsed, on the curve, not the identity. Holds the decompressed point, so that no
/// operation with it takes a square root again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    point: Point,
}

impl PublicKey {
    /// Parses the 33-byte compressed encoding (SEC 1, 2.3.4): 0x02 or 0x03 by the parity of y, then x.
    ///
    /// # Errors
    /// [`CurveError::BadEncoding`] for any other first byte, [`CurveError::NotOnCurve`] if no point has this x.
    pub fn from_compressed(bytes: &[u8; 33]) -> Result<Self, CurveError> {
        let [tag, x @ ..] = bytes;
        match tag {
            0x02 => Self::from_x_with_parity(x, false),
            0x03 => Self::from_x_with_parity(x, true),
            _ => Err(CurveError::BadEncoding { tag: *tag }),
        }
    }

    /// Takes both coordinates, 32 bytes each, big-endian, as a registry event or a pinned record carries them.
    ///
    /// # Errors
    /// [`CurveError::NotOnCurve`] if a coordinate is out of range or the two are of no point.
    pub fn from_uncompressed_xy(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, CurveError> {
        Point::from_xy(x, y).map(Self::from_point).ok_or(CurveError::NotOnCurve)
    }

    /// Takes x, 32 bytes, big-endian, and whether y is odd.
    ///
    /// # Errors
    /// [`CurveError::NotOnCurve`] if x is out of range or no point has it.
    pub fn from_x_with_parity(x: &[u8; 32], odd: bool) -> Result<Self, CurveError> {
        Point::decompress(x, odd).map(Self::from_point).ok_or(CurveError::NotOnCurve)
    }

    /// The 33-byte compressed encoding (SEC 1, 2.3.3).
    pub fn compressed(&self) -> [u8; 33] {
        self.point.compressed()
    }

    /// Both coordinates, 32 bytes each, big-endian.
    pub fn xy(&self) -> ([u8; 32], [u8; 32]) {
        self.point.xy()
    }

    /// The Ethereum address: the last 20 bytes of `keccak256(x || y)`.
    pub fn address(&self) -> [u8; 20] {
        let (x, y) = self.xy();
        let digest: [u8; 32] = Keccak256::new().chain_update(x).chain_update(y).finalize().into();
        let [_, _, _, _, _, _, _, _, _, _, _, _, address @ ..] = digest;
        address
    }

    /// Checks a signature over a 32-byte digest. Malleable ones do not get here: [`Signature`] refuses a high s.
    /// The recovery parity plays no part.
    ///
    /// # Errors
    /// [`CurveError::BadSignature`] if this key did not sign this digest.
    pub fn verify_prehash(&self, digest: &[u8; 32], signature: &Signature) -> Result<(), CurveError> {
        if self.point.verify_prehash(digest, signature) { Ok(()) } else { Err(CurveError::BadSignature) }
    }

    pub(crate) fn from_point(point: Point) -> Self {
        Self { point }
    }

    pub(crate) fn point(&self) -> &Point {
        &self.point
    }
}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compressed().hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(0x")?;
        self.compressed().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;
    use crate::SecretKey;

    #[test]
    fn debug_shows_the_compressed_key() {
        assert_eq!(
            format!("{:?}", first_anvil_key().public_key()),
            "PublicKey(0x038318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed75)"
        );
    }

    #[test]
    fn address_is_ethereums() {
        let address = hex::encode(first_anvil_key().public_key().address());
        assert_eq!(address, "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    }

    #[test]
    fn refuses_every_tag_but_two() {
        let good = first_anvil_key().public_key().compressed();
        for tag in (0..=u8::MAX).filter(|tag| !matches!(tag, 2 | 3)) {
            let mut bytes = good;
            bytes[0] = tag;
            assert_eq!(PublicKey::from_compressed(&bytes), Err(CurveError::BadEncoding { tag }));
        }
    }

    fn first_anvil_key() -> SecretKey {
        let hex = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        SecretKey::from_bytes(&hex::decode(hex).unwrap().try_into().unwrap()).unwrap()
    }
}
