//! `countersign-indexer reindex`.

use crate::arguments::OneRegistry;
use crate::failure::Failure;
use crate::places::told;

pub(crate) async fn run(arguments: OneRegistry, json: bool) -> Result<(), Failure> {
    let config = arguments.places.config()?;
    let registry = arguments.source(&config)?.chain.registry();
    let store = arguments.places.location(&config)?.open().await?;
    store.lead().await?.forget(registry).await?;
    let registry = told(registry);
    match json {
        true => println!("{}", serde_json::json!({ "forgotten": registry })),
        false => println!("{registry} is forgotten; the next `countersign-indexer run` indexes it anew"),
    }
    Ok(())
}
