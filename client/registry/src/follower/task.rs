//! The follower's task: one head after the other.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use alloy::primitives::B256;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, Query, Value};
use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, sleep_until};

use super::change::Change;
use super::course::{Course, Turn};
use super::handle::{Handle, Shared};
use super::link::Fresh;
use super::readings::Outcome;
use super::ring::{Readings, Ring};
use super::roster::News;
use super::snapshot::Snapshot;
use super::standings::{Proof, Standings};
use crate::acceptance::unix_now;
use crate::error::ResolveError;
use crate::heads::{Backoff, HeadNews, Heads};
use crate::logs::LinkedHeaders;
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::resolver::{ProvedHead, Resolver};

/// Follows the heads until it is dropped, at any await. What it publishes is whole at any time.
pub(super) struct Task {
    resolver: Resolver,
    shared: Arc<Shared>,
    handle: Weak<Handle>,
    heads: Heads,
    /// Where it stands; `None` before the first head.
    at: Option<Position>,
    standings: Standings,
    /// The values that were told last.
    values: HashMap<Query, Value>,
    /// Watched identities that are to be proven at the head: new ones, some with a hint, and those that may have changed.
    unproven: HashMap<Identity, Option<PublicKey>>,
    /// Whether a query that could be read is not.
    has_unread: bool,
    /// A head that is agreed, and not yet proven.
    pending: Option<Agreed>,
    /// Whether enough endpoints agree on a head, as far as they were heard.
    is_agreed: bool,
    /// Whether nothing is served, and that was told.
    in_doubt: bool,
    /// When to catch up with what is left; `None` where nothing is.
    due: Option<Instant>,
    backoff: Backoff,
}

/// A head at which the registry was proven.
struct Position {
    head: ProvedHead,
    ring: Ring,
    registry_root: B256,
    /// When enough endpoints called it the head.
    heard: std::time::Instant,
}

/// A head that enough endpoints agree on.
#[derive(Clone)]
struct Agreed {
    block: Fresh,
    head: ProvedHead,
    heard: std::time::Instant,
}

impl Task {
    pub(super) fn new(resolver: Resolver, shared: Arc<Shared>, handle: Weak<Handle>) -> Self {
        let heads = resolver.heads();
        Self {
            resolver,
            shared,
            handle,
            heads,
            at: None,
            standings: Standings::default(),
            values: HashMap::new(),
            unproven: HashMap::new(),
            has_unread: false,
            pending: None,
            is_agreed: false,
            in_doubt: false,
            due: None,
            backoff: Backoff::new(FIRST_RETRY),
        }
    }

    pub(super) async fn run(mut self) {
        let shared = self.shared.clone();
        loop {
            let wake = self.wake();
            tokio::select! {
                news = self.heads.next() => self.hear(news).await,
                () = shared.roster.changed() => self.take_in(),
                () = sleep_until(wake) => self.catch_up().await,
            }
        }
    }

    async fn hear(&mut self, news: HeadNews) {
        match news {
            HeadNews::Agreed { header, full, votes } => {
                let head = self.resolver.agreed_head(&header, votes);
                let heard = std::time::Instant::now();
                self.pending = Some(Agreed { block: Fresh { proven: header, full }, head, heard });
                self.is_agreed = true;
                self.backoff.reset();
                self.catch_up().await;
            }
            HeadNews::Still { header, since, .. } => self.hear_again(&header, since),
            HeadNews::Doubt(error) => {
                self.is_agreed = false;
                self.doubt(error);
            }
        }
    }

    /// The head that was agreed last is still the head.
    fn hear_again(&mut self, header: &ProvenHeader, since: std::time::Instant) {
        self.is_agreed = true;
        if let Some(pending) = &mut self.pending {
            pending.heard = pending.heard.max(since);
        } else if let Some(at) = self.at.as_mut().filter(|at| at.ring.newest().header == *header) {
            at.heard = at.heard.max(since);
            self.resolver.following().shelf.heard_again(since);
            let head = at.head;
            if std::mem::take(&mut self.in_doubt) {
                self.publish(vec![Change::Head(head)]);
            }
        }
        self.plan();
    }

    /// Who came and who left.
    fn take_in(&mut self) {
        let News { joined, left, has_queries } = self.shared.roster.take();
        for identity in &left {
            self.standings.records.remove(identity);
            self.unproven.remove(identity);
        }
        for (identity, hint) in joined {
            if self.standings.records.find(&identity).is_none() {
                self.unproven.insert(identity, hint);
            }
        }
        self.has_unread |= has_queries;
        self.plan();
    }

    /// Catches up at once, unless a time for it is set.
    fn plan(&mut self) {
        if self.has_work() && self.due.is_none() {
            self.due = Some(Instant::now());
        }
    }

    /// Does the next of what is left to do. What fails is done again later and later.
    async fn catch_up(&mut self) {
        let wait = match self.step().await {
            Ok(()) => {
                self.backoff.reset();
                Duration::ZERO
            }
            Err(error) => {
                tracing::warn!(%error, "the follower could not prove what it should");
                self.backoff.next_wait()
            }
        };
        self.due = self.has_work().then(|| Instant::now() + wait);
    }

    async fn step(&mut self) -> Result<(), ResolveError> {
        self.pass_time();
        if !self.is_agreed {
            return Ok(());
        }
        if let Some(agreed) = self.pending.clone() {
            let outcome = self.advance(&agreed).await;
            match &outcome {
                Ok(()) => self.pending = None,
                // There is a newer head, so the one before is not to be served, whatever its age.
                Err(error) => self.doubt(error.clone()),
            }
            return outcome;
        }
        let read = self.read_missing().await;
        self.prove_some().await.and(read)
    }

    /// Moves on to a head: its place on the chain, the registry, and which records may have changed.
    async fn advance(&mut self, to: &Agreed) -> Result<(), ResolveError> {
        let restored = match &self.at {
            Some(_) => None,
            None => self.resolver.restored_ring().await,
        };
        let ring = self.at.as_ref().map(|at| &at.ring).or(restored.as_ref());
        let course = self.resolver.course(ring, &to.block).await;
        let header = to.block.proven;
        let queries = self.shared.roster.queries();
        let (registry, read) =
            tokio::join!(self.resolver.registry_at(&header), self.resolver.read_at(&header, &queries));
        let registry_root = registry?.storage_root();
        let changed = self.changed_on(&course, registry_root).await;
        self.resolver.remember(&header, to.heard, &[]).await?;
        self.resolver.keep_ring(&course);
        // No await from here on: what is told and what is served is of one head.
        self.move_to(to, course, registry_root, changed, read);
        Ok(())
    }

    fn move_to(
        &mut self,
        to: &Agreed,
        course: Course,
        registry_root: B256,
        changed: Option<HashSet<Identity>>,
        read: Outcome,
    ) {
        let mut changes = Vec::new();
        let before = self.at.as_ref().map(|at| at.head.anchor);
        let lost = match (course.turn, before) {
            (Turn::Back { depth, ancestor }, _) => {
                self.shared.counts.reorganised();
                let at = ancestor.block().number;
                changes.push(Change::Reorganised { depth, ancestor: self.resolver.anchor_at(&ancestor) });
                self.standings.lose(Some(at))
            }
            (Turn::Lost, Some(before)) => {
                changes.push(Change::Gap { before, now: to.head.anchor });
                self.standings.lose(None)
            }
            _ => Vec::new(),
        };
        changes.push(Change::Head(to.head));
        let doubted = match changed {
            Some(changed) => changed,
            None => {
                self.shared.counts.proven_anew();
                self.standings.records.iter().map(|(identity, _)| *identity).collect()
            }
        };
        self.standings.doubt(&doubted);
        let doubted = doubted.into_iter().filter(|identity| self.standings.records.find(identity).is_some());
        for identity in lost.into_iter().chain(doubted) {
            self.unproven.entry(identity).or_default();
        }
        self.standings.pass(to.head.timestamp.max(unix_now()), &mut changes);
        let readings = self.take_values(read, &mut changes);
        let Agreed { head, heard, .. } = *to;
        self.at = Some(Position { head, ring: course.ring.read(readings), registry_root, heard });
        self.shared.counts.head();
        self.in_doubt = false;
        self.publish(changes);
    }

    /// Which records may have changed on the way; `None` where nobody shows it, and any of them may have.
    async fn changed_on(&self, course: &Course, registry_root: B256) -> Option<HashSet<Identity>> {
        let Some(before) = &self.at else { return Some(HashSet::new()) };
        if before.registry_root == registry_root || course.turn == Turn::Lost {
            // Only events of the registry's known code change its storage, and none of it comes back.
            return Some(HashSet::new());
        }
        let Some(newest) = course.fresh.last() else { return Some(HashSet::new()) };
        let headers = course.fresh.iter().map(|block| &*block.full);
        let headers = LinkedHeaders::link(headers, newest.proven.block().hash).ok()?;
        let changed = self.resolver.changed_identities(&headers).await;
        changed.inspect_err(|error| tracing::warn!(%error, "every watched record is proven anew")).ok()
    }

    /// Proves some of those that are not proven at this head.
    async fn prove_some(&mut self) -> Result<(), ResolveError> {
        let Some(at) = self.at.as_ref().filter(|_| !self.unproven.is_empty()) else { return Ok(()) };
        let (header, heard) = (at.ring.newest().header, at.heard);
        let some: Vec<Identity> = self.unproven.keys().take(SLICE).copied().collect();
        let resolver = self.resolver.clone();
        let portions = some.chunks(AT_ONCE).map(|some| {
            let resolver = &resolver;
            async move { (some, resolver.records_at(&header, some).await) }
        });
        let answers: Vec<_> = stream::iter(portions).buffer_unordered(QUESTIONS).collect().await;
        let (mut proven, mut failure) = (Vec::with_capacity(some.len()), None);
        for (some, records) in answers {
            match records {
                Ok(records) => proven.extend(some.iter().copied().zip(records)),
                Err(error) => failure = Some(error),
            }
        }
        resolver.remember(&header, heard, &proven).await?;
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
    async fn read_missing(&mut self) -> Result<(), ResolveError> {
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
    fn take_values(&mut self, read: Outcome, changes: &mut Vec<Change>) -> Readings {
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

    /// Keys expire whether blocks come or not.
    fn pass_time(&mut self) {
        let Some(at) = &self.at else { return };
        let mut changes = Vec::new();
        self.standings.pass(at.head.timestamp.max(unix_now()), &mut changes);
        if !changes.is_empty() {
            self.publish(changes);
        }
    }

    fn doubt(&mut self, error: ResolveError) {
        self.resolver.following().shelf.clear();
        if !self.in_doubt {
            self.in_doubt = true;
            self.tell(vec![Change::Doubt(error)]);
        }
    }

    /// Serves what is known, where nothing is in doubt, and only then tells what changed.
    fn publish(&self, changes: Vec<Change>) {
        if let Some(at) = self.at.as_ref().filter(|_| !self.in_doubt) {
            let Position { head, ring, registry_root, heard } = at;
            let (ring, records) = (ring.clone(), self.standings.records.clone());
            let snapshot = Snapshot { head: *head, ring, registry_root: *registry_root, records };
            self.resolver.following().shelf.put(Arc::new(snapshot), *heard, self.handle.clone());
        }
        self.shared.counts.unproven(self.unproven.len());
        self.tell(changes);
    }

    fn tell(&self, changes: Vec<Change>) {
        self.shared.published.send_modify(|count| *count = count.wrapping_add(1));
        for change in changes {
            // Nobody may be listening.
            let _ = self.shared.told.send(change);
        }
    }

    fn has_work(&self) -> bool {
        let is_behind = self.at.is_some() && (!self.unproven.is_empty() || self.has_unread);
        self.is_agreed && (self.pending.is_some() || is_behind)
    }

    /// When there is something to do at the latest, should nothing happen.
    fn wake(&self) -> Instant {
        let expiry = self.standings.next_expiry().map(|expiry| expiry.saturating_sub(unix_now()));
        let quiet = expiry.map_or(LONGEST_SLEEP, Duration::from_secs).min(LONGEST_SLEEP);
        let quiet = Instant::now() + quiet;
        self.due.map_or(quiet, |due| due.min(quiet))
    }
}

/// Records proven in one question: their proofs stay below what is read of one answer.
const AT_ONCE: usize = 64;

/// Questions under way at a time.
const QUESTIONS: usize = 4;

/// Records proven before anything else is looked at, a new head above all.
const SLICE: usize = 8 * AT_ONCE;

/// The first attempt after a failure comes no later.
const FIRST_RETRY: Duration = Duration::from_millis(250);

const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
