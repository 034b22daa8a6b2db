//! The identity part of the settings.

use std::path::{Path, PathBuf};

use countersign::protocol::{Identity, Label};

use super::Settings;
use crate::arguments::{
    KeystoreArguments, OwnerArguments, OwnerKeystoreArguments, PassphraseArguments, PayerArguments,
};
use crate::config::default_file;
use crate::failure::Failure;
use crate::party::Account;
use crate::passphrase::PassphraseSource;

impl Settings {
    /// Who this side is.
    pub(crate) fn owner(&self, arguments: &OwnerArguments) -> Result<Account, Failure> {
        self.owner_if_any(arguments)?.ok_or_else(|| {
            let failure = Failure::configuration("no owner account is configured");
            failure.hint("add --owner 0x…, or set [identity] owner in the configuration")
        })
    }

    /// Who this side is, where that is configured.
    pub(crate) fn owner_if_any(&self, arguments: &OwnerArguments) -> Result<Option<Account>, Failure> {
        let table = &self.config.document.identity;
        let Some(account) = arguments.owner.or(table.owner) else { return Ok(None) };
        let label = match (&arguments.label, arguments.owner) {
            (Some(label), _) => Some(label),
            // The file's label belongs to the file's owner.
            (None, Some(_)) => None,
            (None, None) => table.label.as_ref(),
        };
        let Some(label) = label else { return Ok(Some(account)) };
        let label = Label::from_text(label).map_err(|error| Failure::configuration(error.to_string()))?;
        if account.identity.label != Label::DEFAULT && account.identity.label != label {
            let message = format!(
                "the owner is written with the label {}, and {label} is given too",
                account.identity.label
            );
            return Err(Failure::configuration(message).hint("keep one of the two"));
        }
        Ok(Some(Account { identity: Identity { label, ..account.identity }, ..account }))
    }

    /// The label alone, for an owner that only the owner's keystore names.
    pub(crate) fn label(&self, arguments: &OwnerArguments) -> Result<Label, Failure> {
        let label = arguments.label.as_ref().or(self.config.document.identity.label.as_ref());
        let parse =
            |text: &String| Label::from_text(text).map_err(|error| Failure::configuration(error.to_string()));
        label.map_or(Ok(Label::DEFAULT), parse)
    }

    /// The keystore of the identity key.
    pub(crate) fn keystore(&self, arguments: &KeystoreArguments) -> Result<PathBuf, Failure> {
        self.keystore_or_default(arguments.keystore.as_deref())
    }

    /// A keystore named on the command line, or else in the file, or else the default place.
    pub(crate) fn keystore_or_default(&self, named: Option<&Path>) -> Result<PathBuf, Failure> {
        if let Some(named) = named {
            return Ok(named.to_path_buf());
        }
        if let Some(written) = &self.config.document.identity.keystore {
            return Ok(self.config.path_in_file(written));
        }
        default_file("identity.json").ok_or_else(|| {
            let failure = Failure::configuration("no keystore is configured");
            failure.hint("add --keystore FILE, or set [identity] keystore in the configuration")
        })
    }

    /// Where the identity key's passphrase comes from.
    pub(crate) fn passphrase(&self, arguments: &PassphraseArguments) -> PassphraseSource {
        let written = self.config.document.identity.passphrase_file.as_deref();
        let from_file = written.map(|written| self.config.path_in_file(written));
        let file = arguments.passphrase_file.clone().or(from_file);
        PassphraseSource::new(file.as_deref(), arguments.passphrase_fd)
    }
}

impl OwnerKeystoreArguments {
    pub(crate) fn passphrase(&self) -> PassphraseSource {
        PassphraseSource::new(self.owner_passphrase_file.as_deref(), self.owner_passphrase_fd)
    }
}

impl PayerArguments {
    pub(crate) fn passphrase(&self) -> PassphraseSource {
        PassphraseSource::new(self.sponsor_passphrase_file.as_deref(), self.sponsor_passphrase_fd)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{Config, Document};

    const ALICE: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    fn settings(text: &str) -> Settings {
        Settings {
            config: Config { document: Document::parse(text).unwrap(), path: Some("/etc/cs/c.toml".into()) },
        }
    }

    #[test]
    fn the_files_label_belongs_to_the_files_owner() {
        let settings = settings(&format!("[identity]\nowner = '{ALICE}'\nlabel = 'desk'"));
        let own = settings.owner(&OwnerArguments::default()).unwrap();
        assert_eq!(own.identity.label, Label::from_text("desk").unwrap());
        let named = OwnerArguments { owner: Some(ALICE.parse().unwrap()), label: None };
        assert_eq!(settings.owner(&named).unwrap().identity.label, Label::DEFAULT);
    }

    #[test]
    fn two_labels_that_differ_are_refused() {
        let owner = Some(format!("{ALICE}#a").parse().unwrap());
        let arguments = OwnerArguments { owner, label: Some("b".into()) };
        assert!(settings("").owner(&arguments).is_err());
        assert!(settings("").owner(&OwnerArguments::default()).unwrap_err().hint_text().is_some());
    }

    #[test]
    fn paths_in_the_file_start_at_its_folder() {
        let settings = settings("[identity]\nkeystore = 'key.json'");
        assert_eq!(settings.keystore_or_default(None).unwrap(), Path::new("/etc/cs/key.json"));
        assert_eq!(settings.keystore_or_default(Some(Path::new("x"))).unwrap(), Path::new("x"));
    }
}
