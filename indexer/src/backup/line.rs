//! One line of a backup.

use alloy::primitives::{Address as AccountAddress, B256};
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::RegistryAt;
use serde::{Deserialize, Serialize};

use crate::event::{Appointment, Event, EventKind, NewKey, Place};
use crate::store::KeptBlock;

/// What a line may be.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Line {
    Head(Head),
    End(End),
    Event(EventLine),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) format: String,
    pub(super) chain_id: u64,
    pub(super) registry: AccountAddress,
    pub(super) tip: TipLine,
    pub(super) told_through: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TipLine {
    pub(super) number: u64,
    pub(super) hash: B256,
    pub(super) timestamp: u64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    end: bool,
    pub(super) events: u64,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct EventLine {
    block: u64,
    timestamp: u64,
    log_index: u32,
    transaction: B256,
    #[serde(flatten)]
    told: Told,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Told {
    Registered { owner: AccountAddress, label: B256, word: B256, x: B256, pinned: bool },
    Rotated { owner: AccountAddress, label: B256, word: B256, x: B256, pinned: bool },
    Revoked { owner: AccountAddress, label: B256, word: B256 },
    Pinned { owner: AccountAddress, label: B256, version: u16, x: B256 },
    BundleAnchored { owner: AccountAddress, label: B256, version: u16, bundle: B256 },
    OperatorSet { owner: AccountAddress, operator: AccountAddress, until: u64 },
}

impl Line {
    /// With its line feed. Nothing in a line fails to encode: it has no maps, and its numbers are whole.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).map(|text| text + "\n").unwrap_or_default()
    }
}

impl Head {
    pub(super) fn of(registry: RegistryAt, tip: TipLine, told_through: Option<u64>) -> Self {
        Self {
            format: FORMAT.into(),
            chain_id: registry.chain_id,
            registry: registry.address.0.into(),
            tip,
            told_through: told_through.map(|height| height.min(tip.number)),
        }
    }

    pub(super) const fn registry(&self) -> RegistryAt {
        RegistryAt { chain_id: self.chain_id, address: Address(self.registry.into_array()) }
    }
}

impl TipLine {
    pub(super) const fn of(kept: KeptBlock) -> Self {
        Self { number: kept.block.number, hash: kept.block.hash, timestamp: kept.timestamp }
    }
}

impl End {
    pub(super) const fn of(events: u64) -> Self {
        Self { end: true, events }
    }
}

impl From<Event> for EventLine {
    fn from(event: Event) -> Self {
        let Event { place: Place { block, log_index }, timestamp, claimed_transaction, kind } = event;
        Self { block, timestamp, log_index, transaction: claimed_transaction, told: kind.into() }
    }
}

impl From<EventLine> for Event {
    fn from(line: EventLine) -> Self {
        let EventLine { block, timestamp, log_index, transaction, told } = line;
        Self {
            place: Place { block, log_index },
            timestamp,
            claimed_transaction: transaction,
            kind: told.into(),
        }
    }
}

impl From<EventKind> for Told {
    fn from(kind: EventKind) -> Self {
        let owner = |identity: Identity| AccountAddress::from(identity.owner.0);
        let label = |identity: Identity| B256::from(identity.label.0);
        match kind {
            EventKind::Registered(NewKey { identity, word, x, is_pinned }) => Self::Registered {
                owner: owner(identity),
                label: label(identity),
                word,
                x,
                pinned: is_pinned,
            },
            EventKind::Rotated(NewKey { identity, word, x, is_pinned }) => {
                Self::Rotated { owner: owner(identity), label: label(identity), word, x, pinned: is_pinned }
            }
            EventKind::Revoked { identity, word } => {
                Self::Revoked { owner: owner(identity), label: label(identity), word }
            }
            EventKind::Pinned { identity, version, x } => {
                Self::Pinned { owner: owner(identity), label: label(identity), version, x }
            }
            EventKind::BundleAnchored { identity, version, bundle } => {
                Self::BundleAnchored { owner: owner(identity), label: label(identity), version, bundle }
            }
            EventKind::OperatorSet { appointment: Appointment { owner, operator }, until } => {
                Self::OperatorSet { owner: owner.0.into(), operator: operator.0.into(), until }
            }
        }
    }
}

impl From<Told> for EventKind {
    fn from(told: Told) -> Self {
        let identity = |owner: AccountAddress, label: B256| Identity {
            owner: Address(owner.into_array()),
            label: Label(label.0),
        };
        match told {
            Told::Registered { owner, label, word, x, pinned } => {
                Self::Registered(NewKey { identity: identity(owner, label), word, x, is_pinned: pinned })
            }
            Told::Rotated { owner, label, word, x, pinned } => {
                Self::Rotated(NewKey { identity: identity(owner, label), word, x, is_pinned: pinned })
            }
            Told::Revoked { owner, label, word } => Self::Revoked { identity: identity(owner, label), word },
            Told::Pinned { owner, label, version, x } => {
                Self::Pinned { identity: identity(owner, label), version, x }
            }
            Told::BundleAnchored { owner, label, version, bundle } => {
                Self::BundleAnchored { identity: identity(owner, label), version, bundle }
            }
            Told::OperatorSet { owner, operator, until } => Self::OperatorSet {
                appointment: Appointment {
                    owner: Address(owner.into_array()),
                    operator: Address(operator.into_array()),
                },
                until,
            },
        }
    }
}

pub(super) const FORMAT: &str = "countersign.index.v1";
