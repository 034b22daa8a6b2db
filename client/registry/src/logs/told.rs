//! Logs as one endpoint tells them. Nothing of this is proven.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use alloy::eips::BlockNumHash;
use alloy::primitives::{B256, Log};
use alloy::rpc::types::Log as RpcLog;

use super::error::LogsError;
use super::filter::LogFilter;
use super::portion::Portion;
use crate::error::ResolveError;
use crate::node::Node;
use crate::resolver::Resolver;

/// The logs of a range of blocks, by one endpoint's word: any may be missing, changed or made up.
///
/// For whoever builds what others will verify, and reads so much that [`Resolver::verified_logs`] would take too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldLogs {
    /// The last block of the range.
    pub last: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// In the order of the chain.
    pub logs: Vec<ToldLog>,
}

/// One log, by an endpoint's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldLog {
    /// The block.
    pub block: BlockNumHash,
    /// The block's time, in Unix seconds.
    pub timestamp: u64,
    /// The log's place among all logs of the block, from 0.
    pub log_index: u64,
    /// Who emitted it, its topics and its data.
    pub log: Log,
    /// The hash of the transaction.
    pub transaction: B256,
}

impl Resolver {
    /// The logs of a range of blocks that `filter` takes, as the first endpoint tells them that answers: in one request,
    /// or a second one for the times of blocks where it leaves them out of its logs. It is not known whether the blocks
    /// are canonical either: that shows when later ones are linked to [`ToldLogs::last`].
    ///
    /// # Errors
    /// [`LogsError::NoRange`]; [`LogsError::Untrusted`] with [`ResolveError::AnswerTooLarge`],
    /// [`ResolveError::NodeRefused`] or [`ResolveError::Timeout`] where the range may be too wide: ask for fewer blocks.
    pub async fn told_logs(
        &self,
        blocks: RangeInclusive<u64>,
        filter: &LogFilter,
    ) -> Result<ToldLogs, LogsError> {
        let (first, last) = (*blocks.start(), *blocks.end());
        if first > last {
            return Err(LogsError::NoRange { first, last });
        }
        let (asked, blocks) = (filter.to_rpc(blocks.clone()), &blocks);
        let asked = &asked;
        Ok(self.ask_in_turn(|node| async move { told_by(node, asked, blocks, filter).await }).await?)
    }
}

async fn told_by(
    node: &Node,
    asked: &alloy::rpc::types::Filter,
    blocks: &RangeInclusive<u64>,
    filter: &LogFilter,
) -> Result<ToldLogs, ResolveError> {
    let (logs, header) = node.logs_through(asked, *blocks.end()).await?;
    let last = BlockNumHash { number: header.inner.number, hash: header.hash };
    if last.number != *blocks.end() {
        return Err(node.bad_answer("eth_getBlockByNumber", format!("block {}", last.number)));
    }
    let mut times = times_told(&logs);
    let untimed: Vec<u64> = {
        let mut heights: Vec<u64> = logs.iter().filter_map(|log| log.block_number).collect();
        heights.dedup();
        heights.into_iter().filter(|height| !times.contains_key(height)).collect()
    };
    let keep = |headers: Vec<alloy::rpc::types::Header>| {
        times.extend(headers.iter().map(|header| (header.inner.number, header.inner.timestamp)));
        Ok(())
    };
    Portion::up_to(HEADERS_AT_ONCE).ask_for(&untimed, |some| node.headers(some), keep).await?;
    let mut told: Vec<ToldLog> = Vec::with_capacity(logs.len());
    for log in logs {
        let log = whole(log, &times).ok_or_else(|| node.bad_answer("eth_getLogs", NOT_WHOLE.into()))?;
        let is_after = told
            .last()
            .is_none_or(|before| (before.block.number, before.log_index) < (log.block.number, log.log_index));
        if !is_after || !blocks.contains(&log.block.number) || !filter.matches(&log.log) {
            return Err(node.bad_answer("eth_getLogs", NOT_ASKED_FOR.into()));
        }
        told.push(log);
    }
    Ok(ToldLogs { last, timestamp: header.inner.timestamp, logs: told })
}

fn times_told(logs: &[RpcLog]) -> HashMap<u64, u64> {
    logs.iter().filter_map(|log| Some((log.block_number?, log.block_timestamp?))).collect()
}

fn whole(log: RpcLog, times: &HashMap<u64, u64>) -> Option<ToldLog> {
    let number = log.block_number.filter(|_| !log.removed)?;
    Some(ToldLog {
        block: BlockNumHash { number, hash: log.block_hash? },
        timestamp: *times.get(&number)?,
        log_index: log.log_index?,
        transaction: log.transaction_hash?,
        log: log.inner,
    })
}

const NOT_WHOLE: &str = "a log that is pending or removed, or of a block without a time";
const NOT_ASKED_FOR: &str = "logs out of order, or that were not asked for";

const HEADERS_AT_ONCE: usize = 64;
