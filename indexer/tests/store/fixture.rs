//! A store to test, of either kind.

use std::sync::Arc;

use countersign_indexer::store::Store;
use countersign_indexer::store::embedded::EmbeddedStore;
use countersign_indexer::store::postgres::PostgresStore;
use tempfile::TempDir;

use crate::server::server;

pub enum Fixture {
    Embedded { store: Arc<EmbeddedStore>, _folder: TempDir },
    Postgres { store: Arc<PostgresStore>, address: String },
}

impl Fixture {
    pub async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(&folder.path().join("index"), CACHE).await.unwrap());
        Self::Embedded { store, _folder: folder }
    }

    pub async fn postgres() -> Self {
        let address = server().database().await;
        let store = Arc::new(PostgresStore::connect(&address, 4).await.unwrap());
        Self::Postgres { store, address }
    }

    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded { store, .. } => store.clone(),
            Self::Postgres { store, .. } => store.clone(),
        }
    }

    /// As another process sees it, where there can be one.
    pub async fn elsewhere(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded { store, .. } => store.clone(),
            Self::Postgres { address, .. } => Arc::new(PostgresStore::connect(address, 4).await.unwrap()),
        }
    }
}

pub const CACHE: u64 = 8 << 20;
