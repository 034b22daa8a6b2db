//! Several registries, one store, and one process among many that writes.
//!
//! ```text
//! Store::lead() ──waits while another leads──► Writer ──► Indexing of every source, at once
//!       ▲                                                      │
//!       └──────────── the store was lost, or somebody else wrote ◄──┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::chain::Chain;
use crate::indexing::{Backfill, Indexing, IndexingError, Progress};
use crate::store::Store;

/// One registry to index.
#[derive(Clone, Debug)]
pub struct Source {
    /// The registry, on its chain.
    pub chain: Chain,
    /// Where to begin if nothing is stored.
    pub first_block: u64,
    /// How to read what lies far below the head.
    pub backfill: Backfill,
    /// Where it is told how far it is.
    pub progress: watch::Sender<Progress>,
}

impl Source {
    /// A source that nobody has begun to index.
    #[must_use]
    pub fn new(chain: Chain, first_block: u64, backfill: Backfill) -> Self {
        let progress = watch::Sender::new(Progress::new(chain.registry()));
        Self { chain, first_block, backfill, progress }
    }

    fn indexing(&self, writer: crate::indexing::SharedWriter) -> Indexing {
        let Self { chain, first_block, backfill, progress } = self.clone();
        Indexing::new(chain, first_block, backfill, writer, progress)
    }
}

/// Indexes all of them for as long as it is polled, whenever no other process leads. What stops one registry for good
/// (another chain behind its endpoints, events that were left out long ago) stands in its [`Progress`], and the others go on. Cancelling it at any moment leaves
/// each store as it was after some block.
pub async fn index_all(store: Arc<dyn Store>, sources: Vec<Source>) -> std::convert::Infallible {
    let mut sources = sources;
    loop {
        match store.lead().await {
            Ok(writer) => {
                tracing::info!("this process writes to the store");
                let writer = Arc::new(Mutex::new(writer));
                sources = index_while_leading(&writer, sources).await;
                tracing::warn!("this process writes no more");
            }
            Err(failure) => {
                tracing::warn!(%failure, "the store cannot be written to");
                tell_all(&sources, &failure);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The sources that are still of use once the writer is not.
async fn index_while_leading(writer: &crate::indexing::SharedWriter, sources: Vec<Source>) -> Vec<Source> {
    let mut under_way = JoinSet::new();
    for source in &sources {
        let (indexing, source) = (source.indexing(writer.clone()), source.clone());
        under_way.spawn(async move { (indexing.run().await, source) });
    }
    let mut left = sources;
    while let Some(ended) = under_way.join_next().await {
        let Ok((failure, source)) = ended else { return left };
        tracing::error!(%failure, registry = %source.chain.registry().address, "a registry is indexed no further");
        source.progress.send_modify(|progress| progress.failed(&failure));
        match failure {
            IndexingError::Diverged { .. } | IndexingError::Missing(_) => {
                left.retain(|other| other.chain.registry() != source.chain.registry());
            }
            // Whatever it was, it concerns the store, and so all of them. Dropping the others ends them.
            IndexingError::Store(_) | IndexingError::Chain(_) => return left,
        }
    }
    left
}

fn tell_all(sources: &[Source], failure: &impl std::fmt::Display) {
    for source in sources {
        source.progress.send_modify(|progress| progress.failed(failure));
    }
}

/// Between two attempts to lead.
const PAUSE: Duration = Duration::from_secs(1);
