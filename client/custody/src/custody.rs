//! The boundary behind which the static key stays.

use core::fmt;
use core::future::Future;
use std::sync::Arc;

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{EcdhPurpose, KeyAnswer, KeyRequest};

/// A holder of one static key: memory, a token, a service, a quorum.
///
/// A request may take as long as the backend needs; dropping the future abandons the request and must leave the
/// backend able to answer the next one.
pub trait Custody: Send + Sync {
    /// The public half of the key, known without asking the backend.
    fn public_key(&self) -> PublicKey;

    /// Performs one private-key operation.
    ///
    /// # Errors
    /// [`CustodyError::Unsupported`] where this backend cannot do such an operation at all,
    /// [`CustodyError::Backend`] where it could not do it now.
    fn answer(&self, request: KeyRequest) -> impl Future<Output = Result<KeyAnswer, CustodyError>> + Send;
}

/// Why a key request was not answered. The fault is the local set-up's, never the peer's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustodyError {
    /// The backend cannot do this operation, with any key; asking again changes nothing.
    #[error("{backend} cannot do {operation}; use a backend that can, for an identity key must do both")]
    Unsupported {
        /// What was asked.
        operation: KeyOperation,
        /// The backend, by name.
        backend: &'static str,
    },
    /// The backend failed this time; it may answer later.
    #[error("{backend} did not answer; see that it is reachable and unlocked, then try again")]
    Backend {
        /// The backend, by name.
        backend: &'static str,
        /// What the backend said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system gave no randomness, so no key can be made.
    #[error("the operating system gave no randomness, so no key was made")]
    NoRandomness(#[source] getrandom::Error),
}

/// The kinds of private-key operation, for errors and for policy by purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyOperation {
    /// ECDH with another static key.
    StaticStaticEcdh,
    /// ECDH with an ephemeral key.
    EphemeralStaticEcdh,
    /// An ECDSA signature over a digest.
    Sign,
}

impl From<&KeyRequest> for KeyOperation {
    fn from(request: &KeyRequest) -> Self {
        match request {
            KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, .. } => Self::StaticStaticEcdh,
            KeyRequest::Ecdh { purpose: EcdhPurpose::EphemeralStatic, .. } => Self::EphemeralStaticEcdh,
            KeyRequest::Sign { .. } => Self::Sign,
        }
    }
}

impl fmt::Display for KeyOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StaticStaticEcdh => "an ECDH with a static key",
            Self::EphemeralStaticEcdh => "an ECDH with an ephemeral key",
            Self::Sign => "a signature",
        })
    }
}

impl<C: Custody + ?Sized> Custody for Arc<C> {
    fn public_key(&self) -> PublicKey {
        (**self).public_key()
    }

    fn answer(&self, request: KeyRequest) -> impl Future<Output = Result<KeyAnswer, CustodyError>> + Send {
        (**self).answer(request)
    }
}
