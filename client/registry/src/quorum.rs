//! Which block is the head: pure counting of what endpoints vouched for.

use alloy::eips::BlockNumHash;

use crate::proof::ProvenHeader;

/// What has been heard so far.
#[derive(Debug)]
pub(crate) struct Tally {
    threshold: usize,
    max_lag: u64,
    votes: Vec<Vote>,
}

/// The highest block that enough endpoints vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) header: ProvenHeader,
    pub(crate) votes: usize,
}

#[derive(Debug)]
struct Vote {
    node: usize,
    head: ProvenHeader,
    /// Older blocks that it showed when asked by height.
    older: Vec<ProvenHeader>,
}

impl Tally {
    pub(crate) const fn new(threshold: usize, max_lag: u64) -> Self {
        Self { threshold, max_lag, votes: Vec::new() }
    }

    /// `node` calls `head` its newest block.
    pub(crate) fn add_head(&mut self, node: usize, head: ProvenHeader) {
        self.votes.push(Vote { node, head, older: Vec::new() });
    }

    /// `node` has `block` at its height, below its own head.
    pub(crate) fn add_older(&mut self, node: usize, block: ProvenHeader) {
        if let Some(vote) = self.votes.iter_mut().find(|vote| vote.node == node) {
            vote.older.push(block);
        }
    }

    /// The highest block with at least the threshold of votes. Of two such blocks of one height (possible only with
    /// a threshold of half the endpoints or less) the one with more votes; none where they tie.
    pub(crate) fn agreed(&self) -> Option<Agreed> {
        let mut best: Option<Agreed> = None;
        let mut tied = false;
        for header in self.votes.iter().flat_map(Vote::headers) {
            let candidate = Agreed { header: *header, votes: self.votes_for(header.block()) };
            let rank = |agreed: &Agreed| (agreed.header.block().number, agreed.votes);
            if candidate.votes < self.threshold || best.is_some_and(|best| rank(&best) > rank(&candidate)) {
                continue;
            }
            let same_block = best.is_none_or(|best| best.header == candidate.header);
            tied = !same_block && best.is_some_and(|best| rank(&best) == rank(&candidate));
            best = Some(candidate);
        }
        best.filter(|_| !tied)
    }

    /// Which endpoints could vouch for the height that enough of them have reached, once asked for it.
    pub(crate) fn undecided(&self) -> Vec<(usize, u64)> {
        let mut heights: Vec<u64> = self.votes.iter().map(|vote| vote.head.block().number).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        let Some(height) = self.threshold.checked_sub(1).and_then(|last| heights.get(last).copied()) else {
            return Vec::new();
        };
        self.votes
            .iter()
            .filter(|vote| {
                let ahead = vote.head.block().number.saturating_sub(height);
                ahead > 0 && ahead <= self.max_lag && !vote.knows(height)
            })
            .map(|vote| (vote.node, height))
            .collect()
    }

    /// Whether an endpoint that vouches for the block has a newer one, which others may turn out to have too.
    pub(crate) fn is_outdated(&self, agreed: &Agreed) -> bool {
        let block = agreed.header.block();
        self.votes
            .iter()
            .any(|vote| vote.head.block().number > block.number && vote.vouches(block, self.max_lag))
    }

    /// How many endpoints said anything.
    pub(crate) const fn voters(&self) -> usize {
        self.votes.len()
    }

    /// Each endpoint and its head.
    pub(crate) fn heads(&self) -> impl Iterator<Item = (usize, BlockNumHash)> + '_ {
        self.votes.iter().map(|vote| (vote.node, vote.head.block()))
    }

    fn votes_for(&self, block: BlockNumHash) -> usize {
        self.votes.iter().filter(|vote| vote.vouches(block, self.max_lag)).count()
    }
}

impl Vote {
    fn headers(&self) -> impl Iterator<Item = &ProvenHeader> {
        std::iter::once(&self.head).chain(&self.older)
    }

    /// A header names its parent, so an endpoint one block ahead needs no second question.
    ///
    /// An endpoint that is far ahead does not vouch: else one that hides the newest blocks would be helped by
    /// honest ones, to whom its old head is canonical too.
    fn vouches(&self, block: BlockNumHash, max_lag: u64) -> bool {
        let head = self.head.block();
        head.number.checked_sub(block.number).is_some_and(|lag| lag <= max_lag)
            && (self.headers().any(|header| header.block() == block)
                || (head.number == block.number.saturating_add(1) && self.head.parent_hash() == block.hash))
    }

    fn knows(&self, height: u64) -> bool {
        self.headers().any(|header| header.block().number == height)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::consensus::Header;
    use alloy::primitives::B256;

    use super::*;

    /// A block of a chain named by `fork`, on top of its own ancestors.
    fn block(fork: u8, number: u64) -> ProvenHeader {
        let parent_hash = match number {
            0 => B256::ZERO,
            _ => block(fork, number - 1).block().hash,
        };
        let header = Header { number, parent_hash, extra_data: vec![fork].into(), ..Header::default() };
        ProvenHeader::recompute(&header, header.hash_slow()).unwrap()
    }

    fn tally(threshold: usize, max_lag: u64, heads: &[ProvenHeader]) -> Tally {
        let mut tally = Tally::new(threshold, max_lag);
        heads.iter().enumerate().for_each(|(node, head)| tally.add_head(node, *head));
        tally
    }

    fn agreed(threshold: usize, max_lag: u64, heads: &[ProvenHeader]) -> Option<ProvenHeader> {
        tally(threshold, max_lag, heads).agreed().map(|agreed| agreed.header)
    }

    #[test]
    fn equal_heads_agree() {
        assert_eq!(agreed(1, 0, &[block(0, 7)]), Some(block(0, 7)));
        assert_eq!(agreed(2, 0, &[block(0, 7), block(1, 7), block(0, 7)]), Some(block(0, 7)));
        assert_eq!(agreed(2, 0, &[block(0, 7)]), None);
    }

    #[test]
    fn conflicting_heads_do_not() {
        assert_eq!(agreed(2, 4, &[block(0, 7), block(1, 7)]), None);
        assert_eq!(agreed(1, 4, &[block(0, 7), block(1, 7)]), None);
        assert_eq!(agreed(1, 4, &[block(0, 7), block(1, 7), block(0, 7)]), Some(block(0, 7)));
    }

    #[test]
    fn one_block_apart_agrees_by_the_parent_hash() {
        assert_eq!(agreed(2, 1, &[block(0, 7), block(0, 8)]), Some(block(0, 7)));
        assert_eq!(agreed(2, 1, &[block(0, 7), block(1, 8)]), None);
    }

    #[test]
    fn further_apart_agrees_once_asked_by_height() {
        let mut tally = tally(2, 3, &[block(0, 6), block(0, 9)]);
        assert_eq!(tally.agreed(), None);
        assert_eq!(tally.undecided(), [(1, 6)]);
        tally.add_older(1, block(0, 6));
        assert_eq!(tally.agreed(), Some(Agreed { header: block(0, 6), votes: 2 }));
        assert!(tally.undecided().is_empty());
    }

    #[test]
    fn a_block_is_outdated_while_a_voter_has_a_newer_one() {
        let outdated = |heads: &[ProvenHeader]| {
            let tally = tally(2, 1, heads);
            tally.is_outdated(&tally.agreed().unwrap())
        };
        assert!(!outdated(&[block(0, 7), block(0, 7)]));
        assert!(outdated(&[block(0, 7), block(0, 8)]));
        assert!(!outdated(&[block(0, 7), block(0, 8), block(0, 8)]));
        assert!(!outdated(&[block(0, 7), block(0, 7), block(1, 8)]));
    }

    #[test]
    fn the_highest_that_enough_have_wins() {
        assert_eq!(agreed(2, 4, &[block(0, 6), block(0, 9), block(0, 9)]), Some(block(0, 9)));
        // A height that nobody else has reached counts for nothing, however great.
        assert_eq!(agreed(2, 4, &[block(1, 90), block(0, 9), block(0, 9)]), Some(block(0, 9)));
    }

    #[test]
    fn an_old_head_finds_no_helper_far_ahead() {
        let mut tally = tally(2, 2, &[block(0, 5), block(0, 9)]);
        assert!(tally.undecided().is_empty());
        tally.add_older(1, block(0, 5));
        assert_eq!(tally.agreed(), None);
    }
}
