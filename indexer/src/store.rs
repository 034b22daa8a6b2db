//! Where an index is kept: one trait, with an embedded engine and PostgreSQL behind it.
//!
//! ```text
//! one Writer  ──advance(Advance)──► all of a stretch of blocks, or nothing
//!             ──rewind(Rewind)────► the same, back
//! any reader  ◄──Answer { tip, value }── as of one block, never half of the next
//! ```
//!
//! Every event has a [`Sequence`], which grows by one with each and is never given twice, also not after a
//! reorganisation: whoever keeps one can go on from there. A reorganisation has one of its own.

pub mod embedded;
pub mod postgres;

mod batch;
mod page;
mod row;

use std::fmt;

use alloy::eips::BlockNumHash;
use async_trait::async_trait;
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::RegistryAt;

use crate::change::{Block, Change, ChangeSet, Held};
use crate::event::{Appointment, EventKind, Place};
use crate::record::{Record, Status};

/// The number of an event or a reorganisation in a store: from 1, in the order in which they were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Sequence(pub u64);

/// How far a registry is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The last block whose events are stored.
    pub block: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// The height up to which the chain called its blocks final when that was stored. 0 where it never did.
    pub finalized: u64,
    /// The highest block whose events are an RPC's word; all above were proven complete. `None` where all were.
    pub told_through: Option<u64>,
}

/// What a store holds as of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// As of which block.
    pub tip: Tip,
    /// What it holds.
    pub value: T,
}

/// A record as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub identity: Identity,
    /// What the registry holds.
    pub record: Record,
    /// The event that made it so.
    pub changed: Changed,
}

/// The last event that changed a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its number.
    pub sequence: Sequence,
    /// Its place in the chain.
    pub place: Place,
    /// The time of its block, in Unix seconds.
    pub timestamp: u64,
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub sequence: Sequence,
    /// The number of the event before it about the same record or appointment.
    pub previous: Option<Sequence>,
    /// The event, and what it did.
    pub change: Change,
}

/// What happened, in the order in which it was stored.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are events; a box for each would cost more than it saves"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The registry told something.
    Event(Stored),
    /// The chain was reorganised: events above this block, told before, are no more.
    Reorganised {
        /// Its number.
        sequence: Sequence,
        /// The newest block that both chains have.
        to: BlockNumHash,
    },
}

impl News {
    /// Its number.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        match self {
            Self::Event(stored) => stored.sequence,
            Self::Reorganised { sequence, .. } => *sequence,
        }
    }
}

/// Which records are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of a registry, by owner and label.
    All,
    /// Those of an owner, by label.
    Owner(Address),
    /// Those under a label, by owner: the agents, desks or members that a venue knows by it.
    Label(Label),
    /// Those whose current key has this Ethereum address, by owner and label.
    Signer(Address),
}

/// One page of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordQuery {
    /// Of which.
    pub selection: Selection,
    /// Only those that are worth this at the tip's time.
    pub status: Option<Status>,
    /// Only those behind this one, in the selection's order.
    pub after: Option<Identity>,
    /// How many to look at, at least 1. With a status, fewer may come.
    pub limit: usize,
}

/// Some of the records that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the selection's order.
    pub entries: Vec<Entry>,
    /// Behind which to go on; `None` where there is no more.
    pub next: Option<Identity>,
}

/// Which events are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewsFilter {
    /// All, of every kind.
    All,
    /// Revocations, and reorganisations, which may undo one.
    Revocations,
}

/// A stretch of blocks to be stored at once.
#[derive(Clone, Debug)]
pub struct Advance {
    /// The block it continues; `None` where nothing is stored.
    pub base: Option<BlockNumHash>,
    /// How far it goes.
    pub tip: Tip,
    /// The blocks up to the tip that a reorganisation may still reach, oldest first, to be compared then. The tip is one
    /// of them.
    pub kept: Vec<KeptBlock>,
    /// What changed, block by block.
    pub changes: Vec<ChangeSet>,
}

/// A block whose hash is kept, so that it can be compared with the chain's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptBlock {
    /// Which block.
    pub block: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
}

/// The way back to a block.
#[derive(Clone, Debug)]
pub struct Rewind {
    /// The tip that is left.
    pub from: BlockNumHash,
    /// How far it goes: one of [`Writer::kept`].
    pub to: KeptBlock,
}

/// What some blocks are about to change, to be loaded before.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// The records.
    pub identities: Vec<Identity>,
    /// The appointments.
    pub appointments: Vec<Appointment>,
}

impl Touched {
    /// What the events of these blocks are about, each once.
    #[must_use]
    pub fn by(blocks: &[Block]) -> Self {
        let mut touched = Self::default();
        for event in blocks.iter().flat_map(|block| &block.events) {
            match event.kind {
                EventKind::OperatorSet { appointment, .. } => touched.appointments.push(appointment),
                kind => touched.identities.extend(kind.identity()),
            }
        }
        touched.identities.sort_unstable();
        touched.identities.dedup();
        touched.appointments.sort_unstable();
        touched.appointments.dedup();
        touched
    }
}

/// An index, for any number of readers.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Becomes the one that writes, waiting for as long as another one does. Dropping the writer, or its process's death,
    /// lets the next one.
    async fn lead(&self) -> Result<Box<dyn Writer>, StoreError>;

    /// What is indexed, and how far; `None` where nothing is yet.
    async fn registries(&self) -> Result<Vec<(RegistryAt, Option<Tip>)>, StoreError>;

    /// How far a registry is indexed.
    ///
    /// # Errors
    /// As all that follow: [`StoreError::NotIndexed`] where nothing of it is.
    async fn tip(&self, registry: RegistryAt) -> Result<Tip, StoreError>;

    /// The blocks that are kept for comparing with the chain's, oldest first, the tip last. The oldest is final, or the
    /// first that was stored.
    async fn kept(&self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError>;

    /// One record, if there is one.
    async fn record(
        &self,
        registry: RegistryAt,
        identity: Identity,
    ) -> Result<Answer<Option<Entry>>, StoreError>;

    /// One record as it was at the end of a block, if there was one.
    ///
    /// # Errors
    /// [`StoreError::Ahead`] above the tip.
    async fn record_at(
        &self,
        registry: RegistryAt,
        identity: Identity,
        block: u64,
    ) -> Result<Answer<Option<Entry>>, StoreError>;

    /// A page of records.
    async fn records(&self, registry: RegistryAt, query: RecordQuery) -> Result<Answer<Page>, StoreError>;

    /// The events about a record, newest first, at most `limit` of those before `before`.
    async fn history(
        &self,
        registry: RegistryAt,
        identity: Identity,
        before: Option<Sequence>,
        limit: usize,
    ) -> Result<Answer<Vec<Stored>>, StoreError>;

    /// The appointments of an owner, by operator, with their ends in Unix seconds; 0 for who was dismissed.
    async fn appointments(
        &self,
        registry: RegistryAt,
        owner: Address,
    ) -> Result<Answer<Vec<(Address, u64)>>, StoreError>;

    /// What was stored after a number, oldest first, at most `limit`.
    async fn news(
        &self,
        registry: RegistryAt,
        filter: NewsFilter,
        after: Sequence,
        limit: usize,
    ) -> Result<Answer<Vec<News>>, StoreError>;

    /// The number given last, over all registries; 0 for none.
    async fn newest(&self) -> Result<Sequence, StoreError>;

    /// Waits until there may be news after a number, whoever wrote it.
    async fn changed_after(&self, sequence: Sequence) -> Result<(), StoreError>;
}

/// The one that writes.
#[async_trait]
pub trait Writer: fmt::Debug + Send {
    /// How far a registry is indexed; `None` where nothing is.
    async fn tip(&mut self, registry: RegistryAt) -> Result<Option<Tip>, StoreError>;

    /// The blocks that were kept for comparing, oldest first, the tip last. The oldest is final, or the first that was
    /// stored.
    async fn kept(&mut self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError>;

    /// What is held of what some blocks are about to change.
    async fn held(&mut self, registry: RegistryAt, touched: &Touched) -> Result<Held, StoreError>;

    /// Stores a stretch of blocks: all of it or nothing. Drops the kept blocks below the newest that is final.
    ///
    /// # Errors
    /// [`StoreError::Moved`] where the tip is not [`Advance::base`], so that nothing is stored twice.
    async fn advance(&mut self, registry: RegistryAt, advance: &Advance) -> Result<(), StoreError>;

    /// Takes back what was stored above a block, and tells so in the news: all of it or nothing.
    ///
    /// What was told by an endpoint's word alone below that block stays so ([`Tip::told_through`]).
    ///
    /// # Errors
    /// [`StoreError::Moved`] where the tip is not [`Rewind::from`].
    async fn rewind(&mut self, registry: RegistryAt, rewind: &Rewind) -> Result<(), StoreError>;

    /// Drops all that is known of a registry, so that it is indexed anew. Numbers go on from where they were. The news
    /// that come then begin with a reorganisation to block 0, whose hash is zero: none of what was told before counts.
    async fn forget(&mut self, registry: RegistryAt) -> Result<(), StoreError>;
}

/// Why a store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is known of that registry.
    #[error("registry {} on chain {} is not indexed here; it has to be in the configuration", .0.address, .0.chain_id)]
    NotIndexed(RegistryAt),
    /// Asked about a block that is not indexed yet.
    #[error("block {asked} is above the newest indexed one, {tip}; ask again later")]
    Ahead {
        /// Which was asked for.
        asked: u64,
        /// Which is the newest.
        tip: u64,
    },
    /// The tip is another one than the writer believes: somebody else wrote.
    #[error("the store is at {}, not at {}: another writer was at work; start again", told(.stored), told(.believed))]
    Moved {
        /// What is stored.
        stored: Option<BlockNumHash>,
        /// What the writer believes.
        believed: Option<BlockNumHash>,
    },
    /// There is no room left.
    #[error(
        "no room is left for the store ({detail}); nothing was half-written: make room, and it goes on by itself"
    )]
    Full {
        /// What the engine said.
        detail: String,
    },
    /// It cannot be reached, or the connection was lost.
    #[error("the store cannot be reached: {detail}")]
    Unavailable {
        /// What the engine said, without credentials.
        detail: String,
    },
    /// What the configuration says of it makes no sense.
    #[error("the store is configured wrong: {detail}")]
    Misconfigured {
        /// What is wrong, without credentials.
        detail: String,
    },
    /// It was made by another version of this program.
    #[error(
        "the store has format {found}, and this program reads {known}; use the program that made it, or reindex"
    )]
    Format {
        /// What it says.
        found: u64,
        /// What this program knows.
        known: u64,
    },
    /// What it holds makes no sense.
    #[error("the store is damaged ({detail}); restore a backup, or reindex")]
    Damaged {
        /// What was found.
        detail: String,
    },
    /// Another process has it open.
    #[error("another process writes to this store; stop it first, or let this one read only")]
    Busy,
}

fn told(block: &Option<BlockNumHash>) -> String {
    block.map_or_else(|| "its beginning".into(), |block| format!("block {} ({})", block.number, block.hash))
}
