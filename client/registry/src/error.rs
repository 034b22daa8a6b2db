//! Why a resolution failed: what was wrong, whose fault it is, what to do.

mod beacon_doubt;
mod head_doubt;
mod no_value;
mod proof_part;

use std::time::Duration;

use alloy::primitives::B256;
use countersign_protocol::{Address, Identity, KeyMismatch};

pub use beacon_doubt::{BeaconDoubt, CheckpointFlaw};
pub use head_doubt::{HeadClaim, StaleHead};
pub use no_value::{NoValue, StatePiece};
pub use proof_part::{ProofPart, ReceiptFlaw};

use crate::depth::RecordDepth;
use crate::endpoint::Endpoint;
use crate::known::KnownError;
use crate::policy::TrustError;
use crate::word::RevocationReason;

/// Why there is no proven key, head or view.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ResolveError {
    /// Proven: the registry holds no record of this identity.
    #[error(
        "{identity} has no key in the registry (absence proven at block {block}); its owner must register one"
    )]
    NotRegistered {
        /// Who was looked for.
        identity: Identity,
        /// The block at which absence was proven.
        block: u64,
    },
    /// Proven: the key was revoked.
    #[error(
        "the key of {identity} (version {version}) was revoked at Unix time {at}: {reason}; its owner must register a fresh one"
    )]
    Revoked {
        /// Whose key.
        identity: Identity,
        /// Which of its keys.
        version: u16,
        /// Why, as the owner said.
        reason: RevocationReason,
        /// The end of its validity, in Unix seconds: the revocation, or the expiry where that came first.
        at: u64,
    },
    /// Proven: the key's validity ended.
    #[error("the key of {identity} expired at Unix time {at}; its owner must rotate it")]
    Expired {
        /// Whose key.
        identity: Identity,
        /// When, in Unix seconds.
        at: u64,
    },
    /// Proven, but so recent that a reorganisation could still undo it.
    #[error("the key of {identity} was anchored {}s ago and must be {depth} by this policy; try again later", age.as_secs())]
    TooYoung {
        /// Whose key.
        identity: Identity,
        /// The newest block's time less the record's.
        age: Duration,
        /// What the policy asks.
        depth: RecordDepth,
    },
    /// Too few endpoints say which block is deep enough, so that nothing is known of a young record.
    #[error(
        "{answered} of the {needed} endpoints needed told which block is {depth}; use endpoints that serve it, or another record_depth"
    )]
    DepthUnknown {
        /// What the policy asks.
        depth: RecordDepth,
        /// How many must say so.
        needed: usize,
        /// How many did.
        answered: usize,
    },
    /// Proven: the record changed between the proposed block and the newest one.
    #[error(
        "the key of {identity} was rotated: version {anchored} at the proposed block, {newest} at the head; start again at a newer block"
    )]
    Rotated {
        /// Whose key.
        identity: Identity,
        /// The version at the proposed block.
        anchored: u16,
        /// The version at the newest block.
        newest: u16,
    },
    /// Proven, but an older version than the one proven before: the chain went back, or somebody shows an old one.
    #[error(
        "{}; the chain was reorganised or an old state is replayed: check the endpoints",
        rewound(identity, *seen, *got, *block)
    )]
    RecordRewound {
        /// Whose record.
        identity: Identity,
        /// The highest version proven before.
        seen: u16,
        /// The version proven now.
        got: u16,
        /// The block it was proven at.
        block: u64,
    },
    /// The key that was shown is not the one whose fingerprint the record proves.
    #[error(
        "{identity} registered the key of signer {signer}, not that of {shown} which was shown; use the registered key"
    )]
    KeyMismatch {
        /// Whose key it should be.
        identity: Identity,
        /// The Ethereum address of the registered key.
        signer: Address,
        /// The Ethereum address of the key that was shown.
        shown: Address,
    },
    /// The record proves a fingerprint, but nobody shows the key that has it.
    #[error(
        "{identity} registered a compact record and no source gave the key of signer {signer}; its owner can pin the key, or an endpoint that serves old logs can find it"
    )]
    KeyNotPublished {
        /// Whose record.
        identity: Identity,
        /// The key's Ethereum address.
        signer: Address,
    },
    /// Proven: the contract that should be read does not exist.
    #[error("{source_address} is no contract at block {block}; check the instrument's address and the chain")]
    NoSuchContract {
        /// The contract that a query names.
        source_address: Address,
        /// The block.
        block: u64,
    },
    /// Proven: what lies at the registry's address is not the registry.
    #[error("{registry} is not the key registry on this chain ({}); deploy it, or correct the address", found.map_or_else(|| "nothing is deployed there".into(), |hash| format!("other code: {hash}")))]
    NoRegistryHere {
        /// The registry's address.
        registry: Address,
        /// The hash of the code that lies there, if any does.
        found: Option<B256>,
    },
    /// The peer names another registry.
    #[error("the peer uses the registry at {got}, this side the one at {expected}; use the same one")]
    WrongRegistry {
        /// This side's.
        expected: Address,
        /// The peer's.
        got: Address,
    },
    /// A proof does not hold. That endpoint lies, is broken, or stands on another fork.
    #[error("{endpoint} answered with an invalid proof: {what}; use another endpoint")]
    ProofInvalid {
        /// Which part fails.
        what: ProofPart,
        /// Who answered.
        endpoint: Endpoint,
    },
    /// Too few endpoints report the same block.
    #[error("no block is the head for {needed} endpoints: {}; check which of them is behind, forked or lying", said.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    HeadsDisagree {
        /// How many should agree.
        needed: usize,
        /// Who said what.
        said: Vec<HeadClaim>,
    },
    /// Too few endpoints answered at all.
    #[error("{answered} of the {needed} endpoints needed answered; {}", failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NoQuorum {
        /// How many must answer.
        needed: usize,
        /// How many did.
        answered: usize,
        /// Why each of the others did not.
        failures: Vec<ResolveError>,
    },
    /// The newest block does not pass for the newest one.
    #[error(
        "block {number} cannot be the head: {why}; check the endpoints' synchronisation and this machine's clock"
    )]
    StaleHead {
        /// The block.
        number: u64,
        /// What is wrong with its time or height.
        why: StaleHead,
    },
    /// The proposed block is higher than this side's newest one.
    #[error("block {number} is not known here yet, the head is {my_head}; start again at that block or wait")]
    UnknownBlock {
        /// The proposed height.
        number: u64,
        /// The height of this side's head.
        my_head: u64,
    },
    /// The block lies so far below the head that a light client cannot tell whether it is one of the chain's.
    #[error("block {number} lies {} blocks below the head {head}, and a light client proves blocks down to {most} below it: take a newer block, or endpoints that agree in place of a light client", head.saturating_sub(*number))]
    TooDeep {
        /// Its height.
        number: u64,
        /// The height of the head.
        head: u64,
        /// How far below it a block may lie: 8,191 blocks where the chain keeps their hashes in its state (EIP-2935), 63
        /// where it does not.
        most: u64,
    },
    /// The proposed block is not the one that this side's endpoints have at that height.
    #[error("block {number} has another hash here ({}); the peer stands on another fork or names a block that was reorganised away", canonical.map_or_else(|| "not agreed".into(), |hash| hash.to_string()))]
    AnchorNotCanonical {
        /// The height.
        number: u64,
        /// What the peer claims.
        claimed: B256,
        /// What the trusted endpoints have, where they agree.
        canonical: Option<B256>,
    },
    /// The proposed block is too old to say anything about now.
    #[error("the proposed block is {}s older than the head, and this policy takes {}s; start again at a newer block", age.as_secs(), maximum.as_secs())]
    StaleAnchor {
        /// The newest block's time less the proposed one's.
        age: Duration,
        /// What the policy takes.
        maximum: Duration,
    },
    /// An endpoint, or a peer, stands on another chain.
    #[error("{} is on chain {got}, not {expected}; correct the endpoint or the chain id", endpoint.as_ref().map_or_else(|| "the peer".into(), ToString::to_string))]
    WrongChain {
        /// The chain id configured here.
        expected: u64,
        /// The other one.
        got: u64,
        /// Which endpoint; `None` for a peer's proposal.
        endpoint: Option<Endpoint>,
    },
    /// More readings than a session may bind.
    #[error(
        "{count} readings are asked for, and a session binds at most {}; drop some",
        countersign_protocol::MAX_READINGS
    )]
    TooManyQueries {
        /// How many.
        count: usize,
    },
    /// A view call has no value, executed over proven state.
    #[error("the call of {source_address} has no value at block {block}: {why}")]
    NoValue {
        /// The contract that is called.
        source_address: Address,
        /// The block.
        block: u64,
        /// Whether the contract refused, or a limit does.
        why: NoValue,
    },
    /// Nobody says by which rules the chain executes a call, and guessed ones may give another value.
    #[error(
        "by which rules chain {chain_id} executes calls at block {block} is not known here: its hard forks are in no table; say them with hardfork in its policy, or value the instrument by storage slots"
    )]
    RulesUnknown {
        /// The chain.
        chain_id: u64,
        /// The block.
        block: u64,
    },
    /// An endpoint cannot be reached, or dropped the connection.
    #[error("{endpoint} cannot be reached: {detail}; check the address and that the node runs")]
    Unreachable {
        /// Which.
        endpoint: Endpoint,
        /// What the transport said.
        detail: String,
    },
    /// An endpoint did not answer in time.
    #[error("{endpoint} did not answer within {}ms; raise the timeout or use another endpoint", after.as_millis())]
    Timeout {
        /// Which.
        endpoint: Endpoint,
        /// How long it was given.
        after: Duration,
    },
    /// An endpoint answered something that is no answer.
    #[error("{endpoint} gave no usable answer to {method}: {detail}; use another endpoint")]
    BadAnswer {
        /// Which.
        endpoint: Endpoint,
        /// The JSON-RPC method.
        method: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// An endpoint sent more than the policy reads.
    #[error("{endpoint} sent more than {limit} bytes; use another endpoint, or raise the limit")]
    AnswerTooLarge {
        /// Which.
        endpoint: Endpoint,
        /// The policy's limit in bytes.
        limit: usize,
    },
    /// An endpoint refused a method, with a JSON-RPC error.
    #[error(
        "{endpoint} refused {method}: {message} (code {code}); use an endpoint that serves it, proofs of recent blocks included"
    )]
    NodeRefused {
        /// Which.
        endpoint: Endpoint,
        /// The JSON-RPC method.
        method: &'static str,
        /// The JSON-RPC error code.
        code: i64,
        /// The node's own words.
        message: String,
    },
    /// What was proven cannot be remembered, so nothing is accepted.
    #[error(transparent)]
    Known(#[from] KnownError),
    /// What a beacon node sent proves no head.
    #[error("{endpoint} proves no head: {why}{}", why.advice())]
    BeaconDoubted {
        /// Which.
        endpoint: Endpoint,
        /// What is wrong with what it sent.
        why: BeaconDoubt,
    },
    /// The light client has nothing to begin at.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFlaw),
    /// The configured trust cannot work.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// What went back: the version, the record as a whole, or a revocation.
fn rewound(identity: &Identity, seen: u16, got: u16, block: u64) -> String {
    match got {
        0 => format!("{identity} had key version {seen} before, and now no record is shown at block {block}"),
        got if got == seen => {
            format!(
                "key version {seen} of {identity} was revoked before, and now is shown unrevoked at block {block}"
            )
        }
        got => format!(
            "{identity} had key version {seen} before, and now version {got} is shown at block {block}"
        ),
    }
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The identity's own state on chain: its owner must act.
    Identity,
    /// What a peer proposed.
    Peer,
    /// An endpoint: unreachable, wrong or lying.
    Endpoint,
    /// This side's configuration, or its machine.
    Configuration,
}

impl From<KeyMismatch> for ResolveError {
    fn from(KeyMismatch { identity, record_signer, key_signer }: KeyMismatch) -> Self {
        Self::KeyMismatch { identity, signer: record_signer, shown: key_signer }
    }
}

impl ResolveError {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::NotRegistered { .. }
            | Self::Revoked { .. }
            | Self::Expired { .. }
            | Self::TooYoung { .. }
            | Self::Rotated { .. }
            | Self::KeyNotPublished { .. } => Fault::Identity,
            Self::KeyMismatch { .. }
            | Self::NoSuchContract { .. }
            | Self::WrongRegistry { .. }
            | Self::UnknownBlock { .. }
            | Self::TooDeep { .. }
            | Self::AnchorNotCanonical { .. }
            | Self::StaleAnchor { .. }
            | Self::TooManyQueries { .. }
            | Self::NoValue { .. }
            | Self::WrongChain { endpoint: None, .. } => Fault::Peer,
            Self::NoRegistryHere { .. }
            | Self::RulesUnknown { .. }
            | Self::Known(_)
            | Self::Checkpoint(_)
            | Self::Trust(_) => Fault::Configuration,
            Self::RecordRewound { .. }
            | Self::ProofInvalid { .. }
            | Self::HeadsDisagree { .. }
            | Self::NoQuorum { .. }
            | Self::DepthUnknown { .. }
            | Self::StaleHead { .. }
            | Self::WrongChain { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::BadAnswer { .. }
            | Self::AnswerTooLarge { .. }
            | Self::BeaconDoubted { .. }
            | Self::NodeRefused { .. } => Fault::Endpoint,
        }
    }

    /// Whether another endpoint may do better: one endpoint's own failing, not what a chain or a peer says.
    pub(crate) const fn is_one_endpoints(&self) -> bool {
        matches!(
            self,
            Self::ProofInvalid { .. }
                | Self::WrongChain { endpoint: Some(_), .. }
                | Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::BadAnswer { .. }
                | Self::AnswerTooLarge { .. }
                | Self::BeaconDoubted { .. }
                | Self::NodeRefused { .. }
        )
    }
}
