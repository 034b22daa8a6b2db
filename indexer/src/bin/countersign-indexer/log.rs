//! What the program remarks while it works, on standard error: lines for people, or JSON for collectors.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Begins to log. `verbose` counts the `-v`s; `COUNTERSIGN_LOG` wins over them.
pub(crate) fn begin(verbose: u8, json: bool) {
    let default = match verbose {
        0 => "countersign_indexer=info,warn",
        1 => "countersign_indexer=debug,countersign_registry=info,warn",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("COUNTERSIGN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match json {
        true => lines.json().boxed(),
        false => lines.with_target(false).boxed(),
    };
    // In detail, the libraries below log whole requests, and with them the keys that node operators put into URLs.
    let may_be_told = filter_fn(|metadata: &tracing::Metadata<'_>| {
        metadata.target().starts_with("countersign") || *metadata.level() <= tracing::Level::INFO
    });
    tracing_subscriber::registry().with(may_be_told).with(filter).with(lines).init();
}
