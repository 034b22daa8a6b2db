//! A key on its way into a record: what its holder signs, and what the record's owner signs.

use alloy::primitives::aliases::U40;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, KeyRequest};
use serde_json::json;

use super::typed::{Encoded, Message, account, checksummed, word};
use super::{KeyTerms, SigningDomain, TypedData};

/// That the holder of a key wants it in a record, as the version after the record's current one: `KeyPossession`.
/// Signed by that key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyClaim {
    /// Which record.
    pub identity: Identity,
    /// The version that the key will have.
    pub version: u16,
    /// The key.
    pub public_key: PublicKey,
}

/// That an owner wants a key in its record, on these terms: `KeyRegistration` or `KeyRotation`. Signed by the owner's
/// account. The version makes it good once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyConsent {
    /// Into which state of the record.
    pub change: KeyChange,
    /// Which record.
    pub identity: Identity,
    /// The version that the key will have: the record's current one and 1; 1 for a record never used.
    pub version: u16,
    /// The key, and what is said of it.
    pub terms: KeyTerms,
    /// Unix seconds of the last moment at which it may be submitted, below 2^40.
    pub deadline: u64,
}

/// How a key comes into a record. They are signed apart: a rotation signed before a revocation does not bring the
/// record back after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyChange {
    /// A first key, or a fresh one after a revocation.
    Register,
    /// In place of an active or expired key.
    Rotate,
}

impl KeyClaim {
    /// What the identity key is asked.
    #[must_use]
    pub fn request(&self, domain: &SigningDomain) -> KeyRequest {
        KeyRequest::Sign { digest: self.digest(domain).0 }
    }
}

impl KeyConsent {
    /// What the key's holder signs for the same record and version.
    #[must_use]
    pub const fn claim(&self) -> KeyClaim {
        KeyClaim { identity: self.identity, version: self.version, public_key: self.terms.public_key }
    }
}

impl Message for KeyClaim {
    fn encoded(&self) -> Encoded {
        let Self { identity, version, public_key } = *self;
        let (x, y) = public_key.xy();
        let (label, x, y) = (word(identity.label), x.into(), y.into());
        let json = json!({
            "owner": checksummed(identity.owner), "label": label, "version": version, "x": x, "y": y,
        });
        Encoded::of(&KeyPossession { owner: account(identity.owner), label, version, x, y }, json)
    }
}

impl Message for KeyConsent {
    fn encoded(&self) -> Encoded {
        let Self { change, identity, version, terms, deadline } = *self;
        let (x, y) = terms.public_key.xy();
        let registration = KeyRegistration {
            owner: account(identity.owner),
            label: word(identity.label),
            version,
            x: x.into(),
            y: y.into(),
            scheme: terms.scheme as u8,
            validUntil: terms.expiry(),
            suiteFloor: terms.suite_floor,
            pinned: terms.pinned,
            deadline: U40::saturating_from(deadline),
        };
        let json = json!({
            "owner": checksummed(identity.owner),
            "label": registration.label,
            "version": version,
            "x": registration.x,
            "y": registration.y,
            "scheme": registration.scheme,
            "validUntil": registration.validUntil,
            "suiteFloor": terms.suite_floor,
            "pinned": terms.pinned,
            "deadline": registration.deadline.to::<u64>(),
        });
        let encoded = Encoded::of(&registration, json);
        match change {
            KeyChange::Register => encoded,
            // The same members; a Rust type has one name.
            KeyChange::Rotate => encoded.named("KeyRotation"),
        }
    }
}

alloy::sol! {
    struct KeyPossession {
        address owner;
        bytes32 label;
        uint16 version;
        bytes32 x;
        bytes32 y;
    }

    struct KeyRegistration {
        address owner;
        bytes32 label;
        uint16 version;
        bytes32 x;
        bytes32 y;
        uint8 scheme;
        uint32 validUntil;
        uint8 suiteFloor;
        bool pinned;
        uint40 deadline;
    }
}
