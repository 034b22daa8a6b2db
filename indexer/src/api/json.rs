//! What answers are made of, as JSON. Words and addresses are `0x` and lower-case digits, times Unix seconds.

mod event;
mod words;

use countersign_protocol::SignatureScheme;
use countersign_registry::{RegistryAt, RevocationReason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use event::{Event, EventName};
pub use words::{Account, Word};

use crate::record::{Known, Missing};
use crate::store::{self, Entry};

/// How far a registry is indexed. Every answer is as of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tip {
    /// The height of the last block whose events are stored.
    pub number: u64,
    /// Its hash.
    pub hash: Word,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// The height up to which the chain calls its blocks final; 0 where it never did.
    pub finalized: u64,
    /// The highest block whose events are an RPC's word, all above being proven complete; null where all are.
    #[schema(required = true)]
    pub told_through: Option<u64>,
}

/// A block of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: Word,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
}

/// What the registry holds of one identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The chain, by its EIP-155 id.
    pub chain_id: u64,
    /// The registry's address.
    pub registry: Account,
    /// Whose.
    pub owner: Account,
    /// Which of the owner's keys: text, or `0x` and 64 digits where it is none, or empty for the default.
    pub label: String,
    /// From 1, by one with each key.
    #[schema(minimum = 1)]
    pub version: u16,
    /// What it is worth, as it stands here, at the tip's time.
    pub status: Status,
    /// The key's Ethereum address.
    pub signer: Account,
    /// The key's X coordinate.
    pub x: Word,
    /// Whether a storage proof of the record gives the key too.
    pub pinned: bool,
    /// How the key signs.
    pub scheme: Scheme,
    /// The least suite level.
    #[schema(maximum = 3)]
    pub suite_floor: u8,
    /// When the key was anchored, in Unix seconds.
    pub anchored_at: u64,
    /// Until when it is valid, in Unix seconds; null for no end. A revocation brings it forward.
    #[schema(required = true)]
    pub valid_until: Option<u64>,
    /// Why it was revoked; null where it was not.
    #[schema(required = true)]
    pub revoked: Option<Revoked>,
    /// Keccak-256 of what the identity publishes beside its key; null for nothing.
    #[schema(required = true)]
    pub bundle: Option<Word>,
    /// The packed record word, slot 0, as a storage proof shows it.
    pub word: Word,
    /// The event that made it so.
    pub changed: Changed,
    /// For a venue's active set: events of all versions from 1 to this one are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub versions_held: Option<u16>,
}

/// The event that changed a record last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Its number in this index.
    pub sequence: u64,
    /// The height of its block.
    pub block: u64,
    /// Its place among all logs of the block.
    pub log_index: u32,
    /// The time of its block, in Unix seconds.
    pub timestamp: u64,
}

/// A revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Why, as its owner said.
    #[schema(
        pattern = "^(unspecified|key_compromised|superseded|ceased_operation|owner_decision|policy|code_[0-9]+)$"
    )]
    pub reason: String,
}

/// What a record is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its key is good.
    Active,
    /// Its time is over.
    Expired,
    /// Its key was revoked.
    Revoked,
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// ECDSA.
    Ecdsa,
    /// Schnorr, by a quorum.
    Schnorr,
}

/// A storage proof of one record, as `countersign verify` takes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordProof)]
pub struct ProofDocument {
    /// Always `countersign.record-proof`.
    pub document: String,
    /// The document's form: 1.
    pub version: u64,
    /// The chain, as the proof's maker says.
    pub chain_id: u64,
    /// Whose record.
    pub owner: Account,
    /// The label's 32 bytes.
    pub label: Word,
    /// Headers in RLP, the proven block's first, each the parent of the next.
    #[schema(value_type = Vec<String>)]
    pub headers: Vec<String>,
    /// The answer of `eth_getProof`: slots of word, X coordinate and bundle.
    #[schema(value_type = Object)]
    pub proof: serde_json::Value,
    /// The key of a compact record, compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public_key: Option<String>,
}

impl Record {
    /// `entry` of a registry, as it is worth at a time in Unix seconds.
    ///
    /// # Errors
    /// [`Missing`] where the entry holds no record at all.
    pub fn of(registry: RegistryAt, entry: &Entry, time: u64) -> Result<Self, Missing> {
        let (identity, record) = (entry.identity, entry.record);
        let fields = record.fields().ok_or(Missing {
            identity,
            event: "stored",
            version: 0,
            before: Known::Nothing,
        })?;
        Ok(Self {
            chain_id: registry.chain_id,
            registry: Account(registry.address),
            owner: Account(identity.owner),
            label: identity.label.to_string(),
            version: fields.version,
            status: record.status_at(time).into(),
            signer: Account(fields.signer),
            x: Word(record.x),
            pinned: record.is_pinned(),
            scheme: fields.scheme.into(),
            suite_floor: fields.suite_floor,
            anchored_at: fields.anchored_at,
            valid_until: (fields.valid_until != 0).then_some(fields.valid_until.into()),
            revoked: fields.revoked.map(|reason| Revoked { reason: reason_name(reason) }),
            bundle: (!record.bundle.is_zero()).then_some(Word(record.bundle)),
            word: Word(record.word),
            changed: Changed {
                sequence: entry.changed.sequence.0,
                block: entry.changed.place.block,
                log_index: entry.changed.place.log_index,
                timestamp: entry.changed.timestamp,
            },
            versions_held: None,
        })
    }
}

impl From<store::Tip> for Tip {
    fn from(tip: store::Tip) -> Self {
        Self {
            number: tip.block.number,
            hash: Word(tip.block.hash),
            timestamp: tip.timestamp,
            finalized: tip.finalized,
            told_through: tip.told_through,
        }
    }
}

impl From<store::KeptBlock> for Head {
    fn from(head: store::KeptBlock) -> Self {
        Self { number: head.block.number, hash: Word(head.block.hash), timestamp: head.timestamp }
    }
}

impl From<crate::record::Status> for Status {
    fn from(status: crate::record::Status) -> Self {
        match status {
            crate::record::Status::Active => Self::Active,
            crate::record::Status::Expired => Self::Expired,
            crate::record::Status::Revoked => Self::Revoked,
        }
    }
}

impl From<Status> for crate::record::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Expired => Self::Expired,
            Status::Revoked => Self::Revoked,
        }
    }
}

impl From<SignatureScheme> for Scheme {
    fn from(scheme: SignatureScheme) -> Self {
        match scheme {
            SignatureScheme::Ecdsa => Self::Ecdsa,
            SignatureScheme::Schnorr => Self::Schnorr,
        }
    }
}

fn reason_name(reason: RevocationReason) -> String {
    match reason {
        RevocationReason::Unspecified => "unspecified",
        RevocationReason::KeyCompromised => "key_compromised",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CeasedOperation => "ceased_operation",
        RevocationReason::OwnerDecision => "owner_decision",
        RevocationReason::Policy => "policy",
        RevocationReason::Unknown(code) => return format!("code_{code}"),
    }
    .into()
}
