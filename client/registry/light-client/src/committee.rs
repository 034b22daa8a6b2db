//! Who signs for a period.

use std::sync::OnceLock;

use alloy_primitives::{B256, FixedBytes};
use blst::BLST_ERROR;
use blst::min_pk::{PublicKey, Signature};

use crate::refusal::Refusal;

/// A sync committee: `SYNC_COMMITTEE_SIZE` keys, as they were sent, and the root that a state commits to.
#[derive(Clone, Debug)]
pub struct SyncCommittee {
    root: B256,
    keys: Vec<FixedBytes<48>>,
    /// Decompressed when first used: 512 of them take tens of milliseconds, and serve for a period of 27 hours.
    points: OnceLock<Result<Vec<PublicKey>, Refusal>>,
}

/// Who of a committee signed, and what came of it (`SyncAggregate`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncAggregate {
    pub(crate) participants: Vec<bool>,
    pub(crate) signature: FixedBytes<96>,
}

impl SyncCommittee {
    pub(crate) const fn new(root: B256, keys: Vec<FixedBytes<48>>) -> Self {
        Self { root, keys, points: OnceLock::new() }
    }

    /// `hash_tree_root` of the committee.
    #[must_use]
    pub const fn root(&self) -> B256 {
        self.root
    }

    /// `eth_fast_aggregate_verify` by the keys that took part.
    ///
    /// # Errors
    /// [`Refusal::CommitteeKey`] where one of the keys is no point of the group or the point at infinity,
    /// [`Refusal::Signature`] where the signature is none of these keys on `signing_root`.
    pub(crate) fn verify(&self, aggregate: &SyncAggregate, signing_root: B256) -> Result<(), Refusal> {
        let points = self.points.get_or_init(|| self.decompress()).as_ref().map_err(Clone::clone)?;
        let signers: Vec<&PublicKey> = points
            .iter()
            .zip(&aggregate.participants)
            .filter_map(|(point, took_part)| took_part.then_some(point))
            .collect();
        let signature = Signature::sig_validate(aggregate.signature.as_slice(), true)
            .map_err(|_| Refusal::Signature { participants: signers.len() })?;
        match signature.fast_aggregate_verify(false, signing_root.as_slice(), PROOF_OF_POSSESSION, &signers) {
            BLST_ERROR::BLST_SUCCESS => Ok(()),
            _ => Err(Refusal::Signature { participants: signers.len() }),
        }
    }

    fn decompress(&self) -> Result<Vec<PublicKey>, Refusal> {
        let each = self.keys.iter().enumerate();
        // Refuses the point at infinity too, which would sign for nobody.
        each.map(|(position, key)| {
            PublicKey::key_validate(key.as_slice()).map_err(|_| Refusal::CommitteeKey { position })
        })
        .collect()
    }
}

impl PartialEq for SyncCommittee {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl Eq for SyncCommittee {}

impl SyncAggregate {
    /// How many took part.
    #[must_use]
    pub fn count(&self) -> usize {
        self.participants.iter().filter(|took_part| **took_part).count()
    }

    /// Whether at least two thirds of the committee took part: what finality asks for.
    #[must_use]
    pub fn has_supermajority(&self) -> bool {
        self.count().saturating_mul(3) >= self.size().saturating_mul(2)
    }

    /// How many could have.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.participants.len()
    }
}

/// The cipher suite of Ethereum's consensus: `BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_`.
const PROOF_OF_POSSESSION: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

#[cfg(test)]
mod tests {
    use super::*;

    /// The compressed point at infinity.
    fn infinity<const N: usize>() -> FixedBytes<N> {
        let mut bytes = FixedBytes::ZERO;
        if let Some(first) = bytes.first_mut() {
            *first = 0xc0;
        }
        bytes
    }

    #[test]
    fn the_point_at_infinity_signs_for_nobody() {
        let committee = SyncCommittee::new(B256::ZERO, vec![infinity()]);
        let aggregate = SyncAggregate { participants: vec![true], signature: infinity() };
        assert_eq!(committee.verify(&aggregate, B256::ZERO), Err(Refusal::CommitteeKey { position: 0 }));
    }

    #[test]
    fn two_thirds_are_a_supermajority() {
        let of = |count, size| SyncAggregate {
            participants: (0..size).map(|position| position < count).collect(),
            signature: FixedBytes::ZERO,
        };
        assert!(of(342, 512).has_supermajority());
        assert!(!of(341, 512).has_supermajority());
        assert!(of(22, 32).has_supermajority());
        assert!(!of(21, 32).has_supermajority());
    }
}
