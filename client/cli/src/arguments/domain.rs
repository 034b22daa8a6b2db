//! Where a signature counts: one chain, or every one.

use clap::Args;

use crate::party::PlainAddress;

/// The chain and registry that something is signed for. No node is asked.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Chain")]
pub(crate) struct DomainArguments {
    /// EIP-155 chain id; an address written as eip155:<ID>:0x… names it too
    #[arg(long, value_name = "ID", env = "COUNTERSIGN_CHAIN_ID")]
    pub(crate) chain_id: Option<u64>,
    /// The key registry [default: its deterministic address]
    #[arg(long, value_name = "ADDRESS", env = "COUNTERSIGN_REGISTRY")]
    pub(crate) registry: Option<PlainAddress>,
    /// Sign for every chain at once, those to come included
    ///
    /// Whoever has the signature can use it on any chain where the registry is at this address. Right for a key that is
    /// to be the same everywhere; wrong if there is one chain on which you would not want it.
    #[arg(long)]
    pub(crate) every_chain: bool,
}
