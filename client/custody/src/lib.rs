//! Whoever holds the static key answers the protocol's key requests.
//!
//! This crate opens no connection, proves nothing and decides nothing: it holds one secp256k1 key, on disk as an
//! Ethereum keystore and in memory for as long as it is used, and answers [`KeyRequest`]s with it. It does not lock
//! pages in memory, and it does not read a passphrase from arguments or the environment, where other users of the
//! machine can see it.
//!
//! ```text
//! Passphrase ─┐
//! file ── Keystore::read ── decrypt ── LocalKey ── StaticProducts ── Custody::answer(KeyRequest) ── KeyAnswer
//!                                                       ▲
//!                                            warm(PeerKey): proven peers only
//! ```
//!
//! [`KeyRequest`]: countersign_protocol::KeyRequest

mod custody;
mod keystore;
mod local_key;
mod passphrase;
mod private_file;
mod shared_custody;
mod static_products;

pub use custody::{Custody, CustodyError, KeyOperation};
pub use keystore::{Keystore, KeystoreError, ScryptCost, UnsupportedPart};
pub use local_key::LocalKey;
pub use passphrase::{Passphrase, PassphraseError};
pub use private_file::{PrivateFileError, read_file_or_pipe as read_private_file};
pub use shared_custody::SharedCustody;
pub use static_products::StaticProducts;
