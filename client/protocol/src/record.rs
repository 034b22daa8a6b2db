//! What the registry says of an identity.

use crate::eip712::StructHash;
use crate::identity::{Address, Identity};

/// A registry record, as a storage proof showed it.
///
/// Hashed as the EIP-712 struct
/// `RegistryRecord(address owner,bytes32 label,uint16 version,address signer,uint40 anchoredAt,
/// uint32 validUntil,uint8 scheme,uint8 suiteFloor)`, which a contract can rebuild from the record's
/// packed word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegistryRecord {
    /// The owner and the label it is stored under.
    pub identity: Identity,
    /// Counts the keys this identity has had: from 1, by one.
    pub version: u16,
    /// The identity key's Ethereum address, the fingerprint of the key.
    pub signer: Address,
    /// When this key was anchored, in Unix seconds of the block that did it. At most 2^40 - 1.
    pub anchored_at: u64,
    /// Until when the key is valid, in Unix seconds; 0 for no end. At most 2^32 - 1.
    pub valid_until: u64,
    /// How this key signs.
    pub scheme: SignatureScheme,
    /// The least [`Suite`](crate::Suite) level a handshake with this key may use: 0 to 3.
    pub suite_floor: u8,
}

/// How an identity key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SignatureScheme {
    /// ECDSA on secp256k1 with low s.
    Ecdsa = 0,
    /// Schnorr on secp256k1, as a threshold quorum signs.
    Schnorr = 1,
}

impl RegistryRecord {
    /// The EIP-712 `hashStruct` of this record.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        StructHash::of_type(&TYPE_HASH)
            .address(&self.identity.owner.0)
            .word(&self.identity.label.0)
            .uint(self.version.into())
            .address(&self.signer.0)
            .uint(self.anchored_at)
            .uint(self.valid_until)
            .uint(self.scheme as u64)
            .uint(self.suite_floor.into())
            .finish()
    }
}

/// Keccak-256 of `TYPE`.
const TYPE_HASH: [u8; 32] = [
    0x24, 0x92, 0x99, 0x38, 0x3a, 0xbc, 0xeb, 0xbe, 0x72, 0xea, 0x33, 0x08, 0x66, 0xfa, 0x2d, 0x24, 0x40,
    0xcb, 0xd1, 0x69, 0x43, 0xf6, 0xc2, 0xe2, 0x9a, 0x42, 0x58, 0x07, 0x01, 0x9e, 0x92, 0xde,
];

/// EIP-712 `encodeType` of a record.
#[cfg(test)]
pub(crate) const TYPE: &str = "RegistryRecord(address owner,bytes32 label,uint16 version,address signer,\
    uint40 anchoredAt,uint32 validUntil,uint8 scheme,uint8 suiteFloor)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eip712::keccak256;

    #[test]
    fn the_type_hash_is_that_of_the_type() {
        assert_eq!(TYPE_HASH, keccak256(TYPE.as_bytes()));
    }
}
