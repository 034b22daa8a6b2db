//! The few secp256k1 operations that Countersign needs: keys, ECDH to an X coordinate, ECDSA over a digest.
//!
//! This crate does *not* generate randomness (bytes are arguments), hash messages (digests are arguments), derive
//! keys from what ECDH gives (the handshake does), parse DER or PEM, or do Schnorr signatures. It does not hold a
//! key for anybody: custody does.
//!
//! ```text
//! 32 bytes ──SecretKey::from_bytes──► SecretKey ──ecdh_x(PublicKey)──► SharedX
//!                                        │  └────sign_prehash(digest)─► Signature ──recover(digest)──► PublicKey
//!                                        └─public_key─► PublicKey ──address──► 20 bytes
//! 33 bytes, or x and y ──PublicKey::from_*──► PublicKey
//! ```
//!
//! Parsed is checked: a [`SecretKey`] is in `1..n`, a [`PublicKey`] is on the curve and not the identity, a
//! [`Signature`] is in range and low-s. No later operation can fail for those reasons, and no point is parsed twice.
//!
//! # Backends
//!
//! Feature `native` (the default) runs on libsecp256k1 through FFI: it is the only `unsafe` of the client, and it
//! needs `std` for its context per thread. Without it everything runs on `k256`, `no_std`, without C. The bytes are
//! the same: both are compiled where `native` is on, and the tests hold each against the other.
#![no_std]

extern crate alloc;

#[cfg(feature = "native")]
extern crate std;

pub mod backend;
mod error;
mod public_key;
mod secret_key;
mod shared_x;
mod signature;

pub use backend::active::randomize_context;
pub use error::CurveError;
pub use public_key::PublicKey;
pub use secret_key::SecretKey;
pub use shared_x::SharedX;
pub use signature::Signature;
