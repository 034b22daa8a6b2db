//! EIP-712 `hashStruct`: the type hash and the members, each a 32-byte word, under Keccak-256.

use sha3::{Digest, Keccak256};

/// Builds one `hashStruct`: `keccak256(typeHash || word || word ...)`.
pub(crate) struct StructHash(Keccak256);

impl StructHash {
    /// Begins with the Keccak-256 of the type's text (EIP-712, "encodeType").
    pub(crate) fn of_type(type_hash: &[u8; 32]) -> Self {
        let mut hash = Keccak256::new();
        hash.update(type_hash);
        Self(hash)
    }

    /// An `address`: padded on the left.
    pub(crate) fn address(mut self, address: &[u8; 20]) -> Self {
        self.0.update([0; 12]);
        self.0.update(address);
        self
    }

    /// A `uintN`, N up to 64: padded on the left.
    pub(crate) fn uint(mut self, value: u64) -> Self {
        self.0.update([0; 24]);
        self.0.update(value.to_be_bytes());
        self
    }

    /// A `bytes32`, or the hash that stands for a nested struct or an array.
    pub(crate) fn word(mut self, word: &[u8; 32]) -> Self {
        self.0.update(word);
        self
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The hash that stands for an array: Keccak-256 of its members' hashes, one after the other.
pub(crate) fn hash_array(members: impl Iterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut hash = Keccak256::new();
    members.for_each(|member| hash.update(member));
    hash.finalize().into()
}

pub(crate) fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}
