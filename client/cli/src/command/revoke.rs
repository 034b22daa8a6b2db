//! `countersign revoke`: the registered key is no good any more.

use std::io::{IsTerminal, Write};

use clap::{Args, ValueEnum};
use countersign::registry::RevocationReason;
use serde::Serialize;

use crate::arguments::{ChainArguments, OwnerAccountArguments, OwnerArguments};
use crate::console::Report;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::key_terms::TransactionReport;
use crate::keyfile;
use crate::owner_side::OwnerSide;
use crate::party::shown;

/// Revoke your registered key, for good
///
/// From the next block on nobody opens a session with it. Nothing undoes a revocation; the owner may register a fresh
/// key afterwards.
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
    account: OwnerAccountArguments,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    chain: ChainArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reason {
    Unspecified,
    /// Somebody else may hold the key
    KeyCompromised,
    /// Another key takes its place
    Superseded,
    /// The identity is not used any more
    CeasedOperation,
    OwnerDecision,
    /// A policy demands it
    Policy,
}

#[derive(Debug, Serialize)]
struct Revoked {
    change: &'static str,
    identity: String,
    chain_id: u64,
    reason: String,
    #[serde(flatten)]
    transaction: TransactionReport,
}

impl Revoke {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let side = OwnerSide::open(context, &self.owner, &self.account, &self.chain).await?;
        let identity = shown(&side.identity);
        if !self.yes {
            confirm(&identity).await?;
        }
        let reason = self.reason.as_registry();
        let progress = context.console.progress("Revoking, and waiting for the block");
        let written = side.registrar.revoke(side.identity.label, reason).await?;
        drop(progress);
        context.console.report(&Revoked {
            change: "revoked",
            identity,
            chain_id: side.chain_id,
            reason: reason.to_string(),
            transaction: written.into(),
        })
    }
}

async fn confirm(identity: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask whether you are sure").hint("add --yes"));
    }
    let question = format!("Revoke the key of {identity}? Nothing undoes it. Type yes: ");
    let answer = keyfile::blocking(move || {
        let unanswered = |error| Failure::new(Exit::Unexpected, "input", format!("no answer: {error}"));
        let mut answer = String::new();
        let mut terminal = std::io::stderr();
        terminal.write_all(question.as_bytes()).and_then(|()| terminal.flush()).map_err(unanswered)?;
        std::io::stdin().read_line(&mut answer).map_err(unanswered)?;
        Ok(answer)
    })
    .await?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::usage("not confirmed; nothing was revoked")),
    }
}

impl Reason {
    const fn as_registry(self) -> RevocationReason {
        match self {
            Self::Unspecified => RevocationReason::Unspecified,
            Self::KeyCompromised => RevocationReason::KeyCompromised,
            Self::Superseded => RevocationReason::Superseded,
            Self::CeasedOperation => RevocationReason::CeasedOperation,
            Self::OwnerDecision => RevocationReason::OwnerDecision,
            Self::Policy => RevocationReason::Policy,
        }
    }
}

impl Report for Revoked {
    fn lines(&self) -> String {
        let fields = Fields::default().line(self.change, &self.identity).line("reason", &self.reason);
        self.transaction.append_to(fields).to_string()
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign revoke --reason key-compromised --owner-keystore account.json
  countersign revoke --reason superseded --yes --owner 0xf39F…2266 --unlocked  on a test node

JSON: {\"change\": \"revoked\", \"identity\", \"chain_id\", \"reason\", \"transaction\", \"block_number\",
  \"gas_used\"}";
