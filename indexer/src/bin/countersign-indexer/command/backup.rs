//! `countersign-indexer backup` and `restore`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use alloy::transports::http::reqwest;
use countersign_indexer::backup::{lines, restore as restored};
use countersign_registry::RegistryAt;
use futures_util::stream::{self, Stream, StreamExt};
use tempfile::NamedTempFile;

use crate::arguments::{BackupArguments, RestoreArguments};
use crate::failure::{Exit, Failure};
use crate::places::told;

pub(crate) async fn backup(arguments: BackupArguments, json: bool) -> Result<(), Failure> {
    let config = arguments.one.places.config()?;
    let registry = arguments.one.source(&config)?.chain.registry();
    let bytes = match &arguments.from {
        Some(running) => save(&arguments.to, download(running, registry).await?).await?,
        None => {
            let store = arguments.one.places.location(&config)?.open().await.map_err(|failure| {
                failure
                    .hint("if it is an indexer that runs: --from http://127.0.0.1:9547, its metrics address")
            })?;
            save(&arguments.to, lines(store, registry).map(|line| Ok(line?.into_bytes()))).await?
        }
    };
    match json {
        true => println!("{}", serde_json::json!({ "backup": arguments.to, "bytes": bytes })),
        false => println!("{} of {bytes} bytes, up to a final block", arguments.to.display()),
    }
    Ok(())
}

pub(crate) async fn restore(arguments: RestoreArguments, json: bool) -> Result<(), Failure> {
    let config = arguments.places.config()?;
    let store = arguments.places.location(&config)?.open().await?;
    let file = File::open(&arguments.from).map_err(|error| unusable(&arguments.from, &error))?;
    let mut writer = store.lead().await?;
    let restored = restored(BufReader::new(file), &mut *writer)
        .await
        .map_err(|error| Failure::new(Exit::Store, error.to_string()))?;
    let (registry, block) = (told(restored.registry), restored.block);
    match json {
        true => println!(
            "{}",
            serde_json::json!({
                "registry": registry, "events": restored.events,
                "block": { "number": block.number, "hash": block.hash },
            })
        ),
        false => println!("{registry}: {} events, up to block {}", restored.events, block.number),
    }
    Ok(())
}

/// What a running indexer gives of itself.
async fn download(
    running: &str,
    registry: RegistryAt,
) -> Result<impl Stream<Item = Result<Vec<u8>, Failure>> + use<>, Failure> {
    let unreachable = |error: reqwest::Error| {
        Failure::new(Exit::Unreachable, format!("the indexer does not answer: {error}")).hint(
            "give the address at which it serves metrics, http://127.0.0.1:9547 unless it was told another",
        )
    };
    let url = format!("{}/backup/{}/{}", running.trim_end_matches('/'), registry.chain_id, registry.address);
    let client = reqwest::Client::builder().no_proxy().build().map_err(unreachable)?;
    let response = client.get(url).send().await.map_err(unreachable)?;
    let response = response.error_for_status().map_err(unreachable)?;
    Ok(stream::unfold(response, move |mut response| async move {
        let part = response.chunk().await.map_err(unreachable).transpose()?;
        Some((part.map(|part| part.to_vec()), response))
    }))
}

/// Writes it whole or not at all, and over nothing.
async fn save(to: &Path, some: impl Stream<Item = Result<Vec<u8>, Failure>>) -> Result<u64, Failure> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(|error| unusable(folder, &error))?;
    let mut some = std::pin::pin!(some);
    let (mut bytes, mut last) = (0, Vec::new());
    while let Some(part) = some.next().await {
        let part = part?;
        file.write_all(&part).map_err(|error| unusable(to, &error))?;
        bytes += part.len() as u64;
        last.extend_from_slice(&part);
        last.drain(..last.len().saturating_sub(LAST_LINE));
    }
    if !String::from_utf8_lossy(&last).lines().last().is_some_and(|line| line.starts_with("{\"end\":true")) {
        return Err(Failure::new(Exit::Store, "the backup was cut off; nothing is written"));
    }
    file.as_file().sync_all().map_err(|error| unusable(to, &error))?;
    file.persist_noclobber(to).map_err(|error| unusable(to, &error.error))?;
    Ok(bytes)
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Configuration, format!("{}: {error}", path.display()))
}

/// More than the last line takes.
const LAST_LINE: usize = 100;
