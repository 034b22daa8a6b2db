//! `countersign register`: an identity key becomes an account's key on chain.

use clap::Args;
use countersign::registry::consent::KeyChange;

use crate::arguments::{KeystoreArguments, WriterArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::key_terms::{KeyWritten, TermArguments};
use crate::keyfile;
use crate::owner_side::OwnerSide;

/// Register your identity key under your account
///
/// The identity key signs a proof that you hold it; the owner account sends the transaction and pays for it. With
/// --sponsor or --sponsor-keystore another account pays, and the owner account only signs. Also registers a fresh key after
/// a revocation.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Register {
    #[command(flatten)]
    terms: TermArguments,
    /// First put the registry and the verifier at their deterministic addresses, where this chain has none yet
    #[arg(long, conflicts_with = "operator", help_heading = "Record")]
    deploy: bool,
    #[command(flatten)]
    writer: WriterArguments,
    #[command(flatten)]
    keystore: KeystoreArguments,
}

impl Register {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let settings = &context.settings;
        let path = settings.keystore(&self.keystore)?;
        let side = OwnerSide::open(context, &self.writer).await?;
        let key =
            keyfile::open(context.console, &path, &settings.passphrase(&self.keystore.passphrase)).await?;
        if self.deploy {
            let _progress = context.console.progress("Deploying the registry and the verifier");
            side.registrar.deploy_contracts().await?;
        }
        let progress = context.console.progress("Registering, and waiting for the block");
        let terms = self.terms.terms(&key)?;
        let outcome = side.put_key(KeyChange::Register, terms, &key).await?;
        drop(progress);
        context.console.report(&KeyWritten::new("registered", &side, (terms, outcome), &path))
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign register --owner-keystore account.json            asks for both passphrases
  countersign register --owner-keystore account.json --valid-for 90days --label desk-7
  countersign register --owner-keystore account.json --sponsor-keystore gas.json   another account pays
  countersign register --operator --sponsor-keystore agent.json --owner 0xf39F…2266#agent-3
  countersign register --owner 0xf39F…2266 --unlocked --deploy  on a development node
  countersign register --owner 0xf39F…2266 --unlocked --sponsor 0x7099…79C8

JSON: {\"change\": \"registered\", \"identity\", \"chain_id\", \"version\", \"signer\", \"keystore\", \"pinned\",
  \"valid_until\": Unix seconds or null, \"paid_by\": null where the owner paid, \"transaction\", \"block_number\",
  \"gas_used\"}";
