//! What is asked of a node about older blocks, many at once. Nothing of it is proven yet.

use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use alloy::primitives::{B256, U64};
use alloy::rpc::types::{Filter, Header, Log};
use alloy_json_rpc::{RpcRecv, RpcSend};

use super::{Connection, Node};
use crate::error::ResolveError;
use crate::logs::RpcReceipt;

#[derive(Clone, Debug, serde::Deserialize)]
struct Body {
    transactions: Vec<B256>,
}

impl Node {
    /// The headers at these heights, in one batch.
    pub(crate) async fn headers(&self, heights: Vec<u64>) -> Result<Vec<Header>, ResolveError> {
        let params = heights.into_iter().map(|height| (BlockNumberOrTag::Number(height), false));
        self.ask_each("eth_getBlockByNumber", params.collect()).await
    }

    /// All receipts of the blocks at these heights, in one batch.
    pub(crate) async fn block_receipts(
        &self,
        heights: Vec<u64>,
    ) -> Result<Vec<Vec<RpcReceipt>>, ResolveError> {
        let params = heights.into_iter().map(|height| (BlockNumberOrTag::Number(height),));
        self.ask_each(BLOCK_RECEIPTS, params.collect()).await
    }

    /// The hashes of the transactions of the block at that height.
    pub(crate) async fn transactions(&self, height: u64) -> Result<Vec<B256>, ResolveError> {
        let params = vec![(BlockNumberOrTag::Number(height), false)];
        let blocks: Vec<Body> = self.ask_each("eth_getBlockByNumber", params).await?;
        Ok(blocks.into_iter().flat_map(|block| block.transactions).collect())
    }

    /// The receipts of these transactions, in one batch.
    pub(crate) async fn receipts(&self, transactions: Vec<B256>) -> Result<Vec<RpcReceipt>, ResolveError> {
        let params = transactions.into_iter().map(|transaction| (transaction,));
        self.ask_each("eth_getTransactionReceipt", params.collect()).await
    }

    /// The logs of a range of blocks and the header of its last one, in one batch.
    pub(crate) async fn logs_through(
        &self,
        filter: &Filter,
        last: u64,
    ) -> Result<(Vec<Log>, Header), ResolveError> {
        self.within_time(async {
            let connection = self.connection().await?;
            let mut batch = self.batch(&connection.client);
            let chain_id = match connection.is_to_one_node() && connection.is_checked() {
                true => None,
                false => Some(batch.call::<_, U64>("eth_chainId", &())?),
            };
            let logs = batch.call::<_, Vec<Log>>("eth_getLogs", &(filter,))?;
            let header = batch.block(BlockNumberOrTag::Number(last))?;
            batch.send().await?;
            if let Some(chain_id) = chain_id {
                self.check_chain_id(chain_id.receive().await?.to())?;
                connection.note_checked();
            }
            let logs = logs.receive().await?;
            let header = header.receive().await?.ok_or_else(|| {
                self.bad_answer("eth_getBlockByNumber", "null: it has no block of that height".into())
            })?;
            Ok((logs, header))
        })
        .await
    }

    /// Several questions that make one, within that time in all.
    ///
    /// Each of its answers may have come in time, and speaks for it. So that it is not asked first again the next moment,
    /// drawing out the whole counts as a lie does.
    pub(crate) async fn altogether_within<T>(
        &self,
        time: Duration,
        work: impl Future<Output = Result<T, ResolveError>>,
    ) -> Result<T, ResolveError> {
        let Ok(outcome) = tokio::time::timeout(time, work).await else {
            let failure = ResolveError::Timeout { endpoint: self.endpoint.clone(), after: time };
            self.health.lied(&failure);
            return Err(failure);
        };
        outcome
    }

    /// One call for each of the parameters, in one batch; `null` is no answer.
    async fn ask_each<P: RpcSend, T: RpcRecv>(
        &self,
        method: &'static str,
        params: Vec<P>,
    ) -> Result<Vec<T>, ResolveError> {
        self.within_time(async {
            let Connection { client, .. } = self.connection().await?;
            let mut batch = self.batch(&client);
            let mut calls = Vec::with_capacity(params.len());
            for params in &params {
                calls.push(batch.call::<P, Option<T>>(method, params)?);
            }
            batch.send().await?;
            let mut answers = Vec::with_capacity(calls.len());
            for call in calls {
                let answer = call.receive().await?;
                answers.push(answer.ok_or_else(|| {
                    self.bad_answer(method, "null: it has no such block or transaction".into())
                })?);
            }
            Ok(answers)
        })
        .await
    }
}

pub(crate) const BLOCK_RECEIPTS: &str = "eth_getBlockReceipts";
