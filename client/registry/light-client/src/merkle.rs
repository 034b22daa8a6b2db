//! Merkle branches by generalized index: `ssz/merkle-proofs.md` of the consensus specifications.

use alloy_primitives::B256;

/// The place of a node in a tree: 1 is the root, the children of `i` are `2i` and `2i + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GeneralizedIndex(u32);

impl GeneralizedIndex {
    /// Never zero, which names no node: the callers are constants.
    pub(crate) const fn new(index: u32) -> Self {
        assert!(index > 0);
        Self(index)
    }

    /// How many siblings lead from the node to the root.
    pub(crate) const fn depth(self) -> usize {
        self.0.ilog2() as usize
    }
}

/// Whether `leaf` stands at `place` of the tree with that root (`is_valid_normalized_merkle_branch`): a branch that
/// was made longer for a later fork's container begins with zeros.
pub(crate) fn holds(leaf: B256, branch: &[B256], place: GeneralizedIndex, root: B256) -> bool {
    let Some(extra) = branch.len().checked_sub(place.depth()) else { return false };
    let Some((padding, branch)) = branch.split_at_checked(extra) else { return false };
    padding.iter().all(B256::is_zero) && root_of(leaf, branch, place) == root
}

/// The parent of two nodes.
pub(crate) fn node(left: B256, right: B256) -> B256 {
    let mut pair = [0; 64];
    let (first, second) = pair.split_at_mut(32);
    first.copy_from_slice(left.as_slice());
    second.copy_from_slice(right.as_slice());
    tree_hash::merkle_root(&pair, 2)
}

fn root_of(leaf: B256, branch: &[B256], place: GeneralizedIndex) -> B256 {
    let climb = |(below, index): (B256, u32), sibling: &B256| match index % 2 {
        0 => (node(below, *sibling), index / 2),
        _ => (node(*sibling, below), index / 2),
    };
    branch.iter().fold((leaf, place.0), climb).0
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn each_leaf_holds_at_its_own_place_alone() {
        let leaves: Vec<B256> = (0..4).map(B256::with_last_byte).collect();
        let above = [node(leaves[0], leaves[1]), node(leaves[2], leaves[3])];
        let root = node(above[0], above[1]);
        for (position, leaf) in leaves.iter().enumerate() {
            let branch = [leaves[position ^ 1], above[1 - position / 2]];
            for index in 4..8 {
                let place = GeneralizedIndex::new(index);
                assert_eq!(holds(*leaf, &branch, place, root), index as usize == 4 + position);
            }
        }
    }

    #[test]
    fn a_longer_branch_begins_with_zeros_and_a_shorter_one_is_none() {
        let (leaf, sibling) = (B256::with_last_byte(1), B256::with_last_byte(2));
        let (root, place) = (node(leaf, sibling), GeneralizedIndex::new(2));
        assert!(holds(leaf, &[sibling], place, root));
        assert!(holds(leaf, &[B256::ZERO, B256::ZERO, sibling], place, root));
        assert!(!holds(leaf, &[leaf, sibling], place, root));
        assert!(!holds(root, &[], place, root));
    }
}
