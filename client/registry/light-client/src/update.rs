//! What beacon nodes send, whatever fork's container it came in.

use alloy_primitives::B256;

use crate::committee::{SyncAggregate, SyncCommittee};
use crate::header::Header;
use crate::network::Network;

/// `LightClientBootstrap`: where following begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    pub(crate) header: Header,
    pub(crate) committee: ProvenCommittee,
}

/// `LightClientUpdate`, or one of its shorter forms `LightClientFinalityUpdate` and `LightClientOptimisticUpdate`,
/// which lack the next committee, or the finalized header too. On the wire absence is spelt by zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub(crate) attested: Header,
    pub(crate) next_committee: Option<ProvenCommittee>,
    pub(crate) finalized: Option<Finalized>,
    pub(crate) aggregate: SyncAggregate,
    pub(crate) signature_slot: u64,
}

/// A committee, and the branch to it in a header's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProvenCommittee {
    pub(crate) committee: SyncCommittee,
    pub(crate) branch: Vec<B256>,
}

/// A finalized header, and the branch to its root in the attested header's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finalized {
    pub(crate) header: Header,
    pub(crate) branch: Vec<B256>,
}

impl Bootstrap {
    /// The header it begins at.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

impl Update {
    /// The header that the committee signed.
    #[must_use]
    pub const fn attested(&self) -> &Header {
        &self.attested
    }

    /// The header that was final by then, where the update says so.
    #[must_use]
    pub fn finalized(&self) -> Option<&Header> {
        self.finalized.as_ref().map(|finalized| &finalized.header)
    }

    /// Who signed.
    #[must_use]
    pub const fn aggregate(&self) -> &SyncAggregate {
        &self.aggregate
    }

    /// The slot whose block carries the signature.
    #[must_use]
    pub const fn signature_slot(&self) -> u64 {
        self.signature_slot
    }

    /// The slot of the finalized header, 0 where there is none: the slot of a default header.
    pub(crate) fn finalized_slot(&self) -> u64 {
        self.finalized().map_or(0, Header::slot)
    }

    /// `is_better_update`: which of two to keep for a forced update.
    pub(crate) fn is_better_than(&self, other: &Self, network: &Network) -> bool {
        let (one, two) = (self.rank(network), other.rank(network));
        if one.supermajority != two.supermajority {
            return one.supermajority;
        }
        if !one.supermajority && one.participants != two.participants {
            return one.participants > two.participants;
        }
        one > two
    }

    fn rank(&self, network: &Network) -> Rank {
        let period = |slot| network.period_of(slot);
        let attested = self.attested.slot();
        Rank {
            supermajority: self.aggregate.has_supermajority(),
            relevant_committee: self.next_committee.is_some()
                && period(attested) == period(self.signature_slot),
            finality: self.finalized.is_some(),
            committee_finality: self.finalized.is_some() && period(self.finalized_slot()) == period(attested),
            participants: self.aggregate.count(),
            // Of the rest the older is better: fewer changes to the best.
            age: (std::cmp::Reverse(attested), std::cmp::Reverse(self.signature_slot)),
        }
    }
}

/// What makes one update better than another, in the order in which it counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    supermajority: bool,
    relevant_committee: bool,
    finality: bool,
    committee_finality: bool,
    participants: usize,
    age: (std::cmp::Reverse<u64>, std::cmp::Reverse<u64>),
}
