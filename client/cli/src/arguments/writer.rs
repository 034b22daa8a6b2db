//! Who writes: whose record, who consents, who pays, through which node.

use clap::Args;

use super::{ChainArguments, OwnerAccountArguments, OwnerArguments, PayerArguments};
use crate::moment::Span;

/// The owner, or whoever acts or pays for it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct WriterArguments {
    #[command(flatten)]
    pub(crate) account: OwnerAccountArguments,
    #[command(flatten)]
    pub(crate) payer: PayerArguments,
    /// The paying account acts for --owner as its operator; the owner signs nothing
    ///
    /// The owner appoints it with `countersign operator set`. An operator may register labels never used, rotate, revoke
    /// and anchor bundles. It cannot bring a revoked record back.
    #[arg(long, conflicts_with_all = ["owner_keystore", "unlocked"], help_heading = "Paying account")]
    pub(crate) operator: bool,
    #[command(flatten)]
    pub(crate) owner: OwnerArguments,
    #[command(flatten)]
    pub(crate) node: NodeArguments,
}

/// The chain, and the patience with it, of whatever sends a transaction.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Chain")]
pub(crate) struct NodeArguments {
    #[command(flatten)]
    pub(crate) chain: ChainArguments,
    /// How long to wait for a block to include the transaction [default: 2m]
    #[arg(long, value_name = "TIME")]
    pub(crate) wait: Option<Span>,
}
