//! Reading at the head what is watched besides records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use countersign_protocol::{Query, Value};

use super::{Done, Job, Task};
use crate::follower::change::Change;
use crate::follower::readings::Outcome;

/// The watched queries, as far as the task has come with them.
#[derive(Default)]
pub(super) struct Reads {
    /// The values that were told last.
    told: HashMap<Query, Value>,
    /// What is to be read at the head.
    unread: Vec<Query>,
    /// What was tried at the head: it has a value there or none.
    tried: HashSet<Query>,
}

impl Reads {
    pub(super) const fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    pub(super) const fn unread(&self) -> usize {
        self.unread.len()
    }

    /// There is a new head: nothing is read there.
    pub(super) fn begin_anew(&mut self) {
        self.unread.clear();
        self.tried.clear();
    }
}

impl Task {
    /// Reads some of the watched queries that are not read at this head. A newer head makes that moot.
    pub(super) fn read_some(&self) -> Option<Job> {
        let at = self.at.as_ref()?.ring.newest().header;
        let is_slot = |query: &&Query| matches!(query, Query::StorageSlot { .. });
        let unread = &self.reads.unread;
        let calls = unread.iter().filter(|query| !is_slot(query)).take(CALLS);
        let asked: Vec<Query> = unread.iter().filter(is_slot).chain(calls).cloned().collect();
        let resolver = self.resolver.clone();
        let work = Box::pin(async move {
            let outcome = resolver.read_at(&at, &asked).await;
            Done::Read(asked, outcome)
        });
        Some(Job { work, is_moot_at_next_head: true })
    }

    pub(super) fn take_readings(&mut self, asked: Vec<Query>, read: Outcome) {
        match &read.failure {
            Some(error) => self.reading.failed(error),
            None => self.reading.succeeded(),
        }
        let mut changes = Vec::new();
        self.take_values(asked, read, &mut changes);
        self.publish(changes);
    }

    /// Keeps what was read at the head beside what was read there before, and tells what moved. What failed is asked for
    /// again, after the rest; what has no value at this head is looked for at the next.
    pub(super) fn take_values(&mut self, asked: Vec<Query>, read: Outcome, changes: &mut Vec<Change>) {
        let Some(at) = self.at.as_mut() else { return };
        let Outcome { values, failure } = read;
        let reads = &mut self.reads;
        reads.unread.retain(|query| !asked.contains(query));
        for query in asked {
            if failure.is_some() && !values.contains_key(&query) {
                reads.unread.push(query);
            } else {
                reads.tried.insert(query);
            }
        }
        for (query, now) in &values {
            let before = reads.told.insert(query.clone(), now.clone());
            if let Some(before) = before.filter(|before| before != now) {
                changes.push(Change::Moved { query: query.clone(), before, now: now.clone() });
            }
        }
        let mut all = (*at.ring.newest().readings).clone();
        all.extend(values);
        // Blocks that saw no change share one.
        let before = at.ring.newest_number().checked_sub(1).and_then(|number| at.ring.at(number));
        let shared = before.map(|before| before.readings.clone()).filter(|before| **before == all);
        at.ring = at.ring.read(shared.unwrap_or_else(|| Arc::new(all)));
        self.want_unread();
    }

    /// What is watched and was not tried at the head is to be read there; what nobody watches any more is not.
    pub(super) fn want_unread(&mut self) {
        let reads = &mut self.reads;
        let watched: HashSet<Query> = self.shared.roster.queries().into_iter().collect();
        reads.told.retain(|query, _| watched.contains(query));
        reads.unread.retain(|query| watched.contains(query));
        let (unread, tried) = (reads.unread.iter().cloned().collect::<HashSet<_>>(), &reads.tried);
        reads
            .unread
            .extend(watched.into_iter().filter(|query| !unread.contains(query) && !tried.contains(query)));
    }
}

/// Calls valued in one go, all of them at once: what somebody's contract does is no reason to wait for long.
const CALLS: usize = 4;
