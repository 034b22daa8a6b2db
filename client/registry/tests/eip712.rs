//! Digests, signatures and documents against those that viem made (`tests/vectors/eip712.json`) and quorums signed
//! (`tests/vectors/frost.json`); alloy computes each digest once more from the JSON that wallets get.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use alloy::dyn_abi::TypedData as WalletData;
use alloy::primitives::{B256, hex};
use countersign_protocol::curve::{PublicKey, SecretKey};
use countersign_protocol::{Address, Identity, Label, SignatureScheme};
use countersign_registry::RevocationReason;
use countersign_registry::consent::{
    Checked, IdentitySignature, KeyChange, KeyClaim, KeyConsent, KeyTerms, OwnerSignature,
    RevocationCertificate, RevocationConsent, SignedCertificate, SignedDocument, SignedKey, SignedRevocation,
    SigningDomain, TypedData,
};
use serde_json::Value;

#[test]
fn digests_are_viems_and_wallets_compute_the_same() {
    let mut seen = 0;
    for case in cases(include_str!("../../../tests/vectors/eip712.json")) {
        let Some(data) = data(&case) else { continue };
        let expected = word(&case["digest"]);
        let domain = domain(&case);
        assert_eq!(data.digest(&domain), expected, "{case}");
        let for_wallets: WalletData = serde_json::from_value(data.typed_data(&domain)).unwrap();
        assert_eq!(for_wallets.eip712_signing_hash().unwrap(), expected, "{case}");
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn the_possession_proofs_and_the_owners_signatures_hold() {
    let mut schemes = [0, 0];
    for case in consents() {
        let (domain, consent) = (domain(&case), key_consent(&case));
        let claim = consent.claim();
        assert_eq!(claim.digest(&domain), word(&case["possessionDigest"]));
        let possession =
            IdentitySignature::from_bytes(consent.terms.scheme, &bytes(&case["possession"])).unwrap();
        possession.verify(&consent.terms.public_key, &claim.digest(&domain)).unwrap();
        possession.verify(&consent.terms.public_key, &consent.digest(&domain)).unwrap_err();

        let (digest, owner) = (consent.digest(&domain), address(&case["signer"]));
        let whole = bytes(&case["signature"]);
        let compact = [bytes(&case["r"]), bytes(&case["vs"])].concat();
        for signature in [&whole, &compact] {
            let signature = OwnerSignature::from_bytes(signature).unwrap();
            assert!(signature.is_by(owner, &digest));
            assert!(!signature.is_by(owner, &claim.digest(&domain)));
            assert!(!signature.is_by(Address([1; 20]), &digest));
        }
        schemes[consent.terms.scheme as usize] += 1;
    }
    assert!(schemes.iter().all(|count| *count > 10), "{schemes:?}");
}

#[test]
fn documents_read_back_and_check() {
    let now =
        file(include_str!("../../../tests/vectors/eip712.json"))["now"].as_u64().unwrap_or(1_767_225_600);
    let mut kinds = std::collections::BTreeMap::new();
    for case in cases(include_str!("../../../tests/vectors/eip712.json")) {
        let Some(document) = document(&case) else { continue };
        let json = document.to_json();
        // Floors that are reserved can be signed, and are refused on sight.
        if case["message"]["suiteFloor"].as_u64().is_some_and(|floor| floor > 1) {
            SignedDocument::from_json(json.as_bytes()).unwrap_err();
            continue;
        }
        assert_eq!(SignedDocument::from_json(json.as_bytes()).unwrap(), document, "{json}");
        assert_eq!(document.check(now).unwrap(), Checked::Whole, "{json}");
        *kinds.entry(document.kind()).or_insert(0) += 1;
    }
    assert!(kinds.len() == 4 && kinds.values().all(|count| *count > 10), "{kinds:?}");
}

#[test]
fn what_quorums_signed_holds_and_what_was_altered_does_not() {
    let vectors = file(include_str!("../../../tests/vectors/frost.json"));
    let verdict = |case: &Value| {
        let prefix = u8::try_from(case["prefix"].as_u64()?).ok()?;
        let signature = [&[prefix][..], &bytes(&case["rx"]), &bytes(&case["z"])].concat();
        let key = PublicKey::from_uncompressed_xy(&word(&case["x"]).0, &word(&case["y"]).0).ok()?;
        let signature = IdentitySignature::from_bytes(SignatureScheme::Schnorr, &signature).ok()?;
        signature.verify(&key, &word(&case["digest"])).ok()?;
        Some(signature.for_contract(&key).to_vec())
    };
    let good = vectors["cases"].as_array().unwrap();
    assert!(good.len() >= 20 && good.iter().all(|case| verdict(case) == Some(bytes(&case["signature"]))));
    let refused = vectors["refused"].as_array().unwrap();
    assert!(!refused.is_empty());
    for case in refused {
        assert_eq!(verdict(case), None, "{case}");
    }
}

/// The case as one of the signed types; `None` for those that are no business of the registry.
fn data(case: &Value) -> Option<Box<dyn TypedData>> {
    let message = &case["message"];
    Some(match case["type"].as_str().unwrap() {
        "KeyPossession" => Box::new(KeyClaim {
            identity: identity(message),
            version: short(&message["version"]),
            public_key: public_key(message),
        }),
        "KeyRegistration" | "KeyRotation" => Box::new(key_consent(case)),
        "KeyRevocation" => Box::new(revocation(case)),
        "RevocationCertificate" => Box::new(certificate(case)),
        _ => return None,
    })
}

fn document(case: &Value) -> Option<SignedDocument> {
    if !matches!(
        case["type"].as_str()?,
        "KeyRegistration" | "KeyRotation" | "KeyRevocation" | "RevocationCertificate"
    ) {
        return None;
    }
    let domain = domain(case);
    let owner_signature = || OwnerSignature::from_bytes(&bytes(&case["signature"])).unwrap();
    Some(match case["type"].as_str()? {
        "KeyRegistration" | "KeyRotation" => {
            let consent = key_consent(case);
            let possession =
                IdentitySignature::from_bytes(consent.terms.scheme, &bytes(&case["possession"])).unwrap();
            SignedKey { domain, consent, possession, owner_signature: owner_signature() }.into()
        }
        "KeyRevocation" => {
            SignedRevocation { domain, consent: revocation(case), owner_signature: owner_signature() }.into()
        }
        "RevocationCertificate" => {
            let scheme = scheme(&case["scheme"]);
            let whole = bytes(&case["signature"]);
            // A Schnorr signature stands behind the key's coordinates.
            let signature = IdentitySignature::from_bytes(scheme, &whole[whole.len() - 65..]).unwrap();
            let secret = SecretKey::from_bytes(&word(&case["privateKey"]).0).unwrap();
            let public_key = secret.public_key();
            let compact =
                alloy::primitives::Signature::from_raw(&whole).map(|ecdsa| ecdsa.as_erc2098().to_vec());
            assert_eq!(signature.for_contract(&public_key).to_vec(), compact.unwrap_or(whole));
            SignedCertificate { domain, certificate: certificate(case), public_key, signature }.into()
        }
        _ => return None,
    })
}

fn consents() -> impl Iterator<Item = Value> {
    cases(include_str!("../../../tests/vectors/eip712.json"))
        .into_iter()
        .filter(|case| matches!(case["type"].as_str(), Some("KeyRegistration" | "KeyRotation")))
}

fn key_consent(case: &Value) -> KeyConsent {
    let message = &case["message"];
    let valid_until = u32::try_from(message["validUntil"].as_u64().unwrap()).unwrap();
    KeyConsent {
        change: if case["type"] == "KeyRotation" { KeyChange::Rotate } else { KeyChange::Register },
        identity: identity(message),
        version: short(&message["version"]),
        terms: KeyTerms {
            public_key: public_key(message),
            scheme: scheme(&message["scheme"]),
            valid_until: (valid_until != 0).then_some(valid_until),
            suite_floor: u8::try_from(message["suiteFloor"].as_u64().unwrap()).unwrap(),
            pinned: message["pinned"].as_bool().unwrap(),
        },
        deadline: message["deadline"].as_u64().unwrap(),
    }
}

fn revocation(case: &Value) -> RevocationConsent {
    let message = &case["message"];
    RevocationConsent {
        identity: identity(message),
        version: short(&message["version"]),
        reason: reason(message),
        deadline: message["deadline"].as_u64().unwrap(),
    }
}

fn certificate(case: &Value) -> RevocationCertificate {
    let message = &case["message"];
    RevocationCertificate {
        identity: identity(message),
        signer: address(&message["signer"]),
        reason: reason(message),
    }
}

fn domain(case: &Value) -> SigningDomain {
    let registry = address(&case["domain"]["verifyingContract"]);
    match case["domain"]["chainId"].as_u64() {
        Some(chain_id) => SigningDomain::Chain { chain_id, registry },
        None => SigningDomain::EveryChain { registry },
    }
}

fn identity(message: &Value) -> Identity {
    Identity { owner: address(&message["owner"]), label: Label(word(&message["label"]).0) }
}

fn public_key(message: &Value) -> PublicKey {
    PublicKey::from_uncompressed_xy(&word(&message["x"]).0, &word(&message["y"]).0).unwrap()
}

fn reason(message: &Value) -> RevocationReason {
    RevocationReason::from_code(u8::try_from(message["reason"].as_u64().unwrap()).unwrap())
}

fn scheme(value: &Value) -> SignatureScheme {
    if value.as_u64() == Some(1) { SignatureScheme::Schnorr } else { SignatureScheme::Ecdsa }
}

fn short(value: &Value) -> u16 {
    u16::try_from(value.as_u64().unwrap()).unwrap()
}

fn address(value: &Value) -> Address {
    value.as_str().unwrap().parse().unwrap()
}

fn word(value: &Value) -> B256 {
    value.as_str().unwrap().parse().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn cases(text: &str) -> Vec<Value> {
    file(text)["cases"].as_array().unwrap().clone()
}

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
