//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The whole key registry at hand: list, search, watch and audit identities.
///
/// Reads the registry's events from one or more chains, keeps them in a file of its own (or in PostgreSQL), follows every
/// reorganisation, and serves an HTTP API and a web page. Nothing it serves has to be believed: an answer can carry the
/// storage proof, and `countersign verify` checks it.
#[derive(Debug, Parser)]
#[command(
    name = "countersign-indexer",
    version,
    after_help = concat!("Try it on a local Anvil with the registry deployed:\n  countersign-indexer run --rpc http://127.0.0.1:8545 --chain-id 31337 --own-node\n  then open http://127.0.0.1:8547\n"),
    after_long_help = crate::failure::TABLE
)]
pub(crate) struct CommandLine {
    /// Results, remarks and errors as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Says more on standard error; twice, everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Indexes, follows the chain, and serves.
    Run(RunArguments),
    /// Recomputes everything from the chain, proven block by block, and compares it with the store.
    VerifyStore(OneRegistry),
    /// Drops what is stored of a registry, so that the next run indexes it anew.
    Reindex(OneRegistry),
    /// Writes a registry's index into one file, up to a final block; from an indexer that runs, too.
    Backup(BackupArguments),
    /// Reads a backup into a store that holds nothing of its registry.
    Restore(RestoreArguments),
    /// Prints a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// What `run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) places: PlaceArguments,
    /// Where the API and the page are served.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where Prometheus asks; never the public address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Serves what others index, and indexes nothing: any number of these may read one PostgreSQL.
    #[arg(long)]
    pub(crate) read_only: bool,
}

/// What is indexed, and where it is kept.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// The configuration file; indexer.example.toml lists every key.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_INDEXER_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The store's file, in place of the configuration's.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) registry: Option<RegistryArguments>,
}

/// One registry, in place of the configuration's.
#[derive(Debug, Args)]
#[group(requires = "rpc")]
pub(crate) struct RegistryArguments {
    /// A node: http(s)://, ws(s):// or the path of an IPC socket. Again for each further one.
    #[arg(long, value_name = "ENDPOINT", required = false)]
    pub(crate) rpc: Vec<String>,
    /// The chain's EIP-155 id.
    #[arg(long, default_value_t = 31337)]
    pub(crate) chain_id: u64,
    /// Says that the only node is yours: its word on the newest block is taken.
    #[arg(long)]
    pub(crate) own_node: bool,
    /// How many of the nodes must agree on the newest block. [default: a majority]
    #[arg(long)]
    pub(crate) threshold: Option<NonZeroUsize>,
    /// The registry's address. [default: the deterministic one]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) registry: Option<String>,
    /// The block to begin with: the one in which the registry was deployed saves reading those before.
    #[arg(long, default_value_t = 0)]
    pub(crate) first_block: u64,
    /// Proves even the oldest events complete, from headers and receipts. Takes a request for every block.
    #[arg(long)]
    pub(crate) verify: bool,
}

/// Which registry a command is about.
#[derive(Debug, Args)]
pub(crate) struct OneRegistry {
    #[command(flatten)]
    pub(crate) places: PlaceArguments,
    /// Of which chain. [default: the only one that is configured]
    #[arg(long = "of-chain", value_name = "CHAIN_ID")]
    pub(crate) of_chain: Option<u64>,
}

/// What `backup` takes.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    pub(crate) one: OneRegistry,
    /// An indexer that runs, by the address at which it serves metrics: its store is open to nobody else.
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    /// The file to write; must not exist.
    pub(crate) to: PathBuf,
}

/// What `restore` takes.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    #[command(flatten)]
    pub(crate) places: PlaceArguments,
    /// The backup.
    pub(crate) from: PathBuf,
}
