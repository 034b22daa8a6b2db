//! The registry's storage layout: where a record lies, and what its packed word says.

use alloy::primitives::{B256, U256, keccak256};
use countersign_protocol::{Address, Identity, RegistryRecord, SignatureScheme};

/// The storage slots of one identity's record: `mapping(address => mapping(bytes32 => Record))` at slot 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordSlots {
    /// The packed [`RecordWord`].
    pub word: B256,
    /// The X coordinate of a pinned key, zero where it is not pinned.
    pub x: B256,
    /// Keccak-256 of what the identity publishes beside its key, zero for nothing.
    pub bundle: B256,
}

/// A record's packed word. Bits, low first: signer 160, `anchoredAt` 40, `validUntil` 32, version 16,
/// scheme 1, suite floor 2, revoked 1, reason 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordWord {
    /// The identity key's Ethereum address.
    pub signer: Address,
    /// When the key was anchored, in Unix seconds; at most 2^40 - 1.
    pub anchored_at: u64,
    /// Until when it is valid, in Unix seconds; 0 for no end. A revocation brings it forward to its own block's time.
    pub valid_until: u32,
    /// From 1, by one with each key.
    pub version: u16,
    /// How the key signs.
    pub scheme: SignatureScheme,
    /// The least suite level; 0 to 3.
    pub suite_floor: u8,
    /// Whether, and why, the key was revoked.
    pub revoked: Option<RevocationReason>,
}

/// Why a record was revoked, as its owner said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    /// Nothing was said.
    Unspecified,
    /// Somebody else may hold the key: distrust what it signed.
    KeyCompromised,
    /// Another key took its place.
    Superseded,
    /// The identity is not used any more.
    CeasedOperation,
    /// The owner's decision.
    OwnerDecision,
    /// A policy's demand.
    Policy,
    /// A code this version does not know, 6 to 15.
    Unknown(u8),
}

impl RecordSlots {
    /// Where the record of `identity` lies.
    #[must_use]
    pub fn of(identity: &Identity) -> Self {
        let mut preimage = [0_u8; 64];
        let (key, base) = preimage.split_at_mut(32);
        key.iter_mut().skip(12).zip(identity.owner.0).for_each(|(to, from)| *to = from);
        base.fill(0);
        let of_owner = keccak256(preimage);
        let (key, base) = preimage.split_at_mut(32);
        key.copy_from_slice(&identity.label.0);
        base.copy_from_slice(of_owner.as_slice());
        let word = keccak256(preimage);
        // Solidity lays a struct's words out at consecutive slots, modulo 2^256.
        let after = |words: u64| B256::from(U256::from_be_bytes(word.0).wrapping_add(U256::from(words)));
        Self { word, x: after(1), bundle: after(2) }
    }
}

impl RecordWord {
    /// Reads a packed word; `None` for the zero word, which means that there is no record.
    #[must_use]
    pub fn parse(word: B256) -> Option<Self> {
        if word.is_zero() {
            return None;
        }
        let word = U256::from_be_bytes(word.0);
        let bits = |shift: usize, width: usize| -> u64 {
            let field: U256 = (word >> shift) & ((U256::ONE << width) - U256::ONE);
            field.saturating_to()
        };
        let signer = alloy::primitives::Address::from_word(B256::from(word));
        let reason = RevocationReason::from_code(narrow(bits(REASON, 4)));
        Some(Self {
            signer: Address(signer.into_array()),
            anchored_at: bits(ANCHORED_AT, 40),
            valid_until: u32::try_from(bits(VALID_UNTIL, 32)).unwrap_or(u32::MAX),
            version: u16::try_from(bits(VERSION, 16)).unwrap_or(u16::MAX),
            scheme: if bits(SCHEME, 1) == 0 { SignatureScheme::Ecdsa } else { SignatureScheme::Schnorr },
            suite_floor: narrow(bits(SUITE_FLOOR, 2)),
            revoked: (bits(REVOKED, 1) == 1).then_some(reason),
        })
    }

    /// The packed word, as the contract stores it.
    #[must_use]
    pub fn pack(&self) -> B256 {
        let place = |value: u64, shift: usize| U256::from(value) << shift;
        let revocation = self
            .revoked
            .map_or(U256::ZERO, |reason| place(1, REVOKED) | place(u64::from(reason.code() & 0x0f), REASON));
        let signer = U256::from_be_bytes(alloy::primitives::Address::from(self.signer.0).into_word().0);
        let word = signer
            | place(self.anchored_at & ((1 << 40) - 1), ANCHORED_AT)
            | place(self.valid_until.into(), VALID_UNTIL)
            | place(self.version.into(), VERSION)
            | place(self.scheme as u64, SCHEME)
            | place(u64::from(self.suite_floor & 3), SUITE_FLOOR)
            | revocation;
        B256::from(word)
    }

    /// The record that enters a state hash.
    #[must_use]
    pub fn record(&self, identity: Identity) -> RegistryRecord {
        RegistryRecord {
            identity,
            version: self.version,
            signer: self.signer,
            anchored_at: self.anchored_at,
            valid_until: self.valid_until.into(),
            scheme: self.scheme,
            suite_floor: self.suite_floor,
        }
    }
}

impl RevocationReason {
    /// The contract's code, 0 to 15.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromised => 1,
            Self::Superseded => 2,
            Self::CeasedOperation => 3,
            Self::OwnerDecision => 4,
            Self::Policy => 5,
            Self::Unknown(code) => code,
        }
    }

    /// The reason of a code.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromised,
            2 => Self::Superseded,
            3 => Self::CeasedOperation,
            4 => Self::OwnerDecision,
            5 => Self::Policy,
            code => Self::Unknown(code),
        }
    }
}

impl std::fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "no reason given",
            Self::KeyCompromised => "key compromised",
            Self::Superseded => "superseded",
            Self::CeasedOperation => "ceased operation",
            Self::OwnerDecision => "owner's decision",
            Self::Policy => "policy",
            Self::Unknown(code) => return write!(f, "reason {code}"),
        })
    }
}

/// Fields of at most 4 bits arrive here, so nothing is ever cut.
fn narrow(bits: u64) -> u8 {
    u8::try_from(bits).unwrap_or(u8::MAX)
}

const ANCHORED_AT: usize = 160;
const VALID_UNTIL: usize = 200;
const VERSION: usize = 232;
const SCHEME: usize = 248;
const SUITE_FLOOR: usize = 249;
const REVOKED: usize = 251;
const REASON: usize = 252;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::primitives::b256;
    use countersign_protocol::Label;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_word_packs_back_to_itself(bytes: [u8; 32]) {
            let mut word = B256::from(bytes);
            // A live record carries no reason; the contract never writes one without the revoked bit.
            if word.0[0] & 0x08 == 0 { word.0[0] &= 0x0f; }
            prop_assume!(!word.is_zero());
            prop_assert_eq!(RecordWord::parse(word).unwrap().pack(), word);
        }

        #[test]
        fn the_x_slot_follows_the_word_slot(owner: [u8; 20], label: [u8; 32]) {
            let slots = RecordSlots::of(&Identity { owner: Address(owner), label: Label(label) });
            prop_assert_eq!(U256::from_be_bytes(slots.x.0) - U256::ONE, U256::from_be_bytes(slots.word.0));
        }
    }

    #[test]
    fn the_fields_lie_where_the_contract_puts_them() {
        // reason 2, revoked, floor 1, scheme 1 | version 0x0102 | validUntil | anchoredAt | signer
        let word = b256!("2b0102aabbccdd0102030405111111111111111111111111111111111111111a");
        let parsed = RecordWord::parse(word).unwrap();
        assert_eq!(parsed.revoked, Some(RevocationReason::Superseded));
        assert_eq!((parsed.suite_floor, parsed.scheme), (1, SignatureScheme::Schnorr));
        assert_eq!((parsed.version, parsed.valid_until), (0x0102, 0xaabb_ccdd));
        assert_eq!(parsed.anchored_at, 0x01_0203_0405);
        assert_eq!(parsed.signer.0[19], 0x1a);
        assert_eq!(RecordWord::parse(B256::ZERO), None);
    }
}
