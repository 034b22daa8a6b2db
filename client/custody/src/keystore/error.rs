//! What can be wrong with a keystore.

use countersign_protocol::Address;

use crate::private_file::PrivateFileError;

/// Why a keystore gave no key, or was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeystoreError {
    /// The passphrase is not the one the key was encrypted under (or the file was altered: the two look the same).
    #[error(
        "wrong passphrase for this keystore; if you are sure of it, the file was altered: restore it from a copy"
    )]
    WrongPassphrase,
    /// The file itself could not be read or written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The content is not JSON of a version 3 keystore.
    #[error("not an Ethereum version 3 keystore ({0}); check the path, or restore the file from a copy")]
    NotAKeystore(serde_json::Error),
    /// A field has a value that no correct tool writes.
    #[error("the keystore's field `{field}` must be {must_be}; the file is damaged: restore it from a copy")]
    BadField {
        /// The field, with the name it has in the JSON.
        field: &'static str,
        /// What it must be.
        must_be: &'static str,
    },
    /// A correct keystore, made in a way that is not supported here.
    #[error(
        "the keystore's {part} is {found:?}, and only {supported} can be read; write it anew with another tool"
    )]
    Unsupported {
        /// Which part.
        part: UnsupportedPart,
        /// What the file says.
        found: String,
        /// What could be read instead.
        supported: &'static str,
    },
    /// Deriving the key would take more memory or time than any honest keystore needs.
    #[error(
        "the keystore asks for {asked} of {what}, at most {limit} is allowed; do not open it unless you made it so"
    )]
    CostRefused {
        /// Bytes of memory, or rounds of work.
        what: &'static str,
        /// What the file asks for.
        asked: u128,
        /// The most that is done.
        limit: u128,
    },
    /// It opened, and what is inside is no secp256k1 secret key.
    #[error("the keystore opened, but what it holds is no secp256k1 key; it belongs to another use")]
    NotAKey,
    /// It opened, and the key is another one than the file says.
    #[error("the keystore says it holds the key of {claimed}, but it holds that of {actual}; trust neither")]
    AddressDiffers {
        /// What the file says.
        claimed: Address,
        /// What the key gives.
        actual: Address,
    },
    /// The operating system gave no randomness, so nothing was encrypted.
    #[error("the operating system gave no randomness, so nothing was encrypted")]
    NoRandomness(#[source] getrandom::Error),
}

/// The parts of a keystore that come in more kinds than are supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedPart {
    /// The version of the format.
    Version,
    /// The cipher of the key.
    Cipher,
    /// The key derivation function.
    Kdf,
    /// The pseudo-random function inside PBKDF2.
    Prf,
    /// The length of the derived key.
    DerivedLength,
}

impl core::fmt::Display for UnsupportedPart {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Version => "version",
            Self::Cipher => "cipher",
            Self::Kdf => "key derivation function",
            Self::Prf => "pseudo-random function",
            Self::DerivedLength => "derived key length",
        })
    }
}
