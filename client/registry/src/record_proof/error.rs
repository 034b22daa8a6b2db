//! Why a record proof proves nothing.

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::Address;

use super::MAX_HEADERS;
use crate::error::{ProofPart, ResolveError};

/// Why a [`RecordProof`](super::RecordProof) proves nothing, or was not made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordProofError {
    /// No document of this kind.
    #[error("this is no record proof: {detail}; ask whoever gave it for another")]
    Malformed {
        /// What was read, and where.
        detail: String,
    },
    /// A record proof, of a later form.
    #[error(
        "this record proof has version {found}, and this client knows version {known}; use a newer client"
    )]
    UnknownVersion {
        /// What it says.
        found: u64,
        /// What is known.
        known: u64,
    },
    /// More than any proof of a record takes.
    #[error("a record proof has at most {limit} bytes, so this is none; ask whoever gave it for another")]
    TooLong {
        /// The most that is read.
        limit: u64,
    },
    /// Reading it failed.
    #[error("the record proof cannot be read: {detail}; check where it is kept, or fetch it again")]
    Unreadable {
        /// Why.
        detail: String,
    },
    /// No header, or more than anybody needs.
    #[error(
        "a record proof holds 1 to {MAX_HEADERS} headers, and here it would be {count}; its maker must prove nearer to the block that is trusted"
    )]
    HeaderCount {
        /// How many.
        count: usize,
    },
    /// The bytes are no header that hashes to itself.
    #[error(
        "header {position} of the proof is none that this client can read; ask its maker for another, or use a newer client if the chain changed its rules"
    )]
    HeaderMalformed {
        /// Which, from 0.
        position: usize,
    },
    /// A header names another parent than the one before it.
    #[error(
        "header {position} of the proof does not follow the one before it: the proof was changed or put together wrongly; ask its maker for another"
    )]
    HeaderUnlinked {
        /// Which, from 1.
        position: usize,
    },
    /// None of its blocks is the trusted one.
    #[error(
        "the proof leads from block {} ({}) to block {} ({}), and {trusted} is none of these blocks: it proves nothing to who trusts that one; trust one of them, or ask its maker for headers up to yours",
        oldest.number, oldest.hash, newest.number, newest.hash
    )]
    NotTrusted {
        /// The hash that the verifier trusts.
        trusted: B256,
        /// The proven block.
        oldest: BlockNumHash,
        /// The newest block whose hash would do.
        newest: BlockNumHash,
    },
    /// It says that it is of another chain than the one that is asked.
    #[error(
        "the proof is of chain {claimed}, and this is chain {expected}; ask endpoints of its own chain, or its maker for a proof of this one"
    )]
    OtherChain {
        /// The verifier's.
        expected: u64,
        /// The maker's.
        claimed: u64,
    },
    /// No registry at that address in that block.
    #[error("the registry {registry} is not there at the proven block{}; name the registry that its maker meant, or ask for a proof of yours", found.map(|found| format!(": its code is another, {found}")).unwrap_or_default())]
    NoRegistry {
        /// Where the verifier expects it.
        registry: Address,
        /// The hash of the code that is there, if any is.
        found: Option<B256>,
    },
    /// A part does not hold: the proof was changed, or never held.
    #[error(
        "the record proof does not hold: {0}; it was changed, or never held, and its maker must make another"
    )]
    Invalid(#[from] ProofPart),
    /// The key that came along is not the record's.
    #[error(
        "the proof brings the key of {shown}, and the record is of {signer}; its maker must make another with the right key, or with none"
    )]
    OtherKey {
        /// The proven record's.
        signer: Address,
        /// What came along.
        shown: Address,
    },
    /// The range of blocks ends before it begins.
    #[error("headers up to block {through} do not lead to block {at}; name the higher block second")]
    NoSpan {
        /// The block to prove at.
        at: u64,
        /// The block to trust.
        through: u64,
    },
    /// The blocks are too far apart.
    #[error("block {at} is more than {} blocks below block {through}, and a record proof holds no more headers; prove at a later block, or name a lower one to trust", MAX_HEADERS - 1)]
    TooFar {
        /// The block to prove at.
        at: u64,
        /// The block to trust.
        through: u64,
    },
    /// The chain's endpoints did not show what it takes, or do not vouch for the block.
    #[error(transparent)]
    Chain(#[from] ResolveError),
}
