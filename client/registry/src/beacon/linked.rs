//! Execution nodes serve what the light client proved: the header of a hash, and its ancestors by their hashes.

use std::sync::Arc;
use std::time::Instant;

use alloy::eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS};
use alloy::primitives::{B256, U256};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::round::told;
use super::{ExecutionBlock, ProvenHead};
use crate::error::{ProofPart, ResolveError};
use crate::node::Node;
use crate::proof::ProvenHeader;
use crate::proving::{invalid, nth};
use crate::question::{ProofTarget, Question};
use crate::quorum::Agreed;
use crate::survey::{Heard, Survey, hear};

/// Asks all nodes for the proven head, and takes the first answer whose header hashes to it. An older block counts where
/// headers lead down to it from the head, each the parent of the one above, or where it is so deep that the head's state
/// names it: no node's word is needed.
pub(crate) async fn survey<'a>(
    nodes: &'a [Arc<Node>],
    head: &ProvenHead,
    question: &Question,
    accept: impl Fn(&ProvenHeader) -> Result<(), ResolveError>,
) -> Result<Survey<'a>, ResolveError> {
    let begun = Instant::now();
    let mut pending: FuturesUnordered<_> =
        nodes.iter().map(|node| hear_proven(node, &head.newest, question)).collect();
    let mut failures = Vec::new();
    while let Some(outcome) = pending.next().await {
        match outcome {
            Ok((heard, anchor)) => {
                accept(&heard.head)?;
                let agreed = Agreed { header: heard.head, votes: head.signed };
                return Ok(Survey { head: agreed, anchor, answers: vec![heard], begun });
            }
            Err(failure) if !failure.is_one_endpoints() => return Err(failure),
            Err(failure) => {
                tracing::warn!(%failure, "a node does not serve the proven head");
                failures.push(failure);
            }
        }
    }
    Err(told(failures))
}

async fn hear_proven<'a>(
    node: &'a Node,
    block: &ExecutionBlock,
    question: &Question,
) -> Result<(Heard<'a>, Option<ProvenHeader>), ResolveError> {
    let number = match block.number {
        Some(number) => number,
        None => node.header_of(block.hash).await?.number,
    };
    let heard = hear(node, &question.at(number)).await?;
    same(&heard, &heard.head, block.hash)?;
    let anchor = match (question.anchor, heard.anchor) {
        (Some(asked), _) if asked > number => None,
        (Some(asked), _) if number - asked > HISTORY => {
            return Err(ResolveError::TooDeep { number: asked, head: number, most: HISTORY });
        }
        (Some(_), Some(anchor)) => Some(older(&heard, anchor).await?),
        (Some(_), None) => {
            let detail = "null: it has no block of that height, below its own head".into();
            return Err(node.bad_answer("eth_getBlockByNumber", detail));
        }
        (None, _) => None,
    };
    Ok((heard, anchor))
}

/// A block at or below the head, by no more than [`HISTORY`], once it is proven to be of the head's chain.
async fn older(heard: &Heard<'_>, block: ProvenHeader) -> Result<ProvenHeader, ResolveError> {
    let (number, head) = (block.block().number, heard.head.block().number);
    match head.saturating_sub(number) {
        0 => same(heard, &block, heard.head.block().hash)?,
        1..MAX_LINKS => linked(heard, &block).await?,
        _ => same(heard, &block, kept_hash(heard, number).await?)?,
    }
    Ok(block)
}

/// Whether headers lead down from the head to a block. A node whose headers do not lead there contradicts itself.
async fn linked(heard: &Heard<'_>, block: &ProvenHeader) -> Result<(), ResolveError> {
    let heights: Vec<u64> = (block.block().number + 1..heard.head.block().number).collect();
    let between = if heights.is_empty() { Vec::new() } else { heard.node.headers(heights).await? };
    let mut lowest = heard.head;
    for header in between.iter().rev() {
        let link =
            ProvenHeader::recompute(&header.inner, header.hash).map_err(|what| invalid(heard, what))?;
        same(heard, &link, lowest.parent_hash())?;
        lowest = link;
    }
    same(heard, block, lowest.parent_hash())
}

/// The hash of an older block, as the head's own state holds it: each block writes its parent's hash into the history
/// contract (EIP-2935), which nobody else can.
async fn kept_hash(heard: &Heard<'_>, number: u64) -> Result<B256, ResolveError> {
    let slot = B256::from(U256::from(number % HISTORY));
    let target = ProofTarget { account: HISTORY_STORAGE_ADDRESS, slots: vec![slot] };
    let head = heard.head.block();
    let told = hear(heard.node, &Question::proofs_at_head(vec![target]).at(head.number)).await?;
    same(&told, &told.head, head.hash)?;
    let answer = nth(&told, &told.answer.head_proofs, 0)?;
    let account = heard.head.account(HISTORY_STORAGE_ADDRESS, answer).map_err(|what| invalid(&told, what))?;
    let values = account.map(|account| account.slots(&[slot], &answer.storage_proof)).transpose();
    let value = values.map_err(|what| invalid(&told, what))?.and_then(|values| values.first().copied());
    // Proven absent, on a chain that keeps none, or has not for so long.
    let absent = ResolveError::TooDeep { number, head: head.number, most: MAX_LINKS - 1 };
    value.filter(|hash| !hash.is_zero()).ok_or(absent)
}

fn same(heard: &Heard<'_>, header: &ProvenHeader, expected: B256) -> Result<(), ResolveError> {
    let computed = header.block().hash;
    if computed == expected {
        return Ok(());
    }
    Err(invalid(heard, ProofPart::HeaderHash { computed, expected }))
}

/// From so many blocks below the head on, one proof costs less than the headers between: five times what a policy for
/// Ethereum lets a proposed block be old.
const MAX_LINKS: u64 = 64;

/// Blocks whose hashes the state keeps, about 27 hours on Ethereum.
const HISTORY: u64 = HISTORY_SERVE_WINDOW as u64;
