//! Execution nodes serve what the light client proved: the header of a hash, and its ancestors by their hashes.

use std::sync::Arc;

use alloy::primitives::B256;
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
    same(&heard, &heard.head, block.hash)?;
    let anchor = match heard.anchor {
        Some(anchor) => linked(&heard, anchor).await?,
        None => None,
    };
    Ok((heard, anchor))
}

/// The older block, to which headers lead down from the head; `None` where it is above the head, or further down than
/// any policy takes. A node whose headers do not lead there contradicts itself.
async fn linked(heard: &Heard<'_>, anchor: ProvenHeader) -> Result<Option<ProvenHeader>, ResolveError> {
    let (from, to) = (anchor.block().number, heard.head.block().number);
    match to.checked_sub(from) {
        None | Some(MAX_LINKS..) => return Ok(None),
        Some(0) => return same(heard, &anchor, heard.head.block().hash).map(|()| Some(anchor)),
        Some(_) => {}
    }
    let heights: Vec<u64> = (from + 1..to).collect();
    let between = if heights.is_empty() { Vec::new() } else { heard.node.headers(heights).await? };
    let mut lowest = heard.head;
    for header in between.iter().rev() {
        let link =
            ProvenHeader::recompute(&header.inner, header.hash).map_err(|what| invalid(heard, what))?;
        same(heard, &link, lowest.parent_hash())?;
        lowest = link;
    }
    same(heard, &anchor, lowest.parent_hash()).map(|()| Some(anchor))
}

fn same(heard: &Heard<'_>, header: &ProvenHeader, expected: B256) -> Result<(), ResolveError> {
    let computed = header.block().hash;
    if computed == expected {
        return Ok(());
    }
    Err(invalid(heard, ProofPart::HeaderHash { computed, expected }))
}

/// Headers fetched to reach a proposed block: five times what a policy for Ethereum takes.
const MAX_LINKS: u64 = 64;
