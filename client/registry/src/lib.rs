//! From an Ethereum address to a proven identity key.
//!
//! ```text
//! Identity ──Resolver──► eth_getBlockByNumber + eth_getProof, one batch to each endpoint
//!              │            k of n endpoints name the same head, one's own node does, or a sync committee signed it
//!              │            (Heads: the same as blocks come, by subscription or by asking again)
//!              ▼
//!          proof::*  header hash ─► state root ─► account, code hash ─► storage root ─► record word, x
//!              │            registered at depth, revoked at head: acceptance
//!              ▼
//!          PeerKey, StateView      what a handshake starts from, and nothing less
//!
//! Follower          what is watched is proven at each head as it comes, and served without a question; what changes is told
//!
//! logs::*           a range of blocks ─► linked headers ─► blooms ─► receipts, hashed to their root ─► every log, or an error
//!
//! RecordProof       the same proofs as one document, for whoever trusts a block's hash and has no node: JSON, version 1
//!                   headers (RLP, the proven block's first, each the parent of the next), eth_getProof's answer, identity
//!
//! consent::*        what owners and keys sign, offline: registrations, rotations, revocations, certificates
//!     │ SignedDocument (JSON)
//!     ▼
//! write::Registrar  who pays: the owner's own transactions, its operator's, or what others signed; batches; deployment
//! ```
//!
//! # What this crate does not do
//!
//! - It believes no endpoint. An endpoint can withhold, delay, or refuse; with `k - 1` others it cannot show a false
//!   record. Whether a block is canonical is what the configured endpoints agree on, or what the beacon chain's sync
//!   committee signed ([`HeadTrust`]).
//! - It holds no identity key. The possession proof of a registration, or the signature of a revocation certificate, is
//!   asked for as a [`KeyRequest`](countersign_protocol::KeyRequest), for whoever holds the key to answer. It verifies
//!   Schnorr signatures and makes none: a quorum runs elsewhere.
//! - It does not decide whether an owner agreed. An account's key is checked here; what an owner's contract says
//!   (ERC-1271) is for the chain ([`consent::Checked::OwnerOnChain`]).
//! - It does not divide, retry or remember what it submits: [`write::Registrar::send_many`] takes one batch, and whoever
//!   must survive a crash writes down the nonce before.
//! - It shakes no hands and opens no channel.
//! - It keeps nothing on disk unless it is given a place ([`KnownRecords`]): what it has proven, and the versions it
//!   refuses to go back from, otherwise live with the process.
//!
//! # Example
//!
//! ```no_run
//! use countersign_registry::{HeadPolicy, HeadTrust, Resolver, artifact};
//! use countersign_protocol::{Identity, Label};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let trust = HeadTrust::OwnNode("http://127.0.0.1:8545".parse()?);
//! let resolver = Resolver::new(31337, artifact::key_registry_address(), trust, HeadPolicy::anvil())?;
//! let owner = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse()?;
//! let resolved = resolver.resolve(Identity { owner, label: Label::DEFAULT }).await?;
//! println!("version {} proven at block {}",
//!     resolved.peer_key.record().version, resolved.proved_at.anchor.block_number);
//! # Ok(()) }
//! ```

mod acceptance;
mod announcements;
pub mod artifact;
mod beacon;
mod blocking;
mod chance;
mod connection;
pub mod consent;
mod depth;
mod endpoint;
mod error;
mod failover;
mod follower;
mod full_header;
mod heads;
mod health;
mod height;
mod http;
pub mod interface;
#[cfg(unix)]
mod ipc;
mod key_hint;
mod known;
pub mod logs;
mod memory;
mod metered;
mod moment;
mod node;
mod policy;
mod private_file;
pub mod proof;
mod proving;
mod published;
mod question;
mod quorum;
mod record_proof;
mod resolver;
mod standing;
mod survey;
mod valuation;
mod view;
mod voucher;
mod word;
pub mod write;

pub use beacon::LightClientTrust;
pub use countersign_execution::{Hardfork, UnknownHardfork};
pub use countersign_light_client as light_client;
pub use depth::RecordDepth;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{
    BeaconDoubt, CheckpointFlaw, Fault, HeadClaim, NoValue, ProofPart, ReceiptFlaw, ResolveError, StaleHead,
    StatePiece,
};
pub use follower::{Change, Changes, Follower, FollowerHealth, Watching};
pub use heads::{HeadNews, Heads};
pub use health::{Announcing, EndpointHealth, EndpointState};
pub use key_hint::KeyHint;
pub use known::{Incident, KnownError, KnownHead, KnownRecord, KnownRecords, RegistryAt, Rollback, Seen};
pub use policy::{CounterpartyPolicy, HeadPolicy, HeadSource, HeadTrust, TrustError};
pub use private_file::FileFlaw;
pub use record_proof::{RecordProof, RecordProofError, VerifiedRecord};
pub use resolver::{ProvedHead, Resolved, Resolver};
pub use standing::{Standing, Standings};
pub use view::ViewRequest;
pub use word::{RecordSlots, RecordWord, RevocationReason};
