//! Execution nodes serve what the light client proved: the header of a hash, and its ancestors by their hashes.

use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::{ExecutionBlock, ProvenHead};
use crate::error::{ProofPart, ResolveError};
use crate::node::Node;
use crate::proof::ProvenHeader;
use crate::proving::invalid;
use crate::question::Question;
use crate::quorum::Agreed;
use crate::survey::{Heard, Survey, hear};

/// Asks all nodes for the proven head, and takes the first answer whose header hashes to it. A proposed block counts
/// where headers lead down to it from the head, each the parent of the one above: no node's word is needed.
pub(crate) async fn survey<'a>(
    nodes: &'a [Arc<Node>],
    head: &ProvenHead,
    question: &Question,
    accept: impl Fn(&ProvenHeader) -> Result<(), ResolveError>,
) -> Result<Survey<'a>, ResolveError> {
    let mut pending: FuturesUnordered<_> =
        nodes.iter().map(|node| hear_proven(node, &head.newest, question)).collect();
    let mut failures = Vec::new();
    while let Some(outcome) = pending.next().await {
        match outcome {
            Ok((heard, anchor)) => {
                accept(&heard.head)?;
                let agreed = Agreed { header: heard.head, votes: head.signed };
                return Ok(Survey { head: agreed, anchor, answers: vec![heard] });
            }
            Err(failure) => {
                tracing::warn!(%failure, "a node does not serve the proven head");
                failures.push(failure);
            }
        }
    }
    match failures.pop() {
        Some(failure) if failures.is_empty() => Err(failure),
        last => {
            failures.extend(last);
            Err(ResolveError::NoQuorum { needed: 1, answered: 0, failures })
        }
    }
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
    expect(&heard, block)?;
    let anchor = match heard.anchor {
        Some(anchor) => linked(&heard, anchor).await?,
        None => None,
    };
    Ok((heard, anchor))
}

fn expect(heard: &Heard<'_>, block: &ExecutionBlock) -> Result<(), ResolveError> {
    let (computed, expected) = (heard.head.block().hash, block.hash);
    if computed == expected {
        return Ok(());
    }
    Err(invalid(heard, ProofPart::HeaderHash { computed, expected }))
}

/// The older block, if headers lead down to it from the head; `None` where it is above the head, further down than
/// any policy takes, or on another branch.
async fn linked(heard: &Heard<'_>, anchor: ProvenHeader) -> Result<Option<ProvenHeader>, ResolveError> {
    let (from, to) = (anchor.block().number, heard.head.block().number);
    if from >= to {
        return Ok((anchor == heard.head).then_some(anchor));
    }
    if to - from > MAX_LINKS {
        return Ok(None);
    }
    let between = match to - from {
        1 => Vec::new(),
        _ => heard.node.headers((from + 1..to).collect()).await?,
    };
    let between: Result<Vec<_>, _> =
        between.iter().map(|header| ProvenHeader::recompute(&header.inner, header.hash)).collect();
    let between = between.map_err(|what| invalid(heard, what))?;
    let mut lowest = heard.head;
    for link in between.into_iter().rev().chain([anchor]) {
        if lowest.parent_hash() != link.block().hash {
            return Ok(None);
        }
        lowest = link;
    }
    Ok(Some(anchor))
}

/// Headers fetched to reach a proposed block: five times what a policy for Ethereum takes.
const MAX_LINKS: u64 = 64;
