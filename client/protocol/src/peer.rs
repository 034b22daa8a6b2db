//! An identity key that a proof stands behind.

use crate::curve::PublicKey;
use crate::identity::{Address, Identity};
use crate::record::RegistryRecord;

/// A key that was proven to be an identity's, by header, account and storage proof.
///
/// A handshake takes nothing less. The record's hash is computed once, here, and not again per handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerKey {
    record: RegistryRecord,
    record_hash: [u8; 32],
    public_key: PublicKey,
}

/// The key is not the one the record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this key hashes to {key_signer}, but the record of {identity} names {record_signer}")]
pub struct KeyMismatch {
    /// Whose record.
    pub identity: Identity,
    /// The signer that the record names.
    pub record_signer: Address,
    /// The signer that the key hashes to.
    pub key_signer: Address,
}

impl PeerKey {
    /// Joins a record and its key. **To be called where a proof was verified, and nowhere else.**
    ///
    /// # Errors
    /// [`KeyMismatch`] where the key does not hash to the record's signer.
    pub fn proven(record: RegistryRecord, public_key: PublicKey) -> Result<Self, KeyMismatch> {
        let key_signer = Address(public_key.address());
        if key_signer != record.signer {
            return Err(KeyMismatch { identity: record.identity, record_signer: record.signer, key_signer });
        }
        Ok(Self { record, record_hash: record.hash(), public_key })
    }

    /// Whose key this is.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.record.identity
    }

    /// The record that names this key.
    #[must_use]
    pub const fn record(&self) -> &RegistryRecord {
        &self.record
    }

    /// The record's EIP-712 `hashStruct`.
    #[must_use]
    pub const fn record_hash(&self) -> &[u8; 32] {
        &self.record_hash
    }

    /// The key itself.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}
