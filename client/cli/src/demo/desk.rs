//! One of the demonstration's two traders: an account, and an encrypted key in a file of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign::custody::{Custody, LocalKey, Passphrase, ScryptCost};
use countersign::protocol::{Identity, Label};
use countersign::registry::HeadPolicy;
use countersign::registry::consent::KeyTerms;
use countersign::registry::write::Registrar;
use countersign::{Address, Policy, Trader};
use zeroize::Zeroizing;

use super::stage::Stage;
use super::story::{Facts, Told};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::keyfile;
use crate::owner_side::prove_and_submit;
use crate::party::checksummed;
use crate::passphrase::PassphraseSource;

/// A trader's desk.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) name: &'static str,
    pub(super) identity: Identity,
    console: Console,
    folder: PathBuf,
    keystore: PathBuf,
}

/// Whether the registry has a key of this identity already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Register,
    Rotate,
}

impl Desk {
    /// Makes a key and its keystore, as `countersign keygen` does.
    pub(super) async fn open(
        console: Console,
        name: &'static str,
        account: Address,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let identity = Identity { owner: account, label: Label::DEFAULT };
        let mut desk =
            Self { name, identity, console, folder: folder.to_path_buf(), keystore: PathBuf::new() };
        desk.new_key(1).await?;
        Ok(desk)
    }

    pub(super) fn account(&self) -> String {
        checksummed(&self.identity.owner)
    }

    pub(super) fn keystore_name(&self) -> String {
        self.keystore.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Puts the key in the keystore on chain, as `countersign register` and `rotate` do.
    pub(super) async fn put_on_chain(&self, stage: &Stage, change: Change) -> Result<Told<()>, Failure> {
        let key = self.key().await?;
        let registrar: Registrar = stage.registrar(self.identity.owner).await?;
        let (label, terms) = (self.identity.label, KeyTerms::new(key.public_key()));
        let pending = match change {
            Change::Register => registrar.register(label, terms).await?,
            Change::Rotate => registrar.rotate(label, terms).await?,
        };
        let version = pending.version();
        let written = prove_and_submit(pending, &key).await?;
        let facts = Facts::default()
            .say("owner", self.account())
            .say(
                "key",
                format!(
                    "version {version}, signer {}, pinned",
                    checksummed(&Address(terms.public_key.address()))
                ),
            )
            .say("block", format!("{}, {} gas", written.block_number, written.gas_used));
        Ok(Told::new((), facts))
    }

    /// A new key in a new keystore; the old one is kept.
    pub(super) async fn new_key(&mut self, version: u32) -> Result<(), Failure> {
        let path = self.folder.join(format!("{}-{version}.json", self.name.to_lowercase()));
        let passphrase = self.write_passphrase()?;
        // The passphrase has 128 random bits, so scrypt has nothing to add.
        keyfile::write_new(self.console, &path, LocalKey::generate()?, passphrase, ScryptCost::LIGHT).await?;
        self.keystore = path;
        Ok(())
    }

    /// This trader at work, with the key read back from its keystore. Each session is a live one.
    pub(super) async fn trader(&self, stage: &Stage, heads: HeadPolicy) -> Result<Trader, Failure> {
        let key = self.key().await?;
        let policy = Policy { ticket_lifetime: Duration::ZERO, ..Policy::default() };
        Ok(Trader::builder(self.identity, key, stage.resolver(heads)?).policy(policy).build())
    }

    async fn key(&self) -> Result<LocalKey, Failure> {
        keyfile::open(self.console.silent(), &self.keystore, &PassphraseSource::File(self.passphrase_file()))
            .await
    }

    fn passphrase_file(&self) -> PathBuf {
        self.folder.join(format!("{}.passphrase", self.name.to_lowercase()))
    }

    fn write_passphrase(&self) -> Result<Passphrase, Failure> {
        let path = self.passphrase_file();
        if !path.exists() {
            let mut random = Zeroizing::new([0; 16]);
            getrandom::fill(&mut *random)
                .map_err(|error| Failure::new(Exit::Unexpected, "demo", format!("no randomness: {error}")))?;
            write_private(&path, Zeroizing::new(hex::encode(*random)).as_bytes())?;
        }
        Ok(Passphrase::from_file(&path)?)
    }
}

fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).and_then(|mut file| file.write_all(content)).map_err(|error| {
        Failure::new(Exit::Unexpected, "demo", format!("cannot write {}: {error}", path.display()))
    })
}
