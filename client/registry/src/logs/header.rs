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
    gas_used: u64,
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
        Ok(Self::of(header, ProvenHeader::recompute(header, expected)?))
    }

    fn of(header: &Header, proven: ProvenHeader) -> Self {
        let Header { receipts_root, gas_used, .. } = *header;
        Self { proven, receipts_root, logs_bloom: Box::new(header.logs_bloom), gas_used }
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
        Ok(BlockReceipts::of(self.proven, receipts, claimed_transactions))
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

    /// More transactions than the block can have, going by its gas: whoever lists more makes some up.
    pub(crate) fn most_transactions(&self) -> usize {
        usize::try_from(self.gas_used / LEAST_GAS).unwrap_or(usize::MAX).saturating_add(UNMETERED)
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
        for header in headers.into_iter().rev() {
            let proven = match linked.last() {
                Some(child) => child.proven.parent(header)?,
                None => ProvenHeader::recompute(header, newest)?,
            };
            linked.push(LinkedHeader::of(header, proven));
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

/// A transaction uses 21,000 gas at least. Before London a refund could halve that.
const LEAST_GAS: u64 = 10_500;

/// What a block may hold besides, without gas of its own: on the OP stack the deposit that tells L1's state used none
/// before Regolith, and so does what closes a block (type 0x7d). One of each, and room for more of the kind.
const UNMETERED: usize = 8;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// Ten blocks, each the parent of the next.
    fn chain() -> Vec<Header> {
        let mut chain: Vec<Header> = Vec::new();
        for number in 5..15 {
            let parent_hash = chain.last().map(Header::hash_slow).unwrap_or_default();
            chain.push(Header { number, parent_hash, ..Header::default() });
        }
        chain
    }

    #[test]
    fn a_chain_is_linked_down_from_its_newest_block() {
        let chain = chain();
        let newest = chain[9].hash_slow();
        let linked = LinkedHeaders::link(&chain, newest).unwrap();
        let hashes: Vec<_> = linked.iter().map(|header| header.block().hash).collect();
        assert_eq!(hashes, chain.iter().map(Header::hash_slow).collect::<Vec<_>>());
        assert_eq!(linked.last().unwrap().block(), BlockNumHash { number: 14, hash: newest });
    }

    #[test]
    fn a_changed_missing_doubled_or_swapped_header_breaks_the_chain() {
        let chain = chain();
        let newest = chain[9].hash_slow();
        let broken = |change: &dyn Fn(&mut Vec<Header>)| {
            let mut bent = chain.clone();
            change(&mut bent);
            matches!(LinkedHeaders::link(&bent, newest), Err(ProofPart::HeaderHash { .. }))
        };
        for position in 0..chain.len() {
            assert!(broken(&|chain| chain[position].logs_bloom = Bloom::repeat_byte(1)), "{position}");
            assert!(broken(&|chain| chain[position].receipts_root = B256::ZERO), "{position}");
            assert!(broken(&|chain| chain.insert(position, chain[position].clone())), "{position}");
        }
        for position in 1..chain.len() {
            assert!(broken(&|chain| drop(chain.remove(position))), "{position}");
            assert!(broken(&|chain| chain.swap(position - 1, position)), "{position}");
        }
    }

    #[test]
    fn heights_rise_by_one() {
        let parent = Header { number: 5, ..Header::default() };
        let child = Header { number: 7, parent_hash: parent.hash_slow(), ..Header::default() };
        let newest = child.hash_slow();
        let outcome = LinkedHeaders::link(&[parent, child], newest);
        assert_eq!(outcome, Err(ProofPart::OtherBlock { asked: 6, got: 5 }));
    }

    #[test]
    fn portions_hold_every_header_once_and_no_more_than_so_many_that_count() {
        let chain = chain();
        let linked = LinkedHeaders::link(&chain, chain[9].hash_slow()).unwrap();
        let counts = |header: &LinkedHeader| header.block().number.is_multiple_of(3);
        for most in 1..5 {
            let portions = linked.clone().portions(most, counts);
            assert!(portions.iter().all(|some| some.iter().filter(|one| counts(one)).count() <= most));
            let all: Vec<_> = portions.iter().flat_map(LinkedHeaders::iter).collect();
            assert_eq!(all, linked.iter().collect::<Vec<_>>());
        }
    }
}
