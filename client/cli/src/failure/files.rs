//! Failures of keystores and passphrases.

use std::path::Path;

use countersign::custody::{CustodyError, KeystoreError, PassphraseError};

use super::{Failure, chain_of};
use crate::exit::Exit;

impl Failure {
    /// Names the file, where the message does not yet.
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        let shown = path.display().to_string();
        if !self.message.contains(&shown) {
            self.message = format!("{shown}: {}", self.message);
        }
        self
    }
}

impl From<KeystoreError> for Failure {
    fn from(error: KeystoreError) -> Self {
        let kind = match &error {
            KeystoreError::WrongPassphrase => "wrong_passphrase",
            KeystoreError::File(countersign::custody::PrivateFileError::Exposed { .. }) => "keystore_exposed",
            KeystoreError::File(countersign::custody::PrivateFileError::AlreadyExists { .. }) => {
                "keystore_exists"
            }
            _ => "keystore",
        };
        let failure = Self::new(Exit::Keystore, kind, chain_of(&error));
        match &error {
            KeystoreError::WrongPassphrase => failure.hint("run the command again with the right passphrase"),
            KeystoreError::File(_) => {
                failure.hint("countersign keygen makes a key; --keystore FILE names another one")
            }
            _ => failure,
        }
    }
}

impl From<PassphraseError> for Failure {
    fn from(error: PassphraseError) -> Self {
        Self::new(Exit::Keystore, "passphrase", chain_of(&error))
    }
}

impl From<CustodyError> for Failure {
    fn from(error: CustodyError) -> Self {
        Self::new(Exit::Keystore, "custody", chain_of(&error))
    }
}
