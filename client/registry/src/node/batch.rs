//! Several calls to a node in one batch, and their answers.

use alloy::eips::BlockNumberOrTag;
use alloy::rpc::client::{BatchRequest, Waiter};
use alloy::rpc::types::{EIP1186AccountProofResponse, Header};
use alloy_json_rpc::{RpcRecv, RpcSend};

use super::Node;
use crate::error::ResolveError;
use crate::question::{ProofAnswer, ProofTarget};

/// Calls to be sent together.
pub(super) struct Batch<'a> {
    pub(super) node: &'a Node,
    pub(super) requests: BatchRequest<'a>,
}

/// A call whose answer is still to come.
pub(super) struct Call<'a, T> {
    node: &'a Node,
    method: &'static str,
    waiter: Waiter<T>,
}

impl<'a> Batch<'a> {
    pub(super) fn call<P: RpcSend, T: RpcRecv>(
        &mut self,
        method: &'static str,
        params: &P,
    ) -> Result<Call<'a, T>, ResolveError> {
        let waiter =
            self.requests.add_call(method, params).map_err(|error| self.node.failure(method, error))?;
        Ok(Call { node: self.node, method, waiter })
    }

    pub(super) fn block(
        &mut self,
        number: BlockNumberOrTag,
    ) -> Result<Call<'a, Option<Header>>, ResolveError> {
        self.call("eth_getBlockByNumber", &(number, false))
    }

    pub(super) fn proofs(
        &mut self,
        targets: &[ProofTarget],
        at: BlockNumberOrTag,
    ) -> Result<Vec<Call<'a, EIP1186AccountProofResponse>>, ResolveError> {
        targets
            .iter()
            .map(|target| self.call("eth_getProof", &(target.account, target.slots.as_slice(), at)))
            .collect()
    }

    pub(super) async fn send(self) -> Result<(), ResolveError> {
        self.requests.send().await.map_err(|error| self.node.failure("a batch", error))
    }
}

impl<T: RpcRecv> Call<'_, T> {
    pub(super) async fn receive(self) -> Result<T, ResolveError> {
        self.waiter.await.map_err(|error| self.node.failure(self.method, error))
    }
}

/// A node that knows no such name tells nothing of the depth, and may be of use all the same.
pub(super) async fn receive_deep(header: Call<'_, Option<Header>>) -> Option<Header> {
    match header.receive().await {
        Ok(header) => header,
        Err(failure) => {
            tracing::debug!(%failure, "an endpoint does not say which block is deep enough");
            None
        }
    }
}

pub(super) async fn receive_all(calls: Vec<Call<'_, EIP1186AccountProofResponse>>) -> Vec<ProofAnswer> {
    let mut answers = Vec::with_capacity(calls.len());
    for call in calls {
        answers.push(call.receive().await);
    }
    answers
}
