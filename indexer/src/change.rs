//! What a block changed, and how to take it back.

use std::collections::HashMap;

use alloy::eips::BlockNumHash;
use countersign_protocol::Identity;

use crate::event::{Appointment, Event, EventKind};
use crate::record::{Missing, Record};

/// A block of the chain with the registry's events in it, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which block.
    pub id: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// All events of the registry in it.
    pub events: Vec<Event>,
}

/// What one block changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// Which block.
    pub block: BlockNumHash,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// Event by event.
    pub changes: Vec<Change>,
}

/// What one event changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The event.
    pub event: Event,
    /// What it did.
    pub effect: Effect,
}

/// What was, and what is.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are of records; a box for each would cost more than it saves"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// To a record.
    Record {
        /// Whose.
        identity: Identity,
        /// As it was; `None` where there was none.
        before: Option<Record>,
        /// As it is.
        after: Record,
    },
    /// To an appointment.
    Appointment {
        /// Which.
        appointment: Appointment,
        /// Until when it went, in Unix seconds; `None` where there was none.
        before: Option<u64>,
        /// Until when it goes; 0 for dismissed.
        after: u64,
    },
}

/// One thing put back as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// A record; `None` where it is to go.
    Record(Identity, Option<Record>),
    /// The end of an appointment; `None` where it is to go.
    Appointment(Appointment, Option<u64>),
}

/// Records and appointments as they are at some block: what the next is applied to.
pub trait State {
    /// The record of an identity, if there is one.
    fn record(&self, identity: &Identity) -> Option<Record>;
    /// Until when an appointment goes, in Unix seconds, if there is one.
    fn appointment(&self, appointment: &Appointment) -> Option<u64>;
}

/// A state in memory: all of a registry, or as much of it as some blocks touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The records.
    pub records: HashMap<Identity, Record>,
    /// The ends of the appointments, in Unix seconds.
    pub appointments: HashMap<Appointment, u64>,
}

/// What a block makes of a state. Pure: the same block and state give the same changes.
///
/// # Errors
/// [`Missing`] where an event cannot follow what is known, so that an earlier one was left out.
pub fn apply(block: &Block, state: &impl State) -> Result<ChangeSet, Missing> {
    // Later events of a block rest on earlier ones.
    let mut changed = Held::default();
    let mut changes = Vec::with_capacity(block.events.len());
    for event in &block.events {
        let effect = match event.kind {
            EventKind::OperatorSet { appointment, until } => {
                let held = changed.appointments.get(&appointment).copied();
                let before = held.or_else(|| state.appointment(&appointment));
                changed.appointments.insert(appointment, until);
                Effect::Appointment { appointment, before, after: until }
            }
            EventKind::Registered(_)
            | EventKind::Rotated(_)
            | EventKind::Revoked { .. }
            | EventKind::Pinned { .. }
            | EventKind::BundleAnchored { .. } => {
                let Some(identity) = event.kind.identity() else { continue };
                let before = changed.records.get(&identity).copied().or_else(|| state.record(&identity));
                let Some(after) = Record::after(before.as_ref(), &event.kind)? else { continue };
                changed.records.insert(identity, after);
                Effect::Record { identity, before, after }
            }
        };
        changes.push(Change { event: event.clone(), effect });
    }
    Ok(ChangeSet { block: block.id, timestamp: block.timestamp, changes })
}

impl ChangeSet {
    /// What takes it back, in the order in which to do it: the newest change first.
    pub fn inverse(&self) -> impl Iterator<Item = Restored> {
        self.changes.iter().rev().map(|change| change.effect.inverse())
    }
}

impl Effect {
    /// What takes it back.
    #[must_use]
    pub const fn inverse(&self) -> Restored {
        match *self {
            Self::Record { identity, before, .. } => Restored::Record(identity, before),
            Self::Appointment { appointment, before, .. } => Restored::Appointment(appointment, before),
        }
    }
}

impl Held {
    /// Applies consecutive blocks, each to what the ones before it left.
    ///
    /// # Errors
    /// As [`apply`]; what the blocks before changed is taken already.
    pub fn apply_all(&mut self, blocks: &[Block]) -> Result<Vec<ChangeSet>, Missing> {
        let apply_next = |block: &Block| {
            let changes = apply(block, self)?;
            self.take(&changes);
            Ok(changes)
        };
        blocks.iter().map(apply_next).collect()
    }

    /// Takes what a block changed.
    pub fn take(&mut self, changes: &ChangeSet) {
        for change in &changes.changes {
            match change.effect {
                Effect::Record { identity, after, .. } => {
                    self.records.insert(identity, after);
                }
                Effect::Appointment { appointment, after, .. } => {
                    self.appointments.insert(appointment, after);
                }
            }
        }
    }

    /// Takes back what the block on top changed.
    pub fn take_back(&mut self, changes: &ChangeSet) {
        for restored in changes.inverse() {
            match restored {
                Restored::Record(identity, Some(record)) => {
                    self.records.insert(identity, record);
                }
                Restored::Record(identity, None) => {
                    self.records.remove(&identity);
                }
                Restored::Appointment(appointment, Some(until)) => {
                    self.appointments.insert(appointment, until);
                }
                Restored::Appointment(appointment, None) => {
                    self.appointments.remove(&appointment);
                }
            }
        }
    }
}

impl State for Held {
    fn record(&self, identity: &Identity) -> Option<Record> {
        self.records.get(identity).copied()
    }

    fn appointment(&self, appointment: &Appointment) -> Option<u64> {
        self.appointments.get(appointment).copied()
    }
}
