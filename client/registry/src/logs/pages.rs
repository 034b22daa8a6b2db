//! Logs of a range of blocks, page by page.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::Anchor;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::task::JoinSet;

use super::error::LogsError;
use super::filter::LogFilter;
use super::header::LinkedHeaders;
use super::sources::Sources;
use super::verified::VerifiedLog;
use crate::resolver::Resolver;

/// The verified logs of a range, in ascending order. Dropping it ends all work.
///
/// Complete exactly when the last page's `last` is [`through`](Self::through), which is when [`next`](Self::next) says
/// `None` without having said an error.
pub struct VerifiedLogs {
    pages: BoxStream<'static, Result<LogPage, LogsError>>,
    reading: Arc<Reading>,
    through: Anchor,
}

/// All logs that the filter takes, of some consecutive blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The height of the first block.
    pub first: u64,
    /// The hash of the block before it: what was delivered last, or else the chain was reorganised.
    pub parent: B256,
    /// The last block. Everything up to it is known now.
    pub last: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// The logs, in the order of their emission.
    pub logs: Vec<VerifiedLog>,
}

/// How far reading came, ahead of what was delivered too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogsProgress {
    /// Blocks in the range.
    pub blocks: u64,
    /// Of those, the ones whose headers are linked to a trusted block.
    pub linked: u64,
    /// Of those, the ones that may hold such a log, and whose receipts are proven.
    pub read: u64,
    /// The logs found.
    pub logs: u64,
    /// How often an endpoint failed or lied, so that another one was asked.
    pub failovers: u64,
}

struct Reading {
    sources: Sources,
    filter: LogFilter,
    blocks: RangeInclusive<u64>,
    through: Anchor,
    linked: AtomicU64,
    read: AtomicU64,
    logs: AtomicU64,
}

impl VerifiedLogs {
    pub(crate) async fn of(
        resolver: &Resolver,
        blocks: RangeInclusive<u64>,
        filter: LogFilter,
    ) -> Result<Self, LogsError> {
        let (first, last) = (*blocks.start(), *blocks.end());
        if first > last {
            return Err(LogsError::NoRange { first, last });
        }
        let through = resolver.block_at(last).await?;
        let reading = Arc::new(Reading {
            sources: Sources::new(resolver.clone()),
            filter,
            blocks,
            through,
            linked: AtomicU64::new(0),
            read: AtomicU64::new(0),
            logs: AtomicU64::new(0),
        });
        Ok(Self { pages: pages(reading.clone()), reading, through })
    }

    /// The next page; `None` once the range is complete, or after an error.
    ///
    /// # Errors
    /// [`LogsError`]: nothing is known of the blocks above the last page.
    pub async fn next(&mut self) -> Option<Result<LogPage, LogsError>> {
        let page = self.pages.next().await;
        if matches!(page, Some(Err(_))) {
            self.pages = stream::empty().boxed();
        }
        page
    }

    /// The block that the range ends with, as it was trusted when reading began.
    #[must_use]
    pub const fn through(&self) -> Anchor {
        self.through
    }

    /// How far reading came.
    #[must_use]
    pub fn progress(&self) -> LogsProgress {
        let Reading { blocks, linked, read, logs, sources, .. } = &*self.reading;
        LogsProgress {
            blocks: (blocks.end() - blocks.start()).saturating_add(1),
            linked: linked.load(Ordering::Relaxed),
            read: read.load(Ordering::Relaxed),
            logs: logs.load(Ordering::Relaxed),
            failovers: sources.failovers(),
        }
    }
}

impl fmt::Debug for VerifiedLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedLogs")
            .field("through", &self.through)
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

/// Two stretches of headers and some portions of receipts are under way at any time; pages come in order all the same.
fn pages(reading: Arc<Reading>) -> BoxStream<'static, Result<LogPage, LogsError>> {
    let linking = reading.clone();
    stream::iter(stretches(&reading.blocks))
        .map(move |blocks| in_a_task(linking.clone().link(blocks)))
        .buffered(STRETCHES_UNDER_WAY)
        .scan(None, |before, stretch| std::future::ready(Some(stretch.and_then(|next| follow(before, next)))))
        .map_ok({
            let reading = reading.clone();
            move |stretch| {
                let may_match = |header: &super::LinkedHeader| reading.filter.may_match(header.logs_bloom());
                stream::iter(stretch.portions(BLOCKS_IN_A_PAGE, may_match).into_iter().map(Ok))
            }
        })
        .try_flatten()
        .map(move |portion: Result<LinkedHeaders, LogsError>| {
            let reading = reading.clone();
            async move { in_a_task(reading.page(portion?)).await }
        })
        .buffered(PAGES_UNDER_WAY)
        .boxed()
}

/// Consecutive parts of a range, oldest first.
fn stretches(blocks: &RangeInclusive<u64>) -> impl Iterator<Item = RangeInclusive<u64>> + use<> {
    let last = *blocks.end();
    let end_of = move |first: u64| first.saturating_add(STRETCH - 1).min(last);
    std::iter::successors(Some(*blocks.start()), move |first| end_of(*first).checked_add(1))
        .take_while(move |first| *first <= last)
        .map(move |first| first..=end_of(first))
}

/// A stretch must begin where the one before it ended.
fn follow(before: &mut Option<BlockNumHash>, next: LinkedHeaders) -> Result<LinkedHeaders, LogsError> {
    if let (Some(was), Some(first)) = (*before, next.first()) {
        let now = first.proven().parent_hash();
        if was.hash != now {
            return Err(LogsError::Reorganised { block: was.number, was: was.hash, now });
        }
    }
    *before = next.last().map(super::LinkedHeader::block);
    Ok(next)
}

impl Reading {
    /// The headers of a stretch, linked to its last block. Where that block itself is reorganised away meanwhile, before
    /// anything above it was delivered, they are linked anew.
    async fn link(self: Arc<Self>, blocks: RangeInclusive<u64>) -> Result<LinkedHeaders, LogsError> {
        let height = *blocks.end();
        let mut newest = match height == self.through.block_number {
            true => self.through,
            false => self.sources.resolver().block_at(height).await?,
        };
        let mut outcome = self.sources.linked_headers(blocks.clone(), newest.block_hash.into()).await;
        for _ in 0..RELINKS {
            if outcome.is_ok() {
                break;
            }
            let now = self.sources.resolver().block_at(height).await?;
            if now == newest {
                break;
            }
            if height == self.through.block_number {
                return Err(reorganised(&newest, &now));
            }
            newest = now;
            outcome = self.sources.linked_headers(blocks.clone(), newest.block_hash.into()).await;
        }
        let headers = outcome?;
        self.linked.fetch_add(headers.iter().len() as u64, Ordering::Relaxed);
        Ok(headers)
    }

    /// The logs of some linked blocks.
    async fn page(self: Arc<Self>, headers: LinkedHeaders) -> Result<LogPage, LogsError> {
        let (Some(first), Some(last)) = (headers.first(), headers.last()) else {
            return Err(LogsError::Stopped);
        };
        let candidates: Vec<_> =
            headers.iter().filter(|header| self.filter.may_match(header.logs_bloom())).cloned().collect();
        let logs = match self.sources.logs(&candidates, &self.filter).await {
            Ok(logs) => logs,
            Err(failure) => return Err(self.reason(failure, last.block()).await),
        };
        self.read.fetch_add(candidates.len() as u64, Ordering::Relaxed);
        self.logs.fetch_add(logs.len() as u64, Ordering::Relaxed);
        Ok(LogPage {
            first: first.block().number,
            parent: first.proven().parent_hash(),
            last: last.block(),
            timestamp: last.proven().timestamp(),
            logs,
        })
    }

    /// No endpoint shows the receipts of a block: perhaps since it is no longer there.
    async fn reason(&self, failure: LogsError, was: BlockNumHash) -> LogsError {
        match self.sources.resolver().block_at(was.number).await {
            Ok(now) if now.block_hash != was.hash.0 => {
                LogsError::Reorganised { block: was.number, was: was.hash, now: now.block_hash.into() }
            }
            _ => failure,
        }
    }
}

fn reorganised(was: &Anchor, now: &Anchor) -> LogsError {
    LogsError::Reorganised { block: was.block_number, was: was.block_hash.into(), now: now.block_hash.into() }
}

/// Runs work beside its caller, on another core where there is one, and ends it when it is no longer wanted.
async fn in_a_task<T: Send + 'static>(
    work: impl Future<Output = Result<T, LogsError>> + Send + 'static,
) -> Result<T, LogsError> {
    let mut task = JoinSet::new();
    task.spawn(work);
    match task.join_next().await {
        Some(Ok(outcome)) => outcome,
        _ => Err(LogsError::Stopped),
    }
}

/// Blocks whose headers are linked at once, to a block that the endpoints agreed on: 450 bytes each in memory.
const STRETCH: u64 = 256;

/// Stretches linked ahead of the receipts.
const STRETCHES_UNDER_WAY: usize = 2;

/// Blocks whose receipts make a page, at most; those that cannot match come along for nothing.
const BLOCKS_IN_A_PAGE: usize = 16;

/// Pages read ahead. One holds at most the answer it reads, bounded by
/// [`HeadPolicy::max_response_bytes`](crate::HeadPolicy::max_response_bytes), or four times as much of a block that is
/// asked for receipt by receipt; and the logs it has found.
const PAGES_UNDER_WAY: usize = 4;

/// How often a stretch is linked anew because its last block changed under it.
const RELINKS: usize = 3;
