//! Why nothing was written.

use std::time::Duration;

use alloy::primitives::{Address as AccountAddress, B256};
use alloy::sol_types::SolInterface;
use alloy::transports::TransportError;
use countersign_protocol::{Address, Identity};

use super::RegistryRefusal;
use crate::consent::{DocumentError, SigningDomain};
use crate::endpoint::Endpoint;
use crate::error::ResolveError;
use crate::interface::IKeyRegistry::IKeyRegistryErrors as Raw;
use crate::node;

/// Why a transaction was not made, or did nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The contract refused it.
    #[error("the registry refused: {0}")]
    Refused(#[from] RegistryRefusal),
    /// The paying account cannot pay for it.
    #[error("{account} has too little ether to pay for this transaction; fund it ({detail})")]
    InsufficientFunds {
        /// The account that was to pay.
        account: Address,
        /// The node's own words.
        detail: String,
    },
    /// Another transaction of the same account took its place in line.
    #[error("another transaction of {account} came first; try again ({detail})")]
    NonceTaken {
        /// The account.
        account: Address,
        /// The node's own words.
        detail: String,
    },
    /// The node holds no key for the account.
    #[error(
        "the node cannot sign for {account}; give the account's key, or use a node that holds it ({detail})"
    )]
    AccountLocked {
        /// The account.
        account: Address,
        /// The node's own words.
        detail: String,
    },
    /// It was sent, but no block took it in time. It may still be.
    #[error("transaction {transaction} is in no block after {}s; look for it before you try again", after.as_secs())]
    NotIncluded {
        /// Its hash.
        transaction: B256,
        /// How long was waited.
        after: Duration,
    },
    /// A block took it, and it failed there: the record changed between its estimate and its block.
    #[error("transaction {transaction} failed in its block; look at the record and try again")]
    Reverted {
        /// Its hash.
        transaction: B256,
    },
    /// The answer to the key request is no signature by the key to be registered.
    #[error(
        "the possession proof is not a signature by the key to be registered; ask the custody that holds that key"
    )]
    NotThisKeys,
    /// A reason that the contract has no code for.
    #[error("the registry knows no revocation reason {code}; use 0 to 5")]
    UnknownReason {
        /// The code.
        code: u8,
    },
    /// The signed document is of no use.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// What was signed counts elsewhere.
    #[error(
        "this was signed for the {signed}, not for the {here}; submit it there, or have it signed for here"
    )]
    OtherDomain {
        /// Where it counts.
        signed: SigningDomain,
        /// Where it was to be submitted.
        here: SigningDomain,
    },
    /// The record is not at the version that the signatures follow.
    #[error(
        "this was signed as version {signed} of {identity}, and the record is at version {record} (0: none), whose next is another: it was submitted before, or overtaken; look at the record and have it signed again"
    )]
    OutOfTurn {
        /// Whose record.
        identity: Identity,
        /// The record's version, by the node's word; 0 where there is none.
        record: u16,
        /// The version that was signed.
        signed: u16,
    },
    /// An entry does not belong into a batch.
    #[error("{identity} cannot be registered in a batch: {reason}; submit it by itself")]
    NotForBatch {
        /// Whose registration.
        identity: Identity,
        /// What a batch takes, and this is not.
        reason: &'static str,
    },
    /// A batch of none, or of more than one transaction holds.
    #[error("a batch has 1 to {} registrations, this one {size}; divide it", super::MAX_BATCH)]
    BatchSize {
        /// How many.
        size: usize,
    },
    /// The owner's contract uses more gas than this side pays for.
    #[error(
        "with {owner}, a contract, to ask whether it agrees, this would use {gas} gas, and at most {} are paid; have the owner submit it",
        super::MAX_GAS_WITH_OWNERS_CODE
    )]
    CostlyOwner {
        /// The owner.
        owner: Address,
        /// What it would use.
        gas: u64,
    },
    /// The account's key did not sign.
    #[error("{account} did not sign this: {detail}")]
    NotSigned {
        /// Which account.
        account: Address,
        /// What the signer said, or what is wrong with its answer.
        detail: String,
    },
    /// A time that the contract has no room for.
    #[error("Unix time {until} is beyond what the registry can hold; give one below 2^40")]
    BeyondTime {
        /// What was asked for, in Unix seconds.
        until: u64,
    },
    /// This chain lacks the deployer that gives the registry its address.
    #[error(
        "this chain has no deterministic deployer at {deployer}; deploy that first (github.com/Arachnid/deterministic-deployment-proxy)"
    )]
    NoDeployer {
        /// Where it should be.
        deployer: AccountAddress,
    },
    /// What lies at a contract's one address is not that contract, by the node's word.
    #[error("{address} should be a contract of Countersign and is not ({}); use another node", found.map_or_else(|| "nothing lies there".into(), |hash| format!("other code: {hash}")))]
    OtherCode {
        /// The contract's address.
        address: Address,
        /// The hash of the code that lies there, if any does.
        found: Option<B256>,
    },
    /// The node could not be reached, is on another chain, refused, or has no registry.
    #[error(transparent)]
    Endpoint(#[from] ResolveError),
}

impl WriteError {
    /// Sorts out why a node would not do it. Nodes say most of it in prose alone.
    pub(super) fn refused(
        endpoint: &Endpoint,
        method: &'static str,
        account: Address,
        error: TransportError,
    ) -> Self {
        let revert = error.as_error_resp().and_then(|response| response.as_revert_data());
        if let Some(refusal) = revert.and_then(|data| Raw::abi_decode(&data).ok()) {
            return Self::Refused(refusal.into());
        }
        let failure = node::endpoint_failure(endpoint, method, error);
        let ResolveError::NodeRefused { message, .. } = &failure else {
            return Self::Endpoint(failure);
        };
        let detail = message.clone();
        let words = message.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        if says(&["insufficient funds", "insufficient balance"]) {
            Self::InsufficientFunds { account, detail }
        } else if says(&["nonce too low", "nonce too high", "already known", "replacement transaction"]) {
            Self::NonceTaken { account, detail }
        } else if says(&["unknown account", "no signer available", "account is locked"]) {
            Self::AccountLocked { account, detail }
        } else {
            Self::Endpoint(failure)
        }
    }
}
