//! Where what was proven is kept.

use std::path::PathBuf;

use clap::Args;

/// The file of the known records.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Known records")]
pub(crate) struct KnownArguments {
    /// Where what was proven is kept, never to go back from it; `none`: nowhere [default: a file of your own]
    ///
    /// An older block, an older key, or a key that was revoked is then refused after a restart too. By default
    /// known.sqlite in the platform's data folder (Linux: ~/.local/share/countersign), except on chain 31337:
    /// development chains begin anew all the time, so there it is none. Several processes may share the file.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_KNOWN_FILE")]
    pub(crate) known_file: Option<PathBuf>,
}
