//! Logs that are proven: all receipts of their block were shown, and hash to what its header commits to.

use alloy::eips::BlockNumHash;
use alloy::primitives::{B256, Log};

use super::filter::LogFilter;
use super::receipt::ConsensusReceipt;
use crate::proof::ProvenHeader;

/// All receipts of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockReceipts {
    header: ProvenHeader,
    receipts: Vec<ConsensusReceipt>,
    claimed_transactions: Vec<B256>,
}

/// One log of a trusted block. Everything but the transaction's hash is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLog {
    /// The block.
    pub block: BlockNumHash,
    /// The block's time, in Unix seconds.
    pub timestamp: u64,
    /// The transaction's place in the block, from 0.
    pub transaction_index: u64,
    /// The log's place among all logs of the block, from 0.
    pub log_index: u64,
    /// Who emitted it, its topics and its data.
    pub log: Log,
    /// The hash of the transaction, as an endpoint says. Receipts do not commit to it: show it, rely on
    /// `transaction_index`.
    pub claimed_transaction: B256,
}

impl BlockReceipts {
    pub(crate) const fn of(
        header: ProvenHeader,
        receipts: Vec<ConsensusReceipt>,
        claimed_transactions: Vec<B256>,
    ) -> Self {
        Self { header, receipts, claimed_transactions }
    }

    /// The receipts, in the order of the block's transactions.
    #[must_use]
    pub fn receipts(&self) -> &[ConsensusReceipt] {
        &self.receipts
    }

    /// The logs that the filter takes, all of them, in the order of their emission.
    pub fn into_logs(self, filter: &LogFilter) -> impl Iterator<Item = VerifiedLog> {
        let (block, timestamp) = (self.header.block(), self.header.timestamp());
        self.receipts
            .into_iter()
            .zip(self.claimed_transactions)
            .zip(0..)
            .flat_map(|((receipt, claimed_transaction), transaction_index)| {
                receipt.into_logs().into_iter().map(move |log| (log, claimed_transaction, transaction_index))
            })
            .zip(0..)
            .filter(|((log, ..), _)| filter.matches(log))
            .map(move |((log, claimed_transaction, transaction_index), log_index)| VerifiedLog {
                block,
                timestamp,
                transaction_index,
                log_index,
                log,
                claimed_transaction,
            })
    }
}
