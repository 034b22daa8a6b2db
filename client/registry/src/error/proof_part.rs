//! Where in an answer a proof fails.

use alloy::primitives::{Address as AccountAddress, B256};

/// The part of an answer that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofPart {
    /// The header's fields hash to something else than what was claimed or agreed.
    #[error("the header hashes to {computed}, not {expected}")]
    HeaderHash {
        /// Keccak-256 of the header's RLP.
        computed: B256,
        /// The hash claimed for it, or agreed by the quorum.
        expected: B256,
    },
    /// A block of another height than the one asked for.
    #[error("block {got} came where {asked} was asked for")]
    OtherBlock {
        /// The height asked for.
        asked: u64,
        /// The height that came.
        got: u64,
    },
    /// A proof for another account than the one asked for.
    #[error("the proof is for account {got}, not {asked}")]
    OtherAccount {
        /// The account asked for.
        asked: AccountAddress,
        /// The account that came.
        got: AccountAddress,
    },
    /// The account proof has no nodes: nothing is proven, absence neither.
    #[error("the account proof of {account} is empty")]
    AccountProofMissing {
        /// The account.
        account: AccountAddress,
    },
    /// The account's nodes do not lead from the state root to what was claimed.
    #[error("the account proof of {account} does not hold against the state root")]
    AccountNodes {
        /// The account.
        account: AccountAddress,
    },
    /// Code that is not the account's.
    #[error("the code of {account} hashes to {computed}, not {expected}")]
    Code {
        /// The account.
        account: AccountAddress,
        /// Keccak-256 of what came.
        computed: B256,
        /// The hash that the account proof holds.
        expected: B256,
    },
    /// A proof for another slot than the one asked for, or too many or too few of them.
    #[error("the storage proof is not the one for slot {asked}")]
    OtherSlot {
        /// The slot asked for.
        asked: B256,
    },
    /// The storage proof has no nodes, in a storage that is not empty: absence is not proven.
    #[error("the storage proof of slot {slot} is empty")]
    StorageProofMissing {
        /// The slot.
        slot: B256,
    },
    /// The slot's nodes do not lead from the storage root to the claimed value.
    #[error("the storage proof of slot {slot} does not hold against the storage root")]
    StorageNodes {
        /// The slot.
        slot: B256,
    },
    /// A receipt that cannot be hashed: of an unknown type, or without a field that its hash covers.
    #[error("receipt {position} of block {block} cannot be hashed: {why}")]
    Receipt {
        /// The block's height.
        block: u64,
        /// The receipt's place in the block, from 0.
        position: usize,
        /// What is wrong with it.
        why: ReceiptFlaw,
    },
    /// More transactions than the header's gas pays for: some of them are made up.
    #[error("block {block} is said to have {listed} transactions, and by its gas it has {most} at most")]
    TransactionCount {
        /// The block's height.
        block: u64,
        /// How many were listed.
        listed: usize,
        /// What its gas allows for.
        most: usize,
    },
    /// The receipts do not hash to the root that the block's header commits to: one was left out, added or changed, or
    /// they are another block's.
    #[error("the receipts of block {block} hash to {computed}, not {expected}")]
    ReceiptsRoot {
        /// The block's height.
        block: u64,
        /// The root of what came.
        computed: B256,
        /// The root in the header.
        expected: B256,
    },
}

/// Why a receipt cannot be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFlaw {
    /// Neither one of Ethereum's types nor one of the OP stack's. How its kind is hashed is not guessed at.
    #[error("its type {kind:#x} is not known here")]
    UnknownType {
        /// The EIP-2718 type.
        kind: u64,
    },
    /// Neither a status of 0 or 1 nor a state root.
    #[error("it has neither a status nor a state root")]
    NoOutcome,
    /// A log with more than four topics.
    #[error("one of its logs has more than four topics")]
    TooManyTopics,
}
