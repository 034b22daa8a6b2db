//! What is indexed and where it is kept, from flags and file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_indexer::leading::Source;
use countersign_indexer::store::Store;
use countersign_indexer::store::embedded::EmbeddedStore;
use countersign_indexer::store::postgres::PostgresStore;
use countersign_registry::RegistryAt;

use crate::arguments::{OneRegistry, PlaceArguments};
use crate::config::{Config, RegistryTable};
use crate::failure::{Exit, Failure};

/// Where the index is kept.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    Folder(PathBuf),
    /// A file with the connection string, or the variable that holds it.
    PostgresFile(PathBuf),
    PostgresVariable,
}

impl PlaceArguments {
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::load)
    }

    /// Flags name one registry, in place of all that the file names.
    pub(crate) fn sources(&self, config: &Config) -> Result<Vec<Source>, Failure> {
        let typed = self.registry.as_ref().map(|typed| RegistryTable {
            chain_id: typed.chain_id,
            endpoints: typed.rpc.clone(),
            threshold: typed.threshold,
            own_node: typed.own_node,
            registry: typed.registry.clone(),
            first_block: typed.first_block,
            verify: typed.verify,
        });
        let tables = typed.as_ref().map_or(config.registries.as_slice(), std::slice::from_ref);
        let sources = tables
            .iter()
            .map(|table| Ok(Source::new(table.chain()?, table.first_block, table.backfill())))
            .collect::<Result<Vec<_>, Failure>>()?;
        match sources.is_empty() {
            true => Err(Failure::configuration(
                "no registry is named: give --rpc URL --chain-id ID, or a configuration with [[registries]]",
            )),
            false => Ok(sources),
        }
    }

    pub(crate) fn location(&self, config: &Config) -> Result<Location, Failure> {
        if let Some(path) = &self.store {
            return Ok(Location::Folder(path.clone()));
        }
        match (&config.store.path, &config.store.postgres_file) {
            (Some(_), Some(_)) => {
                Err(Failure::configuration("[store] names both path and postgres_file; remove one"))
            }
            (Some(path), None) => Ok(Location::Folder(path.clone())),
            (None, Some(path)) => Ok(Location::PostgresFile(path.clone())),
            (None, None) if std::env::var_os(POSTGRES_VARIABLE).is_some() => Ok(Location::PostgresVariable),
            (None, None) => Ok(Location::Folder(PathBuf::from(DEFAULT_FOLDER))),
        }
    }
}

impl OneRegistry {
    /// The one that is meant.
    pub(crate) fn source(&self, config: &Config) -> Result<Source, Failure> {
        let mut sources = self.places.sources(config)?;
        if let Some(chain_id) = self.of_chain {
            sources.retain(|source| source.chain.registry().chain_id == chain_id);
        }
        match (sources.pop(), sources.is_empty()) {
            (Some(source), true) => Ok(source),
            (Some(_), false) => {
                Err(Failure::configuration("several registries are configured: say which with --of-chain ID"))
            }
            (None, _) => Err(Failure::configuration("no registry of that chain is configured")),
        }
    }
}

impl Location {
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(match self {
            Self::Folder(path) => Arc::new(EmbeddedStore::open(path, CACHE).await?),
            Self::PostgresFile(path) => Arc::new(PostgresStore::connect(&secret_in(path)?, READERS).await?),
            Self::PostgresVariable => {
                let written = std::env::var(POSTGRES_VARIABLE).unwrap_or_default();
                Arc::new(PostgresStore::connect(&written, READERS).await?)
            }
        })
    }
}

fn secret_in(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::configuration(format!("cannot read {}: {error}", path.display())))?;
    Ok(text.trim().to_owned())
}

/// As a registry is named in messages.
pub(crate) fn told(registry: RegistryAt) -> String {
    format!("eip155:{}:{}", registry.chain_id, registry.address)
}

pub(crate) fn store_failure(error: countersign_indexer::indexing::IndexingError) -> Failure {
    use countersign_indexer::indexing::IndexingError;
    match error {
        IndexingError::Store(error) => error.into(),
        IndexingError::Chain(error) => Failure::new(Exit::Unreachable, error.to_string()),
        other @ (IndexingError::Missing(_) | IndexingError::Diverged { .. }) => {
            Failure::new(Exit::NotProven, other.to_string())
        }
    }
}

const POSTGRES_VARIABLE: &str = "COUNTERSIGN_INDEXER_POSTGRES";

/// In the folder in which the program is started.
const DEFAULT_FOLDER: &str = "countersign-index";

/// Connections to PostgreSQL that serve what is asked.
const READERS: usize = 8;

/// Bytes of the embedded store's files that are kept in memory.
pub(crate) const CACHE: u64 = 64 << 20;
