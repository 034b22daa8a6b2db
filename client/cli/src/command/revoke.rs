//! `countersign revoke`: the registered key is no good any more.

use clap::Args;
use serde::Serialize;

use crate::arguments::{Reason, WriterArguments};
use crate::confirmation;
use crate::console::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::key_terms::TransactionReport;
use crate::owner_side::OwnerSide;
use crate::party::{checksummed, shown};

/// Revoke your registered key, for good
///
/// From the next block on nobody opens a session with it. Nothing undoes a revocation; the owner may register a fresh
/// key afterwards. Whoever holds the identity key alone can revoke too: countersign revocation-certificate.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Revoke {
    /// Why; everyone can read it
    #[arg(long, help_heading = "Record")]
    reason: Reason,
    /// Do not ask whether you are sure
    #[arg(short, long, help_heading = "Record")]
    yes: bool,
    #[command(flatten)]
    writer: WriterArguments,
}

#[derive(Debug, Serialize)]
struct Revoked {
    change: &'static str,
    identity: String,
    chain_id: u64,
    reason: String,
    /// Null where the owner itself paid.
    paid_by: Option<String>,
    #[serde(flatten)]
    transaction: TransactionReport,
}

impl Revoke {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let side = OwnerSide::open(context, &self.writer).await?;
        let identity = shown(&side.identity);
        if !self.yes {
            confirmation::ask(&format!("Revoke the key of {identity}?")).await?;
        }
        let reason = self.reason.as_registry();
        let progress = context.console.progress("Revoking, and waiting for the block");
        let written = side.revoke(reason).await?;
        drop(progress);
        context.console.report(&Revoked {
            change: "revoked",
            identity,
            chain_id: side.chain_id,
            reason: reason.to_string(),
            paid_by: side.paid_by().map(|account| checksummed(&account)),
            transaction: written.into(),
        })
    }
}

impl Report for Revoked {
    fn lines(&self) -> String {
        let fields = Fields::default().line(self.change, &self.identity).line("reason", &self.reason);
        let fields = fields.line_if("paid by", self.paid_by.as_ref());
        self.transaction.append_to(fields).to_string()
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign revoke --reason key-compromised --owner-keystore account.json
  countersign revoke --reason policy --owner-keystore account.json --sponsor-keystore gas.json
  countersign revoke --reason superseded --operator --sponsor-keystore agent.json --owner 0xf39F…2266
  countersign revoke --reason superseded --yes --owner 0xf39F…2266 --unlocked  on a test node

JSON: {\"change\": \"revoked\", \"identity\", \"chain_id\", \"reason\", \"paid_by\": null where the owner
  paid, \"transaction\", \"block_number\", \"gas_used\"}";
