//! Headers and logs from whichever endpoint has them and does not lie.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy::primitives::B256;
use alloy::rpc::types::Header;
use futures_util::future::try_join_all;

use super::error::LogsError;
use super::filter::LogFilter;
use super::header::{LinkedHeader, LinkedHeaders};
use super::portion::Portion;
use super::receipt::RpcReceipt;
use super::verified::{BlockReceipts, VerifiedLog};
use crate::error::{ProofPart, ResolveError};
use crate::node::{BLOCK_RECEIPTS, Node};
use crate::resolver::Resolver;

/// The endpoints, asked in the order of their health, those that failed at this before last.
#[derive(Debug)]
pub(crate) struct Sources {
    resolver: Resolver,
    unfit: Mutex<HashSet<usize>>,
    /// Those that know no `eth_getBlockReceipts`.
    one_by_one: Mutex<HashSet<usize>>,
    hurry: Option<Hurry>,
    headers: Portion,
    blocks: Portion,
    receipts: Portion,
    failovers: AtomicU64,
}

/// Somebody waits for the logs: until when in all, and how much of that time one endpoint may take.
#[derive(Clone, Copy, Debug)]
struct Hurry {
    until: Instant,
    each: Duration,
}

/// Asking one endpoint after the other for the same.
struct Attempts<'a> {
    sources: &'a Sources,
    left: std::vec::IntoIter<usize>,
    failures: Vec<ResolveError>,
}

impl Sources {
    pub(crate) fn new(resolver: Resolver) -> Self {
        Self {
            resolver,
            unfit: Mutex::default(),
            one_by_one: Mutex::default(),
            hurry: None,
            headers: Portion::up_to(HEADERS_AT_ONCE),
            blocks: Portion::up_to(BLOCKS_AT_ONCE),
            receipts: Portion::up_to(RECEIPTS_AT_ONCE),
            failovers: AtomicU64::new(0),
        }
    }

    /// Logs within two requests' time or not at all, and from each endpoint within one's, however many requests it takes.
    pub(crate) fn in_a_hurry(resolver: Resolver) -> Self {
        let each = resolver.policy().request_timeout;
        let hurry = Instant::now().checked_add(each.saturating_mul(2)).map(|until| Hurry { until, each });
        Self { hurry, ..Self::new(resolver) }
    }

    pub(crate) const fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// How often an endpoint failed, so that another was asked.
    pub(crate) fn failovers(&self) -> u64 {
        self.failovers.load(Ordering::Relaxed)
    }

    /// The headers of these heights, linked down from the trusted hash of the last one.
    pub(crate) async fn linked_headers(
        &self,
        heights: RangeInclusive<u64>,
        newest: B256,
    ) -> Result<LinkedHeaders, LogsError> {
        let block = *heights.start();
        let heights: Vec<u64> = heights.collect();
        let mut attempts = self.attempts();
        while let Some((position, node)) = attempts.next() {
            match self.headers_of(node, &heights, newest).await {
                Ok(headers) => return Ok(headers),
                Err(failure) => attempts.failed(position, failure)?,
            }
        }
        Err(attempts.exhausted(block))
    }

    /// The logs of these blocks that the filter takes, all of them. Of the receipts that prove it nothing else is kept.
    pub(crate) async fn logs(
        &self,
        headers: &[LinkedHeader],
        filter: &LogFilter,
    ) -> Result<Vec<VerifiedLog>, LogsError> {
        let Some(first) = headers.first() else { return Ok(Vec::new()) };
        let headers: Vec<&LinkedHeader> = headers.iter().collect();
        let mut attempts = self.attempts();
        while let Some((position, node)) = attempts.next() {
            let work = self.logs_from(position, node, &headers, filter);
            let outcome = match self.hurry {
                Some(hurry) => node.altogether_within(hurry.left_to_one(), work).await,
                None => work.await,
            };
            match outcome {
                Ok(logs) => return Ok(logs),
                Err(failure) => attempts.failed(position, failure)?,
            }
        }
        Err(attempts.exhausted(first.block().number))
    }

    async fn headers_of(
        &self,
        node: &Node,
        heights: &[u64],
        newest: B256,
    ) -> Result<LinkedHeaders, ResolveError> {
        let batches = heights.chunks(HEADERS_AT_ONCE).map(async |some| {
            let mut headers = Vec::with_capacity(some.len());
            let keep = |more| {
                headers.extend(more);
                Ok(())
            };
            self.headers.ask_for(some, |some| node.headers(some), keep).await?;
            Ok::<Vec<Header>, ResolveError>(headers)
        });
        let headers = try_join_all(batches).await?.concat();
        let linked = LinkedHeaders::link(headers.iter().map(|header| &header.inner), newest);
        linked.map_err(|what| node.lied(what))
    }

    /// Many blocks at once; receipt by receipt those that are left where the endpoint knows no better.
    async fn logs_from(
        &self,
        position: usize,
        node: &Node,
        headers: &[&LinkedHeader],
        filter: &LogFilter,
    ) -> Result<Vec<VerifiedLog>, ResolveError> {
        let (mut logs, mut read) = (Vec::new(), 0);
        if self.knows_block_receipts(position) {
            let keep = |blocks: Vec<Vec<VerifiedLog>>| {
                read += blocks.len();
                logs.extend(blocks.into_iter().flatten());
                Ok(())
            };
            match self.blocks.ask_for(headers, |some| self.whole_blocks(node, some, filter), keep).await {
                Err(ResolveError::NodeRefused { method: BLOCK_RECEIPTS, code, .. }) => {
                    self.note_refusal(position, code);
                }
                outcome => return outcome.map(|()| logs),
            }
        }
        for header in headers.iter().skip(read) {
            logs.extend(self.receipt_by_receipt(node, header).await?.into_logs(filter));
        }
        Ok(logs)
    }

    /// The logs of each of these blocks, asked for in one batch; of one that is too long for an answer, in several.
    async fn whole_blocks(
        &self,
        node: &Node,
        headers: Vec<&LinkedHeader>,
        filter: &LogFilter,
    ) -> Result<Vec<Vec<VerifiedLog>>, ResolveError> {
        let heights = headers.iter().map(|header| header.block().number).collect();
        match (node.block_receipts(heights).await, headers.as_slice()) {
            (Ok(answers), _) => {
                let each = headers.iter().zip(answers);
                each.map(|(header, answer)| Ok(proven(node, header, answer)?.into_logs(filter).collect()))
                    .collect()
            }
            (Err(ResolveError::AnswerTooLarge { .. }), [header]) => {
                let logs = self.receipt_by_receipt(node, header).await?.into_logs(filter);
                Ok(vec![logs.collect()])
            }
            (Err(failure), _) => Err(failure),
        }
    }

    /// One block's receipts, each for itself. Not before the last one is there can any be proven, and which transactions
    /// the block has is the endpoint's word: so their number, their size and the time are bounded.
    async fn receipt_by_receipt(
        &self,
        node: &Node,
        header: &LinkedHeader,
    ) -> Result<BlockReceipts, ResolveError> {
        let policy = self.resolver.policy();
        let limit = policy.max_response_bytes.saturating_mul(ANSWERS_OF_A_BLOCK);
        let (mut receipts, mut size) = (Vec::new(), 0_usize);
        let keep = |more: Vec<RpcReceipt>| {
            size = more.iter().map(RpcReceipt::size).fold(size, usize::saturating_add);
            receipts.extend(more);
            if size <= limit {
                return Ok(());
            }
            let failure = ResolveError::AnswerTooLarge { endpoint: node.endpoint().clone(), limit };
            node.health().lied(&failure);
            Err(failure)
        };
        let work = async {
            let transactions = node.transactions(header.block().number).await?;
            let (block, listed, most) =
                (header.block().number, transactions.len(), header.most_transactions());
            if listed > most {
                return Err(node.lied(ProofPart::TransactionCount { block, listed, most }));
            }
            self.receipts.ask_for(&transactions, |some| node.receipts(some), keep).await
        };
        node.altogether_within(policy.request_timeout.saturating_mul(REQUESTS_OF_A_BLOCK), work).await?;
        proven(node, header, receipts)
    }

    fn attempts(&self) -> Attempts<'_> {
        let unfit = self.unfit.lock().unwrap_or_else(PoisonError::into_inner);
        let mut order: Vec<_> = self.resolver.nodes().iter().enumerate().collect();
        order.sort_by_cached_key(|(position, node)| (unfit.contains(position), node.health().rank()));
        let left: Vec<_> = order.into_iter().map(|(position, _)| position).collect();
        Attempts { sources: self, left: left.into_iter(), failures: Vec::new() }
    }

    /// A method that is not there will not be there for the next block. Other refusals may pass.
    fn note_refusal(&self, position: usize, code: i64) {
        if matches!(code, METHOD_NOT_FOUND | METHOD_NOT_SUPPORTED) {
            self.one_by_one.lock().unwrap_or_else(PoisonError::into_inner).insert(position);
        }
    }

    fn knows_block_receipts(&self, position: usize) -> bool {
        !self.one_by_one.lock().unwrap_or_else(PoisonError::into_inner).contains(&position)
    }
}

impl Hurry {
    fn left_to_one(self) -> Duration {
        self.until.saturating_duration_since(Instant::now()).min(self.each)
    }
}

impl<'a> Attempts<'a> {
    fn next(&mut self) -> Option<(usize, &'a Node)> {
        if self.sources.hurry.is_some_and(|hurry| hurry.left_to_one().is_zero()) {
            return None;
        }
        let nodes = self.sources.resolver.nodes();
        self.left.find_map(|position| nodes.get(position).map(|node| (position, &**node)))
    }

    /// Notes what an endpoint did, and asks it last from now on.
    fn failed(&mut self, position: usize, failure: ResolveError) -> Result<(), LogsError> {
        if !failure.is_one_endpoints() {
            return Err(failure.into());
        }
        tracing::warn!(%failure, "an endpoint is of no use for logs");
        self.failures.push(failure);
        self.sources.failovers.fetch_add(1, Ordering::Relaxed);
        self.sources.unfit.lock().unwrap_or_else(PoisonError::into_inner).insert(position);
        Ok(())
    }

    fn exhausted(self, block: u64) -> LogsError {
        LogsError::Unproven { block, failures: self.failures }
    }
}

fn proven(
    node: &Node,
    header: &LinkedHeader,
    answer: Vec<RpcReceipt>,
) -> Result<BlockReceipts, ResolveError> {
    header.receipts(answer).map_err(|what| node.lied(what))
}

/// A block's header comes with the hashes of its transactions: 20 kB where it has two hundred.
const HEADERS_AT_ONCE: usize = 64;

/// A block of two hundred transactions has 600 kB of receipts, one of the registry alone some kilobytes.
const BLOCKS_AT_ONCE: usize = 16;

/// A receipt is 3 kB on average, and may be a megabyte.
const RECEIPTS_AT_ONCE: usize = 64;

/// What a block's receipts may take in memory where they come one by one, in answers of the greatest length: as much JSON
/// is twice as long. A block of 200 transactions takes a quarter of one on Ethereum.
const ANSWERS_OF_A_BLOCK: usize = 4;

/// How long they may take, in requests of the greatest duration. A block of 400 transactions takes 8 requests.
const REQUESTS_OF_A_BLOCK: u32 = 4;

/// JSON-RPC's code for it.
const METHOD_NOT_FOUND: i64 = -32601;

/// EIP-1474's.
const METHOD_NOT_SUPPORTED: i64 = -32004;
