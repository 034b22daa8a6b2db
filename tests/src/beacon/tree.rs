//! A binary tree of hashes by generalized index, zero where nothing was put.

use std::collections::BTreeMap;

use alloy::primitives::B256;

#[derive(Clone)]
pub(super) struct Tree(BTreeMap<u64, B256>);

impl Tree {
    pub(super) fn of<const N: usize>(leaves: [(u64, B256); N]) -> Self {
        Self(leaves.into())
    }

    pub(super) fn root(&self) -> B256 {
        self.node(1)
    }

    /// The siblings from a leaf up to the root.
    pub(super) fn branch(&self, leaf: u64) -> Vec<B256> {
        let ancestors =
            std::iter::successors(Some(leaf), |index| Some(index / 2)).take_while(|index| *index > 1);
        ancestors.map(|index| self.node(index ^ 1)).collect()
    }

    fn node(&self, index: u64) -> B256 {
        if let Some(leaf) = self.0.get(&index) {
            return *leaf;
        }
        let is_above = |leaf: &u64| (1..64).any(|levels| leaf >> levels == index);
        match self.0.keys().any(is_above) {
            true => parent(self.node(2 * index), self.node(2 * index + 1)),
            false => B256::ZERO,
        }
    }
}

/// SHA-256 of both.
pub(super) fn parent(left: B256, right: B256) -> B256 {
    tree_hash::merkle_root([left.0, right.0].as_flattened(), 2)
}
