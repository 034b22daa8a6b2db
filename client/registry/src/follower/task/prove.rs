//! Proving at the head what is not proven there yet.

use std::collections::HashSet;
use std::sync::Arc;

use countersign_protocol::{Identity, Query};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};

use super::Task;
use crate::error::ResolveError;
use crate::follower::change::Change;
use crate::follower::readings::Outcome;
use crate::follower::ring::Readings;
use crate::follower::standings::Proof;
use crate::proof::ProvenRecord;

impl Task {
    /// Proves some of those that are not proven at this head.
    pub(super) async fn prove_some(&mut self) -> Result<(), ResolveError> {
        let Some(at) = self.at.as_ref().filter(|_| !self.unproven.is_empty()) else { return Ok(()) };
        let header = at.ring.newest().header;
        let some: Vec<Identity> = self.unproven.keys().take(SLICE).copied().collect();
        let resolver = self.resolver.clone();
        let portion = |some: &[Identity]| -> BoxFuture<'static, _> {
            let (resolver, some) = (resolver.clone(), some.to_vec());
            Box::pin(async move {
                let records = resolver.records_at(&header, &some).await;
                (some, records)
            })
        };
        let portions: Vec<_> = some.chunks(AT_ONCE).map(portion).collect();
        let answers: Vec<_> = stream::iter(portions).buffer_unordered(QUESTIONS).collect().await;
        let (mut proven, mut failure) = (Vec::with_capacity(some.len()), None);
        for (some, records) in answers {
            match records {
                Ok(records) => proven.extend(some.into_iter().zip(records)),
                Err(error) => failure = Some(error),
            }
        }
        resolver.remember(&header, &proven).await?;
        self.take_proofs(proven, header.block().number);
        failure.map_or(Ok(()), Err)
    }

    fn take_proofs(&mut self, proven: Vec<(Identity, Option<ProvenRecord>)>, block: u64) {
        let mut changes = Vec::new();
        for (identity, record) in proven {
            // Who left meanwhile is not kept.
            if let Some(hint) = self.unproven.remove(&identity) {
                self.standings.prove(Proof { identity, record, hint, block }, &mut changes);
            }
        }
        for change in &changes {
            if let Change::Stands { identity, .. } = change {
                self.resolver.forget_record(identity);
            }
        }
        self.publish(changes);
    }

    /// Reads the watched queries that are not read at this head.
    pub(super) async fn read_missing(&mut self) -> Result<(), ResolveError> {
        let Some(at) = self.at.as_ref().filter(|_| self.has_unread) else { return Ok(()) };
        let newest = at.ring.newest().clone();
        let mut missing = self.shared.roster.queries();
        missing.retain(|query| !newest.readings.contains_key(query));
        let Outcome { values, failure } = self.resolver.read_at(&newest.header, &missing).await;
        let mut changes = Vec::new();
        let mut all = (*newest.readings).clone();
        all.extend(values);
        let readings = self.take_values(Outcome { values: all, failure: failure.clone() }, &mut changes);
        if let Some(at) = self.at.as_mut() {
            at.ring = at.ring.read(readings);
        }
        self.publish(changes);
        failure.map_or(Ok(()), Err)
    }

    /// Tells what moved. Values that did not are shared with the block before.
    pub(super) fn take_values(&mut self, read: Outcome, changes: &mut Vec<Change>) -> Readings {
        let Outcome { values, failure } = read;
        self.has_unread = failure.is_some();
        for (query, now) in &values {
            let before = self.values.insert(query.clone(), now.clone());
            if let Some(before) = before.filter(|before| before != now) {
                changes.push(Change::Moved { query: query.clone(), before, now: now.clone() });
            }
        }
        let wanted: HashSet<Query> = self.shared.roster.queries().into_iter().collect();
        self.values.retain(|query, _| wanted.contains(query));
        let newest = self.at.as_ref().map(|at| at.ring.newest().readings.clone());
        newest.filter(|readings| **readings == values).unwrap_or_else(|| Arc::new(values))
    }
}

/// Records proven in one question: their proofs stay below what is read of one answer.
const AT_ONCE: usize = 64;

/// Questions under way at a time.
const QUESTIONS: usize = 4;

/// Records proven before anything else is looked at, a new head above all.
const SLICE: usize = 8 * AT_ONCE;
