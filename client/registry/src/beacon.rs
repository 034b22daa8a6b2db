//! Heads that a light client proves, from what beacon nodes send.
//!
//! ```text
//! checkpoint ─► bootstrap ─► updates, period by period ─► finality and optimistic update, each time a head is asked for
//!                                                                    │ two thirds of the committee signed
//!                                                                    ▼
//!                                               hash of the newest execution block, and of the finalized one
//! ```
//! Any one beacon node suffices: it can withhold, and nothing else. What becomes final is kept in a file, so that the
//! next start begins there.

mod checkpoint;
mod linked;
mod server;
mod trust;

use std::time::{Duration, Instant};

use alloy::primitives::B256;
use countersign_light_client::{Header, LightClient, Network, Refusal, Update};
use tokio::sync::Mutex;

use crate::acceptance::unix_now;
use crate::error::{BeaconDoubt, CheckpointFlaw, ResolveError};
use crate::policy::HeadPolicy;
use checkpoint::{Checkpoint, CheckpointFile};
pub(crate) use linked::survey;
use server::{BeaconServer, Newest};
pub use trust::LightClientTrust;

/// A light client, and whom it asks.
#[derive(Debug)]
pub(crate) struct Beacon {
    network: Network,
    servers: Vec<BeaconServer>,
    checkpoint: B256,
    max_checkpoint_age: Duration,
    file: Option<CheckpointFile>,
    max_clock_skew: Duration,
    /// One task asks at a time; who waited meanwhile takes what it heard.
    following: Mutex<Option<Following>>,
}

/// What is proven at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProvenHead {
    /// The newest block.
    pub(crate) newest: ExecutionBlock,
    /// The newest final one.
    pub(crate) finalized: ExecutionBlock,
    /// How many of the committee signed for the newest; nobody where that is the checkpoint yet.
    pub(crate) signed: usize,
}

/// An execution block that a beacon block commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExecutionBlock {
    pub(crate) hash: B256,
    /// `None` since Gloas, where the hash alone is committed to.
    pub(crate) number: Option<u64>,
}

#[derive(Debug)]
struct Following {
    client: LightClient,
    /// How many signed the optimistic header.
    signed: usize,
    /// The last slot at which the next committee was asked for before it was needed.
    committee_asked_at: Option<u64>,
    /// When the last round that heard something was begun.
    heard: Option<Instant>,
    /// The server that answered last is asked first.
    preferred: usize,
}

impl Beacon {
    /// Asks nobody yet.
    pub(crate) fn new(trust: &LightClientTrust, policy: &HeadPolicy) -> Result<Self, ResolveError> {
        let server =
            |endpoint| BeaconServer::new(endpoint, policy.request_timeout, policy.max_response_bytes);
        Ok(Self {
            network: trust.network.clone(),
            servers: trust.beacons.iter().cloned().map(server).collect::<Result<_, _>>()?,
            checkpoint: trust.checkpoint,
            max_checkpoint_age: trust.max_checkpoint_age,
            file: trust.state.clone().map(CheckpointFile::at),
            max_clock_skew: policy.max_clock_skew,
            following: Mutex::new(None),
        })
    }

    /// Asks the beacon nodes, one after the other until one shows a fresh head, and proves what they say.
    ///
    /// # Errors
    /// [`ResolveError`]: why no beacon node showed anything that holds, or the checkpoint cannot be begun at.
    pub(crate) async fn head(&self) -> Result<ProvenHead, ResolveError> {
        let since = Instant::now();
        let mut following = self.following.lock().await;
        match &*following {
            Some(known) if known.heard.is_some_and(|heard| heard >= since) => {}
            _ => self.advance(&mut following).await?,
        }
        // Whoever advanced has begun.
        let known = following.as_ref().ok_or(CheckpointFlaw::NotBegun)?;
        let (newest, finalized) = (known.client.optimistic().into(), known.client.finalized().into());
        Ok(ProvenHead { newest, finalized, signed: known.signed })
    }

    pub(crate) const fn committee_size(&self) -> usize {
        self.network.committee_size()
    }

    async fn advance(&self, following: &mut Option<Following>) -> Result<(), ResolveError> {
        let since = Instant::now();
        let (mut failures, mut heard) = (Vec::new(), false);
        let first = following.as_ref().map_or(0, |known| known.preferred);
        let count = self.servers.len();
        for position in (0..count).map(|offset| (first + offset) % count.max(1)) {
            let Some(server) = self.servers.get(position) else { continue };
            match self.advance_by(server, following).await {
                Ok(known) => {
                    (heard, known.heard) = (true, Some(since));
                    if self.is_fresh(&known.client) {
                        known.preferred = position;
                        return Ok(());
                    }
                }
                Err(failure) if failure.is_one_endpoints() => {
                    tracing::warn!(%failure, "a beacon node is of no use");
                    failures.push(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        match failures.pop() {
            _ if heard => Ok(()),
            Some(failure) if failures.is_empty() => Err(failure),
            last => {
                failures.extend(last);
                Err(ResolveError::NoQuorum { needed: 1, answered: 0, failures })
            }
        }
    }

    async fn advance_by<'a>(
        &self,
        server: &BeaconServer,
        following: &'a mut Option<Following>,
    ) -> Result<&'a mut Following, ResolveError> {
        let known = match following {
            Some(known) => known,
            None => following.insert(self.begin(server).await?),
        };
        let finalized = known.client.finalized().slot();
        self.catch_up(server, known).await?;
        let Newest { finality, optimistic } = server.newest(self.network.preset(), self.period_now()).await?;
        // Finality first: it may be what makes the committee known that signed the other.
        for update in finality.into_iter().chain(optimistic) {
            self.take(server, known, update)?;
        }
        if known.client.finalized().slot() > finalized {
            self.keep(known.client.finalized()).await;
        }
        Ok(known)
    }

    /// Begins at the block that was final when this was last running, or else at the configured checkpoint.
    async fn begin(&self, server: &BeaconServer) -> Result<Following, ResolveError> {
        if let Some(kept) = self.kept().await? {
            match self.begin_at(server, kept.block_root).await {
                Ok(following) => return Ok(following),
                Err(failure) if failure.is_one_endpoints() => {
                    tracing::warn!(%failure, "the kept checkpoint is not served; beginning at the configured one");
                }
                Err(failure) => return Err(failure),
            }
        }
        self.begin_at(server, self.checkpoint).await
    }

    async fn begin_at(&self, server: &BeaconServer, block_root: B256) -> Result<Following, ResolveError> {
        let bootstrap = server.bootstrap(self.network.preset(), block_root, self.period_now()).await?;
        let client = LightClient::begin(self.network.clone(), block_root, bootstrap)
            .map_err(|refusal| server.refused(refusal))?;
        self.check_age(client.finalized().slot())?;
        Ok(Following { client, signed: 0, committee_asked_at: None, heard: None, preferred: 0 })
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
            for update in updates {
                self.take(server, known, update)?;
            }
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

    /// Takes an update that two thirds of the committee signed; one that says nothing new is not looked at.
    fn take(&self, server: &BeaconServer, known: &mut Following, update: Update) -> Result<(), ResolveError> {
        let (signed, of) = (update.aggregate().count(), update.aggregate().size());
        if !update.aggregate().has_supermajority() {
            return Err(server.doubt(BeaconDoubt::TooFewSignatures { signed, of }));
        }
        match known.client.process(update, self.latest_slot()) {
            Ok(progress) => {
                if progress.optimistic {
                    known.signed = signed;
                }
                Ok(())
            }
            Err(Refusal::Irrelevant { .. }) => Ok(()),
            Err(refusal) => Err(server.refused(refusal)),
        }
    }

    /// A head of the last two slots: newer there cannot be much.
    fn is_fresh(&self, client: &LightClient) -> bool {
        client.optimistic().slot() + FRESH_SLOTS >= self.slot_now()
    }

    fn slot_now(&self) -> u64 {
        self.network.slot_at(unix_now()).unwrap_or_default()
    }

    fn period_now(&self) -> u64 {
        self.network.period_of(self.slot_now())
    }

    /// The slot by a clock that is ahead of this machine's by what the policy allows: no signature is later.
    fn latest_slot(&self) -> u64 {
        self.network.slot_at(unix_now().saturating_add(self.max_clock_skew.as_secs())).unwrap_or_default()
    }

    fn check_age(&self, slot: u64) -> Result<(), CheckpointFlaw> {
        let age = Duration::from_secs(unix_now().saturating_sub(self.network.time_of(slot)));
        let maximum = self.max_checkpoint_age;
        if age > maximum { Err(CheckpointFlaw::TooOld { age, maximum }) } else { Ok(()) }
    }

    /// What was kept, if it is young enough to begin at.
    async fn kept(&self) -> Result<Option<Checkpoint>, CheckpointFlaw> {
        let Some(file) = &self.file else { return Ok(None) };
        let kept = file.read(self.network.genesis_validators_root()).await?;
        Ok(kept.filter(|kept| self.check_age(kept.slot).is_ok()))
    }

    /// Without it the next start needs the configured checkpoint, so a failure is told and nothing more.
    async fn keep(&self, finalized: &Header) {
        let Some(file) = &self.file else { return };
        let genesis_validators_root = self.network.genesis_validators_root();
        let (block_root, slot) = (finalized.beacon_root(), finalized.slot());
        if let Err(failure) = file.write(&Checkpoint { genesis_validators_root, block_root, slot }).await {
            tracing::warn!(%failure, "the newest checkpoint is not kept");
        }
    }
}

impl From<&Header> for ExecutionBlock {
    fn from(header: &Header) -> Self {
        let number = header.execution_header().map(|execution| execution.block_number);
        Self { hash: header.execution_block_hash(), number }
    }
}

/// Updates asked for at once: about 60 kB of JSON each on public networks.
const MAX_UPDATES: u64 = 8;

/// The newest attested block is one slot old at best, and slots are missed.
const FRESH_SLOTS: u64 = 2;
