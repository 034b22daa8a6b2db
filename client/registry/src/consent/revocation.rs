//! An owner's word that a key is no good any more.

use alloy::primitives::aliases::U40;
use countersign_protocol::Identity;
use serde_json::json;

use super::typed::{Encoded, Message, account, checksummed, word};
use crate::word::RevocationReason;

/// That an owner wants one version of its record revoked: `KeyRevocation`. Signed by the owner's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationConsent {
    /// Which record.
    pub identity: Identity,
    /// The version to revoke: the current one.
    pub version: u16,
    /// Why.
    pub reason: RevocationReason,
    /// Unix seconds of the last moment at which it may be submitted, below 2^40.
    pub deadline: u64,
}

impl Message for RevocationConsent {
    fn encoded(&self) -> Encoded {
        let Self { identity, version, reason, deadline } = *self;
        let revocation = KeyRevocation {
            owner: account(identity.owner),
            label: word(identity.label),
            version,
            reason: reason.code(),
            deadline: U40::saturating_from(deadline),
        };
        let json = json!({
            "owner": checksummed(identity.owner),
            "label": revocation.label,
            "version": version,
            "reason": revocation.reason,
            "deadline": revocation.deadline.to::<u64>(),
        });
        Encoded::of(&revocation, json)
    }
}

alloy::sol! {
    struct KeyRevocation {
        address owner;
        bytes32 label;
        uint16 version;
        uint8 reason;
        uint40 deadline;
    }
}
