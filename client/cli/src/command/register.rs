//! `countersign register`: an identity key becomes an account's key on chain.

use clap::Args;

use crate::arguments::{ChainArguments, KeystoreArguments, OwnerAccountArguments, OwnerArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::key_terms::{KeyWritten, TermArguments};
use crate::keyfile;
use crate::owner_side::{OwnerSide, prove_and_submit};

/// Register your identity key under your account
///
/// The identity key signs a proof that you hold it; the owner account sends the transaction and pays for it. Also
/// registers a fresh key after a revocation.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Register {
    #[command(flatten)]
    terms: TermArguments,
    /// First put the registry at its deterministic address, where this chain has none yet
    #[arg(long, help_heading = "Record")]
    deploy: bool,
    #[command(flatten)]
    account: OwnerAccountArguments,
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    keystore: KeystoreArguments,
    #[command(flatten)]
    chain: ChainArguments,
}

impl Register {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let settings = &context.settings;
        let path = settings.keystore(&self.keystore)?;
        let side = OwnerSide::open(context, &self.owner, &self.account, &self.chain).await?;
        let key =
            keyfile::open(context.console, &path, &settings.passphrase(&self.keystore.passphrase)).await?;
        if self.deploy {
            let _progress = context.console.progress("Deploying the registry");
            side.registrar.deploy_registry().await?;
        }
        let progress = context.console.progress("Registering, and waiting for the block");
        let terms = self.terms.terms(&key)?;
        let pending = side.registrar.register(side.identity.label, terms).await?;
        let version = pending.version();
        let written = prove_and_submit(pending, &key).await?;
        drop(progress);
        let outcome = (version, terms, written);
        context.console.report(&KeyWritten::new(
            "registered",
            &side.identity,
            side.chain_id,
            outcome,
            (&key, &path),
        ))
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign register --owner-keystore account.json            asks for both passphrases
  countersign register --owner-keystore account.json --valid-for 90days --label desk-7
  countersign register --owner 0xf39F…2266 --unlocked --deploy  on a development node

JSON: {\"change\": \"registered\", \"identity\", \"chain_id\", \"version\", \"signer\", \"keystore\", \"pinned\",
  \"valid_until\": Unix seconds or null, \"transaction\", \"block_number\", \"gas_used\"}";
