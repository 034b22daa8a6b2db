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
mod following;
mod linked;
mod round;
mod server;
mod trust;

use std::time::{Duration, Instant};

use alloy::primitives::B256;
use countersign_light_client::{Header, Network};
use tokio::sync::Mutex;

use crate::acceptance::unix_now;
use crate::error::{CheckpointFlaw, ResolveError};
use crate::policy::HeadPolicy;
use checkpoint::{Checkpoint, CheckpointFile};
use following::Following;
pub(crate) use linked::survey;
use round::{is_silence, told};
use server::BeaconServer;
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
    /// How long a silent server holds up the next.
    patience: Duration,
    /// How long one attempt takes at most, whatever the servers do.
    longest_attempt: Duration,
    /// One task asks at a time; who waited meanwhile takes what it heard.
    course: Mutex<Course>,
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

#[derive(Debug, Default)]
struct Course {
    /// `None` before the first attempt that found where to begin.
    following: Option<Following>,
    /// The server that showed a fresh head last is asked first.
    preferred: usize,
    last: Option<Attempt>,
}

#[derive(Debug)]
struct Attempt {
    begun: Instant,
    ended: Instant,
    outcome: Result<ProvenHead, ResolveError>,
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
            patience: policy.head_patience,
            longest_attempt: policy.request_timeout.saturating_mul(REQUESTS_IN_A_ROW),
            course: Mutex::default(),
        })
    }

    /// Asks the beacon nodes until one shows a fresh head, and proves what they say. Who asks while others do waits for
    /// them: a head must have been asked for since, a failure need only have happened since.
    ///
    /// # Errors
    /// [`ResolveError`]: why no beacon node showed anything that holds, or the checkpoint cannot be begun at.
    pub(crate) async fn head(&self) -> Result<ProvenHead, ResolveError> {
        let since = Instant::now();
        let mut course = self.course.lock().await;
        if let Some(outcome) = course.last.as_ref().and_then(|last| last.serves(since)) {
            return outcome;
        }
        let begun = Instant::now();
        let outcome = self.advance(&mut course, begun + self.longest_attempt).await;
        course.last = Some(Attempt { begun, ended: Instant::now(), outcome: outcome.clone() });
        outcome
    }

    pub(crate) const fn committee_size(&self) -> usize {
        self.network.committee_size()
    }

    async fn advance(&self, course: &mut Course, deadline: Instant) -> Result<ProvenHead, ResolveError> {
        let known = match &mut course.following {
            // One who was suspended for too long is no better off than one who begins.
            Some(known) if self.check_age(known.client.finalized().slot()).is_ok() => known,
            none => none.insert(self.begin(course.preferred, deadline).await?),
        };
        let (finalized, mut fresh, mut heard) = (known.client.finalized().slot(), None, false);
        let ask = |server, known: &Following| self.advance_by(server, known.clone());
        let failures = self
            .in_turn(course.preferred, deadline, known, ask, |known, position, (advanced, outcome)| {
                // What it proved before it failed is proven.
                known.adopt(advanced);
                outcome?;
                heard = true;
                fresh = self.is_fresh(known).then_some(position);
                Ok(fresh.is_some())
            })
            .await?;
        if known.client.finalized().slot() > finalized {
            self.keep(known.client.finalized()).await;
        }
        course.preferred = fresh.unwrap_or(course.preferred);
        if heard { Ok(known.head()) } else { Err(told(failures)) }
    }

    /// Begins at the block that was final when this was last running, or else at the configured checkpoint.
    async fn begin(&self, first: usize, deadline: Instant) -> Result<Following, ResolveError> {
        if let Some(kept) = self.kept().await? {
            match self.begin_at(first, deadline, kept.block_root).await {
                Err(failure) if !is_silence(&failure) => {
                    tracing::warn!(%failure, "the kept checkpoint is not served; beginning at the configured one");
                }
                outcome => return outcome,
            }
        }
        self.begin_at(first, deadline, self.checkpoint).await
    }

    async fn begin_at(
        &self,
        first: usize,
        deadline: Instant,
        block_root: B256,
    ) -> Result<Following, ResolveError> {
        let mut begun = None;
        let ask = |server, _: &Option<Following>| self.begin_by(server, block_root);
        let failures = self
            .in_turn(first, deadline, &mut begun, ask, |begun, _, answer| {
                *begun = Some(answer?);
                Ok(true)
            })
            .await?;
        begun.ok_or_else(|| told(failures))
    }

    /// A head of the last two slots: newer there cannot be much.
    fn is_fresh(&self, known: &Following) -> bool {
        known.client.optimistic().slot() + FRESH_SLOTS >= self.slot_now()
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
        if let Err(failure) = file.write(Checkpoint { genesis_validators_root, block_root, slot }).await {
            tracing::warn!(%failure, "the newest checkpoint is not kept");
        }
    }
}

impl Attempt {
    /// What came of it, as far as it serves whoever asked at that time.
    fn serves(&self, since: Instant) -> Option<Result<ProvenHead, ResolveError>> {
        let needed = if self.outcome.is_ok() { self.begun } else { self.ended };
        (needed >= since).then(|| self.outcome.clone())
    }
}

impl From<&Header> for ExecutionBlock {
    fn from(header: &Header) -> Self {
        let number = header.execution_header().map(|execution| execution.block_number);
        Self { hash: header.execution_block_hash(), number }
    }
}

/// The newest attested block is one slot old at best, and slots are missed.
const FRESH_SLOTS: u64 = 2;

/// What one server is asked one after the other, at most: two bootstraps, two pages of updates for two weeks, the next
/// committee, and the newest updates.
const REQUESTS_IN_A_ROW: u32 = 6;
