//! Headers that commit to logs, each the parent of the next.

use alloy::consensus::Header;
use alloy::consensus::proofs::ordered_trie_root_with_encoder;
use alloy::eips::BlockNumHash;
use alloy::primitives::{B256, Bloom};

use super::receipt::{ConsensusReceipt, RpcReceipt};
use super::verified::BlockReceipts;
use crate::error::ProofPart;
use crate::proof::ProvenHeader;

/// A header whose hash was recomputed, with what it commits to about its block's logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedHeader {
    proven: ProvenHeader,
    receipts_root: B256,
    logs_bloom: Box<Bloom>,
}

/// Consecutive headers, oldest first, each the parent of the next; the newest one is a block that is trusted, and so
/// all of them are. Never empty where they were linked from something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedHeaders(Vec<LinkedHeader>);

impl LinkedHeader {
    /// Recomputes the hash of a header.
    ///
    /// # Errors
    /// [`ProofPart::HeaderHash`] where it is not `expected`.
    pub fn recompute(header: &Header, expected: B256) -> Result<Self, ProofPart> {
        let proven = ProvenHeader::recompute(header, expected)?;
        let (receipts_root, logs_bloom) = (header.receipts_root, Box::new(header.logs_bloom));
        Ok(Self { proven, receipts_root, logs_bloom })
    }

    /// Proves that these are all receipts of the block, in the order of its transactions, unchanged.
    ///
    /// # Errors
    /// [`ProofPart::ReceiptsRoot`] where they are not; [`ProofPart::Receipt`] where one cannot be hashed.
    pub fn receipts(&self, answer: Vec<RpcReceipt>) -> Result<BlockReceipts, ProofPart> {
        let block = self.block().number;
        let claimed_transactions = answer.iter().map(RpcReceipt::claimed_transaction).collect();
        let receipts = answer
            .into_iter()
            .enumerate()
            .map(|(position, receipt)| {
                receipt.into_consensus().map_err(|why| ProofPart::Receipt { block, position, why })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let computed = ordered_trie_root_with_encoder(&receipts, ConsensusReceipt::encode);
        if computed != self.receipts_root {
            return Err(ProofPart::ReceiptsRoot { block, computed, expected: self.receipts_root });
        }
        Ok(BlockReceipts::proven(self.proven, receipts, claimed_transactions))
    }

    /// The block's hash and height.
    #[must_use]
    pub const fn block(&self) -> BlockNumHash {
        self.proven.block()
    }

    /// The header without what it says of logs.
    #[must_use]
    pub const fn proven(&self) -> &ProvenHeader {
        &self.proven
    }

    /// Every address and topic that its logs have, and by chance some that they have not.
    #[must_use]
    pub const fn logs_bloom(&self) -> &Bloom {
        &self.logs_bloom
    }
}

impl LinkedHeaders {
    /// Links `headers`, oldest first, down from the trusted hash of the newest one.
    ///
    /// # Errors
    /// [`ProofPart::HeaderHash`] where one is not the parent of the next, or the last one is not `newest`;
    /// [`ProofPart::OtherBlock`] where a height is not one above its parent's, which a trusted chain never shows.
    pub fn link<'a, I>(headers: I, newest: B256) -> Result<Self, ProofPart>
    where
        I: IntoIterator<Item = &'a Header>,
        I::IntoIter: DoubleEndedIterator,
    {
        let mut linked: Vec<LinkedHeader> = Vec::new();
        let mut expected = newest;
        for header in headers.into_iter().rev() {
            let header = LinkedHeader::recompute(header, expected)?;
            if let Some(child) = linked.last() {
                let (asked, got) = (child.block().number.saturating_sub(1), header.block().number);
                if asked != got {
                    return Err(ProofPart::OtherBlock { asked, got });
                }
            }
            expected = header.proven.parent_hash();
            linked.push(header);
        }
        linked.reverse();
        Ok(Self(linked))
    }

    /// The oldest one.
    #[must_use]
    pub fn first(&self) -> Option<&LinkedHeader> {
        self.0.first()
    }

    /// The newest one.
    #[must_use]
    pub fn last(&self) -> Option<&LinkedHeader> {
        self.0.last()
    }

    /// Oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, LinkedHeader> {
        self.0.iter()
    }

    /// In portions with at most `most` headers that `counts` names, in order. Those between them come along.
    pub(crate) fn portions(self, most: usize, counts: impl Fn(&LinkedHeader) -> bool) -> Vec<Self> {
        let mut portions = Vec::new();
        let (mut portion, mut counted) = (Vec::new(), 0);
        for header in self.0 {
            counted += usize::from(counts(&header));
            if counted > most {
                portions.push(Self(std::mem::take(&mut portion)));
                counted = 1;
            }
            portion.push(header);
        }
        portions.push(Self(portion));
        portions
    }
}
