//! Proving at the head what is not proven there yet.

use std::collections::HashMap;
use std::time::Duration;

use countersign_protocol::Identity;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use tokio::time::timeout;

use super::{Done, Job, Task};
use crate::error::ResolveError;
use crate::follower::change::Change;
use crate::follower::standings::Proof;
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::resolver::Resolver;

/// Whose record, and what it is; `None` where its absence is proven.
type Records = Vec<(Identity, Option<ProvenRecord>)>;

/// What came of asking for some records at a head.
pub(super) struct Proven {
    block: u64,
    records: Records,
    /// Those of them that do not follow what was proven before.
    refused: HashMap<Identity, ResolveError>,
    /// What kept others of them from being proven.
    failure: Option<ResolveError>,
}

impl Task {
    /// Proves some of those that are not proven at this head.
    pub(super) fn prove_some(&self) -> Option<Job> {
        let at = self.at.as_ref()?.ring.newest().header;
        let some: Vec<Identity> = self.unproven.keys().take(SLICE).copied().collect();
        let resolver = self.resolver.clone();
        let work = Box::pin(async move { Done::Proven(resolver.prove_slice(at, &some).await) });
        Some(Job { work, is_moot_at_next_head: false })
    }

    pub(super) fn take_proofs(&mut self, proven: Proven) {
        let Proven { block, records, mut refused, failure } = proven;
        let failure = failure.or_else(|| refused.values().next().cloned());
        let mut changes = Vec::new();
        for (identity, record) in records {
            if let Some(refusal) = refused.remove(&identity) {
                // It stays unproven, and is asked for again; unless who watched it left meanwhile.
                if self.unproven.contains_key(&identity) {
                    self.standings.refuse(identity, refusal, &mut changes);
                }
                continue;
            }
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
        match failure {
            Some(error) => self.proving.failed(&error),
            None => self.proving.succeeded(),
        }
        self.publish(changes);
    }
}

impl Resolver {
    async fn prove_slice(&self, at: ProvenHeader, some: &[Identity]) -> Proven {
        let longest = self.policy().request_timeout;
        let portion = |some: &[Identity]| self.clone().prove_portion(at, some.to_vec(), longest);
        let portions: Vec<_> = some.chunks(AT_ONCE).map(portion).collect();
        let mut answers = stream::iter(portions).buffer_unordered(QUESTIONS);
        let (mut records, mut failure) = (Vec::with_capacity(some.len()), None);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(proven) => records.extend(proven),
                Err(error) => failure = Some(error),
            }
        }
        drop(answers);
        let refused = self.remember(&at, &records).await.unwrap_or_else(|error| {
            // What cannot be kept is not relied on.
            (records, failure) = (Vec::new(), Some(error));
            HashMap::new()
        });
        Proven { block: at.block().number, records, refused, failure }
    }

    /// Some records, in one question.
    fn prove_portion(
        self,
        at: ProvenHeader,
        some: Vec<Identity>,
        longest: Duration,
    ) -> BoxFuture<'static, Result<Records, ResolveError>> {
        Box::pin(async move {
            let records = timeout(longest, self.records_at(&at, &some)).await;
            let records = records.unwrap_or_else(|_| Err(self.nobody_in_time(longest)))?;
            Ok(some.into_iter().zip(records).collect())
        })
    }

    fn nobody_in_time(&self, after: Duration) -> ResolveError {
        let late = |endpoint| ResolveError::Timeout { endpoint, after };
        let failures = self.nodes().iter().map(|node| late(node.endpoint().clone())).collect();
        ResolveError::NoQuorum { needed: 1, answered: 0, failures }
    }
}

/// Records proven in one question: their proofs stay below what is read of one answer.
const AT_ONCE: usize = 64;

/// Questions under way at a time.
const QUESTIONS: usize = 4;

/// Records proven before anything else is looked at, a new head above all.
const SLICE: usize = 8 * AT_ONCE;
