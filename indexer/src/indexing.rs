//! From the chain into the store, block by block, whatever becomes of either.
//!
//! ```text
//! Heads ──agreed head──► agreement with what is stored? ──no──► rewind to the newest block that both have
//!                               │ yes
//!                               ▼
//!                  Chain ──Stretch──► apply ──Advance──► Writer
//! ```

mod progress;

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy::eips::BlockNumHash;
use countersign_registry::HeadNews;
use futures_util::stream::{Stream, StreamExt};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;

use crate::chain::{Chain, ChainError, Stretch};
use crate::change::Block;
use crate::record::Missing;
use crate::store::{Advance, KeptBlock, Rewind, StoreError, Tip, Touched, Writer};
pub use progress::Progress;

/// The writer, shared by the registries of one process.
pub type SharedWriter = Arc<Mutex<Box<dyn Writer>>>;

/// How blocks are read that lie far below the head. Those near it are always proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backfill {
    /// By an endpoint's word, as fast as it goes.
    Told,
    /// Proven complete: each block's header is asked for.
    Verified,
}

/// One registry, followed.
#[derive(Debug)]
pub struct Indexing {
    chain: Chain,
    first_block: u64,
    backfill: Backfill,
    writer: SharedWriter,
    tip: Option<Tip>,
    finality: Finality,
    progress: watch::Sender<Progress>,
}

/// What the chain calls final, asked now and then.
#[derive(Clone, Copy, Debug, Default)]
struct Finality {
    height: u64,
    asked: Option<Instant>,
}

/// Why a registry is not indexed further.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// The chain is not told or not proven.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// What the chain told has gaps.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block that was final is another one now.
    #[error(
        "no block that is stored, down to {} ({}), is on the chain any more: it is another chain, or was begun anew; reindex",
        lowest.number, lowest.hash
    )]
    Diverged {
        /// The lowest block that was compared.
        lowest: BlockNumHash,
    },
}

impl IndexingError {
    /// Whether trying again can help, with the same writer.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Chain(_) => true,
            Self::Store(failure) => matches!(failure, StoreError::Full { .. }),
            Self::Missing(_) | Self::Diverged { .. } => false,
        }
    }
}

impl Indexing {
    /// Indexes `chain` from `first_block` on, where nothing is stored of it, and tells `progress` how far it is.
    #[must_use]
    pub fn new(
        chain: Chain,
        first_block: u64,
        backfill: Backfill,
        writer: SharedWriter,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self { chain, first_block, backfill, writer, tip: None, finality: Finality::default(), progress }
    }

    /// Follows the chain until that is of no use any more: see [`IndexingError::is_passing`]. Cancelling it at any moment
    /// leaves the store as it was after some block.
    pub async fn run(mut self) -> IndexingError {
        let mut heads = self.chain.resolver().heads();
        let mut head: Option<KeptBlock> = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let is_behind = head.is_some_and(|head| self.tip.is_none_or(|tip| tip.block != head.block));
            let again = async {
                match is_behind {
                    true => tokio::time::sleep(pause).await,
                    false => std::future::pending().await,
                }
            };
            tokio::select! {
                news = heads.next() => match news {
                    HeadNews::Agreed { header, .. } => {
                        let agreed = KeptBlock { block: header.block(), timestamp: header.timestamp() };
                        self.progress.send_modify(|progress| progress.head_is(agreed));
                        head = Some(agreed);
                    }
                    HeadNews::Still { .. } => continue,
                    HeadNews::Doubt(failure) => {
                        self.progress.send_modify(|progress| progress.failed(&failure));
                        continue;
                    }
                },
                () = again => {}
            }
            let Some(head) = head else { continue };
            match self.catch_up(head.block).await {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    self.progress.send_modify(Progress::succeeded);
                    self.ask_finality().await;
                }
                Err(IndexingError::Missing(missing)) if self.backfill == Backfill::Told => {
                    tracing::warn!(%missing, "an endpoint leaves events out: from here on everything is proven");
                    self.backfill = Backfill::Verified;
                    pause = Duration::ZERO;
                }
                Err(failure) if failure.is_passing() => {
                    tracing::warn!(%failure, "indexing is held up");
                    self.progress.send_modify(|progress| progress.failed(&failure));
                    pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                }
                Err(failure) => return failure,
            }
        }
    }

    /// Stores all up to `head`, once.
    ///
    /// # Errors
    /// [`IndexingError`]. What was stored until then stays.
    pub async fn catch_up(&mut self, head: BlockNumHash) -> Result<(), IndexingError> {
        self.tip = self.writer.lock().await.tip(self.chain.registry()).await?;
        self.note_tip();
        for _ in 0..REWINDS {
            if self.tip.is_some_and(|tip| tip.block == head)
                || self.next() > head.number && self.tip.is_none()
            {
                return Ok(());
            }
            if self.tip.is_some_and(|tip| tip.block.number >= head.number) {
                self.rewind(head).await?;
                continue;
            }
            if self.backfill == Backfill::Told && head.number.saturating_sub(self.next()) > FAR {
                // An endpoint's word is linked to nothing: whether it continues what is stored is looked at before.
                if !self.is_on_chain().await? {
                    self.rewind(head).await?;
                    continue;
                }
                self.ask_finality().await;
                let through = self.settled(head.number);
                if self.next() <= through {
                    self.take(self.chain.told(self.next()..=through), Backfill::Told).await?;
                }
            }
            let is_whole = match self.chain.verified(self.next()..=head.number).await {
                Ok(stretches) => self.take(stretches, Backfill::Verified).await?,
                Err(ChainError::Logs(countersign_registry::logs::LogsError::Reorganised { .. })) => false,
                Err(failure) => return Err(failure.into()),
            };
            if is_whole {
                return Ok(());
            }
            self.rewind(head).await?;
        }
        // The chain changes faster than it is read. There will be another head.
        Ok(())
    }

    /// Stores what comes; whether all of it continues what is stored. Reading goes on while a stretch is stored.
    async fn take(
        &mut self,
        stretches: impl Stream<Item = Result<Stretch, ChainError>> + Send + 'static,
        vouched: Backfill,
    ) -> Result<bool, IndexingError> {
        let (sender, mut receiver) = mpsc::channel(AHEAD);
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            let mut stretches = std::pin::pin!(stretches);
            while let Some(stretch) = stretches.next().await {
                let is_last = stretch.is_err();
                if sender.send(stretch).await.is_err() || is_last {
                    return;
                }
            }
        });
        while let Some(stretch) = receiver.recv().await {
            let stretch = match stretch {
                Err(ChainError::Logs(countersign_registry::logs::LogsError::Reorganised { .. })) => {
                    return Ok(false);
                }
                stretch => stretch?,
            };
            let base = self.tip.map(|tip| tip.block.hash);
            if stretch.parent.zip(base).is_some_and(|(parent, base)| parent != base) {
                return Ok(false);
            }
            self.store(stretch, vouched).await?;
        }
        Ok(true)
    }

    async fn store(&mut self, stretch: Stretch, vouched: Backfill) -> Result<(), IndexingError> {
        let registry = self.chain.registry();
        let mut writer = self.writer.lock().await;
        let mut held = writer.held(registry, &Touched::by(&stretch.blocks)).await?;
        let changes = held.apply_all(&stretch.blocks)?;
        let told_before = self.tip.and_then(|tip| tip.told_through);
        let tip = Tip {
            block: stretch.last,
            timestamp: stretch.timestamp,
            finalized: self.finality.height.min(stretch.last.number),
            told_through: match vouched {
                Backfill::Told => Some(stretch.last.number),
                Backfill::Verified => told_before,
            },
        };
        let events = changes.iter().map(|set| set.changes.len() as u64).sum();
        let kept = kept(&stretch, tip.finalized.max(stretch.last.number.saturating_sub(MOST_KEPT)));
        let advance = Advance { base: self.tip.map(|tip| tip.block), tip, kept, changes };
        writer.advance(registry, &advance).await?;
        drop(writer);
        self.tip = Some(tip);
        self.progress.send_modify(|progress| progress.advanced(tip, events));
        Ok(())
    }

    /// Goes back to the newest stored block that is on the chain of `head`.
    async fn rewind(&mut self, head: BlockNumHash) -> Result<(), IndexingError> {
        let (registry, Some(tip)) = (self.chain.registry(), self.tip) else { return Ok(()) };
        let mut kept = self.writer.lock().await.kept(registry).await?;
        kept.retain(|kept| kept.block.number <= head.number);
        kept.sort_unstable_by_key(|kept| Reverse(kept.block.number));
        let Some(to) = self.agreement(&kept).await? else {
            let lowest = kept.last().map_or(tip.block, |kept| kept.block);
            return Err(IndexingError::Diverged { lowest });
        };
        if to.block != tip.block {
            tracing::warn!(from = tip.block.number, to = to.block.number, "the chain was reorganised");
            let mut writer = self.writer.lock().await;
            writer.rewind(registry, &Rewind { from: tip.block, to }).await?;
            self.tip = writer.tip(registry).await?;
            drop(writer);
            self.progress.send_modify(Progress::reorganised);
            self.note_tip();
        }
        Ok(())
    }

    /// The first of these blocks, newest first, that is on the chain: what lies below it is so too, so halving finds it.
    async fn agreement(&self, kept: &[KeptBlock]) -> Result<Option<KeptBlock>, IndexingError> {
        let (mut low, mut high) = (0, kept.len());
        while let Some(candidate) = (low < high).then(|| kept.get(low + (high - low) / 2)).flatten() {
            let there = self.chain.hash_at(candidate.block.number).await?;
            match there == candidate.block.hash {
                true => high = low + (high - low) / 2,
                false => low += (high - low) / 2 + 1,
            }
        }
        Ok(kept.get(low).copied())
    }

    /// Whether the stored tip is on the chain.
    async fn is_on_chain(&self) -> Result<bool, IndexingError> {
        let Some(tip) = self.tip else { return Ok(true) };
        Ok(self.chain.hash_at(tip.block.number).await? == tip.block.hash)
    }

    fn next(&self) -> u64 {
        self.tip.map_or(self.first_block, |tip| tip.block.number.saturating_add(1))
    }

    /// Up to which height blocks are read by an endpoint's word: none that may still be reorganised away.
    fn settled(&self, head: u64) -> u64 {
        let deep = head.saturating_sub(FAR);
        match self.finality.height {
            0 => deep,
            height => height.min(deep),
        }
    }

    /// Asks what is final, if that was long ago. That it is not known holds up nothing.
    async fn ask_finality(&mut self) {
        if self.finality.asked.is_some_and(|asked| asked.elapsed() < FINALITY_ASKED_EVERY) {
            return;
        }
        match self.chain.resolver().finalized_height().await {
            Ok(height) => self.finality.height = self.finality.height.max(height),
            Err(failure) => tracing::debug!(%failure, "what is final is not known"),
        }
        self.finality.asked = Some(Instant::now());
    }

    fn note_tip(&self) {
        self.progress.send_modify(|progress| progress.tip = self.tip);
    }
}

/// Its blocks that may be reorganised away, and its last.
fn kept(stretch: &Stretch, finalized: u64) -> Vec<KeptBlock> {
    let kept = |block: &Block| KeptBlock { block: block.id, timestamp: block.timestamp };
    let last = KeptBlock { block: stretch.last, timestamp: stretch.timestamp };
    let inner = stretch.blocks.iter().map(kept);
    inner.filter(|kept| kept.block.number > finalized && kept.block != last.block).chain([last]).collect()
}

/// Blocks below the head within which everything is proven, final or not: two epochs of Ethereum.
const FAR: u64 = 64;

/// Blocks below the head whose hashes are kept where what is final lies deeper, or is not told.
const MOST_KEPT: u64 = 8192;

/// How often a head is tried again when the chain is reorganised meanwhile.
const REWINDS: usize = 8;

/// Stretches that are read while one is stored.
const AHEAD: usize = 4;

/// Ethereum's epoch is 6.4 minutes, and a rollup's final block follows its own.
const FINALITY_ASKED_EVERY: Duration = Duration::from_secs(12);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
