//! Ethereum's head, proven by its sync committee.
//!
//! ```text
//! checkpoint (a finalized block's root, from somebody trusted)
//!     │ Bootstrap    header ─► state root ─► this period's committee
//!     ▼
//! LightClient ◄── Update    attested header, signed by the committee
//!     │                       ├─ finalized header, under its state root
//!     │                       └─ the next period's committee, under its state root
//!     ▼
//! finalized(), optimistic()   beacon header ─► body root ─► execution block hash
//! ```
//!
//! The sync protocol of the consensus specifications (`specs/*/light-client/sync-protocol.md`), for Deneb, Electra,
//! Fulu and Gloas. Functions there are cited by their names here.
//!
//! # What this crate does not do
//!
//! - It asks nobody anything and reads no clock: updates and the current slot are arguments.
//! - It does not choose a checkpoint, nor judge its age: a chain can be made up for whoever begins further back than
//!   the weak subjectivity period.
//! - It does not say that the head is canonical: a committee of 512 drawn among all validators signs it, and nobody
//!   loses a stake for signing another. [`LightClient::finalized`] is what two thirds of one attested to as final.
//! - Nothing from before Deneb is read, and no SSZ is written.
//!
//! # Gloas
//!
//! Its values are those of the specification's v1.7.0-beta.3; no official vectors of it are among the tests. What may
//! move before it is final is in one place: the generalized indices of [`Fork`], and one shape of container.

mod committee;
mod header;
mod light_client;
mod merkle;
mod network;
mod refusal;
mod update;
mod wire;

pub use committee::{SyncAggregate, SyncCommittee};
pub use header::{BeaconBlockHeader, ExecutionPayloadHeader, Header};
pub use light_client::{LightClient, Progress};
pub use network::{Activation, Fork, Network, NetworkError, Preset};
pub use refusal::{Malformed, Refusal};
pub use update::{Bootstrap, Update};
