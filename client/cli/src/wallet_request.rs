//! What another wallet was asked to sign, read back from the file that `sign-registration --typed-data` printed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use countersign::custody::{Custody, LocalKey};
use countersign::protocol::curve::PublicKey;
use countersign::protocol::{Address, Identity, Label, SignatureScheme};
use countersign::registry::consent::{
    KeyChange, KeyConsent, KeyTerms, MAX_DOCUMENT_BYTES, SigningDomain, TypedData,
};
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::hex_bytes::Hash;
use crate::party::checksummed;

/// A consent, and where it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WalletRequest {
    pub(crate) domain: SigningDomain,
    pub(crate) consent: KeyConsent,
}

impl WalletRequest {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let fault = |what: &str| {
            let message = format!("{} {what}", path.display());
            Failure::new(Exit::Document, "typed_data", message)
                .hint("give the file as `countersign sign-registration --typed-data` printed it")
        };
        let metadata = std::fs::metadata(path).map_err(|error| fault(&format!("cannot be read: {error}")))?;
        if !metadata.is_file() {
            return Err(fault("is no typed data"));
        }
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_DOCUMENT_BYTES as u64 + 1).read_to_string(&mut text))
            .map_err(|error| fault(&format!("cannot be read: {error}")))?;
        if text.len() > MAX_DOCUMENT_BYTES {
            return Err(fault("is no typed data"));
        }
        let json: Value =
            serde_json::from_str(&text).map_err(|error| fault(&format!("is no JSON: {error}")))?;
        let request = Self::parse(&json).ok_or_else(|| fault("is not the typed data of a registration"))?;
        // What else stands in the file is hashed too: only the very same typed data gives the wallet's digest.
        if request.consent.typed_data(&request.domain) != json {
            return Err(fault("is not as it was printed"));
        }
        Ok(request)
    }

    /// What is named beside the file must not contradict it: the identity key is about to sign for what the file names.
    pub(crate) fn refuse_other_subject(
        &self,
        identity: &Identity,
        domain: &SigningDomain,
    ) -> Result<(), Failure> {
        let other = |what: &str| {
            let message = format!("the typed data is for another {what} than you named");
            Err(Failure::new(Exit::Document, "other_subject", message)
                .hint("look at the file: your identity key would sign for what it names"))
        };
        if *identity != self.consent.identity {
            return other("owner or label");
        }
        if *domain != self.domain {
            return other("chain or registry");
        }
        Ok(())
    }

    /// The wallet signed for one key; another one in the keystore would make a document that nobody takes.
    pub(crate) fn refuse_other_key(&self, held: &LocalKey) -> Result<(), Failure> {
        if held.public_key() == self.consent.terms.public_key {
            return Ok(());
        }
        let signer = |key: &PublicKey| checksummed(&Address(key.address()));
        let message = format!(
            "the owner signed for the key {}, and the keystore holds {}",
            signer(&self.consent.terms.public_key),
            signer(&held.public_key())
        );
        Err(Failure::new(Exit::Keystore, "other_key", message)
            .hint("name the right keystore with --keystore FILE"))
    }

    fn parse(json: &Value) -> Option<Self> {
        let (about, message) = (json.get("domain")?, json.get("message")?);
        let registry = address(about.get("verifyingContract")?)?;
        let domain = match about.get("chainId") {
            Some(chain_id) => SigningDomain::Chain { chain_id: chain_id.as_u64()?, registry },
            None => SigningDomain::EveryChain { registry },
        };
        let change = match json.get("primaryType")?.as_str()? {
            "KeyRegistration" => KeyChange::Register,
            "KeyRotation" => KeyChange::Rotate,
            _ => return None,
        };
        let consent = KeyConsent {
            change,
            identity: Identity {
                owner: address(message.get("owner")?)?,
                label: Label(word(message.get("label")?)?),
            },
            version: u16::try_from(message.get("version")?.as_u64()?).ok()?,
            terms: terms(message)?,
            deadline: message.get("deadline")?.as_u64()?,
        };
        Some(Self { domain, consent })
    }
}

fn terms(message: &Value) -> Option<KeyTerms> {
    let (x, y) = (word(message.get("x")?)?, word(message.get("y")?)?);
    let valid_until = u32::try_from(message.get("validUntil")?.as_u64()?).ok()?;
    Some(KeyTerms {
        public_key: PublicKey::from_uncompressed_xy(&x, &y).ok()?,
        // A keystore's key signs with ECDSA; a quorum's makes its documents elsewhere.
        scheme: SignatureScheme::Ecdsa,
        valid_until: (valid_until != 0).then_some(valid_until),
        suite_floor: u8::try_from(message.get("suiteFloor")?.as_u64()?).ok()?,
        pinned: message.get("pinned")?.as_bool()?,
    })
}

fn address(value: &Value) -> Option<Address> {
    value.as_str()?.parse().ok()
}

fn word(value: &Value) -> Option<[u8; 32]> {
    value.as_str()?.parse().map(|Hash(word)| word).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn request(domain: SigningDomain, change: KeyChange) -> WalletRequest {
        let key = LocalKey::generate().unwrap();
        let terms = KeyTerms { valid_until: Some(2_000_000_000), ..KeyTerms::new(key.public_key()) };
        let identity = Identity { owner: Address([0x11; 20]), label: Label::from_text("desk-7").unwrap() };
        WalletRequest {
            domain,
            consent: KeyConsent { change, identity, version: 3, terms, deadline: 1_900_000_000 },
        }
    }

    fn written(json: &Value) -> Result<WalletRequest, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::to_string_pretty(json).unwrap()).unwrap();
        WalletRequest::read(file.path())
    }

    #[test]
    fn what_is_printed_is_read_back() {
        let registry = Address([0x22; 20]);
        for domain in
            [SigningDomain::Chain { chain_id: 10, registry }, SigningDomain::EveryChain { registry }]
        {
            for change in [KeyChange::Register, KeyChange::Rotate] {
                let request = request(domain, change);
                assert_eq!(written(&request.consent.typed_data(&domain)).unwrap(), request);
            }
        }
    }

    #[test]
    fn anything_else_in_it_is_refused() {
        let domain = SigningDomain::Chain { chain_id: 10, registry: Address([0x22; 20]) };
        let request = request(domain, KeyChange::Register);
        let good = request.consent.typed_data(&domain);
        let changed = |pointer: &str, value: Value| {
            let mut json = good.clone();
            *json.pointer_mut(pointer).unwrap() = value;
            written(&json).unwrap_err().message().to_owned()
        };
        assert!(changed("/domain/name", "Another registry".into()).contains("not as it was printed"));
        assert!(changed("/message/scheme", 1.into()).contains("not as it was printed"));
        assert!(changed("/message/y", "0x01".into()).contains("not the typed data of a registration"));
        assert!(
            changed("/primaryType", "KeyRevocation".into()).contains("not the typed data of a registration")
        );
        let other = LocalKey::generate().unwrap();
        request.refuse_other_subject(&request.consent.identity, &domain).unwrap();
        let elsewhere = SigningDomain::EveryChain { registry: Address([0x22; 20]) };
        let identities = [(Identity::of(Address([0x33; 20])), domain), (request.consent.identity, elsewhere)];
        for (identity, domain) in identities {
            assert_eq!(request.refuse_other_subject(&identity, &domain).unwrap_err().kind(), "other_subject");
        }
        assert_eq!(request.refuse_other_key(&other).unwrap_err().kind(), "other_key");
    }
}
