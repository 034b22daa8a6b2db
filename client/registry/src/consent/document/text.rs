//! The JSON of signed documents: text on one side, parsed on the other.

mod fields;

use alloy::primitives::hex;
use serde::{Deserialize, Serialize};

use self::fields::{
    checksummed, deadline, domain, expiry, identity, identity_signature, owner_signature, public_key, read,
    reason, reason_text, scheme, scheme_text, suite_floor, version,
};
use super::{DocumentError, SignedCertificate, SignedDocument, SignedKey, SignedRevocation};
use crate::consent::{KeyChange, KeyConsent, KeyTerms, RevocationCertificate, RevocationConsent};

pub(super) const REGISTRATION: &str = "countersign.registration.v1";
pub(super) const ROTATION: &str = "countersign.rotation.v1";
pub(super) const REVOCATION: &str = "countersign.revocation.v1";
pub(super) const CERTIFICATE: &str = "countersign.revocation-certificate.v1";

pub(super) fn parse(json: &[u8]) -> Result<SignedDocument, DocumentError> {
    let Kind { document } = read(json)?;
    match document.as_str() {
        REGISTRATION => read::<KeyText>(json)?.parse(KeyChange::Register).map(Into::into),
        ROTATION => read::<KeyText>(json)?.parse(KeyChange::Rotate).map(Into::into),
        REVOCATION => read::<RevocationText>(json)?.parse().map(Into::into),
        CERTIFICATE => read::<CertificateText>(json)?.parse().map(Into::into),
        _ => Err(DocumentError::UnknownKind),
    }
}

pub(super) fn compose(document: &SignedDocument) -> String {
    let json = match document {
        SignedDocument::Key(key) => serde_json::to_string_pretty(&KeyText::of(key, document.kind())),
        SignedDocument::Revocation(revocation) => {
            serde_json::to_string_pretty(&RevocationText::of(revocation))
        }
        SignedDocument::Certificate(certificate) => {
            serde_json::to_string_pretty(&CertificateText::of(certificate))
        }
    };
    // Plain structs of text and numbers: nothing in them can fail to be written.
    json.unwrap_or_default() + "\n"
}

/// All that is looked at before the kind is known.
#[derive(Deserialize)]
struct Kind {
    document: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyText {
    document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    every_chain: bool,
    registry: String,
    owner: String,
    label: String,
    version: u16,
    public_key: String,
    scheme: String,
    valid_until: Option<u32>,
    suite_floor: u8,
    pinned: bool,
    deadline: u64,
    possession: String,
    owner_signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RevocationText {
    document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    every_chain: bool,
    registry: String,
    owner: String,
    label: String,
    version: u16,
    reason: String,
    deadline: u64,
    owner_signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CertificateText {
    document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    every_chain: bool,
    registry: String,
    owner: String,
    label: String,
    public_key: String,
    scheme: String,
    reason: String,
    signature: String,
}

impl KeyText {
    fn of(key: &SignedKey, kind: &str) -> Self {
        let SignedKey { domain, consent, possession, owner_signature } = key;
        let KeyConsent { identity, version, terms, deadline, change: _ } = consent;
        Self {
            document: kind.into(),
            chain_id: domain.chain_id(),
            every_chain: domain.chain_id().is_none(),
            registry: checksummed(domain.registry()),
            owner: checksummed(identity.owner),
            label: identity.label.to_string(),
            version: *version,
            public_key: hex::encode_prefixed(terms.public_key.compressed()),
            scheme: scheme_text(terms.scheme).into(),
            valid_until: terms.valid_until,
            suite_floor: terms.suite_floor,
            pinned: terms.pinned,
            deadline: *deadline,
            possession: hex::encode_prefixed(possession.to_bytes()),
            owner_signature: hex::encode_prefixed(owner_signature.as_bytes()),
        }
    }

    fn parse(self, change: KeyChange) -> Result<SignedKey, DocumentError> {
        let scheme = scheme(&self.scheme)?;
        let terms = KeyTerms {
            public_key: public_key(&self.public_key)?,
            scheme,
            valid_until: expiry(self.valid_until)?,
            suite_floor: suite_floor(self.suite_floor)?,
            pinned: self.pinned,
        };
        Ok(SignedKey {
            domain: domain(self.chain_id, self.every_chain, &self.registry)?,
            consent: KeyConsent {
                change,
                identity: identity(&self.owner, &self.label)?,
                version: version(self.version)?,
                terms,
                deadline: deadline(self.deadline)?,
            },
            possession: identity_signature(scheme, &self.possession, "possession")?,
            owner_signature: owner_signature(&self.owner_signature)?,
        })
    }
}

impl RevocationText {
    fn of(revocation: &SignedRevocation) -> Self {
        let SignedRevocation { domain, consent, owner_signature } = revocation;
        Self {
            document: REVOCATION.into(),
            chain_id: domain.chain_id(),
            every_chain: domain.chain_id().is_none(),
            registry: checksummed(domain.registry()),
            owner: checksummed(consent.identity.owner),
            label: consent.identity.label.to_string(),
            version: consent.version,
            reason: reason_text(consent.reason),
            deadline: consent.deadline,
            owner_signature: hex::encode_prefixed(owner_signature.as_bytes()),
        }
    }

    fn parse(self) -> Result<SignedRevocation, DocumentError> {
        Ok(SignedRevocation {
            domain: domain(self.chain_id, self.every_chain, &self.registry)?,
            consent: RevocationConsent {
                identity: identity(&self.owner, &self.label)?,
                version: version(self.version)?,
                reason: reason(&self.reason)?,
                deadline: deadline(self.deadline)?,
            },
            owner_signature: owner_signature(&self.owner_signature)?,
        })
    }
}

impl CertificateText {
    fn of(certificate: &SignedCertificate) -> Self {
        let SignedCertificate { domain, certificate, public_key, signature } = certificate;
        Self {
            document: CERTIFICATE.into(),
            chain_id: domain.chain_id(),
            every_chain: domain.chain_id().is_none(),
            registry: checksummed(domain.registry()),
            owner: checksummed(certificate.identity.owner),
            label: certificate.identity.label.to_string(),
            public_key: hex::encode_prefixed(public_key.compressed()),
            scheme: scheme_text(signature.scheme()).into(),
            reason: reason_text(certificate.reason),
            signature: hex::encode_prefixed(signature.to_bytes()),
        }
    }

    fn parse(self) -> Result<SignedCertificate, DocumentError> {
        let public_key = public_key(&self.public_key)?;
        let identity = identity(&self.owner, &self.label)?;
        Ok(SignedCertificate {
            domain: domain(self.chain_id, self.every_chain, &self.registry)?,
            certificate: RevocationCertificate::new(identity, &public_key, reason(&self.reason)?),
            public_key,
            signature: identity_signature(scheme(&self.scheme)?, &self.signature, "signature")?,
        })
    }
}

/// serde asks for this signature.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
