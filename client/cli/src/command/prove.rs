//! `countersign prove`: a proof that travels, for somebody who asks no node.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::arguments::{ChainArguments, KnownArguments};
use crate::console::write_stdout;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::party::Party;
use crate::proof_report::{BlockTrust, ProofReport};
use crate::whole_file;

/// Make a proof that somebody else can check without a node
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Prove {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Record(ProveRecord),
}

/// Prove what the registry says of an identity at one block, absence included
///
/// The proof is one JSON document of 10 to 25 KB: the block's header, and the nodes of the state's tree that lead from it to
/// the record. Whoever trusts the block's hash checks all else with `countersign verify`, offline.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
struct ProveRecord {
    /// 0x…, eip155:<chain>:0x… (with #label for one of several keys), or a contact's name
    who: Party,
    /// Where to write the proof [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The block to prove at [default: the newest]; most nodes keep the state of the last 128 blocks only
    #[arg(long, value_name = "BLOCK")]
    at: Option<u64>,
    /// Add the headers up to this block, so that whoever trusts a later hash can check it too; at most 255 more
    #[arg(long, value_name = "BLOCK", requires = "at")]
    through: Option<u64>,
    #[command(flatten)]
    chain: ChainArguments,
    #[command(flatten)]
    known: KnownArguments,
}

impl Prove {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let What::Record(prove) = self.what;
        prove.run(context).await
    }
}

impl ProveRecord {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        if let Some(out) = &self.out {
            whole_file::refuse_existing(out)?;
        }
        let counterparty = context.settings.contacts()?.find(&self.who)?;
        let chain = context.settings.chain(&self.chain, counterparty.account.chain_id)?;
        let resolver = context.settings.remembering(&chain, &self.known)?;
        let proof = resolver.prove_record(counterparty.account.identity, self.at, self.through).await?;
        let text = proof.to_json()?;
        let Some(out) = self.out else { return print(context, &text) };
        let verified = proof.verify(chain.registry, proof.newest()?.hash)?;
        whole_file::write_new(&out, text.as_bytes())?;
        let report = ProofReport::new(&verified, BlockTrust::by(&chain)).written_to(out, text.len());
        context.console.report(&report)?;
        let block = verified.block;
        context.console.remark(&format!(
            "Whoever has it and trusts block {} checks it offline: countersign verify FILE --block-hash {}",
            block.number, block.hash
        ));
        Ok(())
    }
}

/// With --json every result is one line.
fn print(context: &Context, text: &str) -> Result<(), Failure> {
    if !context.console.is_json() {
        return write_stdout(text.as_bytes());
    }
    let unexpected =
        |error| Failure::new(Exit::Unexpected, "output", format!("cannot encode the result: {error}"));
    let value: serde_json::Value = serde_json::from_str(text).map_err(unexpected)?;
    write_stdout(format!("{value}\n").as_bytes())
}

const EXAMPLES: &str = "\
Examples:
  countersign prove record 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --out alice.proof.json
  countersign prove record alice --at 21000000 --through 21000032 --out alice.proof.json
  then, anywhere: countersign verify alice.proof.json --block-hash 0x…

JSON, with --out: {\"out\", \"bytes\", \"identity\", \"status\", \"version\", \"signer\", \"public_key\", \"anchored_at\",
  \"valid_until\", \"bundle_hash\", \"proved_at\": {\"chain_id\", \"block_number\", \"block_hash\", \"timestamp\"},
  \"block_trust\": {\"kind\": \"own_node\" with
  \"endpoint\", \"quorum\" with \"threshold\" and \"endpoints\", or \"light_client\" with \"endpoints\"}}; what there is none of is null.
Without --out, the document itself.";
