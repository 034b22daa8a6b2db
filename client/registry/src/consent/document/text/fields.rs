//! Single fields of a document.

use alloy::primitives::{Address as AccountAddress, hex};
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Identity, Label, SignatureScheme};
use serde::de::DeserializeOwned;

use crate::consent::typed::account;
use crate::consent::{DocumentError, IdentitySignature, OwnerSignature, SigningDomain};
use crate::word::RevocationReason;

/// Reads one JSON value and nothing behind it.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, DocumentError> {
    serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let said = error.to_string();
        // The other messages repeat what the text holds, which may be anything: somebody's key file, for one.
        let names_a_field = ["unknown field", "missing field", "duplicate field"];
        let what = match names_a_field.into_iter().find(|beginning| said.starts_with(beginning)) {
            Some(beginning) => named(beginning, &said),
            None if error.is_data() => "a field is of another type".into(),
            None => "the text is no JSON, or is cut short".into(),
        };
        DocumentError::NotADocument { what, line, column }
    })
}

/// `unknown field "name"`, where the name is short enough to be one.
fn named(beginning: &str, said: &str) -> String {
    let name = said.split('`').nth(1).filter(|name| name.len() <= LONGEST_NAME);
    name.map_or_else(|| beginning.into(), |name| format!("{beginning} \"{}\"", name.escape_default()))
}

pub(super) fn domain(
    chain_id: Option<u64>,
    every_chain: bool,
    registry: &str,
) -> Result<SigningDomain, DocumentError> {
    let registry = address(registry, "registry")?;
    match (chain_id, every_chain) {
        (Some(chain_id), false) => Ok(SigningDomain::Chain { chain_id, registry }),
        (None, true) => Ok(SigningDomain::EveryChain { registry }),
        _ => bad("chainId", "the chain's id, or left out where everyChain is true"),
    }
}

pub(super) fn identity(owner: &str, label: &str) -> Result<Identity, DocumentError> {
    let must_be = "at most 31 characters without spaces, or 0x and 64 hexadecimal digits";
    let label = Label::from_text(label).or_else(|_| bad("label", must_be))?;
    Ok(Identity { owner: address(owner, "owner")?, label })
}

pub(super) fn version(version: u16) -> Result<u16, DocumentError> {
    if version == 0 { bad("version", "1 or more") } else { Ok(version) }
}

pub(super) fn deadline(deadline: u64) -> Result<u64, DocumentError> {
    if deadline >= 1 << 40 { bad("deadline", "Unix seconds below 2^40") } else { Ok(deadline) }
}

pub(super) fn expiry(valid_until: Option<u32>) -> Result<Option<u32>, DocumentError> {
    if valid_until == Some(0) {
        bad("validUntil", "Unix seconds, or null for never")
    } else {
        Ok(valid_until)
    }
}

pub(super) fn suite_floor(floor: u8) -> Result<u8, DocumentError> {
    if floor > 1 { bad("suiteFloor", "0 for classical or 1 for hybrid") } else { Ok(floor) }
}

pub(super) fn public_key(text: &str) -> Result<PublicKey, DocumentError> {
    let key = hex_bytes(text).and_then(|bytes| PublicKey::from_compressed(&bytes.try_into().ok()?).ok());
    key.ok_or(DocumentError::BadField {
        field: "publicKey",
        must_be: "0x and the 33 bytes of a compressed secp256k1 key",
    })
}

pub(super) const fn scheme_text(scheme: SignatureScheme) -> &'static str {
    match scheme {
        SignatureScheme::Ecdsa => ECDSA,
        SignatureScheme::Schnorr => SCHNORR,
    }
}

pub(super) fn scheme(text: &str) -> Result<SignatureScheme, DocumentError> {
    match text {
        ECDSA => Ok(SignatureScheme::Ecdsa),
        SCHNORR => Ok(SignatureScheme::Schnorr),
        _ => bad("scheme", "ecdsa or schnorr"),
    }
}

pub(super) fn reason_text(reason: RevocationReason) -> String {
    let known = REASONS.iter().find(|(_, known)| *known == reason);
    known.map_or_else(|| format!("unknown-{}", reason.code()), |(text, _)| (*text).into())
}

pub(super) fn reason(text: &str) -> Result<RevocationReason, DocumentError> {
    let known = REASONS.iter().find(|(known, _)| *known == text);
    known.map(|(_, reason)| *reason).ok_or(DocumentError::BadField {
        field: "reason",
        must_be: "unspecified, key-compromised, superseded, ceased-operation, owner-decision or policy",
    })
}

pub(super) fn identity_signature(
    scheme: SignatureScheme,
    text: &str,
    field: &'static str,
) -> Result<IdentitySignature, DocumentError> {
    let signature = hex_bytes(text).and_then(|bytes| IdentitySignature::from_bytes(scheme, &bytes).ok());
    signature.ok_or(DocumentError::BadField {
        field,
        must_be: "0x and the 65 bytes of a signature in the scheme: r, s, v with low s, or R, z",
    })
}

pub(super) fn owner_signature(text: &str) -> Result<OwnerSignature, DocumentError> {
    let signature = hex_bytes(text).and_then(|bytes| OwnerSignature::from_bytes(&bytes).ok());
    signature.ok_or(DocumentError::BadField {
        field: "ownerSignature",
        must_be: "0x and at most 16384 bytes in hexadecimal",
    })
}

pub(super) fn checksummed(address: Address) -> String {
    account(address).to_checksum(None)
}

/// An address whose letters are all of one case has no checksum; all others have a right one.
fn address(text: &str, field: &'static str) -> Result<Address, DocumentError> {
    let must_be = "0x and 40 hexadecimal digits";
    let plain: Address = text.parse().or_else(|_| bad(field, must_be))?;
    let digits = text.trim_start_matches("0x");
    let has_both_cases = |text: &str| {
        text.bytes().any(|byte| byte.is_ascii_lowercase())
            && text.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    if has_both_cases(digits) && AccountAddress::parse_checksummed(text, None).is_err() {
        return Err(DocumentError::BadChecksum { field });
    }
    Ok(plain)
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok())
}

fn bad<T>(field: &'static str, must_be: &'static str) -> Result<T, DocumentError> {
    Err(DocumentError::BadField { field, must_be })
}

const ECDSA: &str = "ecdsa";
const SCHNORR: &str = "schnorr";
const LONGEST_NAME: usize = 32;
const REASONS: [(&str, RevocationReason); 6] = [
    ("unspecified", RevocationReason::Unspecified),
    ("key-compromised", RevocationReason::KeyCompromised),
    ("superseded", RevocationReason::Superseded),
    ("ceased-operation", RevocationReason::CeasedOperation),
    ("owner-decision", RevocationReason::OwnerDecision),
    ("policy", RevocationReason::Policy),
];
