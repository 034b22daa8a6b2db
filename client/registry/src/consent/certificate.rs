//! An identity key's own last word.

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Identity, KeyRequest};
use serde_json::json;

use super::typed::{Encoded, Message, account, checksummed, word};
use super::{SigningDomain, TypedData};
use crate::word::RevocationReason;

/// That a key revokes itself: `RevocationCertificate`. Signed by the identity key, ahead of time; whoever holds it may
/// publish it whenever that key is the record's. It never expires: keep it as safe as a key that can only destroy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationCertificate {
    /// Which record.
    pub identity: Identity,
    /// The Ethereum address of the key that revokes itself.
    pub signer: Address,
    /// Why.
    pub reason: RevocationReason,
}

impl RevocationCertificate {
    /// For a key in a record.
    #[must_use]
    pub fn new(identity: Identity, public_key: &PublicKey, reason: RevocationReason) -> Self {
        Self { identity, signer: Address(public_key.address()), reason }
    }

    /// What the identity key is asked.
    #[must_use]
    pub fn request(&self, domain: &SigningDomain) -> KeyRequest {
        KeyRequest::Sign { digest: self.digest(domain).0 }
    }
}

impl Message for RevocationCertificate {
    fn encoded(&self) -> Encoded {
        let Self { identity, signer, reason } = *self;
        let certificate = eip712::RevocationCertificate {
            owner: account(identity.owner),
            label: word(identity.label),
            signer: account(signer),
            reason: reason.code(),
        };
        let json = json!({
            "owner": checksummed(identity.owner),
            "label": certificate.label,
            "signer": checksummed(signer),
            "reason": certificate.reason,
        });
        Encoded::of(&certificate, json)
    }
}

mod eip712 {
    alloy::sol! {
        struct RevocationCertificate {
            address owner;
            bytes32 label;
            address signer;
            uint8 reason;
        }
    }
}
