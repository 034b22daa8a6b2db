//! What an owner says of a new key.

use alloy::primitives::U256;
use countersign_protocol::SignatureScheme;
use countersign_protocol::curve::PublicKey;

/// What the owner says of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTerms {
    /// The identity key.
    pub public_key: PublicKey,
    /// How it signs.
    pub scheme: SignatureScheme,
    /// Unix seconds at which it expires; `None` for never.
    pub valid_until: Option<u32>,
    /// The least suite level: 0 classical allowed, 1 hybrid required.
    pub suite_floor: u8,
    /// Whether the registry keeps the key itself, and not its fingerprint alone. Costs one storage slot.
    pub pinned: bool,
}

impl KeyTerms {
    /// A key that signs with ECDSA, valid without end, hybrid required, pinned.
    #[must_use]
    pub const fn new(public_key: PublicKey) -> Self {
        let scheme = SignatureScheme::Ecdsa;
        Self { public_key, scheme, valid_until: None, suite_floor: 1, pinned: true }
    }

    /// Unix seconds of expiry as the contract writes them: 0 for never.
    pub(crate) fn expiry(&self) -> u32 {
        self.valid_until.unwrap_or(0)
    }

    /// `IKeyRegistry.Terms`, with `v` of the possession proof in the low byte. `None` for a suite floor that has no
    /// place in the word.
    pub(crate) fn pack(&self, v: u8) -> Option<U256> {
        let place = |value: u64, shift: usize| U256::from(value) << shift;
        let word = place(v.into(), 0)
            | place(self.pinned.into(), PINNED)
            | place(self.expiry().into(), VALID_UNTIL)
            | place(self.suite_floor.into(), SUITE_FLOOR);
        (self.suite_floor <= MAX_SUITE_FLOOR).then_some(word)
    }
}

const PINNED: usize = 8;
const VALID_UNTIL: usize = 200;
const SUITE_FLOOR: usize = 249;
/// Two bits.
const MAX_SUITE_FLOOR: u8 = 3;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::primitives::uint;
    use countersign_protocol::curve::SecretKey;

    use super::*;

    #[test]
    fn the_terms_lie_where_the_contract_reads_them() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap().public_key();
        let terms =
            KeyTerms { valid_until: Some(0xaabb_ccdd), suite_floor: 1, pinned: true, ..KeyTerms::new(key) };
        let word =
            uint!(0x0200_00aa_bbcc_dd00_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_011c_U256);
        assert_eq!(terms.pack(28), Some(word));
        assert_eq!(KeyTerms { suite_floor: 4, ..terms }.pack(28), None);
    }
}
