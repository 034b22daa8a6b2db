//! Signed documents: what travels from whoever signs to whoever pays.

mod error;
mod text;

use std::fmt;
use std::io::Read;

use countersign_protocol::Identity;
use countersign_protocol::curve::PublicKey;

pub use error::DocumentError;

use super::{
    IdentitySignature, KeyChange, KeyConsent, OwnerSignature, RevocationCertificate, RevocationConsent,
    SigningDomain, TypedData,
};

/// Something signed that anybody may submit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedDocument {
    /// A registration or a rotation.
    Key(SignedKey),
    /// An owner's revocation.
    Revocation(SignedRevocation),
    /// A key's own revocation.
    Certificate(SignedCertificate),
}

/// A registration or rotation, signed by the key and by the record's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedKey {
    /// Where both signatures count.
    pub domain: SigningDomain,
    /// What the owner signed.
    pub consent: KeyConsent,
    /// The key's signature over [`KeyConsent::claim`].
    pub possession: IdentitySignature,
    /// The owner's over the consent.
    pub owner_signature: OwnerSignature,
}

/// A revocation, signed by the record's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRevocation {
    /// Where it counts.
    pub domain: SigningDomain,
    /// What the owner signed.
    pub consent: RevocationConsent,
    /// The owner's signature.
    pub owner_signature: OwnerSignature,
}

/// A revocation certificate. Whoever has it can end the key: `Debug` does not show the signature.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedCertificate {
    /// Where it counts.
    pub domain: SigningDomain,
    /// What the key signed.
    pub certificate: RevocationCertificate,
    /// The key itself: the registry knows only its address, and a Schnorr signature does not tell it.
    pub public_key: PublicKey,
    /// The key's signature.
    pub signature: IdentitySignature,
}

/// What could be said of a document without a chain: all of it holds, but for what only the chain knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Every signature is by the key that should have made it.
    Whole,
    /// The key of the owner's account did not make the owner's signature. The owner may be a contract: the chain
    /// decides.
    OwnerOnChain,
}

impl SignedDocument {
    /// Reads a document, and nothing of what it does not know. The signatures are not checked yet.
    ///
    /// # Errors
    /// [`DocumentError`], which names the field.
    pub fn from_json(json: &[u8]) -> Result<Self, DocumentError> {
        if json.len() > MAX_DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge { limit: MAX_DOCUMENT_BYTES });
        }
        text::parse(json)
    }

    /// As [`from_json`](Self::from_json), from a file or a pipe, of which no more is read than a document may have.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json), and [`DocumentError::Unreadable`].
    pub fn read(source: impl Read) -> Result<Self, DocumentError> {
        let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
        let mut json = Vec::new();
        let read = source.take(limit.saturating_add(1)).read_to_end(&mut json);
        read.map_err(|error| DocumentError::Unreadable { kind: error.kind() })?;
        Self::from_json(&json)
    }

    /// The document as people and [`from_json`](Self::from_json) read it, with a newline at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        text::compose(self)
    }

    /// Checks everything that can be checked without a chain.
    ///
    /// # Errors
    /// [`DocumentError::Expired`] by this clock (Unix seconds), [`DocumentError::Unsigned`], [`DocumentError::NotTheKeys`],
    /// [`DocumentError::OtherKey`], [`DocumentError::OtherScheme`].
    pub fn check(&self, now: u64) -> Result<Checked, DocumentError> {
        match self {
            Self::Key(key) => key.check(now),
            Self::Revocation(revocation) => revocation.check(now),
            Self::Certificate(certificate) => certificate.check().map(|()| Checked::Whole),
        }
    }

    /// Whose record it changes.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        match self {
            Self::Key(key) => key.consent.identity,
            Self::Revocation(revocation) => revocation.consent.identity,
            Self::Certificate(certificate) => certificate.certificate.identity,
        }
    }

    /// Where it counts.
    #[must_use]
    pub const fn domain(&self) -> SigningDomain {
        match self {
            Self::Key(SignedKey { domain, .. })
            | Self::Revocation(SignedRevocation { domain, .. })
            | Self::Certificate(SignedCertificate { domain, .. }) => *domain,
        }
    }

    /// Unix seconds of the last moment at which it may be submitted; `None` for a certificate, which never expires.
    #[must_use]
    pub const fn deadline(&self) -> Option<u64> {
        match self {
            Self::Key(key) => Some(key.consent.deadline),
            Self::Revocation(revocation) => Some(revocation.consent.deadline),
            Self::Certificate(_) => None,
        }
    }

    /// What kind it is, as its first line says.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Key(SignedKey { consent: KeyConsent { change: KeyChange::Register, .. }, .. }) => {
                text::REGISTRATION
            }
            Self::Key(_) => text::ROTATION,
            Self::Revocation(_) => text::REVOCATION,
            Self::Certificate(_) => text::CERTIFICATE,
        }
    }
}

impl SignedKey {
    /// As [`SignedDocument::check`].
    ///
    /// # Errors
    /// As there.
    pub fn check(&self, now: u64) -> Result<Checked, DocumentError> {
        let KeyConsent { terms, identity, deadline, .. } = &self.consent;
        in_time(*deadline, now)?;
        if self.possession.scheme() != terms.scheme {
            return Err(DocumentError::OtherScheme);
        }
        let claim = self.consent.claim().digest(&self.domain);
        self.possession.verify(&terms.public_key, &claim).map_err(|_| DocumentError::NotTheKeys)?;
        checked(&self.owner_signature, identity, &self.consent, &self.domain)
    }
}

impl SignedRevocation {
    /// As [`SignedDocument::check`].
    ///
    /// # Errors
    /// As there.
    pub fn check(&self, now: u64) -> Result<Checked, DocumentError> {
        in_time(self.consent.deadline, now)?;
        checked(&self.owner_signature, &self.consent.identity, &self.consent, &self.domain)
    }
}

impl SignedCertificate {
    /// As [`SignedDocument::check`].
    ///
    /// # Errors
    /// As there.
    pub fn check(&self) -> Result<(), DocumentError> {
        if self.public_key.address() != self.certificate.signer.0 {
            return Err(DocumentError::OtherKey { signer: self.certificate.signer });
        }
        let digest = self.certificate.digest(&self.domain);
        self.signature.verify(&self.public_key, &digest).map_err(|_| DocumentError::NotTheKeys)
    }
}

impl From<SignedKey> for SignedDocument {
    fn from(key: SignedKey) -> Self {
        Self::Key(key)
    }
}

impl From<SignedRevocation> for SignedDocument {
    fn from(revocation: SignedRevocation) -> Self {
        Self::Revocation(revocation)
    }
}

impl From<SignedCertificate> for SignedDocument {
    fn from(certificate: SignedCertificate) -> Self {
        Self::Certificate(certificate)
    }
}

impl fmt::Debug for SignedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCertificate")
            .field("domain", &self.domain)
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

fn in_time(deadline: u64, now: u64) -> Result<(), DocumentError> {
    if now > deadline { Err(DocumentError::Expired { deadline, now }) } else { Ok(()) }
}

fn checked(
    signature: &OwnerSignature,
    identity: &Identity,
    data: &impl TypedData,
    domain: &SigningDomain,
) -> Result<Checked, DocumentError> {
    if signature.as_bytes().is_empty() {
        return Err(DocumentError::Unsigned);
    }
    let by_key = signature.is_by(identity.owner, &data.digest(domain));
    Ok(if by_key { Checked::Whole } else { Checked::OwnerOnChain })
}

/// The longest document read, in bytes: twice the longest owner's signature, and room for the rest.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
