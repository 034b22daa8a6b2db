//! Asking one node for the pieces of a block's state that a call reads. Nothing here is proven yet.

use alloy::eips::BlockNumberOrTag;
use alloy::eips::eip2930::AccessListResult;
use alloy::primitives::{Address as AccountAddress, Bytes, U64};
use alloy::rpc::types::Header;
use serde::Serialize;

use super::Node;
use super::batch::{Batch, Call, receive_all};
use crate::error::ResolveError;
use crate::question::{ProofAnswer, ProofTarget};

/// One batch about a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct PiecesQuestion {
    /// Its height.
    pub(crate) number: u64,
    /// Whether to ask for its header too.
    pub(crate) header: bool,
    pub(crate) proofs: Vec<ProofTarget>,
    pub(crate) codes: Vec<AccountAddress>,
    /// Calls of which the node may say what they read.
    pub(crate) access_lists: Vec<CallRequest>,
}

/// A call from nobody, as a node takes it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallRequest {
    from: AccountAddress,
    to: AccountAddress,
    data: Bytes,
    gas: U64,
    /// Zero is named, or the node would look for a balance that pays its own suggestion.
    gas_price: U64,
}

/// What the node answered, in the question's order.
#[derive(Debug)]
pub(crate) struct PiecesAnswer {
    pub(crate) header: Option<Header>,
    pub(crate) proofs: Vec<ProofAnswer>,
    pub(crate) codes: Vec<Result<Bytes, ResolveError>>,
    /// Of the calls that it said something about.
    pub(crate) access_lists: Vec<AccessListResult>,
    /// Whether it was to say anything.
    pub(crate) was_asked_for_hints: bool,
}

impl CallRequest {
    pub(crate) fn new(to: AccountAddress, data: Bytes, gas: u64) -> Self {
        Self { from: AccountAddress::ZERO, to, data, gas: U64::from(gas), gas_price: U64::ZERO }
    }
}

impl Node {
    /// Asks for all of it in one batch, within the policy's time.
    pub(crate) async fn pieces(&self, question: &PiecesQuestion) -> Result<PiecesAnswer, ResolveError> {
        self.within_time(self.exchange_pieces(question)).await
    }

    async fn exchange_pieces(&self, question: &PiecesQuestion) -> Result<PiecesAnswer, ResolveError> {
        let connection = self.connection().await?;
        let mut batch = self.batch(&connection.client);
        let at = BlockNumberOrTag::Number(question.number);
        let header = question.header.then(|| batch.block(at)).transpose()?;
        let proofs = batch.proofs(&question.proofs, at)?;
        let codes = batch.codes(&question.codes, at)?;
        let access_lists = batch.access_lists(&question.access_lists, at)?;
        batch.send().await?;

        let header = match header {
            Some(header) => Some(self.some_header(header).await?),
            None => None,
        };
        let proofs = receive_all(proofs).await;
        let mut found_codes = Vec::with_capacity(codes.len());
        for code in codes {
            found_codes.push(code.receive().await);
        }
        let mut found_lists = Vec::with_capacity(access_lists.len());
        for list in access_lists {
            match list.receive().await {
                Ok(list) => found_lists.push(list),
                Err(failure) => tracing::debug!(%failure, "no hint of what a call reads"),
            }
        }
        let was_asked_for_hints = !question.access_lists.is_empty();
        Ok(PiecesAnswer {
            header,
            proofs,
            codes: found_codes,
            access_lists: found_lists,
            was_asked_for_hints,
        })
    }

    async fn some_header(&self, header: Call<'_, Option<Header>>) -> Result<Header, ResolveError> {
        header.receive().await?.ok_or_else(|| {
            self.bad_answer("eth_getBlockByNumber", "null: it has no block of that height".into())
        })
    }
}

impl<'a> Batch<'a> {
    fn codes(
        &mut self,
        accounts: &[AccountAddress],
        at: BlockNumberOrTag,
    ) -> Result<Vec<Call<'a, Bytes>>, ResolveError> {
        accounts.iter().map(|account| self.call("eth_getCode", &(account, at))).collect()
    }

    fn access_lists(
        &mut self,
        calls: &[CallRequest],
        at: BlockNumberOrTag,
    ) -> Result<Vec<Call<'a, AccessListResult>>, ResolveError> {
        calls.iter().map(|call| self.call("eth_createAccessList", &(call, at))).collect()
    }
}
