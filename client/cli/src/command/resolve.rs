//! `countersign resolve`: somebody's key, proven.

use clap::Args;

use crate::arguments::{ChainArguments, KnownArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::party::Party;
use crate::record_report::RecordReport;

/// Prove whose key an address has registered, and print it
///
/// Asks the nodes for the newest block and for a proof of the record, checks the block's hash, the proofs and the
/// record's age itself, and prints the key only if all of it holds. No node is believed on its own word. What was proven is
/// kept, and never gone back from: see `countersign known --help`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Resolve {
    /// 0x…, eip155:<chain>:0x… (with #label for one of several keys), or a contact's name
    who: Party,
    #[command(flatten)]
    chain: ChainArguments,
    #[command(flatten)]
    known: KnownArguments,
}

impl Resolve {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let counterparty = context.settings.contacts()?.find(&self.who)?;
        let chain = context.settings.chain(&self.chain, counterparty.account.chain_id)?;
        let resolver = context.settings.remembering(&chain, &self.known)?;
        let resolved = resolver.resolve(counterparty.account.identity).await?;
        context.console.report(&RecordReport::new(&resolved, &chain))
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign resolve 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
  countersign resolve eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266#desk-7 --json
  countersign resolve alice --rpc http://a --rpc http://b --rpc http://c --threshold 2
  countersign resolve alice --chain-id 31337 --rpc http://127.0.0.1:8545 --own-node

JSON: {\"identity\", \"owner\", \"label\", \"caip10\", \"public_key\", \"signer\", \"version\", \"status\",
  \"anchored_at\", \"age_seconds\", \"valid_until\": Unix seconds or null, \"scheme\",
  \"suite_floor\": {\"level\", \"name\"}, \"pinned\",
  \"proved_at\": {\"chain_id\", \"block_number\", \"block_hash\", \"timestamp\", \"registry\"},
  \"head_trust\": {\"kind\": \"own_node\", \"quorum\" or \"light_client\", …}}
An identity without a usable key is a failure, exit code 7: not_registered, revoked, expired,
too_young.";
