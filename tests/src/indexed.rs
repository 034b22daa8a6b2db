//! An index of a market's registry, kept in a folder and followed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::registry::{RegistryAt, Resolver};
use countersign_indexer::chain::Chain;
use countersign_indexer::indexing::{Backfill, Indexing, Progress};
use countersign_indexer::leading::{Source, index_all};
use countersign_indexer::store::embedded::EmbeddedStore;
use countersign_indexer::store::{Store, StoreError, Tip};
use countersign_indexer::verification::{Comparison, compare};
use tempfile::TempDir;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::trader::Market;

/// An index that follows its chain until it is dropped.
pub struct Indexed {
    pub store: Arc<dyn Store>,
    pub registry: RegistryAt,
    pub progress: watch::Receiver<Progress>,
    folder: Arc<TempDir>,
    task: JoinHandle<()>,
}

impl Indexed {
    pub async fn by(resolver: Resolver, backfill: Backfill) -> Self {
        Self::in_folder(Arc::new(tempfile::tempdir().unwrap()), resolver, backfill).await
    }

    async fn in_folder(folder: Arc<TempDir>, resolver: Resolver, backfill: Backfill) -> Self {
        let store: Arc<dyn Store> = Arc::new(opened(&folder).await);
        let source = Source::new(Chain::new(resolver), 0, backfill);
        let (registry, progress) = (source.chain.registry(), source.progress.subscribe());
        let (followed, sources) = (store.clone(), vec![source]);
        let task = tokio::spawn(async move { match index_all(followed, sources).await {} });
        Self { store, registry, progress, folder, task }
    }

    /// Ends it in whatever it does, and begins anew with what is in its folder.
    pub async fn restarted(self, resolver: Resolver, backfill: Backfill) -> Self {
        let folder = self.folder.clone();
        self.end().await;
        Self::in_folder(folder, resolver, backfill).await
    }

    async fn end(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// Waits until the chain's newest block is stored.
    pub async fn reach(&self, market: &Market) -> Tip {
        let resolver = market.resolver();
        self.until(async || {
            let head = resolver.head().await.ok()?.anchor;
            let tip = self.store.tip(self.registry).await.ok()?;
            (tip.block.hash.0 == head.block_hash).then_some(tip)
        })
        .await
    }

    /// Waits until it says what holds it up.
    pub async fn trouble(&self) -> String {
        self.until(async || self.progress.borrow().failure.clone()).await
    }

    async fn until<T>(&self, mut seen: impl AsyncFnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            match seen().await {
                Some(value) => return value,
                None if begun.elapsed() < LONG => tokio::time::sleep(Duration::from_millis(20)).await,
                None => panic!("not in time: {:?}", self.progress.borrow()),
            }
        }
    }

    /// Compares it with an index that is made anew of the same chain, every block proven.
    pub async fn compared(&self, market: &Market) -> Comparison {
        let tip = self.reach(market).await;
        let (recomputed, _folder) = recomputed(market.resolver(), tip).await;
        compare(&*self.store, &recomputed, self.registry).await.unwrap()
    }
}

impl Drop for Indexed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An index of all blocks up to that tip, proven.
pub async fn recomputed(resolver: Resolver, tip: Tip) -> (EmbeddedStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder).await;
    let Source { chain, first_block, backfill, progress } =
        Source::new(Chain::new(resolver), 0, Backfill::Verified);
    let writer = Arc::new(Mutex::new(store.lead().await.unwrap()));
    Indexing::new(chain, first_block, backfill, writer, progress).catch_up(tip.block).await.unwrap();
    (store, folder)
}

/// Whoever had it open may still be about to close it.
async fn opened(folder: &TempDir) -> EmbeddedStore {
    let begun = Instant::now();
    loop {
        match EmbeddedStore::open(folder.path(), CACHE).await {
            Err(StoreError::Busy) if begun.elapsed() < LONG => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            outcome => return outcome.unwrap(),
        }
    }
}

const CACHE: u64 = 8 << 20;

const LONG: Duration = Duration::from_secs(30);
