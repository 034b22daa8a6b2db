//! `countersign-indexer verify-store`.

use std::sync::Arc;
use std::time::Duration;

use countersign_indexer::indexing::{Backfill, Indexing};
use countersign_indexer::leading::Source;
use countersign_indexer::store::Store;
use countersign_indexer::store::embedded::EmbeddedStore;
use countersign_indexer::verification::{Comparison, compare};
use tokio::sync::Mutex;

use crate::arguments::OneRegistry;
use crate::failure::{Exit, Failure};
use crate::places::{CACHE, store_failure, told};

pub(crate) async fn run(arguments: OneRegistry, json: bool) -> Result<(), Failure> {
    let config = arguments.places.config()?;
    let source = arguments.source(&config)?;
    let registry = source.chain.registry();
    let store = arguments.places.location(&config)?.open().await?;
    let tip = store.tip(registry).await?;
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::new(Exit::Unexpected, format!("no temporary folder: {error}")))?;
    let recomputed = EmbeddedStore::open(&folder.path().join("recomputed"), CACHE).await?;
    recompute(source, tip.block, &recomputed, json).await?;
    let found = compare(&*store, &recomputed, registry).await?;
    tell(&told(registry), &found, json);
    match found.differences.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(Exit::NotProven, "the store is not what the chain says").hint(
            "`countersign-indexer reindex` drops it; add verify = true where an endpoint may have lied",
        )),
    }
}

/// Indexes anew up to `tip`, every block proven.
async fn recompute(
    source: Source,
    tip: alloy::eips::BlockNumHash,
    into: &EmbeddedStore,
    json: bool,
) -> Result<(), Failure> {
    let writer = Arc::new(Mutex::new(into.lead().await?));
    let Source { chain, first_block, progress, .. } = source;
    let mut at = progress.subscribe();
    let mut indexing = Indexing::new(chain, first_block, Backfill::Verified, writer, progress);
    if json {
        return indexing.catch_up(tip).await.map_err(store_failure);
    }
    let telling = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let proven = at.borrow_and_update().tip.map_or(0, |tip| tip.block.number);
            eprint!("\rproving block {proven} of {} ", tip.number);
        }
    });
    let outcome = indexing.catch_up(tip).await;
    telling.abort();
    eprint!("\r{:60}\r", "");
    outcome.map_err(store_failure)
}

fn tell(registry: &str, found: &Comparison, json: bool) {
    let differences: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    if json {
        let report = serde_json::json!({
            "registry": registry, "block": { "number": found.block.number, "hash": found.block.hash },
            "events": found.events, "records": found.records, "differences": differences,
        });
        println!("{report}");
        return;
    }
    println!("{registry} at block {} ({})", found.block.number, found.block.hash);
    println!("{} events and {} records compared", found.events, found.records);
    match differences.is_empty() {
        true => println!("the store is what the chain says"),
        false => differences.iter().for_each(|difference| println!("  {difference}")),
    }
}
