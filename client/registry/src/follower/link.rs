//! From an agreed head down to a block of the ring, by parent hashes.

use std::collections::VecDeque;

use alloy::consensus::Header;

use super::ring::{Joint, Ring};
use crate::error::ResolveError;
use crate::full_header::FullHeader;
use crate::logs::Portion;
use crate::node::Node;
use crate::proof::ProvenHeader;
use crate::resolver::Resolver;

/// What comes after a block of the ring.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    /// The height of the newest block that the ring and the branch have in common.
    pub(crate) at: u64,
    /// What follows, oldest first. Empty where the chain went back to a block of the ring.
    pub(crate) blocks: Vec<FullHeader>,
}

impl Resolver {
    /// How a head continues the ring; `None` where no common ancestor is found within the ring, over a gap that is too
    /// wide, or because no endpoint shows the blocks between. Whatever they show counts only if it hashes to what the
    /// block above names as its parent.
    pub(super) async fn branch_to(&self, ring: &Ring, head: FullHeader) -> Option<Branch> {
        let mut blocks = vec![head];
        let mut shown = VecDeque::new();
        loop {
            let oldest = blocks.last()?.proven;
            match ring.joint(&oldest, blocks.len() == 1) {
                Joint::At(at) => {
                    blocks.retain(|block| block.proven.block().number > at);
                    blocks.reverse();
                    return Some(Branch { at, blocks });
                }
                Joint::Nowhere => return None,
                Joint::Higher => {}
            }
            if shown.is_empty() {
                let wanted = wanted_below(&oldest, ring, MAX_BRANCH.saturating_sub(blocks.len()))?;
                match self.ancestors(&oldest, wanted).await {
                    Ok(ancestors) => shown.extend(ancestors),
                    Err(error) => tracing::warn!(%error, "the blocks below a new head are not shown"),
                }
            }
            blocks.push(shown.pop_front()?);
        }
    }

    /// The blocks below one, newest first, each the parent of the one before.
    pub(super) async fn ancestors(
        &self,
        of: &ProvenHeader,
        count: usize,
    ) -> Result<Vec<FullHeader>, ResolveError> {
        let top = of.block().number;
        let heights: Vec<u64> = (1..=count as u64).map_while(|back| top.checked_sub(back)).collect();
        self.ask_in_turn(|node| async {
            // Many headers are longer than an answer may be, and providers limit the calls of a batch.
            let portion = Portion::up_to(AT_ONCE);
            let mut headers = Vec::with_capacity(heights.len());
            let keep = |some: Vec<_>| {
                headers.extend(some);
                Ok(())
            };
            portion.ask_for(&heights, |some| node.headers(some), keep).await?;
            linked(node, of, headers.into_iter().map(|header| header.inner), heights.len())
        })
        .await
    }
}

/// How many blocks to ask for: those up to the ring's newest, or some more where the fork lies deeper. `None` where
/// that would be too many.
fn wanted_below(oldest: &ProvenHeader, ring: &Ring, allowed: usize) -> Option<usize> {
    let below = oldest.block().number.saturating_sub(1);
    let gap = usize::try_from(below.saturating_sub(ring.newest_number())).ok()?;
    let down_to_bottom = usize::try_from(below.saturating_sub(ring.oldest_number())).ok()?;
    let wanted = if gap > 0 { gap } else { STEP.min(down_to_bottom) };
    (wanted > 0 && wanted <= allowed).then_some(wanted)
}

fn linked(
    node: &Node,
    of: &ProvenHeader,
    headers: impl Iterator<Item = Header>,
    asked: usize,
) -> Result<Vec<FullHeader>, ResolveError> {
    let mut child = *of;
    let mut blocks = Vec::with_capacity(asked);
    for header in headers.take(asked) {
        let proven = child.parent(&header).map_err(|what| node.invalid_proof(what))?;
        child = proven;
        blocks.push(FullHeader::new(proven, header));
    }
    if blocks.len() < asked {
        return Err(node.bad_answer("eth_getBlockByNumber", "fewer blocks than were asked for".into()));
    }
    Ok(blocks)
}

/// The longest branch that is followed: a fork as deep as the ring, and as many blocks on top of it.
const MAX_BRANCH: usize = 128;

/// Headers in one batch. At 2 KB each, or 35 where a block has hundreds of transactions, they fit into few answers.
const AT_ONCE: usize = 32;

/// Blocks asked for at a time below the ring's newest height. Most forks are a block or two deep.
const STEP: usize = 16;
