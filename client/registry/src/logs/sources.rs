//! Headers and receipts from whichever endpoint has them and does not lie.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use alloy::primitives::B256;
use futures_util::future::try_join_all;

use super::error::LogsError;
use super::header::{LinkedHeader, LinkedHeaders};
use super::portion::Portion;
use super::receipt::RpcReceipt;
use super::verified::BlockReceipts;
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
    headers: Portion,
    blocks: Portion,
    receipts: Portion,
    failovers: AtomicU64,
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
            headers: Portion::up_to(HEADERS_AT_ONCE),
            blocks: Portion::up_to(BLOCKS_AT_ONCE),
            receipts: Portion::up_to(RECEIPTS_AT_ONCE),
            failovers: AtomicU64::new(0),
        }
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

    /// All receipts of each of these blocks, proven.
    pub(crate) async fn receipts(&self, headers: &[LinkedHeader]) -> Result<Vec<BlockReceipts>, LogsError> {
        let Some(first) = headers.first() else { return Ok(Vec::new()) };
        let headers: Vec<&LinkedHeader> = headers.iter().collect();
        let mut attempts = self.attempts();
        while let Some((position, node)) = attempts.next() {
            let ask = |some| self.receipts_of(position, node, some);
            match self.blocks.ask_for(&headers, ask).await {
                Ok(receipts) => return Ok(receipts),
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
        let batches = heights.chunks(HEADERS_AT_ONCE);
        let headers = try_join_all(batches.map(|some| self.headers.ask_for(some, |some| node.headers(some))));
        let headers = headers.await?.concat();
        let linked = LinkedHeaders::link(headers.iter().map(|header| &header.inner), newest);
        linked.map_err(|what| lie(node, what))
    }

    /// A portion of blocks in one batch; one by one where the endpoint knows no better, or a block is too large for it.
    async fn receipts_of(
        &self,
        position: usize,
        node: &Node,
        headers: Vec<&LinkedHeader>,
    ) -> Result<Vec<BlockReceipts>, ResolveError> {
        if self.knows_block_receipts(position) {
            let heights = headers.iter().map(|header| header.block().number).collect();
            match node.block_receipts(heights).await {
                Ok(answers) => {
                    let each = headers.iter().zip(answers);
                    return each.map(|(header, answer)| proven(node, header, answer)).collect();
                }
                Err(ResolveError::NodeRefused { method: BLOCK_RECEIPTS, .. }) => {}
                Err(ResolveError::AnswerTooLarge { .. }) if headers.len() == 1 => {}
                Err(failure) => return Err(failure),
            }
        }
        let mut blocks = Vec::with_capacity(headers.len());
        for header in headers {
            let transactions = node.transactions(header.block().number).await?;
            let answer = self.receipts.ask_for(&transactions, |some| node.receipts(some)).await?;
            blocks.push(proven(node, header, answer)?);
        }
        Ok(blocks)
    }

    fn attempts(&self) -> Attempts<'_> {
        let unfit = self.unfit.lock().unwrap_or_else(PoisonError::into_inner);
        let mut order: Vec<_> = self.resolver.nodes().iter().enumerate().collect();
        order.sort_by_cached_key(|(position, node)| (unfit.contains(position), node.health().rank()));
        let left: Vec<_> = order.into_iter().map(|(position, _)| position).collect();
        Attempts { sources: self, left: left.into_iter(), failures: Vec::new() }
    }

    fn knows_block_receipts(&self, position: usize) -> bool {
        !self.one_by_one.lock().unwrap_or_else(PoisonError::into_inner).contains(&position)
    }
}

impl<'a> Attempts<'a> {
    fn next(&mut self) -> Option<(usize, &'a Node)> {
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
    header.receipts(answer).map_err(|what| lie(node, what))
}

/// What an endpoint showed does not hold. In a chain that is reorganised that may be no fault of its own: it is asked
/// later for a while, and not less believed.
fn lie(node: &Node, what: ProofPart) -> ResolveError {
    let failure = ResolveError::ProofInvalid { what, endpoint: node.endpoint().clone() };
    node.health().lied(&failure);
    failure
}

/// A block's header comes with the hashes of its transactions: 20 kB where it has two hundred.
const HEADERS_AT_ONCE: usize = 64;

/// A block of two hundred transactions has 600 kB of receipts, one of the registry alone some kilobytes.
const BLOCKS_AT_ONCE: usize = 16;

/// A receipt is 3 kB on average, and may be a megabyte.
const RECEIPTS_AT_ONCE: usize = 64;
