//! How far a light client has come, and how one beacon node takes it further.

use alloy::primitives::B256;
use countersign_light_client::{LightClient, Refusal, Update};

use super::server::{BeaconServer, Newest};
use super::{Beacon, ProvenHead};
use crate::blocking::run_apart;
use crate::error::{BeaconDoubt, ResolveError};

/// A light client that has begun. Some 150 kB: cheap to clone beside what proves it.
#[derive(Clone, Debug)]
pub(super) struct Following {
    pub(super) client: LightClient,
    /// How many signed the optimistic header.
    signed: usize,
    /// The last slot at which the next committee was asked for before it was needed.
    committee_asked_at: Option<u64>,
}

impl Following {
    pub(super) fn head(&self) -> ProvenHead {
        let (newest, finalized) = (self.client.optimistic().into(), self.client.finalized().into());
        ProvenHead { newest, finalized, signed: self.signed }
    }

    /// Goes on from another that began as this one did, unless this has come further meanwhile.
    pub(super) fn adopt(&mut self, other: Self) {
        if other.reach() >= self.reach() {
            *self = other;
        }
    }

    /// The newest block first: it is what is asked for, and finality catches up with it.
    fn reach(&self) -> (u64, u64, u64) {
        (self.client.optimistic().slot(), self.client.finalized().slot(), self.client.wanted_period())
    }

    /// Takes an update that two thirds of the committee signed; one that says nothing new is not looked at.
    fn take(&mut self, update: Update, latest_slot: u64) -> Result<(), BeaconDoubt> {
        let (signed, of) = (update.aggregate().count(), update.aggregate().size());
        if !update.aggregate().has_supermajority() {
            return Err(BeaconDoubt::TooFewSignatures { signed, of });
        }
        match self.client.process(update, latest_slot) {
            Ok(progress) => {
                if progress.optimistic {
                    self.signed = signed;
                }
                Ok(())
            }
            Err(Refusal::Irrelevant { .. }) => Ok(()),
            Err(refusal) => Err(BeaconDoubt::Refused(refusal)),
        }
    }
}

impl Beacon {
    pub(super) async fn begin_by(
        &self,
        server: &BeaconServer,
        block_root: B256,
    ) -> Result<Following, ResolveError> {
        let bootstrap = server.bootstrap(self.network.preset(), block_root, self.period_now()).await?;
        let network = self.network.clone();
        let begun = run_apart(move || LightClient::begin(network, block_root, bootstrap)).await;
        let client = begun.map_err(|refusal| server.doubt(BeaconDoubt::Refused(refusal)))?;
        self.check_age(client.finalized().slot())?;
        Ok(Following { client, signed: 0, committee_asked_at: None })
    }

    /// How far one server takes it, and why no further.
    pub(super) async fn advance_by(
        &self,
        server: &BeaconServer,
        mut known: Following,
    ) -> (Following, Result<(), ResolveError>) {
        let outcome = self.hear(server, &mut known).await;
        (known, outcome)
    }

    async fn hear(&self, server: &BeaconServer, known: &mut Following) -> Result<(), ResolveError> {
        self.catch_up(server, known).await?;
        let Newest { finality, optimistic } = server.newest(self.network.preset(), self.period_now()).await?;
        // Finality first: it may be what makes the committee known that signed the other.
        self.take(server, known, finality.into_iter().chain(optimistic).collect()).await
    }

    /// The updates of each period until now, which prove one committee by the other; and the committee after this
    /// period's, once an epoch until it is known.
    async fn catch_up(&self, server: &BeaconServer, known: &mut Following) -> Result<(), ResolveError> {
        let (now, current) = (self.slot_now(), self.period_now());
        loop {
            let wanted = known.client.wanted_period();
            let is_early = wanted == current;
            let is_due =
                known.committee_asked_at.is_none_or(|asked| now >= asked + self.network.slots_per_epoch());
            if wanted > current || (is_early && !is_due) {
                return Ok(());
            }
            if is_early {
                known.committee_asked_at = Some(now);
            }
            let count = (current - wanted + 1).min(MAX_UPDATES);
            let updates = server.updates(self.network.preset(), wanted, count).await?;
            let none = updates.is_empty();
            self.take(server, known, updates).await?;
            if known.client.wanted_period() == wanted {
                // Early in a period nothing is final in it yet, so the committee after it is not known.
                return if is_early || !none {
                    Ok(())
                } else {
                    Err(server.doubt(BeaconDoubt::NoUpdate { period: wanted }))
                };
            }
        }
    }

    /// Checks updates where it holds up nobody: a signature takes milliseconds, a new committee tens of them.
    async fn take(
        &self,
        server: &BeaconServer,
        known: &mut Following,
        updates: Vec<Update>,
    ) -> Result<(), ResolveError> {
        let (mut advanced, latest_slot) = (known.clone(), self.latest_slot());
        let (advanced, outcome) = run_apart(move || {
            let outcome = updates.into_iter().try_for_each(|update| advanced.take(update, latest_slot));
            (advanced, outcome)
        })
        .await;
        *known = advanced;
        outcome.map_err(|doubt| server.doubt(doubt))
    }
}

/// Updates asked for at once: about 60 kB of JSON each on public networks.
const MAX_UPDATES: u64 = 8;
