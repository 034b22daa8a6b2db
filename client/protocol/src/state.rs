//! What both parties must agree on, and its hash.

use alloc::vec::Vec;
use core::fmt;

use crate::eip712::StructHash;
use crate::identity::{Address, write_hex};
use crate::peer::PeerKey;
use crate::query::Query;
use crate::reading::{MAX_READINGS, Reading, hash_valuation};

/// The block that both parties look at, and the registry they look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Anchor {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Height of the block.
    pub block_number: u64,
    /// Hash of its header.
    pub block_hash: [u8; 32],
    /// Address of the registry contract.
    pub registry: Address,
}

/// One party's own proven view of everything both must agree on.
///
/// The two views of an honest pair differ in nothing but which record is `local`. The readings are hashed once, when
/// they are proven, and not again per handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateView {
    anchor: Anchor,
    local: PeerKey,
    peer: PeerKey,
    readings: Vec<Reading>,
    valuation: [u8; 32],
}

/// Which side of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The side that dials.
    Initiator,
    /// The side that answers.
    Responder,
}

/// The EIP-712 `hashStruct` of `SessionState`: what enters the key schedule. Public.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateHash(pub [u8; 32]);

/// More readings than a session may bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} readings, but a session binds at most {MAX_READINGS}; drop some")]
pub struct TooManyReadings {
    /// How many there were.
    pub count: usize,
}

impl Role {
    /// The opposite role.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }

    /// On the wire: 0 the initiator, 1 the responder.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Initiator => 0,
            Self::Responder => 1,
        }
    }

    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Initiator),
            1 => Some(Self::Responder),
            _ => None,
        }
    }
}

impl StateView {
    /// Joins what was proven at one anchor. **To be called where the proofs were verified, and nowhere else.**
    ///
    /// # Errors
    /// [`TooManyReadings`] over [`MAX_READINGS`].
    pub fn proven(
        anchor: Anchor,
        local: PeerKey,
        peer: PeerKey,
        readings: Vec<Reading>,
    ) -> Result<Self, TooManyReadings> {
        if readings.len() > MAX_READINGS {
            return Err(TooManyReadings { count: readings.len() });
        }
        let valuation = hash_valuation(&readings);
        Ok(Self { anchor, local, peer, readings, valuation })
    }

    /// Where it was proven.
    #[must_use]
    pub const fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// This side's own key.
    #[must_use]
    pub const fn local(&self) -> &PeerKey {
        &self.local
    }

    /// The other side's key.
    #[must_use]
    pub const fn peer(&self) -> &PeerKey {
        &self.peer
    }

    /// The readings, in the order of the queries.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// What was read, in that order.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = &Query> + '_ {
        self.readings.iter().map(|reading| &reading.query)
    }

    /// The key of the party in that role, where this side has the role `local_role`.
    #[must_use]
    pub fn key_of(&self, role: Role, local_role: Role) -> &PeerKey {
        if role == local_role { &self.local } else { &self.peer }
    }

    /// The state hash of this view, where this side has the role `local_role`.
    #[must_use]
    pub fn state_hash(&self, local_role: Role) -> StateHash {
        let initiator = self.key_of(Role::Initiator, local_role);
        let responder = self.key_of(Role::Responder, local_role);
        state_hash(&self.anchor, initiator.record_hash(), responder.record_hash(), &self.valuation)
    }
}

/// `hashStruct(SessionState)` from its parts, proven or merely claimed.
pub(crate) fn state_hash(
    anchor: &Anchor,
    initiator_record: &[u8; 32],
    responder_record: &[u8; 32],
    valuation: &[u8; 32],
) -> StateHash {
    let hash = StructHash::of_type(&SESSION_STATE_TYPE_HASH)
        .uint(anchor.chain_id)
        .uint(anchor.block_number)
        .word(&anchor.block_hash)
        .address(&anchor.registry.0)
        .word(initiator_record)
        .word(responder_record)
        .word(valuation)
        .finish();
    StateHash(hash)
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        })
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateHash({self})")
    }
}

/// Keccak-256 of `SESSION_STATE_TYPE`, the reading's type and the record's, in that order.
const SESSION_STATE_TYPE_HASH: [u8; 32] = [
    0x13, 0xbd, 0x5c, 0xcb, 0x86, 0x35, 0xc3, 0x83, 0x98, 0x8a, 0x8a, 0x4c, 0xb1, 0x68, 0x8c, 0x33, 0xcf,
    0xc6, 0x0e, 0x92, 0xbf, 0x98, 0x6c, 0x6b, 0xa1, 0x45, 0x83, 0x63, 0xf7, 0x4d, 0xa7, 0xeb,
];

#[cfg(test)]
const SESSION_STATE_TYPE: &str = "SessionState(uint256 chainId,uint64 blockNumber,bytes32 blockHash,\
    address registry,RegistryRecord initiator,RegistryRecord responder,Reading[] valuation)";

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::eip712::keccak256;

    #[test]
    fn the_type_hash_is_that_of_the_types() {
        let session_state = [SESSION_STATE_TYPE, crate::reading::TYPE, crate::record::TYPE];
        assert_eq!(
            SESSION_STATE_TYPE_HASH,
            keccak256(session_state.iter().copied().collect::<String>().as_bytes())
        );
    }
}
