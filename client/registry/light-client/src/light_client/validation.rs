//! Whether an update holds: `validate_light_client_update`.

use alloy_primitives::B256;
use tree_hash::TreeHash;

use super::LightClient;
use crate::committee::SyncCommittee;
use crate::header::Header;
use crate::merkle;
use crate::network::Fork;
use crate::refusal::Refusal;
use crate::update::Update;

impl LightClient {
    /// Checks everything and changes nothing.
    pub(super) fn validate(&self, update: &Update, now: u64) -> Result<(), Refusal> {
        if update.aggregate().count() < MIN_SYNC_COMMITTEE_PARTICIPANTS {
            return Err(Refusal::NoParticipants);
        }
        let fork = update.attested.check(&self.network)?;
        self.check_slots(update, now)?;
        let signers = self.signers(update)?;
        self.check_relevance(update)?;
        self.check_finality(update, fork)?;
        self.check_next_committee(update, fork)?;
        self.check_signature(update, signers)
    }

    fn check_slots(&self, update: &Update, now: u64) -> Result<(), Refusal> {
        let (signature_slot, attested) = (update.signature_slot, update.attested.slot());
        let finalized = update.finalized_slot();
        if signature_slot > now {
            return Err(Refusal::FromTheFuture { signature_slot, now });
        }
        if signature_slot <= attested || attested < finalized {
            return Err(Refusal::SlotsOutOfOrder { signature_slot, attested, finalized });
        }
        Ok(())
    }

    /// The committee of the period in which it was signed, if it is known.
    fn signers(&self, update: &Update) -> Result<&SyncCommittee, Refusal> {
        let known = self.network.period_of(self.finalized.slot());
        let signed = self.network.period_of(update.signature_slot);
        match &self.next_committee {
            _ if signed == known => Ok(&self.current_committee),
            Some(next) if signed == known.saturating_add(1) => Ok(next),
            next => Err(Refusal::UnknownPeriod { signed, known, next_known: next.is_some() }),
        }
    }

    /// It says something that is not known: a newer header, or the next committee.
    fn check_relevance(&self, update: &Update) -> Result<(), Refusal> {
        let (attested, finalized) = (update.attested.slot(), self.finalized.slot());
        let brings_committee = self.next_committee.is_none()
            && update.next_committee.is_some()
            && self.network.period_of(attested) == self.network.period_of(finalized);
        if attested > finalized || brings_committee {
            return Ok(());
        }
        Err(Refusal::Irrelevant { attested, finalized })
    }

    fn check_finality(&self, update: &Update, fork: Fork) -> Result<(), Refusal> {
        let Some(finalized) = &update.finalized else { return Ok(()) };
        let slot = update.attested.slot();
        let root = match finalized.header.slot() {
            // Of the genesis block the checkpoint is zero, and nothing is shown.
            0 if finalized.header.is_default() => B256::ZERO,
            0 => return Err(Refusal::FinalityBranch { slot }),
            _ => {
                finalized.header.check(&self.network)?;
                finalized.header.beacon_root()
            }
        };
        if merkle::holds(root, &finalized.branch, fork.finalized_root(), update.attested.beacon.state_root) {
            return Ok(());
        }
        Err(Refusal::FinalityBranch { slot })
    }

    fn check_next_committee(&self, update: &Update, fork: Fork) -> Result<(), Refusal> {
        let Some(next) = &update.next_committee else { return Ok(()) };
        let slot = update.attested.slot();
        let period = |header: &Header| self.network.period_of(header.slot());
        if let Some(known) = &self.next_committee
            && period(&update.attested) == period(&self.finalized)
            && *known != next.committee
        {
            return Err(Refusal::OtherNextCommittee);
        }
        let state_root = update.attested.beacon.state_root;
        if merkle::holds(next.committee.root(), &next.branch, fork.next_committee(), state_root) {
            return Ok(());
        }
        Err(Refusal::NextCommitteeBranch { slot })
    }

    fn check_signature(&self, update: &Update, signers: &SyncCommittee) -> Result<(), Refusal> {
        // The block before: at a fork's first slot the committee still signs under the version it knew.
        let slot = update.signature_slot.saturating_sub(1);
        let domain = self.network.committee_domain(slot).ok_or(Refusal::BeforeFirstFork { slot })?;
        let signing_root = merkle::node(update.attested.beacon.tree_hash_root(), domain);
        signers.verify(update.aggregate(), signing_root)
    }
}

/// `MIN_SYNC_COMMITTEE_PARTICIPANTS`.
const MIN_SYNC_COMMITTEE_PARTICIPANTS: usize = 1;
