//! Why nothing was written.

use std::time::Duration;

use alloy::primitives::{Address as AccountAddress, B256};
use alloy::sol_types::SolInterface;
use alloy::transports::TransportError;
use countersign_protocol::Address;

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
    /// The owner account cannot pay for it.
    #[error("{owner} has too little ether to pay for this transaction; fund it ({detail})")]
    InsufficientFunds {
        /// The account that was to pay.
        owner: Address,
        /// The node's own words.
        detail: String,
    },
    /// Another transaction of the same account took its place in line.
    #[error("another transaction of {owner} came first; try again ({detail})")]
    NonceTaken {
        /// The account.
        owner: Address,
        /// The node's own words.
        detail: String,
    },
    /// The node holds no key for the owner account.
    #[error(
        "the node cannot sign for {owner}; give the account's key, or use a node that holds it ({detail})"
    )]
    AccountLocked {
        /// The account.
        owner: Address,
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
    /// This chain lacks the deployer that gives the registry its address.
    #[error(
        "this chain has no deterministic deployer at {deployer}; deploy that first (github.com/Arachnid/deterministic-deployment-proxy)"
    )]
    NoDeployer {
        /// Where it should be.
        deployer: AccountAddress,
    },
    /// The node could not be reached, is on another chain, refused, or has no registry.
    #[error(transparent)]
    Endpoint(#[from] ResolveError),
}

/// The contract's own errors. The identity in question is always the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryRefusal {
    /// An unrevoked key is there.
    #[error("a key (version {version}) is registered already; rotate it")]
    AlreadyRegistered {
        /// Its version.
        version: u16,
    },
    /// Nothing is there.
    #[error("nothing is registered under this label; register first")]
    NotRegistered,
    /// The key was revoked.
    #[error("the key (version {version}) was revoked, which nothing undoes; register a fresh key")]
    KeyRevokedAlready {
        /// Its version.
        version: u16,
    },
    /// The key expired.
    #[error("the key expired at Unix time {valid_until}; rotate it")]
    KeyExpired {
        /// When.
        valid_until: u32,
    },
    /// The new expiry lies in the past.
    #[error("the expiry {valid_until} is not in the future; give a later one or none")]
    ExpiryNotInFuture {
        /// What was asked for.
        valid_until: u32,
    },
    /// The suite floor has no meaning yet.
    #[error("suite floor {suite_floor} is reserved; use 0 or 1")]
    SuiteFloorReserved {
        /// What was asked for.
        suite_floor: u8,
    },
    /// The revoked key itself was registered again.
    #[error("this key was revoked; register a fresh one")]
    RevokedKeyReused,
    /// 65,535 versions.
    #[error("this label had its last version; use another label")]
    VersionsExhausted,
    /// The possession proof is by another key, or for another version.
    #[error(
        "the possession proof does not hold: the record changed meanwhile, or another key signed; try again"
    )]
    PossessionNotProven,
    /// The proof's s is high.
    #[error("the possession proof has a high s; sign with the low one")]
    MalleableSignature,
    /// The key to be pinned is not the record's.
    #[error("this key is not the record's; pin the one that is registered")]
    KeyMismatch,
    /// It is pinned already.
    #[error("the key (version {version}) is pinned already; nothing is to do")]
    AlreadyPinned {
        /// Its version.
        version: u16,
    },
}

impl WriteError {
    /// Sorts out why a node would not send a transaction. Nodes say most of it in prose alone.
    pub(super) fn refused(endpoint: &Endpoint, owner: Address, error: TransportError) -> Self {
        let revert = error.as_error_resp().and_then(|response| response.as_revert_data());
        if let Some(refusal) = revert.and_then(|data| Raw::abi_decode(&data).ok()) {
            return Self::Refused(refusal.into());
        }
        let failure = node::endpoint_failure(endpoint, "eth_sendTransaction", error);
        let ResolveError::NodeRefused { message, .. } = &failure else {
            return Self::Endpoint(failure);
        };
        let detail = message.clone();
        let words = message.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        if says(&["insufficient funds", "insufficient balance"]) {
            Self::InsufficientFunds { owner, detail }
        } else if says(&["nonce too low", "nonce too high", "already known", "replacement transaction"]) {
            Self::NonceTaken { owner, detail }
        } else if says(&["unknown account", "no signer available", "account is locked"]) {
            Self::AccountLocked { owner, detail }
        } else {
            Self::Endpoint(failure)
        }
    }
}

impl From<Raw> for RegistryRefusal {
    fn from(raw: Raw) -> Self {
        match raw {
            Raw::AlreadyRegistered(error) => Self::AlreadyRegistered { version: error.version },
            Raw::NotRegistered(_) => Self::NotRegistered,
            Raw::KeyRevokedAlready(error) => Self::KeyRevokedAlready { version: error.version },
            Raw::KeyExpired(error) => Self::KeyExpired { valid_until: error.validUntil },
            Raw::ExpiryNotInFuture(error) => Self::ExpiryNotInFuture { valid_until: error.validUntil },
            Raw::SuiteFloorReserved(error) => Self::SuiteFloorReserved { suite_floor: error.suiteFloor },
            Raw::RevokedKeyReused(_) => Self::RevokedKeyReused,
            Raw::VersionsExhausted(_) => Self::VersionsExhausted,
            Raw::PossessionNotProven(_) => Self::PossessionNotProven,
            Raw::MalleableSignature(_) => Self::MalleableSignature,
            Raw::KeyMismatch(_) => Self::KeyMismatch,
            Raw::AlreadyPinned(error) => Self::AlreadyPinned { version: error.version },
        }
    }
}
