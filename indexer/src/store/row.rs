//! An event as an engine keeps it: what stood after it. What it said, and what stood before, follow from that and from
//! the row before it.

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::{Address, Identity};

use super::{Changed, Entry, News, Sequence, StoreError, Stored};
use crate::change::{Change, Effect};
use crate::event::{Appointment, Event, EventKind, NewKey, Place};
use crate::record::Record;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Subject {
    Record(Identity),
    Appointment(Appointment),
}

/// What stands of it after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Record(Record),
    /// The end of an appointment, in Unix seconds.
    Until(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) sequence: u64,
    /// The row before it about the same subject.
    pub(super) previous: Option<u64>,
    pub(super) code: u8,
    pub(super) place: Place,
    pub(super) timestamp: u64,
    pub(super) transaction: B256,
    pub(super) subject: Subject,
    pub(super) standing: Standing,
}

/// The codes of what is stored. They are in stores that exist: none may change its meaning.
pub(super) mod code {
    pub(in crate::store) const REGISTERED: u8 = 0;
    pub(in crate::store) const REGISTERED_PINNED: u8 = 1;
    pub(in crate::store) const ROTATED: u8 = 2;
    pub(in crate::store) const ROTATED_PINNED: u8 = 3;
    pub(in crate::store) const REVOKED: u8 = 4;
    pub(in crate::store) const PINNED: u8 = 5;
    pub(in crate::store) const BUNDLE_ANCHORED: u8 = 6;
    pub(in crate::store) const OPERATOR_SET: u8 = 7;
    /// No event: the height is of the newest block that both chains have, and its hash stands in the transaction's place.
    pub(in crate::store) const REORGANISED: u8 = 8;
}

impl Row {
    pub(super) fn new(sequence: u64, previous: Option<u64>, change: &Change) -> Self {
        let Event { place, timestamp, claimed_transaction: transaction, kind } = change.event;
        let (subject, standing) = match change.effect {
            Effect::Record { identity, after, .. } => (Subject::Record(identity), Standing::Record(after)),
            Effect::Appointment { appointment, after, .. } => {
                (Subject::Appointment(appointment), Standing::Until(after))
            }
        };
        Self { sequence, previous, code: code_of(&kind), place, timestamp, transaction, subject, standing }
    }

    /// The event, and what it did to what stood before.
    pub(super) fn stored(&self, before: Option<Standing>) -> Result<Stored, StoreError> {
        let effect = match (self.subject, self.standing, before) {
            (Subject::Record(identity), Standing::Record(after), None) => {
                Effect::Record { identity, before: None, after }
            }
            (Subject::Record(identity), Standing::Record(after), Some(Standing::Record(before))) => {
                Effect::Record { identity, before: Some(before), after }
            }
            (Subject::Appointment(appointment), Standing::Until(after), None) => {
                Effect::Appointment { appointment, before: None, after }
            }
            (Subject::Appointment(appointment), Standing::Until(after), Some(Standing::Until(before))) => {
                Effect::Appointment { appointment, before: Some(before), after }
            }
            _ => return Err(self.damaged("follows an event about something else")),
        };
        let event = Event {
            place: self.place,
            timestamp: self.timestamp,
            claimed_transaction: self.transaction,
            kind: self.kind()?,
        };
        let previous = self.previous.map(Sequence);
        Ok(Stored { sequence: Sequence(self.sequence), previous, change: Change { event, effect } })
    }

    pub(super) fn news(&self, before: Option<Standing>) -> Result<News, StoreError> {
        self.stored(before).map(News::Event)
    }

    /// The record as this event left it.
    pub(super) fn entry(&self) -> Result<Entry, StoreError> {
        let (Subject::Record(identity), Standing::Record(record)) = (self.subject, self.standing) else {
            return Err(self.damaged("is no record's"));
        };
        let changed =
            Changed { sequence: Sequence(self.sequence), place: self.place, timestamp: self.timestamp };
        Ok(Entry { identity, record, changed })
    }

    fn kind(&self) -> Result<EventKind, StoreError> {
        Ok(match (self.subject, self.standing) {
            (Subject::Record(identity), Standing::Record(Record { word, x, bundle, .. })) => {
                let key = |is_pinned| NewKey { identity, word, x, is_pinned };
                let version = || Record { word, x, pinned_x: x, bundle }.version();
                match self.code {
                    code::REGISTERED => EventKind::Registered(key(false)),
                    code::REGISTERED_PINNED => EventKind::Registered(key(true)),
                    code::ROTATED => EventKind::Rotated(key(false)),
                    code::ROTATED_PINNED => EventKind::Rotated(key(true)),
                    code::REVOKED => EventKind::Revoked { identity, word },
                    code::PINNED => EventKind::Pinned { identity, version: version(), x },
                    code::BUNDLE_ANCHORED => {
                        EventKind::BundleAnchored { identity, version: version(), bundle }
                    }
                    _ => return Err(self.damaged("is of an unknown kind")),
                }
            }
            (Subject::Appointment(appointment), Standing::Until(until))
                if self.code == code::OPERATOR_SET =>
            {
                EventKind::OperatorSet { appointment, until }
            }
            _ => return Err(self.damaged("is of an unknown kind")),
        })
    }

    fn damaged(&self, detail: &str) -> StoreError {
        StoreError::Damaged { detail: format!("event {} {detail}", self.sequence) }
    }
}

impl Standing {
    /// The address of a record's current key.
    pub(super) fn signer(&self) -> Option<Address> {
        match self {
            Self::Record(record) => record.fields().map(|fields| fields.signer),
            Self::Until(_) => None,
        }
    }
}

/// A reorganisation, as it is told.
pub(super) const fn reorganised(sequence: u64, to: BlockNumHash) -> News {
    News::Reorganised { sequence: Sequence(sequence), to }
}

const fn code_of(kind: &EventKind) -> u8 {
    match kind {
        EventKind::Registered(key) if key.is_pinned => code::REGISTERED_PINNED,
        EventKind::Registered(_) => code::REGISTERED,
        EventKind::Rotated(key) if key.is_pinned => code::ROTATED_PINNED,
        EventKind::Rotated(_) => code::ROTATED,
        EventKind::Revoked { .. } => code::REVOKED,
        EventKind::Pinned { .. } => code::PINNED,
        EventKind::BundleAnchored { .. } => code::BUNDLE_ANCHORED,
        EventKind::OperatorSet { .. } => code::OPERATOR_SET,
    }
}
