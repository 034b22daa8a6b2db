//! Events as they are told.

use alloy::primitives::B256;
use countersign_protocol::Identity;
use countersign_registry::RecordWord;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Account, Word, reason_name};
use crate::event::EventKind;
use crate::store::{News, Stored};

/// Something that the registry told, or a reorganisation. Which fields it has depends on `kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its number in this index: from 1, never given twice. Streams and lists resume after it.
    #[schema(minimum = 1)]
    pub sequence: u64,
    /// What happened.
    pub kind: EventName,
    /// The height of its block; of a reorganisation, of the newest block that both chains have: events above it that were
    /// told before are no more.
    pub block: u64,
    /// Of a reorganisation: that block's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hash: Option<Word>,
    /// Its place among all logs of the block. Not of a reorganisation, as the next two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log_index: Option<u32>,
    /// The time of its block, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub timestamp: Option<u64>,
    /// The hash of its transaction: an endpoint's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transaction: Option<Word>,
    /// Whose record, or who appoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owner: Option<Account>,
    /// Which of the owner's keys, as in a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub label: Option<String>,
    /// The version that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<u16>,
    /// The key's Ethereum address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub signer: Option<Account>,
    /// The packed record word as stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub word: Option<Word>,
    /// The key's X coordinate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub x: Option<Word>,
    /// Keccak-256 of what the identity publishes beside its key; zero for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bundle: Option<Word>,
    /// Of a revocation: why, as in a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// Who is appointed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub operator: Option<Account>,
    /// Until when, in Unix seconds; 0 for dismissed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub until: Option<u64>,
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    /// A first key, or a fresh one after a revocation.
    Registered,
    /// A key took the place of another.
    Rotated,
    /// A key is good no more.
    Revoked,
    /// The X coordinate of a key was stored.
    Pinned,
    /// The hash of what is published beside a key was stored.
    BundleAnchored,
    /// An operator was appointed, or dismissed.
    OperatorSet,
    /// The chain was reorganised.
    Reorganised,
}

impl EventName {
    /// As it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::Pinned => "pinned",
            Self::BundleAnchored => "bundle_anchored",
            Self::OperatorSet => "operator_set",
            Self::Reorganised => "reorganised",
        }
    }
}

impl From<&News> for Event {
    fn from(news: &News) -> Self {
        match news {
            News::Event(stored) => stored.into(),
            News::Reorganised { sequence, to } => {
                let plain = Self::plain(sequence.0, EventName::Reorganised, to.number);
                Self { hash: Some(Word(to.hash)), ..plain }
            }
        }
    }
}

impl From<&Stored> for Event {
    fn from(stored: &Stored) -> Self {
        let event = &stored.change.event;
        let plain = Self {
            log_index: Some(event.place.log_index),
            timestamp: Some(event.timestamp),
            transaction: Some(Word(event.claimed_transaction)),
            ..Self::plain(stored.sequence.0, name(&event.kind), event.place.block)
        };
        match event.kind {
            EventKind::Registered(key) | EventKind::Rotated(key) => {
                Self { x: Some(Word(key.x)), ..plain.about(key.identity).with_word(key.word) }
            }
            EventKind::Revoked { identity, word } => plain.about(identity).with_word(word),
            EventKind::Pinned { identity, version, x } => {
                Self { version: Some(version), x: Some(Word(x)), ..plain.about(identity) }
            }
            EventKind::BundleAnchored { identity, version, bundle } => {
                Self { version: Some(version), bundle: Some(Word(bundle)), ..plain.about(identity) }
            }
            EventKind::OperatorSet { appointment, until } => Self {
                owner: Some(Account(appointment.owner)),
                operator: Some(Account(appointment.operator)),
                until: Some(until),
                ..plain
            },
        }
    }
}

impl Event {
    const fn plain(sequence: u64, kind: EventName, block: u64) -> Self {
        Self {
            sequence,
            kind,
            block,
            hash: None,
            log_index: None,
            timestamp: None,
            transaction: None,
            owner: None,
            label: None,
            version: None,
            signer: None,
            word: None,
            x: None,
            bundle: None,
            reason: None,
            operator: None,
            until: None,
        }
    }

    fn about(self, identity: Identity) -> Self {
        Self { owner: Some(Account(identity.owner)), label: Some(identity.label.to_string()), ..self }
    }

    fn with_word(self, word: B256) -> Self {
        let fields = RecordWord::parse(word);
        Self {
            version: fields.map(|fields| fields.version),
            signer: fields.map(|fields| Account(fields.signer)),
            reason: fields.and_then(|fields| fields.revoked).map(reason_name),
            word: Some(Word(word)),
            ..self
        }
    }
}

const fn name(kind: &EventKind) -> EventName {
    match kind {
        EventKind::Registered(_) => EventName::Registered,
        EventKind::Rotated(_) => EventName::Rotated,
        EventKind::Revoked { .. } => EventName::Revoked,
        EventKind::Pinned { .. } => EventName::Pinned,
        EventKind::BundleAnchored { .. } => EventName::BundleAnchored,
        EventKind::OperatorSet { .. } => EventName::OperatorSet,
    }
}
