//! What opens a keystore.

use core::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::private_file::{self, PrivateFileError};

/// A passphrase, erased when dropped and never shown.
///
/// Its bytes are used as they are: geth and Foundry do not normalise Unicode, so neither do we. It is not taken
/// from arguments or the environment, which every process of the user can read.
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the bytes that a person typed, without the line's end.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`] for no bytes at all, [`PassphraseError::TooLong`] above 4096.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, PassphraseError> {
        match bytes.len() {
            0 => Err(PassphraseError::Empty),
            1..=LIMIT => Ok(Self(bytes)),
            _ => Err(PassphraseError::TooLong),
        }
    }

    /// Reads a file, or a named pipe such as a shell's `<(…)`, that only its owner may open. One line end at the
    /// end, LF or CR LF, is not part of the passphrase.
    ///
    /// # Errors
    /// [`PassphraseError::File`] where the file cannot be read or is open to other users, else as [`Self::new`].
    pub fn from_file(path: &Path) -> Result<Self, PassphraseError> {
        Self::from_line(private_file::read_file_or_pipe(path, LIMIT + 2)?)
    }

    /// Reads an open descriptor of this process to its end, waiting for the writer if it is a pipe. One line end at
    /// the end is dropped, as in [`Self::from_file`]. A regular file is read from its beginning, wherever its
    /// descriptor stood; whoever opened it chose to trust it, so its mode is not checked.
    ///
    /// # Errors
    /// [`PassphraseError::File`] where the descriptor is not open, is not readable or is a socket, else as
    /// [`Self::new`].
    pub fn from_descriptor(descriptor: u32) -> Result<Self, PassphraseError> {
        // Opened by name, because to adopt a number as a descriptor is unsafe: someone else may own it.
        let path = PathBuf::from(format!("/dev/fd/{descriptor}"));
        let opened = std::fs::File::open(&path);
        let file =
            opened.map_err(|source| PrivateFileError::Io { action: "open", path: path.clone(), source })?;
        Self::from_line(private_file::read_bounded(file, &path, LIMIT + 2)?)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn from_line(mut line: Zeroizing<Vec<u8>>) -> Result<Self, PassphraseError> {
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        Self::new(line)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// An empty passphrase protects nothing, and an empty file is nearly always a mistake.
    #[error("the passphrase is empty; give one of at least one character")]
    Empty,
    /// More than a person types or a password manager makes: probably another file.
    #[error(
        "the passphrase is longer than {LIMIT} bytes; check that it is the file or the descriptor you meant"
    )]
    TooLong,
    /// The file or the descriptor could not be read.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

/// The most bytes of a passphrase.
const LIMIT: usize = 4096;
