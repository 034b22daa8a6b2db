//! `countersign onboard`: a whole roster of traders, registered at one account's cost.

use std::path::PathBuf;

use clap::Args;
use countersign::registry::write::MAX_BATCH;

use crate::arguments::{NodeArguments, PayerArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::onboard::Campaign;
use crate::payer::{self, Node};

/// Register everybody in a CSV, in batches, at your cost
///
/// Each trader makes a document with `countersign sign-registration`; the CSV names them. Every row is checked offline,
/// compared with the chain and tried on the node before anything is sent. Then up to --batch of them share a
/// transaction; owners that are contracts get one each, in which their code runs at your cost, within a bound. A row that
/// goes bad on the way does not hold up the others.
///
/// Interrupt it whenever you like, or pull the plug: run the same command again, and it waits for what is pending, goes on
/// with the rest, and registers nobody twice. FILE.journal beside the CSV knows what was sent, FILE.report.csv says what
/// became of each row, even where the command could not finish; --dry-run writes FILE.dry-run.csv instead.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Onboard {
    /// The roster: a CSV with the columns owner,label,registration
    #[arg(value_name = "FILE")]
    roster: PathBuf,
    /// How many registrations share a transaction, at most 200: a transaction may use 2^24 gas
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=MAX_BATCH as u64))]
    batch: u64,
    /// Check and try everything, write FILE.dry-run.csv, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    payer: PayerArguments,
    #[command(flatten)]
    node: NodeArguments,
}

impl Onboard {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let node = Node::new(context, &self.node, None)?;
        let registrar = node.registrar(payer::required(context, &self.payer).await?).await?;
        let campaign = Campaign {
            console: context.console,
            node: &node,
            registrar: &registrar,
            batch: usize::try_from(self.batch).unwrap_or(1),
        };
        if self.dry_run { campaign.rehearse(&self.roster).await } else { campaign.run(&self.roster).await }
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign onboard traders.csv --sponsor-keystore gas.json
  countersign onboard traders.csv --sponsor 0x7099…79C8 --batch 100 --wait 10m
  countersign onboard traders.csv --sponsor 0x7099…79C8 --dry-run

The roster; documents are looked for beside it, and an empty label is the default identity:
  owner,label,registration
  0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266,,signed/alice.json
  0x70997970C51812dc3A010C7d01b50e0d17dc79C8,desk-7,signed/bob.json

JSON, one object per row: {\"row\": its line, \"owner\", \"label\", \"status\", \"reason\": string or null,
  \"version\", \"transaction\", \"gas\": its share; the last three may be null}
Status: registered; already (the same key was there before); conflict (another key is there, or the same one
  revoked or expired); refused (by the registry); invalid (the row or its document is wrong); waiting (the command
  stopped first: run it again); with --dry-run, ready.
The exit code is 0 only if every row is registered, else 8.";
