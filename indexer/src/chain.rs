//! The registry's events as they come from its chain.
//!
//! ```text
//! far below the head  ──told()────► eth_getLogs, wide ranges, several at once        an endpoint's word
//! near it, or --verify ─verified()─► headers linked to the agreed head, blooms,       complete, or an error
//!                                    receipts hashed to their root
//! ```

mod width;

use std::ops::RangeInclusive;

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_registry::logs::{LogFilter, LogsError, ToldLog, ToldLogs, VerifiedLog};
use countersign_registry::{RegistryAt, ResolveError, Resolver};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use crate::change::Block;
use crate::event::{Event, EventKind, Place, UnknownEvent};
use width::Width;

/// One registry, on its chain.
#[derive(Clone, Debug)]
pub struct Chain {
    resolver: Resolver,
    filter: LogFilter,
}

/// Consecutive blocks, with the registry's events in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The height of the first block.
    pub first: u64,
    /// The hash of the block before it. An endpoint's word does not come with it.
    pub parent: Option<B256>,
    /// The last block.
    pub last: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// Those of them that have events, oldest first.
    pub blocks: Vec<Block>,
}

/// Why there are no events.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
    /// The endpoints do not say, or do not prove, what happened.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// What is there is no registry.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
}

impl Chain {
    /// The registry that `resolver` resolves from.
    #[must_use]
    pub fn new(resolver: Resolver) -> Self {
        let filter = LogFilter::emitted_by([resolver.registry().0.into()]);
        Self { resolver, filter }
    }

    /// Which one it is.
    #[must_use]
    pub fn registry(&self) -> RegistryAt {
        RegistryAt { chain_id: self.resolver.chain_id(), address: self.resolver.registry() }
    }

    /// What the chain is asked with.
    #[must_use]
    pub const fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The events of these blocks by an endpoint's word, in order: several requests are under way at a time, each for as
    /// many blocks as the last answers suggest.
    pub fn told(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> impl Stream<Item = Result<Stretch, ChainError>> + use<> {
        let (chain, width) = (self.clone(), Width::new());
        let last = *blocks.end();
        stream::unfold((*blocks.start(), width), move |(first, width)| async move {
            let end = first.saturating_add(width.now() - 1).min(last);
            (first <= last).then(|| ((first..=end, width.clone()), (end.saturating_add(1), width)))
        })
        .map(move |(blocks, width)| chain.clone().told_in(blocks, width))
        .buffered(UNDER_WAY)
        .map_ok(|stretches| stream::iter(stretches.into_iter().map(Ok)))
        .try_flatten()
    }

    /// As [`told`](Self::told), proven complete.
    ///
    /// # Errors
    /// [`ChainError`] at once, and from the stream.
    pub async fn verified(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<impl Stream<Item = Result<Stretch, ChainError>> + use<>, ChainError> {
        let logs = self.resolver.verified_logs(blocks, self.filter.clone()).await?;
        Ok(stream::unfold(logs, |mut logs| async move {
            let page = logs.next().await?;
            Some((page, logs))
        })
        .map(|page| {
            let page = page?;
            let blocks = by_block(page.logs.into_iter().map(Into::into))?;
            Ok(Stretch {
                first: page.first,
                parent: Some(page.parent),
                last: page.last,
                timestamp: page.timestamp,
                blocks,
            })
        }))
    }

    /// The hash of the chain's block at that height.
    ///
    /// # Errors
    /// [`ChainError`] where the endpoints do not agree on it.
    pub async fn hash_at(&self, height: u64) -> Result<B256, ChainError> {
        let anchor = self.resolver.block_at(height).await.map_err(LogsError::from)?;
        Ok(anchor.block_hash.into())
    }

    /// One range, in as many pieces as it takes.
    async fn told_in(self, blocks: RangeInclusive<u64>, width: Width) -> Result<Vec<Stretch>, ChainError> {
        let (mut first, last) = (*blocks.start(), *blocks.end());
        let mut piece = (last - first).saturating_add(1);
        let mut stretches = Vec::new();
        while first <= last {
            let end = first.saturating_add(piece - 1).min(last);
            let asked = (end - first).saturating_add(1);
            match self.resolver.told_logs(first..=end, &self.filter).await {
                Ok(told) => {
                    width.answered(asked, told.logs.len());
                    stretches.push(stretch(first, told)?);
                    let Some(next) = end.checked_add(1) else { break };
                    first = next;
                }
                Err(failure) if asked > 1 && is_too_much(&failure) => {
                    width.refused(asked);
                    piece = asked / 2;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(stretches)
    }
}

/// Whether a smaller range may be answered. Providers refuse wide ones, and long answers, each in its own words.
const fn is_too_much(failure: &LogsError) -> bool {
    matches!(
        failure,
        LogsError::Untrusted(
            ResolveError::AnswerTooLarge { .. }
                | ResolveError::NodeRefused { .. }
                | ResolveError::Timeout { .. }
        )
    )
}

fn stretch(first: u64, told: ToldLogs) -> Result<Stretch, UnknownEvent> {
    let blocks = by_block(told.logs.into_iter().map(Into::into))?;
    Ok(Stretch { first, parent: None, last: told.last, timestamp: told.timestamp, blocks })
}

/// A log of the registry, whoever vouches for it.
struct Found {
    block: BlockNumHash,
    timestamp: u64,
    log_index: u64,
    log: alloy::primitives::Log,
    transaction: B256,
}

fn by_block(logs: impl Iterator<Item = Found>) -> Result<Vec<Block>, UnknownEvent> {
    let mut blocks: Vec<Block> = Vec::new();
    for found in logs {
        let Found { block, timestamp, log_index, log, transaction } = found;
        // No block's gas pays for so many.
        let place = Place { block: block.number, log_index: u32::try_from(log_index).unwrap_or(u32::MAX) };
        let kind = EventKind::decode(&log, place)?;
        let event = Event { place, timestamp, claimed_transaction: transaction, kind };
        match blocks.last_mut().filter(|last| last.id == block) {
            Some(last) => last.events.push(event),
            None => blocks.push(Block { id: block, timestamp, events: vec![event] }),
        }
    }
    Ok(blocks)
}

impl From<VerifiedLog> for Found {
    fn from(log: VerifiedLog) -> Self {
        let VerifiedLog { block, timestamp, log_index, log, claimed_transaction, .. } = log;
        Self { block, timestamp, log_index, log, transaction: claimed_transaction }
    }
}

impl From<ToldLog> for Found {
    fn from(log: ToldLog) -> Self {
        let ToldLog { block, timestamp, log_index, log, transaction } = log;
        Self { block, timestamp, log_index, log, transaction }
    }
}

/// Requests for ranges at a time: while one answer is read, the node makes the next.
const UNDER_WAY: usize = 3;
