//! Asking for passphrases.

use std::io::ErrorKind;
use std::path::Path;

use countersign::custody::{Passphrase, PassphraseError};
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Signal;
use crate::keyfile;
use crate::terminal::Terminal;

/// Where a passphrase is to be taken from.
#[derive(Clone, Debug)]
pub(crate) enum PassphraseSource {
    File(std::path::PathBuf),
    Descriptor(u32),
    Terminal,
}

impl PassphraseSource {
    pub(crate) fn new(file: Option<&Path>, descriptor: Option<u32>) -> Self {
        match (descriptor, file) {
            (Some(descriptor), _) => Self::Descriptor(descriptor),
            (None, Some(file)) => Self::File(file.to_path_buf()),
            (None, None) => Self::Terminal,
        }
    }

    /// The passphrase of an existing keystore; `what` is named in the prompt. Waits for the person.
    pub(crate) async fn read(&self, what: &str) -> Result<Passphrase, Failure> {
        self.wait_for(what, Self::read_now).await
    }

    /// A passphrase for a keystore that is about to be made: from a terminal, twice.
    pub(crate) async fn read_new(&self, what: &str) -> Result<Passphrase, Failure> {
        self.wait_for(what, Self::read_new_now).await
    }

    /// Reads on a thread that may block. Given up, it leaves the terminal as it was.
    async fn wait_for(
        &self,
        what: &str,
        read: impl FnOnce(&Self, &str) -> Result<Passphrase, Failure> + Send + 'static,
    ) -> Result<Passphrase, Failure> {
        let _terminal = Terminal::remember();
        let (source, what) = (self.clone(), what.to_owned());
        keyfile::blocking(move || read(&source, &what)).await
    }

    fn read_now(&self, what: &str) -> Result<Passphrase, Failure> {
        match self {
            Self::File(path) => Ok(Passphrase::from_file(path)?),
            Self::Descriptor(number) => Ok(Passphrase::from_descriptor(*number)?),
            Self::Terminal => Ok(Passphrase::new(ask(&format!("Passphrase of {what}: "))?)?),
        }
    }

    fn read_new_now(&self, what: &str) -> Result<Passphrase, Failure> {
        let Self::Terminal = self else { return self.read_now(what) };
        let first = ask(&format!("New passphrase for {what}: "))?;
        if first.is_empty() {
            return Err(PassphraseError::Empty.into());
        }
        let second = ask("The same again: ")?;
        if *first != *second {
            let failure =
                Failure::new(Exit::Keystore, "passphrase", "the two passphrases differ; nothing was written");
            return Err(failure.hint("run the command again"));
        }
        Ok(Passphrase::new(first)?)
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let typed = rpassword::prompt_password(prompt).map_err(|error| {
        // With the terminal in raw mode Ctrl-C arrives as a key, beside or before the signal.
        if error.kind() == ErrorKind::Interrupted {
            return Signal::Interrupt.into_failure();
        }
        let failure =
            Failure::new(Exit::Keystore, "passphrase", format!("cannot ask for the passphrase: {error}"));
        failure.hint("without a terminal, use --passphrase-file FILE or --passphrase-fd N")
    })?;
    Ok(Zeroizing::new(typed.into_bytes()))
}
