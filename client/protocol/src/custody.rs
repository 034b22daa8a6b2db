//! What the core asks of whoever holds the static key.

use crate::curve::{PublicKey, SharedX, Signature};

/// A private-key operation, as a value: the core asks and waits, however long a token or a quorum takes.
#[derive(Clone, Copy, Debug)]
pub enum KeyRequest {
    /// Diffie-Hellman of the static key with `peer`; answered by [`KeyAnswer::SharedX`].
    Ecdh {
        /// What the product is for; a cache may answer [`EcdhPurpose::StaticStatic`] alone.
        purpose: EcdhPurpose,
        /// The other side's point.
        peer: PublicKey,
    },
    /// A signature by the static key over a 32-byte digest; answered by [`KeyAnswer::Signature`].
    Sign {
        /// The digest as it is to be signed, not hashed again.
        digest: [u8; 32],
    },
}

/// What an ECDH product is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EcdhPurpose {
    /// Both keys are static: the same for every handshake of a pair of keys.
    StaticStatic,
    /// The other side's key is ephemeral: the product is used once.
    EphemeralStatic,
}

/// The answer to a [`KeyRequest`].
#[derive(Debug)]
pub enum KeyAnswer {
    /// The X coordinate of the product (SEC 1, section 3.3.1), as PKCS#11's `CKM_ECDH1_DERIVE` gives it.
    SharedX(SharedX),
    /// An ECDSA signature with low s.
    Signature(Signature),
}
