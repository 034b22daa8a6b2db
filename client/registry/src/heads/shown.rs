//! The newest blocks that one endpoint showed.

use std::collections::VecDeque;
use std::time::Instant;

use alloy::primitives::B256;

use crate::error::ResolveError;
use crate::full_header::FullHeader;

/// What one endpoint showed last, or why it counts for nothing.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Its head, last, and what it showed below, each the parent of the next. Empty while it counts for nothing.
    chain: VecDeque<FullHeader>,
    /// What it showed when asked by height, below its head.
    older: Option<FullHeader>,
    /// When it was asked and called the last of the chain its head. What it announces of itself says nothing about
    /// when it was true.
    confirmed: Option<Instant>,
    /// How many of the sync committee signed its head; `None` where that is an endpoint's own word.
    signed: Option<usize>,
    /// Why it counts for nothing, once something went wrong.
    failure: Option<ResolveError>,
    /// The height it is to be asked for, and under which head: never the same twice.
    wanted: Wanted,
    kept: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Open { head: B256, height: u64 },
    Asked { head: B256, height: u64 },
}

impl Shown {
    /// Keeps `kept` blocks below the head.
    pub(crate) const fn nothing(kept: usize) -> Self {
        Self {
            chain: VecDeque::new(),
            older: None,
            confirmed: None,
            signed: None,
            failure: None,
            wanted: Wanted::Nothing,
            kept,
        }
    }

    /// It calls `block` its head. `asked` is when it was asked, `None` where it announced the block of itself. Whether
    /// it is another than before.
    pub(crate) fn head_is(&mut self, block: FullHeader, asked: Option<Instant>) -> bool {
        self.failure = None;
        let is_same = self.head().is_some_and(|head| head.proven == block.proven);
        if !is_same {
            self.confirmed = None;
            self.put(block);
        }
        self.confirmed = asked.or(self.confirmed);
        !is_same
    }

    /// So many of the sync committee signed its head.
    pub(crate) const fn signed_by(&mut self, members: usize) {
        self.signed = Some(members);
    }

    /// Asked for the block of a height, it showed this one.
    pub(crate) fn older_is(&mut self, block: FullHeader) {
        self.older = Some(block);
    }

    /// Its word counts no more, until the next.
    pub(crate) fn failed(&mut self, failure: ResolveError) {
        self.chain.clear();
        self.older = None;
        self.confirmed = None;
        self.wanted = Wanted::Nothing;
        self.failure = Some(failure);
    }

    /// Has it asked for a height. Whether that is new: it was not asked so under the same head.
    pub(crate) fn want(&mut self, height: u64) -> bool {
        let Some(head) = self.head().map(|head| head.proven.block().hash) else { return false };
        let known = match self.wanted {
            Wanted::Nothing => None,
            Wanted::Open { head, height } | Wanted::Asked { head, height } => Some((head, height)),
        };
        let is_new = known != Some((head, height));
        if is_new {
            self.wanted = Wanted::Open { head, height };
        }
        is_new
    }

    /// The height to ask it for, once.
    pub(crate) fn take_wanted(&mut self) -> Option<u64> {
        let Wanted::Open { head, height } = self.wanted else { return None };
        self.wanted = Wanted::Asked { head, height };
        Some(height)
    }

    pub(crate) fn head(&self) -> Option<&FullHeader> {
        self.chain.back()
    }

    /// What it showed below its head.
    pub(crate) fn below(&self) -> impl Iterator<Item = &FullHeader> {
        self.chain.iter().rev().skip(1).chain(&self.older)
    }

    pub(crate) const fn confirmed(&self) -> Option<Instant> {
        self.confirmed
    }

    pub(crate) const fn signed(&self) -> Option<usize> {
        self.signed
    }

    pub(crate) const fn failure(&self) -> Option<&ResolveError> {
        self.failure.as_ref()
    }

    /// Puts a new head where it belongs: on the chain, on an older block of it, or in its place.
    fn put(&mut self, block: FullHeader) {
        let parent = block.proven.parent_hash();
        let height = block.proven.block().number;
        let linked = self.chain.iter().position(|known| {
            let known = known.proven.block();
            known.hash == parent && known.number.checked_add(1) == Some(height)
        });
        self.chain.truncate(linked.map_or(0, |position| position + 1));
        let lowest = self.chain.back().map(|known| known.proven.block().number);
        // What lies below what both chains have in common lies on both.
        self.older.take_if(|older| lowest.is_none_or(|lowest| older.proven.block().number > lowest));
        self.chain.push_back(block);
        while self.chain.len() > self.kept + 1 {
            self.chain.pop_front();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::consensus::Header;

    use super::*;
    use crate::proof::ProvenHeader;

    /// A block of a chain named by `fork` from height 5 on, on top of its own ancestors.
    fn block(fork: u8, number: u64) -> FullHeader {
        let fork = if number < 5 { 0 } else { fork };
        let parent_hash = match number {
            0 => B256::ZERO,
            _ => block(fork, number - 1).proven.block().hash,
        };
        let header = Header { number, parent_hash, extra_data: vec![fork].into(), ..Header::default() };
        FullHeader::new(ProvenHeader::recompute(&header, header.hash_slow()).unwrap(), header)
    }

    fn heights(shown: &Shown) -> Vec<u64> {
        shown.chain.iter().map(|block| block.proven.block().number).collect()
    }

    #[test]
    fn linked_heads_form_a_chain_of_bounded_length() {
        let mut shown = Shown::nothing(2);
        assert!((0..9).all(|number| shown.head_is(block(1, number), None)));
        assert_eq!(heights(&shown), [6, 7, 8]);
    }

    #[test]
    fn a_gap_begins_a_new_chain() {
        let mut shown = Shown::nothing(4);
        assert!([3, 4, 7].into_iter().all(|number| shown.head_is(block(1, number), None)));
        assert_eq!(heights(&shown), [7]);
    }

    #[test]
    fn another_fork_keeps_what_both_have() {
        let mut shown = Shown::nothing(9);
        assert!((2..8).all(|number| shown.head_is(block(1, number), None)));
        shown.older_is(block(1, 1));
        shown.head_is(block(2, 5), None);
        assert_eq!(heights(&shown), [2, 3, 4, 5]);
        assert_eq!(shown.head().unwrap().proven, block(2, 5).proven);
        assert!(shown.older.is_some());
        shown.older_is(block(1, 6));
        shown.head_is(block(2, 6), None);
        assert!(shown.older.is_none(), "a block of the fork that was left");
    }

    #[test]
    fn what_is_announced_confirms_nothing() {
        let mut shown = Shown::nothing(1);
        let asked = Instant::now();
        shown.head_is(block(1, 7), Some(asked));
        assert_eq!(shown.confirmed(), Some(asked));
        assert!(!shown.head_is(block(1, 7), None));
        assert_eq!(shown.confirmed(), Some(asked));
        shown.head_is(block(1, 8), None);
        assert_eq!(shown.confirmed(), None);
    }

    #[test]
    fn a_height_is_asked_for_once_under_each_head() {
        let mut shown = Shown::nothing(1);
        assert!(!shown.want(5), "it has shown nothing");
        shown.head_is(block(1, 7), None);
        assert!(shown.want(5) && !shown.want(5));
        assert_eq!((shown.take_wanted(), shown.take_wanted()), (Some(5), None));
        assert!(!shown.want(5) && shown.want(6));
        shown.head_is(block(1, 9), None);
        assert!(shown.want(6));
    }
}
