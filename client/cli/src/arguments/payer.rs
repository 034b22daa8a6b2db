//! Who pays for a transaction, where that is not the owner.

use std::path::PathBuf;

use clap::Args;

use crate::party::PlainAddress;

/// The account that pays for somebody else's transaction.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Paying account")]
pub(crate) struct PayerArguments {
    /// This account pays, and the node itself holds it, as Anvil does with its development accounts
    #[arg(long, value_name = "ADDRESS", conflicts_with = "sponsor_keystore")]
    pub(crate) sponsor: Option<PlainAddress>,
    /// The account in this keystore pays
    #[arg(long, value_name = "FILE")]
    pub(crate) sponsor_keystore: Option<PathBuf>,
    /// A file that holds its passphrase
    #[arg(
        long,
        value_name = "FILE",
        requires = "sponsor_keystore",
        conflicts_with = "sponsor_passphrase_fd"
    )]
    pub(crate) sponsor_passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read its passphrase from
    #[arg(long, value_name = "N", requires = "sponsor_keystore")]
    pub(crate) sponsor_passphrase_fd: Option<u32>,
}

impl PayerArguments {
    /// Whether anybody is named.
    pub(crate) const fn is_given(&self) -> bool {
        self.sponsor.is_some() || self.sponsor_keystore.is_some()
    }
}
