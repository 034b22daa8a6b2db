//! `countersign submit`: signed documents reach the registry, whoever pays.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign::registry::consent::{Checked, SignedDocument};
use countersign::registry::write::{Registrar, Written};
use serde::Serialize;

use crate::arguments::{NodeArguments, PayerArguments};
use crate::console::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::key_terms::TransactionReport;
use crate::party::checksummed;
use crate::payer::{self, Node};
use crate::signed_document::{self, DocumentReport, STANDARD_INPUT, effect};
use crate::{confirmation, moment};

/// Submit signed documents: registrations, rotations, revocations, revocation certificates
///
/// Any account can pay; nothing but what was signed can come of it. All files are checked before anything is sent. Then
/// each is tried on the node first, and sent if the registry would take it; the first that it would not take ends the
/// command, and those after it are left alone.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Submit {
    /// The documents; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check, try on the node, tell, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask whether you are sure of a revocation
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    payer: PayerArguments,
    #[command(flatten)]
    node: NodeArguments,
}

/// A document that was submitted, or would be.
#[derive(Debug, Serialize)]
pub(crate) struct Submitted {
    file: String,
    status: &'static str,
    #[serde(flatten)]
    document: DocumentReport,
    paid_by: String,
    #[serde(flatten)]
    transaction: Option<TransactionReport>,
}

impl Submit {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if self.files.iter().filter(|file| file.as_path() == Path::new(STANDARD_INPUT)).count() > 1 {
            return Err(Failure::usage("standard input can be read once; name - once"));
        }
        let node = Node::new(context, &self.node, None)?;
        let mut documents = Vec::new();
        for file in &self.files {
            let (document, checked) = signed_document::read(file)?;
            signed_document::refuse_elsewhere(&document, &node.chain)
                .map_err(|failure| failure.in_file(file))?;
            documents.push((file, document, checked));
        }
        let registrar = node.registrar(payer::required(context, &self.payer).await?).await?;
        for (file, document, checked) in documents {
            self.submit(context, &registrar, (file, &document, checked))
                .await
                .map_err(|failure| failure.in_file(file))?;
        }
        Ok(())
    }

    async fn submit(
        &self,
        context: &Context,
        registrar: &Registrar,
        (file, document, checked): (&Path, &SignedDocument, Checked),
    ) -> Result<(), Failure> {
        registrar.simulate(document).await?;
        let report = |written: Option<Written>| Submitted {
            file: file.display().to_string(),
            status: if written.is_some() { "submitted" } else { "would_succeed" },
            document: DocumentReport::new(document, checked),
            paid_by: checksummed(&registrar.account()),
            transaction: written.map(Into::into),
        };
        context.console.remark(&format!("{}: {}", file.display(), effect(document)));
        if self.dry_run {
            return context.console.report(&report(None));
        }
        if signed_document::revokes(document) && !self.yes {
            confirmation::ask("Revoke that key?").await?;
        }
        let written = send(context, registrar, document).await?;
        context.console.report(&report(Some(written)))
    }
}

/// Sends one document and waits for its block.
pub(crate) async fn send(
    context: &Context,
    registrar: &Registrar,
    document: &SignedDocument,
) -> Result<Written, Failure> {
    // The wallet's question may have taken long.
    document.check(moment::unix_now())?;
    let _progress = context.console.progress("Submitting, and waiting for the block");
    Ok(registrar.submit(document).await?)
}

impl Report for Submitted {
    fn lines(&self) -> String {
        let fields: Fields = self.document.fields().line("status", self.status.replace('_', " "));
        let fields = fields.line("paid by", &self.paid_by);
        match &self.transaction {
            Some(transaction) => transaction.append_to(fields).to_string(),
            None => fields.to_string(),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign submit signed.json --sponsor-keystore gas.json
  countersign submit alice.json bob.json --sponsor 0x7099…79C8     an account that the node holds
  countersign submit signed.json --sponsor 0x7099…79C8 --dry-run   tell what would happen
  ssh vault cat signed.json | countersign submit - --sponsor-keystore gas.json

JSON, one object per document: {\"file\", \"status\": \"submitted\" or \"would_succeed\",
  \"document\": its kind, \"identity\", \"chain_id\": null for every chain, \"registry\", \"version\", \"signer\",
  \"reason\", \"deadline\", \"owner_key_signed\", \"paid_by\", \"transaction\", \"block_number\", \"gas_used\"},
  without the keys that its kind does not have";
