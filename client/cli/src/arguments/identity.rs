//! Who this side is, and with which key.

use std::path::PathBuf;

use clap::Args;

use super::PassphraseArguments;
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

/// The record's owner: it signs, and pays unless somebody else does.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Owner account (signs, and pays unless another account is to)")]
pub(crate) struct OwnerAccountArguments {
    #[command(flatten)]
    pub(crate) keystore: OwnerKeystoreArguments,
    /// The node itself holds the owner account, as Anvil does with its development accounts
    #[arg(long, conflicts_with = "owner_keystore")]
    pub(crate) unlocked: bool,
}

/// The key of the owner's account.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Owner account (signs, and pays unless another account is to)")]
pub(crate) struct OwnerKeystoreArguments {
    /// The owner account's own keystore (not the identity key)
    #[arg(long, value_name = "FILE")]
    pub(crate) owner_keystore: Option<PathBuf>,
    /// A file that holds its passphrase
    #[arg(long, value_name = "FILE", requires = "owner_keystore", conflicts_with = "owner_passphrase_fd")]
    pub(crate) owner_passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read its passphrase from
    #[arg(long, value_name = "N", requires = "owner_keystore")]
    pub(crate) owner_passphrase_fd: Option<u32>,
}
