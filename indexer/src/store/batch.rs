//! What an advance adds and what a rewind takes away, worked out before an engine writes anything.

use std::collections::{BTreeMap, HashMap};

use alloy::eips::BlockNumHash;
use countersign_protocol::Address;

use super::row::{Row, Subject};
use super::{Advance, KeptBlock, Rewind, StoreError, Tip};
use crate::change::{Change, Effect};

/// The rows of an advance.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// The last of them about each subject, in an order that lies well in a tree.
    pub(super) last: BTreeMap<Subject, Last>,
}

/// The last row about a subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    pub(super) sequence: u64,
    /// The address of a record's key.
    pub(super) signer: Option<Address>,
    /// Whether nothing was stored about it before.
    pub(super) is_first: bool,
}

/// About what of this something is stored already: its last rows are asked for, to continue them.
pub(super) fn continued(advance: &Advance) -> Vec<Subject> {
    let mut continued: Vec<_> = changes(advance).filter(|change| !is_first(change)).map(subject).collect();
    continued.sort_unstable();
    continued.dedup();
    continued
}

impl Batch {
    /// Numbers what is added after `newest`, each continuing the row in `stored`, or one of its own.
    pub(super) fn new(
        advance: &Advance,
        newest: u64,
        stored: &HashMap<Subject, u64>,
    ) -> Result<Self, StoreError> {
        let mut rows = Vec::new();
        let mut last: BTreeMap<Subject, Last> = BTreeMap::new();
        for (change, sequence) in changes(advance).zip(newest + 1..) {
            let subject = subject(change);
            let within = last.get(&subject).copied();
            let previous = within.map(|last| last.sequence).or_else(|| stored.get(&subject).copied());
            if previous.is_none() != is_first(change) {
                let detail = format!("what stood before event {sequence} is not what is stored");
                return Err(StoreError::Damaged { detail });
            }
            let row = Row::new(sequence, previous, change);
            let is_first = within.map_or(previous.is_none(), |within| within.is_first);
            last.insert(subject, Last { sequence, signer: row.standing.signer(), is_first });
            rows.push(row);
        }
        Ok(Self { rows, last })
    }
}

/// What stood below each of these rows, which are taken away; `None` where nothing did. In any order.
pub(super) fn uncovered(
    undone: impl IntoIterator<Item = (Subject, u64, Option<u64>)>,
) -> BTreeMap<Subject, Option<u64>> {
    let mut lowest: BTreeMap<Subject, (u64, Option<u64>)> = BTreeMap::new();
    for (subject, sequence, previous) in undone {
        let entry = lowest.entry(subject).or_insert((sequence, previous));
        if sequence < entry.0 {
            *entry = (sequence, previous);
        }
    }
    lowest.into_iter().map(|(subject, (_, previous))| (subject, previous)).collect()
}

/// The tip that is left after a rewind.
pub(super) fn rewound(tip: Tip, to: KeptBlock) -> Tip {
    let height = to.block.number;
    Tip {
        block: to.block,
        timestamp: to.timestamp,
        finalized: tip.finalized.min(height),
        told_through: tip.told_through.map(|told| told.min(height)),
    }
}

/// Whether the writer's belief holds.
pub(super) fn check(stored: Option<BlockNumHash>, believed: Option<BlockNumHash>) -> Result<(), StoreError> {
    match stored == believed {
        true => Ok(()),
        false => Err(StoreError::Moved { stored, believed }),
    }
}

/// Whether the way back leads to a block that was stored.
pub(super) fn check_kept(kept: Option<KeptBlock>, rewind: &Rewind) -> Result<(), StoreError> {
    match kept == Some(rewind.to) {
        true => Ok(()),
        false => {
            Err(StoreError::Moved { stored: kept.map(|kept| kept.block), believed: Some(rewind.to.block) })
        }
    }
}

fn changes(advance: &Advance) -> impl Iterator<Item = &Change> {
    advance.changes.iter().flat_map(|set| &set.changes)
}

const fn subject(change: &Change) -> Subject {
    match change.effect {
        Effect::Record { identity, .. } => Subject::Record(identity),
        Effect::Appointment { appointment, .. } => Subject::Appointment(appointment),
    }
}

const fn is_first(change: &Change) -> bool {
    match change.effect {
        Effect::Record { before, .. } => before.is_none(),
        Effect::Appointment { before, .. } => before.is_none(),
    }
}
