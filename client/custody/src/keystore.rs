//! The static key on disk: an Ethereum keystore, version 3 (Web3 Secret Storage).

mod cipher;
mod document;
mod error;
mod kdf;

use core::fmt;
use std::path::Path;

use countersign_protocol::Address;
use countersign_protocol::curve::SecretKey;
use zeroize::Zeroizing;

use crate::custody::Custody;
use crate::local_key::LocalKey;
use crate::passphrase::Passphrase;
use crate::private_file;

pub use error::{KeystoreError, UnsupportedPart};
pub use kdf::ScryptCost;

use cipher::Sealed;
use kdf::Kdf;

/// An encrypted key, parsed and within bounds; nothing in it is secret.
///
/// Encrypting and decrypting take as long as the cost says (about half a second at [`ScryptCost::STANDARD`]) and
/// block the thread meanwhile: in asynchronous code, call them on a thread that may block.
#[derive(Debug)]
pub struct Keystore {
    id: Option<String>,
    kdf: Kdf,
    sealed: Sealed,
    address: Option<Address>,
}

impl Keystore {
    /// Encrypts a key under a passphrase, with a new salt, initialisation vector and identifier (UUID version 4).
    ///
    /// # Errors
    /// [`KeystoreError::NoRandomness`] where the operating system gives none.
    pub fn encrypt(key: &LocalKey, passphrase: &Passphrase, cost: ScryptCost) -> Result<Self, KeystoreError> {
        let kdf = Kdf::scrypt(cost)?;
        let sealed = Sealed::seal(&kdf.derive(passphrase)?, key.secret().expose_bytes())?;
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(KeystoreError::NoRandomness)?;
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        Ok(Self { id: Some(id.to_string()), kdf, sealed, address: Some(Address(key.public_key().address())) })
    }

    /// Decrypts the key.
    ///
    /// # Errors
    /// [`KeystoreError::WrongPassphrase`] where the passphrase does not open it, [`KeystoreError::NotAKey`] or
    /// [`KeystoreError::AddressDiffers`] where it opens and holds something else than it says.
    pub fn decrypt(&self, passphrase: &Passphrase) -> Result<LocalKey, KeystoreError> {
        self.decrypt_secret(passphrase).map(LocalKey::new)
    }

    /// Decrypts the bare secret, for an owner account whose transactions another library signs. An identity key
    /// stays behind [`decrypt`](Self::decrypt).
    ///
    /// # Errors
    /// As [`decrypt`](Self::decrypt).
    pub fn decrypt_secret(&self, passphrase: &Passphrase) -> Result<SecretKey, KeystoreError> {
        let opened: Zeroizing<[u8; 32]> = self.sealed.open(&self.kdf.derive(passphrase)?)?;
        let secret = SecretKey::from_bytes(&opened).map_err(|_| KeystoreError::NotAKey)?;
        let actual = Address(secret.public_key().address());
        match self.address {
            Some(claimed) if claimed != actual => Err(KeystoreError::AddressDiffers { claimed, actual }),
            _ => Ok(secret),
        }
    }

    /// The Ethereum address of the key as the file states it; not every tool writes one, and only
    /// [`decrypt`](Self::decrypt) can tell whether it is true.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        self.address
    }

    /// Reads a keystore file of this or another tool: scrypt or PBKDF2, AES-128-CTR.
    ///
    /// # Errors
    /// [`KeystoreError::File`] where the file cannot be read or other users can open it (mode beyond 0700), else as
    /// [`from_json`](Self::from_json).
    pub fn read(path: &Path) -> Result<Self, KeystoreError> {
        Self::from_json(&private_file::read(path, FILE_LIMIT)?)
    }

    /// Writes a new file with mode 0600. Whatever interrupts it (a full disk, a kill, a power cut), the name holds a
    /// whole keystore or nothing. Leaves nothing else behind, but for a file `.countersign-*` after a kill.
    ///
    /// # Errors
    /// [`KeystoreError::File`]; an existing file is never replaced.
    pub fn write_new(&self, path: &Path) -> Result<(), KeystoreError> {
        Ok(private_file::write_new(path, self.to_json().as_bytes())?)
    }

    /// Parses the JSON form.
    ///
    /// # Errors
    /// [`KeystoreError::NotAKeystore`] for other JSON, [`KeystoreError::BadField`] for a field that cannot be right,
    /// [`KeystoreError::Unsupported`] for an algorithm that is not used here, and [`KeystoreError::CostRefused`] for
    /// a cost that would exhaust this machine.
    pub fn from_json(json: &[u8]) -> Result<Self, KeystoreError> {
        document::parse(json)
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        document::compose(self).to_string()
    }
}

impl fmt::Display for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "keystore of {address}"),
            None => f.write_str("keystore that names no address"),
        }
    }
}

/// The most bytes of a keystore file that are read; a usual one has 500.
const FILE_LIMIT: usize = 64 * 1024;
