//! What was proven before and is never gone back from, kept where a restart does not lose it.
//!
//! One SQLite file, which several processes of one user may share. What must survive is flushed to the disk before
//! anything is accepted on the strength of it; one thread writes, and one flush serves all that wait at the time.

mod batch;
mod error;
mod incident;
mod registry_at;
mod ring;
mod rows;
mod schema;
mod seen;
mod store;
mod writer;

use std::path::Path;
use std::sync::Arc;

use alloy::consensus::Header;
use countersign_protocol::Identity;
use rusqlite::Connection;

pub(crate) use batch::{Batch, Kept};
pub use error::KnownError;
pub use incident::{Incident, Rollback};
pub use registry_at::RegistryAt;
pub use rows::{KnownHead, KnownRecord};
pub(crate) use seen::Contradiction;
pub use seen::Seen;

use crate::proof::ProvenHeader;
use ring::RingChange;
use store::Store;
use writer::{Change, Writer};

/// What was proven before, in a file. Cheap to clone: clones share the file. The last to be dropped writes what still
/// waits, for which it blocks a moment.
#[derive(Clone, Debug)]
pub struct KnownRecords(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writer: Writer,
    store: Arc<Store>,
}

/// What is known when a question is asked.
#[derive(Clone, Debug)]
pub(crate) struct Recalled {
    /// The highest block proven so far; 0 before the first.
    pub(crate) highest: u64,
    /// What each identity's record said last.
    pub(crate) records: Vec<Option<Seen>>,
    /// Another number than the last time: what was read of records earlier may have changed.
    pub(crate) generation: u64,
}

impl Recalled {
    fn read(
        connection: &Connection,
        registry: &RegistryAt,
        identities: &[Identity],
    ) -> rusqlite::Result<Self> {
        let seen = |identity| Ok(rows::record(connection, registry, identity)?.map(|known| known.seen));
        let records = identities.iter().map(seen).collect::<rusqlite::Result<_>>()?;
        let highest = rows::head(connection, registry)?.map_or(0, |head| head.block.number);
        Ok(Self { highest, records, generation: rows::generation(connection)? })
    }
}

impl KnownRecords {
    /// Opens the file, which is made, with mode 0600, where it is missing; its folder too, with mode 0700. Blocks.
    ///
    /// # Errors
    /// [`KnownError`] where other users may read or change the file, where it is no regular file or holds something
    /// else, or where it cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, KnownError> {
        Self::over(Store::open(path)?)
    }

    /// Kept as long as the process lives.
    ///
    /// # Errors
    /// [`KnownError::Io`] where the system gives no memory or no thread.
    pub fn in_memory() -> Result<Self, KnownError> {
        Self::over(Store::in_memory()?)
    }

    fn over(store: Store) -> Result<Self, KnownError> {
        let store = Arc::new(store);
        Ok(Self(Arc::new(Inner { writer: Writer::start(store.clone())?, store })))
    }

    /// The file, its path's links resolved; `None` in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.store.file()
    }

    /// Every record that is known, by chain, registry and identity. Blocks.
    ///
    /// # Errors
    /// [`KnownError`] where the file cannot be read.
    pub fn records(&self) -> Result<Vec<KnownRecord>, KnownError> {
        self.0.store.read(rows::records)
    }

    /// The highest proven block of each chain and registry. Blocks.
    ///
    /// # Errors
    /// [`KnownError`] where the file cannot be read.
    pub fn heads(&self) -> Result<Vec<KnownHead>, KnownError> {
        self.0.store.read(rows::heads)
    }

    /// The rollbacks that were refused, the latest last. Blocks.
    ///
    /// # Errors
    /// [`KnownError`] where the file cannot be read.
    pub fn incidents(&self) -> Result<Vec<Incident>, KnownError> {
        self.0.store.read(rows::incidents)
    }

    /// Forgets an identity's records and incidents, on one chain or (`None`) on all; gives the number of records. An
    /// older version, or a key that was revoked, is then accepted again, if somebody proves it. Blocks.
    ///
    /// # Errors
    /// [`KnownError`] where the file cannot be written; then nothing is forgotten.
    pub fn forget(&self, identity: &Identity, chain_id: Option<u64>) -> Result<usize, KnownError> {
        self.0.store.write(|connection| rows::forget(connection, identity, chain_id))
    }

    /// Forgets everything about one chain or (`None`) all, the highest block included; gives the number of records.
    /// For a development chain that was begun anew. Blocks.
    ///
    /// # Errors
    /// [`KnownError`] where the file cannot be written; then nothing is forgotten.
    pub fn forget_all(&self, chain_id: Option<u64>) -> Result<usize, KnownError> {
        self.0.store.write(|connection| rows::forget_all(connection, chain_id))
    }

    /// Reads the whole file and holds it against its own rules. Blocks, in proportion to the file.
    ///
    /// # Errors
    /// [`KnownError::Damaged`], or another where the file cannot be read.
    pub fn check(&self) -> Result<(), KnownError> {
        self.0.store.check()
    }

    /// The highest block proven so far; 0 before the first. Blocks.
    pub(crate) fn highest(&self, registry: RegistryAt) -> Result<u64, KnownError> {
        let head = self.0.store.read(|connection| rows::head(connection, &registry))?;
        Ok(head.map_or(0, |head| head.block.number))
    }

    /// What is known of a chain's head and of some identities, now, whichever process proved it.
    pub(crate) async fn recall(
        &self,
        registry: RegistryAt,
        identities: Vec<Identity>,
    ) -> Result<Recalled, KnownError> {
        self.read(move |store| store.read(|connection| Recalled::read(connection, &registry, &identities)))
            .await
    }

    /// As [`recall`](Self::recall), of one identity, at once; `None` where another reads just now.
    pub(crate) fn glance(
        &self,
        registry: RegistryAt,
        identity: Identity,
    ) -> Result<Option<Recalled>, KnownError> {
        self.0.store.glance(|connection| Recalled::read(connection, &registry, &[identity]))
    }

    /// Keeps what was just proven, once the rules allow it. Once this returns it survives a power failure.
    pub(crate) async fn keep(&self, batch: Batch) -> Result<Kept, KnownError> {
        self.change(Change::Proven(batch)).await
    }

    /// Keeps that a rollback was refused.
    pub(crate) async fn note(&self, incident: Incident) -> Result<(), KnownError> {
        self.change(Change::Incident(incident)).await.map(drop)
    }

    /// Notes that a record says at a newer block what it said before; written within a second or so.
    pub(crate) fn refresh(&self, registry: RegistryAt, identity: Identity, seen: Seen, now: u64) {
        self.0.writer.refresh(registry, identity, seen, now);
    }

    /// The recent heads of a chain, the oldest first, each the parent of the next. Empty where none were kept.
    pub(crate) async fn ring(&self, chain_id: u64) -> Result<Vec<ProvenHeader>, KnownError> {
        self.read(move |store| store.read(|connection| ring::read(connection, chain_id))).await
    }

    /// Changes the recent heads of a chain: those above the block number `above` (the common ancestor) are dropped,
    /// `headers` are added, and the newest `keep` of all stay. Returns at once, and is written in the order of the
    /// calls; what a crash loses of it is asked of the chain again.
    pub(crate) fn keep_ring(&self, chain_id: u64, above: u64, headers: Vec<Header>, keep: usize) {
        // Nobody waits for it, and a failure is logged where it is met.
        drop(self.0.writer.begin(Change::Ring(RingChange { chain_id, above, headers, keep })));
    }

    async fn change(&self, change: Change) -> Result<Kept, KnownError> {
        let ended = || KnownError::Closed { path: self.0.store.path().into() };
        self.0.writer.begin(change).await.map_err(|_| ended())?
    }

    /// Reads may wait for the disk, so they run where that holds nobody up.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Store) -> Result<T, KnownError> + Send + 'static,
    ) -> Result<T, KnownError> {
        let store = self.0.store.clone();
        let ended = KnownError::Closed { path: store.path().into() };
        tokio::task::spawn_blocking(move || read(&store)).await.map_err(|_| ended)?
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
