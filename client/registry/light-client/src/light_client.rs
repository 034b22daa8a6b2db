//! The store of the sync protocol: what is proven of the beacon chain, and how it advances.

mod validation;

use alloy_primitives::B256;

use crate::committee::{SyncAggregate, SyncCommittee};
use crate::header::Header;
use crate::merkle;
use crate::network::Network;
use crate::refusal::Refusal;
use crate::update::{Bootstrap, ProvenCommittee, Update};

/// `LightClientStore`, with the network it follows. About 60 kB on main-network sizes: two committees of 512 keys, and
/// their points once used, 96 bytes each.
#[derive(Clone, Debug)]
pub struct LightClient {
    network: Network,
    finalized: Header,
    current_committee: SyncCommittee,
    next_committee: Option<SyncCommittee>,
    best: Option<Update>,
    optimistic: Header,
    participation: Participation,
}

/// What an update changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// There is a newer finalized header.
    pub finalized: bool,
    /// There is a newer optimistic header.
    pub optimistic: bool,
}

/// The most signatures seen in this period and the one before: `*_max_active_participants`.
#[derive(Clone, Copy, Debug)]
struct Participation {
    period: u64,
    current: usize,
    previous: usize,
}

/// What an update changes of the committees.
#[derive(Clone, Copy, Debug)]
enum Committees {
    /// Nothing.
    Same,
    /// It brings the next one, if it has it.
    Next,
    /// The next one is the current one now, and it brings the one after, if it has it.
    Both,
}

impl LightClient {
    /// `initialize_light_client_store`: begins at `trusted_block_root`, the root of a finalized block that somebody
    /// trusted names. It must be younger than the weak subjectivity period, which the caller checks.
    ///
    /// # Errors
    /// [`Refusal::OtherBlock`], [`Refusal::ExecutionBranch`] or [`Refusal::CurrentCommitteeBranch`] where the bootstrap
    /// is not that block's; [`Refusal::BeforeFirstFork`] where it is too old to be followed.
    pub fn begin(network: Network, trusted_block_root: B256, bootstrap: Bootstrap) -> Result<Self, Refusal> {
        let Bootstrap { header, committee: ProvenCommittee { committee, branch } } = bootstrap;
        let fork = header.check(&network)?;
        let got = header.beacon_root();
        if got != trusted_block_root {
            return Err(Refusal::OtherBlock { trusted: trusted_block_root, got });
        }
        if !merkle::holds(committee.root(), &branch, fork.current_committee(), header.beacon.state_root) {
            return Err(Refusal::CurrentCommitteeBranch { slot: header.slot() });
        }
        let participation =
            Participation { period: network.period_of(header.slot()), current: 0, previous: 0 };
        Ok(Self {
            network,
            optimistic: header.clone(),
            finalized: header,
            current_committee: committee,
            next_committee: None,
            best: None,
            participation,
        })
    }

    /// `process_light_client_update`, and with the shorter forms `process_light_client_finality_update` and
    /// `process_light_client_optimistic_update`. `now` is the slot by the local clock.
    ///
    /// A newer optimistic header is taken with more than half of the signatures seen of late, as the specification
    /// asks: at first that is one. Who wants more looks at [`Update::aggregate`] before.
    ///
    /// # Errors
    /// [`Refusal`]: nothing has changed then.
    pub fn process(&mut self, update: Update, now: u64) -> Result<Progress, Refusal> {
        self.validate(&update, now)?;
        let before = (self.finalized.slot(), self.optimistic.slot());
        let is_newer = update.finalized_slot() > self.finalized.slot();
        let is_final =
            update.aggregate().has_supermajority() && (is_newer || self.finalizes_next_committee(&update));
        // Before anything is changed: it is what may be refused yet.
        let committees = is_final.then(|| self.committees_by(&update)).transpose()?;
        self.participation.advance(self.network.period_of(now));
        self.participation.note(update.aggregate());
        if update.aggregate().count() > self.participation.safety_threshold()
            && update.attested.slot() > self.optimistic.slot()
        {
            self.optimistic = update.attested.clone();
        }
        if let Some(committees) = committees {
            self.apply(update, committees);
            self.best = None;
        } else if self.best.as_ref().is_none_or(|best| update.is_better_than(best, &self.network)) {
            self.best = Some(update);
        }
        Ok(Progress {
            finalized: self.finalized.slot() > before.0,
            optimistic: self.optimistic.slot() > before.1,
        })
    }

    /// `process_slot_for_light_client_store`: where nothing became final for a whole period, the best update known
    /// counts as final, however few signed it. Returns whether it did.
    ///
    /// Warning: this trades safety for progress. One signature may be all there is; whoever must be safe begins again
    /// at a fresh checkpoint instead, as Countersign's registry client does, which never calls this. It is public since
    /// it is part of the specification's protocol, without which its official vectors cannot be run.
    ///
    /// # Errors
    /// [`Refusal::PeriodSkipped`] where the best update is of a period whose committee nobody proved: it is kept.
    pub fn force_update(&mut self, now: u64) -> Result<bool, Refusal> {
        self.participation.advance(self.network.period_of(now));
        let timeout = self.finalized.slot().saturating_add(self.network.slots_per_period());
        if now <= timeout {
            return Ok(false);
        }
        let Some(mut best) = self.best.clone() else { return Ok(false) };
        if best.finalized_slot() <= self.finalized.slot() {
            let header = best.attested.clone();
            best.finalized = Some(crate::update::Finalized { header, branch: Vec::new() });
        }
        let committees = self.committees_by(&best)?;
        self.best = None;
        self.apply(best, committees);
        Ok(true)
    }

    /// The newest header that two thirds of a committee attested to as final.
    #[must_use]
    pub const fn finalized(&self) -> &Header {
        &self.finalized
    }

    /// The newest header that a committee signed.
    #[must_use]
    pub const fn optimistic(&self) -> &Header {
        &self.optimistic
    }

    /// Which chain this is.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The first period whose update is needed to go on: that of the finalized header while the committee after it is
    /// unknown, else the next.
    #[must_use]
    pub fn wanted_period(&self) -> u64 {
        let period = self.network.period_of(self.finalized.slot());
        period.saturating_add(u64::from(self.next_committee.is_some()))
    }

    /// Which committees are known once the update is applied.
    fn committees_by(&self, update: &Update) -> Result<Committees, Refusal> {
        let known = self.network.period_of(self.finalized.slot());
        let period = self.network.period_of(update.finalized_slot());
        match &self.next_committee {
            None if period != known => Err(Refusal::PeriodSkipped { update: period, known }),
            None => Ok(Committees::Next),
            Some(_) if period == known.saturating_add(1) => Ok(Committees::Both),
            Some(_) => Ok(Committees::Same),
        }
    }

    /// `apply_light_client_update`.
    fn apply(&mut self, update: Update, committees: Committees) {
        let next = update.next_committee.map(|proven| proven.committee);
        match committees {
            Committees::Same => {}
            Committees::Next => self.next_committee = next,
            Committees::Both => {
                if let Some(committee) = std::mem::replace(&mut self.next_committee, next) {
                    self.current_committee = committee;
                }
            }
        }
        if let Some(finalized) = update.finalized
            && finalized.header.slot() > self.finalized.slot()
        {
            self.finalized = finalized.header;
            if self.finalized.slot() > self.optimistic.slot() {
                self.optimistic = self.finalized.clone();
            }
        }
    }

    /// The update proves the next committee, of the same period as its finalized header, and it is not known yet.
    fn finalizes_next_committee(&self, update: &Update) -> bool {
        let period = |slot| self.network.period_of(slot);
        self.next_committee.is_none()
            && update.next_committee.is_some()
            && update.finalized.is_some()
            && period(update.finalized_slot()) == period(update.attested.slot())
    }
}

impl Participation {
    /// Forgets what was seen before the last period. The specification does so at the first slot of each; here it is
    /// done whenever the clock is looked at.
    fn advance(&mut self, period: u64) {
        match period.saturating_sub(self.period) {
            0 => return,
            1 => self.previous = self.current,
            _ => self.previous = 0,
        }
        self.current = 0;
        self.period = period;
    }

    fn note(&mut self, aggregate: &SyncAggregate) {
        self.current = self.current.max(aggregate.count());
    }

    /// `get_safety_threshold`.
    fn safety_threshold(&self) -> usize {
        self.previous.max(self.current) / 2
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::FixedBytes;

    use super::*;
    use crate::header::{BeaconBlockHeader, Execution};

    /// At that slot, by nobody.
    fn update(network: &Network, slot: u64) -> Update {
        let beacon = BeaconBlockHeader { slot, ..BeaconBlockHeader::default() };
        let header = Header { beacon, execution: Execution::BlockHash { hash: B256::ZERO, branch: vec![] } };
        let size = network.committee_size();
        let aggregate = SyncAggregate { participants: vec![true; size], signature: FixedBytes::ZERO };
        Update {
            attested: header,
            next_committee: None,
            finalized: None,
            aggregate,
            signature_slot: slot + 1,
        }
    }

    #[test]
    fn what_skips_a_period_changes_nothing() {
        let network = Network::mainnet();
        let begun = update(&network, 7 * network.slots_per_period()).attested;
        let best = update(&network, 9 * network.slots_per_period());
        let mut client = LightClient {
            finalized: begun.clone(),
            optimistic: begun,
            current_committee: SyncCommittee::new(B256::ZERO, vec![]),
            next_committee: None,
            best: Some(best.clone()),
            participation: Participation { period: 9, current: 0, previous: 0 },
            network,
        };
        let now = best.signature_slot;
        for _ in 0..2 {
            assert_eq!(client.force_update(now), Err(Refusal::PeriodSkipped { update: 9, known: 7 }));
            assert_eq!(client.best.as_ref(), Some(&best));
        }
    }

    #[test]
    fn participation_is_remembered_for_two_periods() {
        let mut seen = Participation { period: 7, current: 30, previous: 10 };
        seen.advance(7);
        assert_eq!(seen.safety_threshold(), 15);
        seen.advance(8);
        assert_eq!((seen.current, seen.previous, seen.safety_threshold()), (0, 30, 15));
        seen.advance(8);
        assert_eq!(seen.previous, 30);
        seen.advance(10);
        assert_eq!(seen.safety_threshold(), 0);
        // A clock that was put back takes nothing away.
        seen.advance(9);
        assert_eq!(seen.period, 10);
    }
}
