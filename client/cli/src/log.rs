//! What the library remarks while it works, on standard error.

use anstream::{AutoStream, ColorChoice};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::console::Console;

/// Begins to log. `verbose` counts the `-v`s; `COUNTERSIGN_LOG` wins over them.
pub(crate) fn begin(verbose: u8, console: Console) {
    let default = match verbose {
        0 => "error",
        1 => "countersign=info,countersign_registry=info,countersign_transport=info,warn",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if console.is_json() {
        lines.json().boxed()
    } else {
        let colour = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
        lines.with_ansi(colour).with_target(false).boxed()
    };
    tracing_subscriber::registry().with(filter_fn(may_be_told)).with(filter).with(lines).init();
}

/// Whether something may be logged, whatever was asked for. In detail, the libraries below this project's own log whole
/// requests: paths, queries and headers of a URL, and with them the keys that node operators put there.
fn may_be_told(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(OWN_TARGETS) || *metadata.level() <= Level::INFO
}

const VARIABLE: &str = "COUNTERSIGN_LOG";

/// The crates of this project all begin with its name.
const OWN_TARGETS: &str = "countersign";
