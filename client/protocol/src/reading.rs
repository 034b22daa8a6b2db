//! What was found on chain, and what an initiator claims to have found.

use alloc::sync::Arc;
use core::fmt;

use crate::eip712::{StructHash, hash_array, keccak256};
use crate::identity::write_hex;
use crate::query::Query;

/// At most this many readings value an instrument.
pub const MAX_READINGS: usize = 16;

/// Most bytes that a view call may return. One that returns more has no reading.
pub const MAX_RETURNED: usize = 4096;

/// A query and what was found.
///
/// Hashed as `Reading(address source,uint8 kind,bytes32 subject,bytes32 value)`: kind 0 is a storage
/// slot, its subject the slot and its value the slot's word; kind 1 is a view call, its subject the hash of the
/// calldata and its value the hash of what the call returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    /// What was read.
    pub query: Query,
    /// What was found: a word for a storage slot, return data for a view call.
    pub value: Value,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// The word of a storage slot: zero where absence was proven.
    Word([u8; 32]),
    /// What a view call returned.
    Returned(ReturnData),
}

/// The return data of a view call: at most [`MAX_RETURNED`] bytes, hashed once. Cheap to clone. Displays as `0x` and
/// hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReturnData {
    bytes: Arc<[u8]>,
    hash: [u8; 32],
}

/// A query and the word that an initiator claims for it: the slot's word, or the hash of what the call returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimedReading {
    /// What to read.
    pub query: Query,
    /// What [`Value::commitment`] is to be, by the initiator's word.
    pub value: [u8; 32],
}

/// More return data than a reading may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the call returned {length} bytes, and a reading has at most {MAX_RETURNED}; call something that returns less"
)]
pub struct TooMuchReturned {
    /// How many there were.
    pub length: usize,
}

impl Reading {
    /// The EIP-712 `hashStruct` of this reading.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash_reading(&self.query, self.value.commitment())
    }

    /// What an initiator that found it claims.
    #[must_use]
    pub fn claim(&self) -> ClaimedReading {
        ClaimedReading { query: self.query.clone(), value: *self.value.commitment() }
    }
}

impl Value {
    /// The word that stands for it in the state hash and in a proposal: the slot's word itself, or Keccak-256 of the
    /// return data.
    #[must_use]
    pub const fn commitment(&self) -> &[u8; 32] {
        match self {
            Self::Word(word) => word,
            Self::Returned(data) => &data.hash,
        }
    }
}

impl ReturnData {
    /// Takes the bytes and hashes them. **To be called where the call was executed over proven state, and nowhere else.**
    ///
    /// # Errors
    /// [`TooMuchReturned`] over [`MAX_RETURNED`].
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, TooMuchReturned> {
        let bytes = bytes.into();
        if bytes.len() > MAX_RETURNED {
            return Err(TooMuchReturned { length: bytes.len() });
        }
        let hash = keccak256(&bytes);
        Ok(Self { bytes, hash })
    }

    /// The bytes, ABI-encoded as a rule.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their Keccak-256, the value of the reading.
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl ClaimedReading {
    /// Whether that is what was found.
    pub(crate) fn is_of(&self, reading: &Reading) -> bool {
        self.value == *reading.value.commitment() && self.query == reading.query
    }
}

/// The hash that stands for `Reading[] valuation`, of what was proven.
pub(crate) fn hash_valuation(readings: &[Reading]) -> [u8; 32] {
    hash_array(readings.iter().map(Reading::hash))
}

/// The hash that stands for `Reading[] valuation`, of what is merely claimed.
pub(crate) fn hash_claims(claims: &[ClaimedReading]) -> [u8; 32] {
    hash_array(claims.iter().map(|claim| hash_reading(&claim.query, &claim.value)))
}

fn hash_reading(query: &Query, value: &[u8; 32]) -> [u8; 32] {
    StructHash::of_type(&TYPE_HASH)
        .address(&query.source().0)
        .uint(query.kind().into())
        .word(query.subject())
        .word(value)
        .finish()
}

impl fmt::Display for ReturnData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.bytes)
    }
}

impl fmt::Debug for ReturnData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReturnData({self})")
    }
}

/// Keccak-256 of `Reading(address source,uint8 kind,bytes32 subject,bytes32 value)`.
const TYPE_HASH: [u8; 32] = [
    0xb5, 0xad, 0xe9, 0xc7, 0xb5, 0x0f, 0xcf, 0x99, 0x3e, 0x7a, 0xb8, 0x83, 0x28, 0x4e, 0x7c, 0xc2, 0x26,
    0x51, 0xc0, 0x10, 0xd2, 0x75, 0x26, 0xf5, 0x4d, 0x37, 0xbd, 0x3d, 0x26, 0x0b, 0x11, 0xd5,
];

#[cfg(test)]
pub(crate) const TYPE: &str = "Reading(address source,uint8 kind,bytes32 subject,bytes32 value)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_hash_is_that_of_the_type() {
        assert_eq!(TYPE_HASH, keccak256(TYPE.as_bytes()));
    }
}
