//! An index in a folder, with nothing to install: a log-structured tree (fjall), written by one process.
//!
//! - What was stored survives the process's death at any instant. After a power failure the last second may
//!   be missing, never half of an advance; it is indexed again.
//! - Where there is no room, what is asked for is refused and readers go on; the next attempt to write opens the files
//!   anew, and goes on once there is room.
//! - The folder is the owner's alone (mode 0700). It has no secrets: all in it is public.
//! - Copying the folder is no backup while a process has it open.

mod encoding;
mod files;
mod reading;
mod tables;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_protocol::{Address, Identity};
use countersign_registry::RegistryAt;

use self::files::Files;
use self::reading::Reading;
use self::tables::Tables;
use super::{
    Answer, Entry, KeptBlock, News, NewsFilter, Page, RecordQuery, Sequence, Store, StoreError, Stored, Tip,
    Writer,
};

/// An index in a folder. Only one process can have it open.
#[derive(Debug)]
pub struct EmbeddedStore {
    files: Arc<Files>,
}

impl EmbeddedStore {
    /// Opens the index in a folder, which is made where it is missing. After a crash this takes as long as reading again
    /// what was written last: seconds.
    ///
    /// `cache` is how many bytes of its files are kept in memory at most, besides some 100 MB of what is to be written.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where another process has it open, [`StoreError::Full`], [`StoreError::Format`],
    /// [`StoreError::Damaged`], and [`StoreError::Unavailable`] where the folder cannot be read or made.
    pub async fn open(path: &Path, cache: u64) -> Result<Self, StoreError> {
        let path: PathBuf = path.into();
        let files = blocking(move || Files::open(path, cache)).await?;
        Ok(Self { files: Arc::new(files) })
    }

    /// Reads in the caller's thread: a few point lookups take less than handing them to another.
    fn glance<T>(&self, read: impl FnOnce(&Reading) -> Result<T, StoreError>) -> Result<T, StoreError> {
        read(&Reading::now(self.files.tables()?))
    }

    /// Reads in a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reading) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let tables: Arc<Tables> = self.files.tables()?;
        blocking(move || read(&Reading::now(tables))).await
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    /// Waits for a writer of this process; no other process can open the folder.
    async fn lead(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(Box::new(writer::EmbeddedWriter::elected(self.files.clone()).await?))
    }

    async fn registries(&self) -> Result<Vec<(RegistryAt, Option<Tip>)>, StoreError> {
        self.glance(Reading::registries)
    }

    async fn tip(&self, registry: RegistryAt) -> Result<Tip, StoreError> {
        self.glance(|reading| Ok(reading.of(registry)?.tip()))
    }

    async fn kept(&self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError> {
        self.read(move |reading| reading.kept_of(registry)).await
    }

    async fn record(
        &self,
        registry: RegistryAt,
        identity: Identity,
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        self.glance(|reading| reading.of(registry)?.record(identity))
    }

    async fn record_at(
        &self,
        registry: RegistryAt,
        identity: Identity,
        block: u64,
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        self.read(move |reading| reading.of(registry)?.record_at(identity, block)).await
    }

    async fn records(&self, registry: RegistryAt, query: RecordQuery) -> Result<Answer<Page>, StoreError> {
        self.read(move |reading| reading.of(registry)?.records(&query)).await
    }

    async fn history(
        &self,
        registry: RegistryAt,
        identity: Identity,
        before: Option<Sequence>,
        limit: usize,
    ) -> Result<Answer<Vec<Stored>>, StoreError> {
        self.read(move |reading| reading.of(registry)?.history(identity, before, limit)).await
    }

    async fn appointments(
        &self,
        registry: RegistryAt,
        owner: Address,
    ) -> Result<Answer<Vec<(Address, u64)>>, StoreError> {
        self.read(move |reading| reading.of(registry)?.appointments(owner)).await
    }

    async fn news(
        &self,
        registry: RegistryAt,
        filter: NewsFilter,
        after: Sequence,
        limit: usize,
    ) -> Result<Answer<Vec<News>>, StoreError> {
        self.read(move |reading| reading.of(registry)?.news(filter, after, limit)).await
    }

    async fn newest(&self) -> Result<Sequence, StoreError> {
        Ok(Sequence(*self.files.newest().borrow()))
    }

    async fn changed_after(&self, Sequence(sequence): Sequence) -> Result<(), StoreError> {
        let stopped = |_| StoreError::Unavailable { detail: "the store was closed".into() };
        self.files.newest().wait_for(|newest| *newest > sequence).await.map(|_| ()).map_err(stopped)
    }
}

/// Does in a thread of its own what would hold up others.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let gone = |failure: tokio::task::JoinError| StoreError::Unavailable { detail: failure.to_string() };
    tokio::task::spawn_blocking(work).await.map_err(gone)?
}
