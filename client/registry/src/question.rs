//! What is asked of a node in one batch, and what it answered. Nothing here is proven yet.

use alloy::eips::BlockNumberOrTag;
use alloy::primitives::{Address as AccountAddress, B256};
use alloy::rpc::types::{EIP1186AccountProofResponse, Header};

use crate::error::ResolveError;

/// One batch: the head, perhaps an older block, and proofs under either.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// `Latest`, or the head's number where it is known already.
    pub(crate) head: BlockNumberOrTag,
    pub(crate) head_proofs: Vec<ProofTarget>,
    /// A block that a peer proposed, by height.
    pub(crate) anchor: Option<u64>,
    pub(crate) anchor_proofs: Vec<ProofTarget>,
    /// A block whose time tells which records lie deep enough: `safe`, `finalized`, or by its height.
    pub(crate) deep: Option<BlockNumberOrTag>,
}

/// The account and the slots of one `eth_getProof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProofTarget {
    pub(crate) account: AccountAddress,
    pub(crate) slots: Vec<B256>,
}

/// What one node answered to a [`Question`], in its order. A refused proof does not spoil the header beside it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Header,
    pub(crate) head_proofs: Vec<ProofAnswer>,
    /// `None` where the node has no block of that height.
    pub(crate) anchor: Option<Header>,
    pub(crate) anchor_proofs: Vec<ProofAnswer>,
    /// `None` where it was not asked for, or the node has none or knows no such name.
    pub(crate) deep: Option<Header>,
}

pub(crate) type ProofAnswer = Result<EIP1186AccountProofResponse, ResolveError>;

impl Question {
    /// The head alone.
    pub(crate) const fn head() -> Self {
        Self::proofs_at_head(Vec::new())
    }

    pub(crate) const fn proofs_at_head(head_proofs: Vec<ProofTarget>) -> Self {
        Self {
            head: BlockNumberOrTag::Latest,
            head_proofs,
            anchor: None,
            anchor_proofs: Vec::new(),
            deep: None,
        }
    }

    /// And the block that tells of the depth.
    pub(crate) const fn with_deep(mut self, deep: Option<BlockNumberOrTag>) -> Self {
        self.deep = deep;
        self
    }

    /// The same question once the head is agreed: by number, so that no block can come between header and proof.
    pub(crate) fn at(&self, head: u64) -> Self {
        Self { head: BlockNumberOrTag::Number(head), deep: None, ..self.clone() }
    }

    /// Only the header of one height.
    pub(crate) const fn header_of(number: u64) -> Self {
        Self {
            head: BlockNumberOrTag::Number(number),
            head_proofs: Vec::new(),
            anchor: None,
            anchor_proofs: Vec::new(),
            deep: None,
        }
    }
}
