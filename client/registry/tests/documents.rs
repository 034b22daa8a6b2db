//! Signed documents as files: what is read, and what is refused by name.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use countersign_protocol::curve::SecretKey;
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::RevocationReason;
use countersign_registry::consent::{
    DocumentError, IdentitySignature, KeyChange, KeyConsent, KeyTerms, MAX_DOCUMENT_BYTES,
    MAX_OWNER_SIGNATURE_BYTES, OwnerSignature, OwnerSignatureError, RevocationCertificate, SignedCertificate,
    SignedDocument, SignedKey, SigningDomain, TypedData,
};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_document_is_one_that_people_can_read() {
    let json = registration().to_json();
    let expected = r#"{
  "document": "countersign.registration.v1",
  "chainId": 31337,
  "registry": "0x00000000000000000000000000000000000000A1",
  "owner": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  "label": "desk-1",
  "version": 1,
  "publicKey": "0x02989c0b76cb563971fdc9bef31ec06c3560f3249d6ee9e5d83c57625596e05f6f",
  "scheme": "ecdsa",
  "validUntil": null,
  "suiteFloor": 1,
  "pinned": true,
  "deadline": 2000000000,
  "possession": "0x"#;
    assert!(json.starts_with(expected), "{json}");
    assert!(json.ends_with("\"ownerSignature\": \"0x01\"\n}\n"), "{json}");
}

#[test]
fn every_fields_fault_is_named() {
    let good = value(&registration());
    let cases: [(&str, Value, &str); 21] = [
        ("registry", json!("0x00000000000000000000000000000000000000a"), "registry must be"),
        // One letter of the right address in the other case.
        ("owner", json!("0x70997970c51812dc3A010C7d01b50e0d17dc79C8"), "owner has a wrong checksum"),
        ("owner", json!("70997970C51812dc3A010C7d01b50e0d17dc79C8"), "owner must be"),
        ("label", json!("two words"), "label must be"),
        ("version", json!(0), "version must be"),
        ("version", json!(65_536), "another type"),
        ("publicKey", json!("0x02"), "publicKey must be"),
        ("publicKey", json!(format!("0x02{}", "ff".repeat(32))), "publicKey must be"),
        ("scheme", json!("rsa"), "scheme must be"),
        ("validUntil", json!(0), "validUntil must be"),
        ("validUntil", json!(1_u64 << 32), "another type"),
        ("suiteFloor", json!(2), "suiteFloor must be"),
        ("pinned", json!("yes"), "another type"),
        ("deadline", json!(1_u64 << 40), "deadline must be"),
        ("possession", json!(format!("0x{}", "11".repeat(64))), "possession must be"),
        // R of a Schnorr signature is no r and s.
        ("scheme", json!("schnorr"), "possession must be"),
        ("ownerSignature", json!("0x1"), "ownerSignature must be"),
        (
            "ownerSignature",
            json!(format!("0x{}", "00".repeat(MAX_OWNER_SIGNATURE_BYTES + 1))),
            "ownerSignature must be",
        ),
        ("everyChain", json!(true), "chainId must be"),
        ("document", json!("countersign.registration.v2"), "not this kind"),
        ("note", json!("hello"), "unknown field \"note\""),
    ];
    for (field, bad, expected) in cases {
        let mut document = good.clone();
        document[field] = bad;
        let error = SignedDocument::from_json(document.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{field}: {error}");
    }
    for field in good.as_object().unwrap().keys().filter(|field| *field != "validUntil") {
        let mut document = good.clone();
        document.as_object_mut().unwrap().remove(field);
        let error = SignedDocument::from_json(document.to_string().as_bytes()).unwrap_err().to_string();
        let expected = if field == "chainId" { "chainId must be" } else { "missing field" };
        assert!(error.contains(expected), "{field}: {error}");
    }
}

#[test]
fn an_address_without_checksum_is_taken_and_a_field_twice_is_not() {
    let text = registration().to_json();
    let lower = text
        .replace("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "0x70997970c51812dc3a010c7d01b50e0d17dc79c8");
    assert_eq!(SignedDocument::from_json(lower.as_bytes()).unwrap(), registration());
    let twice = text.replacen("\"version\": 1", "\"version\": 2, \"version\": 1", 1);
    let error = SignedDocument::from_json(twice.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("duplicate field \"version\""), "{error}");
    let followed = text + "{}";
    assert!(SignedDocument::from_json(followed.as_bytes()).is_err());
}

#[test]
fn no_more_is_read_than_a_document_may_have() {
    let endless = std::io::repeat(b' ');
    let limit = MAX_DOCUMENT_BYTES;
    assert_eq!(SignedDocument::read(endless).unwrap_err(), DocumentError::TooLarge { limit });
    let length = MAX_OWNER_SIGNATURE_BYTES;
    let longest = OwnerSignature::from_bytes(&vec![0xff; length]).unwrap();
    let SignedDocument::Key(key) = registration() else { unreachable!() };
    let document = SignedDocument::Key(SignedKey { owner_signature: longest, ..key });
    assert_eq!(SignedDocument::read(document.to_json().as_bytes()).unwrap(), document);
    let length = length + 1;
    assert_eq!(OwnerSignature::from_bytes(&vec![0; length]), Err(OwnerSignatureError::TooLong { length }));
}

#[test]
fn what_was_changed_after_signing_does_not_hold() {
    let SignedDocument::Key(good) = registration() else { unreachable!() };
    good.check(DEADLINE).unwrap();
    let late = good.check(DEADLINE + 1);
    assert_eq!(late, Err(DocumentError::Expired { deadline: DEADLINE, now: DEADLINE + 1 }));

    let another = Identity { owner: Address([9; 20]), ..good.consent.identity };
    let registry = good.domain.registry();
    let changed = [
        SignedKey { consent: KeyConsent { version: 2, ..good.consent }, ..good.clone() },
        SignedKey { consent: KeyConsent { identity: another, ..good.consent }, ..good.clone() },
        SignedKey { domain: SigningDomain::Chain { chain_id: 1, registry }, ..good.clone() },
        SignedKey { domain: SigningDomain::EveryChain { registry }, ..good.clone() },
        SignedKey {
            consent: KeyConsent {
                terms: KeyTerms { public_key: key(8).public_key(), ..good.consent.terms },
                ..good.consent
            },
            ..good
        },
    ];
    for document in changed {
        assert_eq!(document.check(0), Err(DocumentError::NotTheKeys), "{document:?}");
    }
}

#[test]
fn a_certificate_is_by_the_key_that_it_shows_and_debug_keeps_it() {
    let certificate = certificate(&key(7));
    certificate.check().unwrap();
    let other = SignedCertificate { public_key: key(8).public_key(), ..certificate.clone() };
    let signer = certificate.certificate.signer;
    assert_eq!(other.check(), Err(DocumentError::OtherKey { signer }));
    let reason = RevocationReason::Policy;
    let changed = RevocationCertificate { reason, ..certificate.certificate };
    let changed = SignedCertificate { certificate: changed, ..certificate.clone() };
    assert_eq!(changed.check(), Err(DocumentError::NotTheKeys));
    let document = SignedDocument::from(certificate.clone());
    assert_eq!(document.deadline(), None);
    assert_eq!(SignedDocument::from_json(document.to_json().as_bytes()).unwrap(), document);
    let text = format!("{document:?}");
    let IdentitySignature::Ecdsa(signature) = certificate.signature else { unreachable!() };
    assert!(text.contains("SignedCertificate") && !text.contains(&format!("{signature:?}")), "{text}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_by_an_error(text: Vec<u8>, at in 0_usize..600, byte: u8) {
        let _ = SignedDocument::from_json(&text);
        let mut json = registration().to_json().into_bytes();
        let at = at % json.len();
        json[at] = byte;
        // Whatever is still a document after that is one that is written as it reads.
        if let Ok(document) = SignedDocument::from_json(&json) {
            prop_assert_eq!(SignedDocument::from_json(document.to_json().as_bytes()).unwrap(), document);
        }
    }
}

fn registration() -> SignedDocument {
    let domain = SigningDomain::Chain { chain_id: 31337, registry: registry() };
    let key = key(7);
    let terms = KeyTerms::new(key.public_key());
    let change = KeyChange::Register;
    let consent = KeyConsent { change, identity: identity(), version: 1, terms, deadline: DEADLINE };
    let possession = IdentitySignature::Ecdsa(key.sign_prehash(&consent.claim().digest(&domain).0));
    SignedKey { domain, consent, possession, owner_signature: OwnerSignature::from_bytes(&[1]).unwrap() }
        .into()
}

fn certificate(key: &SecretKey) -> SignedCertificate {
    let (domain, public_key) = (SigningDomain::EveryChain { registry: registry() }, key.public_key());
    let certificate = RevocationCertificate::new(identity(), &public_key, RevocationReason::KeyCompromised);
    let signature = IdentitySignature::Ecdsa(key.sign_prehash(&certificate.digest(&domain).0));
    SignedCertificate { domain, certificate, public_key, signature }
}

fn value(document: &SignedDocument) -> Value {
    serde_json::from_str(&document.to_json()).unwrap()
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

fn identity() -> Identity {
    let owner = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
    Identity { owner, label: Label::from_text("desk-1").unwrap() }
}

fn registry() -> Address {
    let mut address = [0; 20];
    address[19] = 0xa1;
    Address(address)
}

const DEADLINE: u64 = 2_000_000_000;
