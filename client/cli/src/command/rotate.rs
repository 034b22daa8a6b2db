//! `countersign rotate`: another key takes the registered one's place.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign::custody::{LocalKey, ScryptCost};
use countersign::registry::consent::KeyChange;

use crate::arguments::{PassphraseArguments, WriterArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::key_terms::{KeyWritten, TermArguments};
use crate::keyfile;
use crate::owner_side::OwnerSide;

/// Replace your registered key by another one
///
/// The new key is on disk, whole and encrypted, before the transaction is sent, so a crash at any moment leaves you with
/// both keys; run the same command again and it goes on with the key it finds. The passphrase is the configured one where
/// there is one, as with keygen. The old keystore is not touched: keep it until open sessions have ended, then delete it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Rotate {
    /// The new key's keystore; made if it does not exist yet
    #[arg(long, value_name = "FILE", help_heading = "Identity")]
    new_keystore: PathBuf,
    /// Encrypt a newly made key lightly (scrypt n = 4096), for tests and for random passphrases only
    #[arg(long, help_heading = "Identity")]
    light: bool,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    #[command(flatten)]
    terms: TermArguments,
    #[command(flatten)]
    writer: WriterArguments,
}

impl Rotate {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let path = &self.new_keystore;
        let side = OwnerSide::open(context, &self.writer).await?;
        let key = self.new_key(context, path).await?;
        let progress = context.console.progress("Rotating, and waiting for the block");
        let terms = self.terms.terms(&key)?;
        let outcome = side.put_key(KeyChange::Rotate, terms, &key).await?;
        drop(progress);
        context.console.report(&KeyWritten::new("rotated", &side, (terms, outcome), path))?;
        context.console.remark(&format!(
            "From now on use --keystore {0}, or set [identity] keystore = \"{0}\".",
            path.display()
        ));
        Ok(())
    }

    /// The key of the new keystore: the one that is there, or a new one that is on disk when this returns.
    async fn new_key(&self, context: &Context, path: &Path) -> Result<LocalKey, Failure> {
        let source = context.settings.passphrase(&self.passphrase);
        if path.symlink_metadata().is_ok() {
            return keyfile::open(context.console, path, &source).await;
        }
        let passphrase = source.read_new(&path.display().to_string()).await?;
        let cost = if self.light { ScryptCost::LIGHT } else { ScryptCost::STANDARD };
        keyfile::write_new(context.console, path, LocalKey::generate()?, passphrase, cost).await
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign rotate --new-keystore identity-2.json --owner-keystore account.json
  countersign rotate --new-keystore identity-2.json --owner-keystore account.json --sponsor-keystore gas.json
  countersign rotate --new-keystore identity-2.json --operator --sponsor-keystore agent.json
  countersign rotate --new-keystore identity-2.json --owner 0xf39F…2266 --unlocked  on a test node
  countersign rotate --new-keystore identity.json --valid-for 90days …    same key, new expiry

JSON: as of register, with \"change\": \"rotated\"";
