//! Who this side is, and with which key.

use std::path::PathBuf;

use clap::Args;

use super::PassphraseArguments;
use crate::moment::Span;
use crate::party::Account;

/// The account that counterparties know this side by.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Identity")]
pub(crate) struct OwnerArguments {
    /// Your account: 0x… or eip155:<chain>:0x…, with #label for one of several keys
    #[arg(long, value_name = "ADDRESS", env = "COUNTERSIGN_OWNER")]
    pub(crate) owner: Option<Account>,
    /// Which of the account's keys, if it is not written behind the address
    #[arg(long, env = "COUNTERSIGN_LABEL")]
    pub(crate) label: Option<String>,
}

/// The identity key.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Identity")]
pub(crate) struct KeystoreArguments {
    /// The encrypted identity key (Ethereum keystore, version 3)
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_KEYSTORE")]
    pub(crate) keystore: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArguments,
}

/// The account that pays for a transaction and is the record's owner.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Owner account (pays and signs the transaction)")]
pub(crate) struct OwnerAccountArguments {
    /// The owner account's own keystore (not the identity key)
    #[arg(long, value_name = "FILE", conflicts_with = "unlocked", required_unless_present = "unlocked")]
    pub(crate) owner_keystore: Option<PathBuf>,
    /// A file that holds its passphrase
    #[arg(long, value_name = "FILE", requires = "owner_keystore", conflicts_with = "owner_passphrase_fd")]
    pub(crate) owner_passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read its passphrase from
    #[arg(long, value_name = "N", requires = "owner_keystore")]
    pub(crate) owner_passphrase_fd: Option<u32>,
    /// The node itself holds the owner account, as Anvil does with its development accounts
    #[arg(long)]
    pub(crate) unlocked: bool,
    /// How long to wait for a block to include the transaction [default: 2m]
    #[arg(long, value_name = "TIME")]
    pub(crate) wait: Option<Span>,
}
