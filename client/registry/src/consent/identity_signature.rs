//! What an identity key signed, in either scheme.

use alloy::primitives::{B256, Bytes};
use countersign_protocol::curve::{PublicKey, Signature};
use countersign_protocol::{KeyAnswer, SignatureScheme};

use super::SchnorrSignature;
use super::owner_signature::erc2098;

/// A signature by an identity key: a possession proof, or a revocation certificate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentitySignature {
    /// ECDSA with low s.
    Ecdsa(Signature),
    /// Schnorr, by a single key or a quorum.
    Schnorr(SchnorrSignature),
}

/// Why something is no signature by an identity key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The bytes are none.
    #[error(
        "these bytes are no signature: ECDSA is r, s, v (65 bytes, v 27 or 28, low s), Schnorr is R, z (33 and 32)"
    )]
    Malformed,
    /// It is one, by another key or over something else.
    #[error("this is not a signature by that key over this; ask the custody that holds the key")]
    NotThisKeys,
}

impl IdentitySignature {
    /// Parses 65 bytes: r, s, v for ECDSA; R, z for Schnorr.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`].
    pub fn from_bytes(scheme: SignatureScheme, bytes: &[u8]) -> Result<Self, SignatureError> {
        let bytes: &[u8; 65] = bytes.try_into().map_err(|_| SignatureError::Malformed)?;
        match scheme {
            SignatureScheme::Ecdsa => {
                Signature::from_bytes_65(bytes).map(Self::Ecdsa).map_err(|_| SignatureError::Malformed)
            }
            SignatureScheme::Schnorr => SchnorrSignature::from_bytes(bytes).map(Self::Schnorr),
        }
    }

    /// The 65 bytes that [`from_bytes`](Self::from_bytes) reads.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 65] {
        match self {
            Self::Ecdsa(signature) => signature.to_bytes_65(),
            Self::Schnorr(signature) => signature.to_bytes(),
        }
    }

    /// How it was made.
    #[must_use]
    pub const fn scheme(&self) -> SignatureScheme {
        match self {
            Self::Ecdsa(_) => SignatureScheme::Ecdsa,
            Self::Schnorr(_) => SignatureScheme::Schnorr,
        }
    }

    /// Checks it as the contract will, the recovery id of ECDSA included.
    ///
    /// # Errors
    /// [`SignatureError::NotThisKeys`].
    pub fn verify(&self, key: &PublicKey, digest: &B256) -> Result<(), SignatureError> {
        let holds = match self {
            Self::Ecdsa(signature) => signature.recover(&digest.0).is_ok_and(|signer| signer == *key),
            Self::Schnorr(signature) => signature.is_by(key, digest),
        };
        if holds { Ok(()) } else { Err(SignatureError::NotThisKeys) }
    }

    /// The bytes that `isValidSignatureFor` and `revokeByKey` take. ECDSA: 64 (ERC-2098), which cost less gas than 65.
    /// Schnorr: 129, the key before R and z, for the registry knows only its address.
    #[must_use]
    pub fn for_contract(&self, key: &PublicKey) -> Bytes {
        match self {
            Self::Ecdsa(signature) => erc2098(signature).into(),
            Self::Schnorr(signature) => {
                let (x, y) = key.xy();
                [x.as_slice(), &y, &signature.to_bytes()].concat().into()
            }
        }
    }

    /// r, s and v as `IKeyRegistry.Registration` takes them; for Schnorr the X of R, z, and the prefix of R.
    pub(crate) fn parts(&self) -> (B256, B256, u8) {
        let bytes = self.to_bytes();
        let word = |from: usize| bytes.get(from..from + 32).map_or(B256::ZERO, B256::from_slice);
        let [first, .., last] = bytes;
        match self {
            Self::Ecdsa(_) => (word(0), word(32), last),
            Self::Schnorr(_) => (word(1), word(33), first),
        }
    }
}

impl TryFrom<KeyAnswer> for IdentitySignature {
    type Error = SignatureError;

    /// An ECDSA signature that some custody made.
    fn try_from(answer: KeyAnswer) -> Result<Self, SignatureError> {
        match answer {
            KeyAnswer::Signature(signature) => Ok(Self::Ecdsa(signature)),
            KeyAnswer::SharedX(_) => Err(SignatureError::Malformed),
        }
    }
}
