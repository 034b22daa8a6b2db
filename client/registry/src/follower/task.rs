//! The follower's task: one head after the other.

mod advance;
mod prove;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use alloy::primitives::B256;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, Query, Value};
use tokio::time::{Instant, sleep_until};

use super::change::Change;
use super::handle::{Handle, Shared};
use super::link::Fresh;
use super::ring::Ring;
use super::roster::News;
use super::snapshot::Snapshot;
use super::standings::Standings;
use crate::acceptance::unix_now;
use crate::error::ResolveError;
use crate::heads::{Backoff, HeadNews, Heads};
use crate::proof::ProvenHeader;
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
    /// Whether it was told that the registry's storage changes without logs.
    told_unlogged: bool,
    /// When to catch up with what is left; `None` where nothing is.
    due: Option<Instant>,
    backoff: Backoff,
}

/// A head at which the registry was proven.
struct Position {
    head: ProvedHead,
    ring: Ring,
    /// Of the registry's storage: while it stays, so does every record.
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
            told_unlogged: false,
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
            let (ring, records) = (at.ring.clone(), self.standings.records.clone());
            let snapshot = Arc::new(Snapshot { head: at.head, ring, records });
            self.resolver.following().shelf.put(snapshot, at.heard, self.handle.clone());
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

/// The first attempt after a failure comes no later.
const FIRST_RETRY: Duration = Duration::from_millis(250);

const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
