//! `countersign revocation-certificate`: an identity key's own last word, made before it is needed.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign::custody::Custody;
use countersign::registry::consent::{Checked, RevocationCertificate, SignedCertificate, SignedDocument};
use serde::Serialize;

use super::submit;
use crate::arguments::{
    DomainArguments, KeystoreArguments, NodeArguments, OwnerArguments, PayerArguments, Reason,
};
use crate::console::Report;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::key_terms::TransactionReport;
use crate::owner_side::identity_signature;
use crate::party::{checksummed, shown};
use crate::payer::{self, Node};
use crate::signed_document::{self, DocumentReport};
use crate::{confirmation, keyfile, whole_file};

/// Make, look at and publish a certificate that ends your identity key
///
/// The identity key signs it, alone and ahead of time. Should the key be stolen, or the owner account be lost, whoever
/// has the certificate ends the key: any account can publish it, for about 35,000 gas, and nobody can stop it. Keep it offline
/// and apart from the key.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct RevocationCertificateCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sign a certificate with your identity key; no node is needed
    #[command(after_long_help = EXAMPLES)]
    Make(Make),
    /// Check a certificate, and say whose key it ends
    #[command(after_long_help = EXAMPLES)]
    Show(Show),
    /// End the key, for good
    #[command(after_long_help = EXAMPLES)]
    Publish(Publish),
}

#[derive(Debug, Args)]
struct Make {
    /// Why the key will have been revoked; everyone can read it then
    #[arg(long, default_value = "unspecified", help_heading = "Record")]
    reason: Reason,
    /// Where to write it [default: beside the keystore, as <KEYSTORE>.revocation.json]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    keystore: KeystoreArguments,
    #[command(flatten)]
    domain: DomainArguments,
}

#[derive(Debug, Args)]
struct Show {
    /// The certificate; - for standard input
    file: PathBuf,
}

#[derive(Debug, Args)]
struct Publish {
    /// The certificate; - for standard input
    file: PathBuf,
    /// Do not ask whether you are sure
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    payer: PayerArguments,
    #[command(flatten)]
    node: NodeArguments,
}

#[derive(Debug, Serialize)]
struct Made {
    out: PathBuf,
    #[serde(flatten)]
    certificate: DocumentReport,
}

#[derive(Debug, Serialize)]
struct Published {
    change: &'static str,
    #[serde(flatten)]
    certificate: DocumentReport,
    paid_by: String,
    #[serde(flatten)]
    transaction: TransactionReport,
}

impl RevocationCertificateCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.action {
            Action::Make(make) => make.run(context).await,
            Action::Show(show) => {
                let document = read(&show.file)?;
                context.console.report(&DocumentReport::new(&document, Checked::Whole))
            }
            Action::Publish(publish) => publish.run(context).await,
        }
    }
}

impl Make {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let settings = &context.settings;
        let owner = settings.owner(&self.owner)?;
        let domain = settings.signing_domain(&self.domain, owner.chain_id)?;
        let keystore = settings.keystore(&self.keystore)?;
        let out = self.out.unwrap_or_else(|| beside(&keystore));
        whole_file::refuse_existing(&out)?;
        let source = settings.passphrase(&self.keystore.passphrase);
        let key = keyfile::open(context.console, &keystore, &source).await?;
        let public_key = key.public_key();
        let certificate = RevocationCertificate::new(owner.identity, &public_key, self.reason.as_registry());
        let signature = identity_signature(&key, certificate.request(&domain)).await?;
        let document = SignedDocument::from(SignedCertificate { domain, certificate, public_key, signature });
        whole_file::write_new(&out, document.to_json().as_bytes())?;
        let report = DocumentReport::new(&document, Checked::Whole);
        context.console.report(&Made { out: out.clone(), certificate: report })?;
        context.console.remark(&format!(
            "Keep it offline, apart from the key: whoever has it can end {}'s key, for good.\n\
             When that is what you want: countersign revocation-certificate publish {} --sponsor-keystore FILE",
            shown(&owner.identity),
            out.display()
        ));
        Ok(())
    }
}

impl Publish {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let node = Node::new(context, &self.node, None)?;
        let document = read(&self.file)?;
        signed_document::refuse_elsewhere(&document, &node.chain)
            .map_err(|failure| failure.in_file(&self.file))?;
        let registrar = node.registrar(payer::required(context, &self.payer).await?).await?;
        registrar.simulate(&document).await?;
        if !self.yes {
            let whose = shown(&document.identity());
            confirmation::ask(&format!("Revoke the key of {whose} by its certificate?")).await?;
        }
        let written = submit::send(context, &registrar, &document).await?;
        context.console.report(&Published {
            change: "revoked",
            certificate: DocumentReport::new(&document, Checked::Whole),
            paid_by: checksummed(&registrar.account()),
            transaction: written.into(),
        })
    }
}

/// A certificate and nothing else.
fn read(path: &Path) -> Result<SignedDocument, Failure> {
    let (document, _) = signed_document::read(path)?;
    if matches!(document, SignedDocument::Certificate(_)) {
        return Ok(document);
    }
    let message = format!("{} is a {}, and no revocation certificate", path.display(), document.kind());
    Err(Failure::new(Exit::Document, "document_malformed", message)
        .hint(format!("countersign submit {} submits it", path.display())))
}

fn beside(keystore: &Path) -> PathBuf {
    let mut name = keystore.as_os_str().to_owned();
    name.push(".revocation.json");
    name.into()
}

impl Report for Made {
    fn lines(&self) -> String {
        self.certificate.fields().line("written to", self.out.display()).to_string()
    }
}

impl Report for Published {
    fn lines(&self) -> String {
        let fields = self.certificate.fields().line("status", self.change).line("paid by", &self.paid_by);
        self.transaction.append_to(fields).to_string()
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign revocation-certificate make                  beside the keystore; store it elsewhere
  countersign revocation-certificate make --every-chain --out /media/usb/end-my-key.json
  countersign revocation-certificate show end-my-key.json
  countersign revocation-certificate publish end-my-key.json --sponsor-keystore gas.json

JSON: {\"document\": \"countersign.revocation-certificate.v1\", \"identity\", \"chain_id\": null for every chain,
  \"registry\", \"signer\", \"reason\"}; make adds \"out\"; publish adds \"change\": \"revoked\", \"paid_by\",
  \"transaction\", \"block_number\", \"gas_used\"";
