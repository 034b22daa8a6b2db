//! Which chain, by whose word.

use std::num::NonZeroUsize;

use clap::builder::BoolishValueParser;
use clap::{ArgMatches, Args, FromArgMatches};

use super::layered::{Layer, Layered};
use crate::config::Preset;
use crate::hex_bytes::Hash;
use crate::party::PlainAddress;

/// The chain and the nodes that are asked about it.
///
/// Whom to trust is layered with whom to ask: who blesses "my node" in the environment means the environment's node, not
/// one that a flag names.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChainArguments {
    pub(crate) chain_id: Option<u64>,
    pub(crate) rpc: Option<Layered<Vec<String>>>,
    pub(crate) threshold: Option<Layered<NonZeroUsize>>,
    pub(crate) own_node: Option<Layered<bool>>,
    pub(crate) beacon: Option<Layered<Vec<String>>>,
    pub(crate) checkpoint: Option<Hash>,
    pub(crate) registry: Option<PlainAddress>,
    pub(crate) policy: Option<Preset>,
}

/// The same as they are typed.
#[derive(Args)]
#[command(next_help_heading = "Chain")]
struct Typed {
    /// EIP-155 chain id; an address written as eip155:<ID>:0x… names it too [default: that of `[chain]` in the file]
    ///
    /// Of the file counts what stands under `[chain]` where that is the chain's id, or else under `[chains.<ID>]`.
    #[arg(long, value_name = "ID", env = "COUNTERSIGN_CHAIN_ID")]
    chain_id: Option<u64>,
    /// A node that serves `eth_getProof`: http(s)://, ws(s):// or an IPC socket's path; repeatable
    ///
    /// A single one needs --own-node, or --threshold 1.
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_RPC", hide_env_values = true, value_delimiter = ',')]
    rpc: Vec<String>,
    /// How many of the nodes must report the same newest block [default: a majority of two or more]
    ///
    /// From the environment or the file it counts for nodes that are named there, or in a weaker place.
    #[arg(long, value_name = "K", env = "COUNTERSIGN_THRESHOLD")]
    threshold: Option<NonZeroUsize>,
    /// The only node is one you run yourself: take its word on the newest block
    ///
    /// From the environment or the file it counts for a node that is named there, or in a weaker place.
    #[arg(long, env = "COUNTERSIGN_OWN_NODE", value_parser = BoolishValueParser::new())]
    own_node: bool,
    /// A beacon node that serves light clients: the sync committee then vouches for the newest block; repeatable
    ///
    /// The nodes of --rpc serve its proofs and are believed in nothing. Needs --checkpoint.
    #[arg(
        long,
        value_name = "URL",
        env = "COUNTERSIGN_BEACON",
        hide_env_values = true,
        value_delimiter = ','
    )]
    beacon: Vec<String>,
    /// The root of a finalized beacon block, at most two weeks old, from a source you trust
    #[arg(long, value_name = "ROOT", env = "COUNTERSIGN_CHECKPOINT")]
    checkpoint: Option<Hash>,
    /// The key registry [default: its deterministic address]
    #[arg(long, value_name = "ADDRESS", env = "COUNTERSIGN_REGISTRY")]
    registry: Option<PlainAddress>,
    /// How old and how far apart things may be [default: anvil on chain 31337, op-stack on its rollups, else mainnet]
    #[arg(long, value_name = "PRESET", env = "COUNTERSIGN_POLICY")]
    policy: Option<Preset>,
}

impl ChainArguments {
    /// Whether anything is said that can be meant of one chain only. A preset can be of all.
    pub(crate) const fn is_of_one_chain(&self) -> bool {
        let Self { chain_id, rpc, threshold, own_node, beacon, checkpoint, registry, policy: _ } = self;
        let nodes = rpc.is_some() || threshold.is_some() || own_node.is_some();
        nodes || chain_id.is_some() || beacon.is_some() || checkpoint.is_some() || registry.is_some()
    }
}

impl FromArgMatches for ChainArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = Typed::from_arg_matches(matches)?;
        let layer = |id| Layer::of(matches, id);
        Ok(Self {
            chain_id: typed.chain_id,
            rpc: layer("rpc").map(|layer| layer.holds(typed.rpc)),
            threshold: layer("threshold")
                .zip(typed.threshold)
                .map(|(layer, threshold)| layer.holds(threshold)),
            own_node: layer("own_node").map(|layer| layer.holds(typed.own_node)),
            beacon: layer("beacon").map(|layer| layer.holds(typed.beacon)),
            checkpoint: typed.checkpoint,
            registry: typed.registry,
            policy: typed.policy,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ChainArguments {
    fn group_id() -> Option<clap::Id> {
        Typed::group_id()
    }

    fn augment_args(command: clap::Command) -> clap::Command {
        Typed::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Typed::augment_args_for_update(command)
    }
}
