//! One transaction: sent, and waited for; and the questions that go before it.

use std::time::Duration;

use alloy::primitives::{Address as AccountAddress, B256, Bytes};
use alloy::providers::Provider;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::sol_types::SolCall;
use alloy::transports::TransportError;

use super::{Registrar, WriteError};
use crate::consent::account;
use crate::endpoint::Endpoint;
use crate::error::ResolveError;
use crate::node;

/// What became of a transaction, by the node's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The node has never heard of it, or has dropped it.
    Unknown,
    /// It waits for a block.
    Pending,
    /// A block holds it, and it succeeded.
    Included(Written),
    /// A block holds it, and it failed there.
    Reverted,
}

/// How many transactions of an account there are, which is the nonce of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionCount {
    /// In blocks.
    pub included: u64,
    /// In blocks and waiting.
    pub sent: u64,
}

/// A transaction that a block holds and that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its hash.
    pub transaction: B256,
    /// The block's number.
    pub block_number: u64,
    /// The gas it used.
    pub gas_used: u64,
}

impl Registrar {
    /// Calls the registry by a transaction.
    pub(super) async fn call(&self, call: impl SolCall) -> Result<Written, WriteError> {
        self.send_and_wait(account(self.registry), call.abi_encode().into()).await
    }

    /// Waits for the block of a transaction that was sent.
    ///
    /// # Errors
    /// [`WriteError::NotIncluded`] after the policy's time, [`WriteError::Reverted`] where it failed in its block.
    pub async fn wait(&self, transaction: B256) -> Result<Written, WriteError> {
        let after = self.policy.inclusion_timeout;
        let receipt = tokio::time::timeout(after, self.receipt(transaction)).await;
        let receipt = receipt.map_err(|_| WriteError::NotIncluded { transaction, after })??;
        written(&receipt).ok_or(WriteError::Reverted { transaction })
    }

    /// What became of a transaction, without waiting for it.
    ///
    /// # Errors
    /// [`WriteError`] where the node does not answer.
    pub async fn find(&self, transaction: B256) -> Result<Fate, WriteError> {
        let receipt = self.provider.get_transaction_receipt(transaction);
        if let Some(receipt) = self.ask("eth_getTransactionReceipt", receipt).await? {
            return Ok(written(&receipt).map_or(Fate::Reverted, Fate::Included));
        }
        let pooled = self.provider.get_transaction_by_hash(transaction);
        let pooled = self.ask("eth_getTransactionByHash", pooled).await?;
        Ok(if pooled.is_some() { Fate::Pending } else { Fate::Unknown })
    }

    /// How many transactions this account sent: for whoever writes down a nonce before it sends.
    ///
    /// # Errors
    /// [`WriteError`] where the node does not answer.
    pub async fn transaction_count(&self) -> Result<TransactionCount, WriteError> {
        const METHOD: &str = "eth_getTransactionCount";
        let count = || self.provider.get_transaction_count(account(self.account()));
        let included = self.ask(METHOD, count().latest()).await?;
        let sent = self.ask(METHOD, count().pending()).await?;
        Ok(TransactionCount { included, sent })
    }

    /// Sends a transaction and waits for its block.
    pub(super) async fn send_and_wait(
        &self,
        to: AccountAddress,
        input: Bytes,
    ) -> Result<Written, WriteError> {
        let sent = self.send_raw(TransactionRequest::default(), to, input).await?;
        self.wait(sent).await
    }

    /// Sends a transaction, with what `fixed` says of nonce and gas.
    pub(super) async fn send_raw(
        &self,
        fixed: TransactionRequest,
        to: AccountAddress,
        input: Bytes,
    ) -> Result<B256, WriteError> {
        let request = TransactionRequest { nonce: fixed.nonce, gas: fixed.gas, ..self.request(to, input) };
        let sent = tokio::time::timeout(self.policy.request_timeout, self.provider.send_transaction(request));
        let sent = sent.await.map_err(|_| self.too_slow())?;
        let sent = sent.map_err(|error| self.refused("eth_sendTransaction", error))?;
        Ok(*sent.tx_hash())
    }

    /// Has the node carry out a call without a transaction, and decodes what it returns.
    pub(super) async fn view<C: SolCall>(&self, call: C) -> Result<C::Return, WriteError> {
        let answer = self.try_out(call.abi_encode().into()).await?;
        C::abi_decode_returns(&answer).map_err(|error| {
            let endpoint = self.endpoint.clone();
            ResolveError::BadAnswer { endpoint, method: "eth_call", detail: error.to_string() }.into()
        })
    }

    /// Has the node carry out a call without a transaction.
    pub(super) async fn try_out(&self, input: Bytes) -> Result<Bytes, WriteError> {
        let asked = self.provider.call(self.request(account(self.registry), input));
        let answer = tokio::time::timeout(self.policy.request_timeout, asked)
            .await
            .map_err(|_| self.too_slow())?
            .map_err(|error| self.refused("eth_call", error))?;
        // A call of an account without code succeeds and returns nothing.
        if answer.is_empty() && !self.has_code(account(self.registry)).await? {
            return Err(ResolveError::NoRegistryHere { registry: self.registry, found: None }.into());
        }
        Ok(answer)
    }

    /// The gas that a call of the registry would use.
    pub(super) async fn estimate(&self, input: Bytes) -> Result<u64, WriteError> {
        let asked = self.provider.estimate_gas(self.request(account(self.registry), input));
        tokio::time::timeout(self.policy.request_timeout, asked)
            .await
            .map_err(|_| self.too_slow())?
            .map_err(|error| self.refused("eth_estimateGas", error))
    }

    pub(super) async fn has_code(&self, address: AccountAddress) -> Result<bool, WriteError> {
        Ok(!self.ask("eth_getCode", self.provider.get_code_at(address)).await?.is_empty())
    }

    pub(super) async fn ask<T>(
        &self,
        method: &'static str,
        work: impl IntoFuture<Output = Result<T, TransportError>>,
    ) -> Result<T, WriteError> {
        within(&self.endpoint, self.policy.request_timeout, async {
            work.into_future().await.map_err(|error| node::endpoint_failure(&self.endpoint, method, error))
        })
        .await
    }

    pub(super) fn too_slow(&self) -> WriteError {
        let (endpoint, after) = (self.endpoint.clone(), self.policy.request_timeout);
        ResolveError::Timeout { endpoint, after }.into()
    }

    fn request(&self, to: AccountAddress, input: Bytes) -> TransactionRequest {
        TransactionRequest::default().from(account(self.account())).to(to).input(input.into())
    }

    fn refused(&self, method: &'static str, error: TransportError) -> WriteError {
        WriteError::refused(&self.endpoint, method, self.account(), error)
    }

    /// Polls, at a pace that suits a development chain first and a real one soon.
    async fn receipt(&self, transaction: B256) -> Result<TransactionReceipt, WriteError> {
        let mut pause = FIRST_POLL;
        loop {
            let receipt = self.provider.get_transaction_receipt(transaction);
            if let Some(receipt) = self.ask("eth_getTransactionReceipt", receipt).await? {
                return Ok(receipt);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SLOWEST_POLL);
        }
    }
}

pub(super) async fn within<T>(
    endpoint: &Endpoint,
    after: Duration,
    work: impl Future<Output = Result<T, ResolveError>>,
) -> Result<T, WriteError> {
    match tokio::time::timeout(after, work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(ResolveError::Timeout { endpoint: endpoint.clone(), after }.into()),
    }
}

/// `None` where it failed in its block.
fn written(receipt: &TransactionReceipt) -> Option<Written> {
    let (transaction, gas_used) = (receipt.transaction_hash, receipt.gas_used);
    let block_number = receipt.block_number.unwrap_or_default();
    receipt.status().then_some(Written { transaction, block_number, gas_used })
}

const FIRST_POLL: Duration = Duration::from_millis(20);
const SLOWEST_POLL: Duration = Duration::from_secs(2);
