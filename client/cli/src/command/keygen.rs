//! `countersign keygen`: a new identity key, encrypted on disk.

use std::path::PathBuf;

use clap::Args;
use countersign::custody::{Custody, LocalKey, ScryptCost};
use serde::Serialize;

use crate::arguments::PassphraseArguments;
use crate::console::Report;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::keyfile;
use crate::party::checksummed;

/// Make an identity key and write it to an encrypted keystore
///
/// The key is a secp256k1 key of its own: it is not, and must not be, the key of the account that owns it. The file
/// is an Ethereum keystore (version 3) that other tools read too; it is written whole or not at all, readable by you
/// alone, and an existing file is never replaced.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Keygen {
    /// Where to write it [default: the configured keystore, else identity.json in the configuration folder]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Encrypt lightly (scrypt n = 4096): 60 times faster, for tests and for random passphrases only
    #[arg(long)]
    light: bool,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

#[derive(Debug, Serialize)]
struct Made {
    keystore: PathBuf,
    public_key: String,
    signer: String,
}

impl Keygen {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let path = context.settings.keystore_or_default(self.out.as_deref())?;
        keyfile::refuse_existing(&path)?;
        let cost = if self.light { ScryptCost::LIGHT } else { ScryptCost::STANDARD };
        let source = context.settings.passphrase(&self.passphrase);
        let passphrase = source.read_new(&path.display().to_string()).await?;
        let key = LocalKey::generate()?;
        let key = keyfile::write_new(context.console, &path, key, passphrase, cost).await?;
        context.console.report(&Made::new(path, &key))?;
        context.console.remark("Next: countersign register, with the account that shall own it.");
        Ok(())
    }
}

impl Made {
    fn new(keystore: PathBuf, key: &LocalKey) -> Self {
        let public_key = key.public_key();
        Self {
            keystore,
            public_key: format!("0x{}", hex::encode(public_key.compressed())),
            signer: checksummed(&countersign::protocol::Address(public_key.address())),
        }
    }
}

impl Report for Made {
    fn lines(&self) -> String {
        Fields::default()
            .line("keystore", self.keystore.display())
            .line("public key", &self.public_key)
            .line("signer", &self.signer)
            .to_string()
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign keygen                                        asks for a passphrase twice
  countersign keygen --out desk.json --passphrase-file pw   asks nothing
  countersign keygen --out desk.json --passphrase-fd 3 3< <(pass show desk)

JSON: {\"keystore\", \"public_key\": compressed, \"signer\": its Ethereum address}";
