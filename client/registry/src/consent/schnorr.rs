//! Schnorr signatures as FROST(secp256k1, KECCAK-256) makes them (RFC 9591, 6.5, with Keccak-256): checked here by
//! the library that makes them, on chain by `Schnorr.sol`.

use alloy::primitives::B256;
use countersign_protocol::curve::PublicKey;
use frost_secp256k1_evm::{Signature, VerifyingKey};

use super::SignatureError;

/// R in SEC 1 compressed form, then z: 65 bytes, as [`frost_secp256k1_evm::Signature::serialize`] gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchnorrSignature {
    signature: Signature,
    bytes: [u8; 65],
}

impl SchnorrSignature {
    /// Parses R || z.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] where R is no point or z is not below the group order.
    pub fn from_bytes(bytes: &[u8; 65]) -> Result<Self, SignatureError> {
        let signature = Signature::deserialize(bytes).map_err(|_| SignatureError::Malformed)?;
        Ok(Self { signature, bytes: *bytes })
    }

    /// R || z.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 65] {
        self.bytes
    }

    pub(super) fn is_by(&self, key: &PublicKey, digest: &B256) -> bool {
        VerifyingKey::deserialize(&key.compressed())
            .and_then(|key| key.verify(digest.as_slice(), &self.signature))
            .is_ok()
    }
}
