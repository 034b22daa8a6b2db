//! What a record said when it was proven, and what can follow it.

use alloy::eips::BlockNumHash;
use countersign_protocol::Address;

use crate::proof::{ProvenHeader, ProvenRecord};
use crate::resolver::Resolved;
use crate::word::RevocationReason;

/// What a record said, and the highest block at which that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The key's version, from 1; 0 where absence was proven.
    pub version: u16,
    /// The key's Ethereum address; zero where absence was proven.
    pub signer: Address,
    /// Whether, and why, the key was revoked.
    pub revoked: Option<RevocationReason>,
    /// The block.
    pub block: BlockNumHash,
}

/// Why what is shown now cannot follow what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// It is the state of an earlier block: another proof, begun later, was done before this one.
    Outdated { seen: Seen },
    /// It is said of no earlier block, so the chain went back.
    Rewound { seen: Seen },
}

impl Seen {
    /// What a proof shows; `None` where it shows that there is no record.
    pub(crate) fn of(record: Option<&ProvenRecord>, head: &ProvenHeader) -> Self {
        let word = record.map(ProvenRecord::word);
        Self {
            version: word.map_or(0, |word| word.version),
            signer: word.map_or(Address([0; 20]), |word| word.signer),
            revoked: word.and_then(|word| word.revoked),
            block: head.block(),
        }
    }

    /// What an accepted record showed.
    pub(crate) fn resolved(resolved: &Resolved) -> Self {
        let (record, anchor) = (resolved.peer_key.record(), &resolved.proved_at.anchor);
        let block = BlockNumHash { number: anchor.block_number, hash: anchor.block_hash.into() };
        Self { version: record.version, signer: record.signer, revoked: None, block }
    }

    /// What is seen once `shown` was proven too.
    ///
    /// # Errors
    /// [`Contradiction`] where the version fell, the record vanished, or a revocation was undone without a new version:
    /// the contract does none of these.
    pub(crate) fn followed_by(self, shown: Self) -> Result<Self, Contradiction> {
        let fell = shown.version < self.version;
        let undone = shown.version == self.version && self.revoked.is_some() && shown.revoked.is_none();
        match fell || undone {
            true if shown.block.number < self.block.number => Err(Contradiction::Outdated { seen: self }),
            true => Err(Contradiction::Rewound { seen: self }),
            false if shown.block.number < self.block.number => Ok(Self { block: self.block, ..shown }),
            false => Ok(shown),
        }
    }

    /// Whether nothing differs but the block.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        Self { block: other.block, ..*self } == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(version: u16, revoked: bool, number: u64) -> Seen {
        let revoked = revoked.then_some(RevocationReason::Policy);
        Seen {
            version,
            signer: Address([7; 20]),
            revoked,
            block: BlockNumHash { number, hash: [1; 32].into() },
        }
    }

    #[test]
    fn a_record_goes_forward() {
        assert_eq!(seen(1, false, 7).followed_by(seen(2, false, 8)), Ok(seen(2, false, 8)));
        assert_eq!(seen(1, false, 7).followed_by(seen(1, true, 8)), Ok(seen(1, true, 8)));
        assert_eq!(seen(1, true, 7).followed_by(seen(2, false, 8)), Ok(seen(2, false, 8)));
    }

    #[test]
    fn the_proof_at_an_older_block_may_be_done_last() {
        let outdated = |seen| Err(Contradiction::Outdated { seen });
        assert_eq!(seen(2, false, 8).followed_by(seen(1, false, 7)), outdated(seen(2, false, 8)));
        assert_eq!(seen(1, true, 8).followed_by(seen(1, false, 7)), outdated(seen(1, true, 8)));
        assert_eq!(seen(1, false, 8).followed_by(seen(0, false, 7)), outdated(seen(1, false, 8)));
        // Where they do not differ the older one counts, and the higher block is still what was seen.
        assert_eq!(seen(1, false, 8).followed_by(seen(1, false, 7)), Ok(seen(1, false, 8)));
    }

    #[test]
    fn at_the_same_block_or_above_going_back_is_a_rewind() {
        for block in [8, 9] {
            let rewound = |seen| Err(Contradiction::Rewound { seen });
            assert_eq!(seen(2, false, 8).followed_by(seen(1, false, block)), rewound(seen(2, false, 8)));
            assert_eq!(seen(1, true, 8).followed_by(seen(1, false, block)), rewound(seen(1, true, 8)));
        }
    }
}
