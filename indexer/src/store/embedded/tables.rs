//! The trees, and what is in them. Keys are big-endian, so that they order as what they mean does.
//!
//! - `events` holds all that was told, registry by registry: what a record is, and was, is read from there.
//! - `records` and `appointments` lead to the last event about each; `by_label` and `by_signer` have the records' keys.
//! - `revocations` has the numbers of the revocations and reorganisations in `events`.
//! - `meta` has the format, the newest number, the registries, and what is left to be dropped of those forgotten.

use std::path::Path;

use fjall::{
    Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch as WriteBatch, PersistMode, Readable, Slice,
    Snapshot,
};

use super::encoding::{self, number};
use super::files::fault;
use crate::store::StoreError;

pub(super) struct Tables {
    database: Database,
    pub(super) meta: Keyspace,
    pub(super) events: Keyspace,
    pub(super) records: Keyspace,
    pub(super) by_label: Keyspace,
    pub(super) by_signer: Keyspace,
    pub(super) appointments: Keyspace,
    pub(super) revocations: Keyspace,
    pub(super) kept: Keyspace,
}

impl Tables {
    /// Opens them, or makes them.
    pub(super) fn open(path: &Path, cache: u64) -> Result<Self, StoreError> {
        let open = Database::builder(path)
            .cache_size(cache)
            .max_journaling_size(JOURNALS)
            .open()
            .map_err(|failure| fault(failure, path))?;
        let keyspace = |name| {
            let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE);
            open.keyspace(name, options).map_err(|failure| fault(failure, path))
        };
        let tables = Self {
            meta: keyspace("meta")?,
            events: keyspace("events")?,
            records: keyspace("records")?,
            by_label: keyspace("by_label")?,
            by_signer: keyspace("by_signer")?,
            appointments: keyspace("appointments")?,
            revocations: keyspace("revocations")?,
            kept: keyspace("kept")?,
            database: open,
        };
        tables.check_format(path)?;
        Ok(tables)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    pub(super) fn batch(&self) -> WriteBatch {
        self.database.batch().durability(Some(PersistMode::Buffer))
    }

    /// Waits until what was written survives a power failure.
    pub(super) fn sync(&self) -> Result<(), fjall::Error> {
        self.database.persist(PersistMode::SyncData)
    }

    pub(super) fn newest(&self, snapshot: &Snapshot) -> Result<u64, StoreError> {
        self.meta_number(snapshot, NEWEST).map(Option::unwrap_or_default)
    }

    pub(super) fn meta_number(&self, snapshot: &Snapshot, key: &[u8]) -> Result<Option<u64>, StoreError> {
        let found: Option<Slice> = snapshot.get(&self.meta, key).map_err(encoding::unreadable)?;
        found.map(|value| number(&value)).transpose()
    }

    fn check_format(&self, path: &Path) -> Result<(), StoreError> {
        match self.meta_number(&self.snapshot(), FORMAT)? {
            Some(KNOWN) => Ok(()),
            Some(found) => Err(StoreError::Format { found, known: KNOWN }),
            None => {
                let made = self.meta.insert(FORMAT, KNOWN.to_be_bytes());
                made.and_then(|()| self.sync()).map_err(|failure| fault(failure, path))
            }
        }
    }
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

/// Keys in `meta`.
pub(super) const FORMAT: &[u8] = b"format";
pub(super) const NEWEST: &[u8] = b"newest";
/// The number that the next registry gets.
pub(super) const NEXT_REGISTRY: &[u8] = b"next registry";
/// Followed by chain and address.
pub(super) const REGISTRY: &[u8] = b"registry ";
/// Followed by the number of a registry that was forgotten.
pub(super) const FORGOTTEN: &[u8] = b"forgotten ";

/// Of what is in the trees. Another one cannot be read.
const KNOWN: u64 = 1;

/// Bytes of one tree's newest entries in memory; there are eight trees, of which five fill.
const MEMTABLE: u64 = 16 << 20;

/// Bytes of journals on disk at most: what is read again after a crash.
const JOURNALS: u64 = 128 << 20;
