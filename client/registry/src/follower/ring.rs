//! The recent blocks of one chain, and how a new one joins them: pure, no IO.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use alloy::primitives::B256;
use countersign_protocol::{Query, Value};

use crate::proof::ProvenHeader;

/// What was proven of watched queries at a block. Blocks that saw no change share one.
pub(crate) type Readings = Arc<HashMap<Query, Value>>;

/// A block of the ring.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) header: ProvenHeader,
    /// Empty where the block was passed over: nothing was proven there.
    pub(crate) readings: Readings,
}

/// Blocks that are each the parent of the next. Never empty, and never longer than [`DEPTH`] and one.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    newest: Block,
    /// Oldest first.
    older: VecDeque<Block>,
}

/// How the oldest known block of a new branch stands to the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joint {
    /// It, or its parent, is the ring's block of that height.
    At(u64),
    /// Its parent must be known first.
    Higher,
    /// No block of the ring can be below it.
    Nowhere,
}

impl Ring {
    pub(crate) fn begun(newest: Block) -> Self {
        Self { newest, older: VecDeque::new() }
    }

    pub(crate) const fn newest(&self) -> &Block {
        &self.newest
    }

    pub(crate) fn newest_number(&self) -> u64 {
        self.newest.header.block().number
    }

    /// The ring's block with that hash and height.
    pub(crate) fn find(&self, number: u64, hash: B256) -> Option<&Block> {
        self.at(number).filter(|block| block.header.block().hash == hash)
    }

    /// The ring's block of that height.
    pub(crate) fn at(&self, number: u64) -> Option<&Block> {
        let back = usize::try_from(self.newest_number().checked_sub(number)?).ok()?;
        match back.checked_sub(1) {
            None => Some(&self.newest),
            Some(back) => self.older.get(self.older.len().checked_sub(back + 1)?),
        }
    }

    /// Every block, oldest first.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.older.iter().chain([&self.newest])
    }

    /// How a branch joins, of which `oldest` is the oldest block known, and `head` whether it is the only one: a head
    /// may be a block of the ring itself, when the chain went back to it.
    pub(crate) fn joint(&self, oldest: &ProvenHeader, is_head: bool) -> Joint {
        let block = oldest.block();
        if is_head && self.find(block.number, block.hash).is_some() {
            return Joint::At(block.number);
        }
        let Some(below) = block.number.checked_sub(1) else { return Joint::Nowhere };
        if self.find(below, oldest.parent_hash()).is_some() {
            return Joint::At(below);
        }
        let bottom = self.oldest_number();
        if below > bottom { Joint::Higher } else { Joint::Nowhere }
    }

    /// The ring after a branch joined at a height: what lies above it is gone, and the branch, oldest first, follows.
    /// Those blocks are new to it, save where the head itself is the joint: then the branch is empty.
    pub(crate) fn joined(&self, at: u64, branch: impl IntoIterator<Item = Block>) -> Option<Self> {
        let mut kept: VecDeque<Block> =
            self.blocks().filter(|block| block.header.block().number <= at).cloned().collect();
        kept.extend(branch);
        let newest = kept.pop_back()?;
        while kept.len() > DEPTH {
            kept.pop_front();
        }
        Some(Self { newest, older: kept })
    }

    /// The same ring with other readings at its newest block.
    pub(crate) fn read(&self, readings: Readings) -> Self {
        Self { newest: Block { readings, ..self.newest.clone() }, older: self.older.clone() }
    }

    /// Puts a block below the oldest, whose parent it is. False where it is not, or the ring is full.
    pub(crate) fn deepen(&mut self, parent: ProvenHeader) -> bool {
        let oldest = self.older.front().unwrap_or(&self.newest).header;
        let fits = self.older.len() < DEPTH && is_parent(&parent, &oldest);
        if fits {
            self.older.push_front(Block { header: parent, readings: Readings::default() });
        }
        fits
    }

    /// The height of the oldest block.
    pub(crate) fn oldest_number(&self) -> u64 {
        self.newest_number().saturating_sub(self.older.len() as u64)
    }
}

/// Whether `child` names `parent`, one height above it.
pub(crate) fn is_parent(parent: &ProvenHeader, child: &ProvenHeader) -> bool {
    parent.block().hash == child.parent_hash()
        && parent.block().number.checked_add(1) == Some(child.block().number)
}

/// Blocks behind the newest one that are kept: the deepest reorganisation whose depth is known.
pub(crate) const DEPTH: usize = 64;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use alloy::consensus::Header;
    use proptest::prelude::*;

    use super::*;

    /// The block after `parent` on a fork.
    pub(crate) fn child(parent: &ProvenHeader, fork: u8) -> ProvenHeader {
        header(parent.block().number + 1, parent.block().hash, fork)
    }

    pub(crate) fn header(number: u64, parent_hash: B256, fork: u8) -> ProvenHeader {
        let header = Header {
            number,
            parent_hash,
            timestamp: 10 * number,
            extra_data: vec![fork].into(),
            ..Header::default()
        };
        ProvenHeader::recompute(&header, header.hash_slow()).unwrap()
    }

    pub(crate) fn bare(header: ProvenHeader) -> Block {
        Block { header, readings: Readings::default() }
    }

    /// Blocks on top of one, on a fork, oldest first.
    fn on_top(parent: &ProvenHeader, count: usize, fork: u8) -> Vec<ProvenHeader> {
        std::iter::successors(Some(*parent), |parent| Some(child(parent, fork))).skip(1).take(count).collect()
    }

    fn ring_of(blocks: &[ProvenHeader]) -> Ring {
        let (first, rest) = blocks.split_first().unwrap();
        Ring::begun(bare(*first)).joined(first.block().number, rest.iter().copied().map(bare)).unwrap()
    }

    /// Joins as the follower does: one more ancestor as long as the ring asks for one.
    fn join(ring: &Ring, branch: &[ProvenHeader]) -> Option<(u64, usize)> {
        for (taken, oldest) in branch.iter().rev().enumerate() {
            match ring.joint(oldest, taken == 0) {
                Joint::At(at) => return Some((at, taken + 1)),
                Joint::Higher => {}
                Joint::Nowhere => return None,
            }
        }
        None
    }

    fn hashes(ring: &Ring) -> Vec<B256> {
        ring.blocks().map(|block| block.header.block().hash).collect()
    }

    #[test]
    fn the_next_block_joins_at_the_newest_and_the_same_at_itself() {
        let chain = on_top(&header(7, B256::ZERO, 0), 3, 0);
        let ring = ring_of(&chain);
        assert_eq!(ring.joint(&child(&ring.newest().header, 1), true), Joint::At(10));
        assert_eq!(ring.joint(&ring.newest().header, true), Joint::At(10));
    }

    proptest! {
        /// A chain, a fork off it at any depth, of any length: the joint is the common ancestor, and the ring is then
        /// what it would have been, had it followed the fork from the beginning.
        #[test]
        fn a_fork_joins_at_the_common_ancestor(length in 1_usize..140, depth in 0_usize..80, fork in 1_usize..140) {
            let genesis = header(1000, B256::ZERO, 0);
            let trunk: Vec<_> = std::iter::once(genesis).chain(on_top(&genesis, length, 0)).collect();
            let ring = ring_of(&trunk);
            let depth = depth.min(length);
            let ancestor = trunk.get(length - depth).unwrap();
            let branch = on_top(ancestor, fork, 1);
            let whole: Vec<_> = trunk.iter().take(length - depth + 1).chain(&branch).copied().collect();
            let joined = join(&ring, &whole);
            if depth <= DEPTH {
                let at = ancestor.block().number;
                prop_assert_eq!(joined.map(|(at, _)| at), Some(at));
                let after = ring.joined(at, branch.iter().copied().map(bare)).unwrap();
                let straight = hashes(&ring_of(&whole));
                // The ring forgot what is deeper than it is long, and does not get it back.
                prop_assert!(straight.ends_with(&hashes(&after)));
                prop_assert!(hashes(&after).len() >= straight.len().min(fork + 1));
                prop_assert_eq!(after.newest_number(), 1000 + (length - depth + fork) as u64);
            } else {
                prop_assert_eq!(joined, None);
            }
        }

        /// A head that is a block of the ring: the chain went back, and nothing is fetched.
        #[test]
        fn a_chain_that_went_back_joins_at_its_head(length in 1_usize..64, back in 0_usize..64) {
            let trunk = on_top(&header(5, B256::ZERO, 0), length, 0);
            let ring = ring_of(&trunk);
            let back = back.min(length - 1);
            let head = trunk.get(length - 1 - back).unwrap();
            prop_assert_eq!(join(&ring, &[*head]), Some((head.block().number, 1)));
            let after = ring.joined(head.block().number, []).unwrap();
            prop_assert_eq!(after.newest().header, *head);
            // And forward again, A -> B -> A.
            let again = trunk.get(length - back..).unwrap();
            let after = after.joined(head.block().number, again.iter().copied().map(bare)).unwrap();
            prop_assert_eq!(hashes(&after), hashes(&ring));
        }
    }

    #[test]
    fn every_height_is_found_and_no_other() {
        let ring = ring_of(&on_top(&header(99, B256::ZERO, 0), 200, 0));
        assert_eq!(ring.blocks().count(), DEPTH + 1);
        for block in ring.blocks() {
            let named = block.header.block();
            assert_eq!(ring.find(named.number, named.hash).unwrap().header, block.header);
            assert!(ring.find(named.number, B256::ZERO).is_none());
        }
        assert!(ring.at(ring.oldest_number() - 1).is_none());
        assert!(ring.at(ring.newest_number() + 1).is_none());
    }

    #[test]
    fn a_ring_is_deepened_by_parents_alone() {
        let chain = on_top(&header(99, B256::ZERO, 0), 100, 0);
        let mut ring = Ring::begun(bare(*chain.last().unwrap()));
        assert!(!ring.deepen(*chain.first().unwrap()));
        for parent in chain.iter().rev().skip(1).take(DEPTH) {
            assert!(ring.deepen(*parent));
        }
        assert!(!ring.deepen(*chain.get(100 - DEPTH - 2).unwrap()));
        assert_eq!(ring.oldest_number(), ring.newest_number() - DEPTH as u64);
    }
}
