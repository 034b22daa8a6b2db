//! Where a passphrase comes from. Never from an argument or the environment.

use std::path::PathBuf;

use clap::Args;

/// Without either, the terminal is asked.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Identity")]
pub(crate) struct PassphraseArguments {
    /// A file only you can read that holds the passphrase
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_PASSPHRASE_FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read the passphrase from, such as 3 with `3< <(pass show countersign)`; wins over a
    /// file
    #[arg(long, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
}
