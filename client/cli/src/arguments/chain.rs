//! Which chain, by whose word.

use std::num::NonZeroUsize;

use clap::Args;

use crate::config::Preset;
use crate::party::PlainAddress;

/// The chain and the nodes that are asked about it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Chain")]
pub(crate) struct ChainArguments {
    /// EIP-155 chain id; an address written as eip155:<ID>:0x… names it too
    #[arg(long, value_name = "ID", env = "COUNTERSIGN_CHAIN_ID")]
    pub(crate) chain_id: Option<u64>,
    /// A node that serves `eth_getProof`: http(s)://, ws(s):// or an IPC socket's path; repeatable
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_RPC", hide_env_values = true, value_delimiter = ',')]
    pub(crate) rpc: Vec<String>,
    /// How many of the nodes must report the same newest block [default: a majority]
    #[arg(long, value_name = "K", env = "COUNTERSIGN_THRESHOLD")]
    pub(crate) threshold: Option<NonZeroUsize>,
    /// The only node is one you run yourself: take its word on the newest block
    #[arg(long, env = "COUNTERSIGN_OWN_NODE")]
    pub(crate) own_node: bool,
    /// The key registry [default: its deterministic address]
    #[arg(long, value_name = "ADDRESS", env = "COUNTERSIGN_REGISTRY")]
    pub(crate) registry: Option<PlainAddress>,
    /// How old and how far apart things may be [default: anvil on chain 31337, else mainnet]
    #[arg(long, value_name = "PRESET", env = "COUNTERSIGN_POLICY")]
    pub(crate) policy: Option<Preset>,
}
