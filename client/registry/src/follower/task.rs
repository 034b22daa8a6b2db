//! The follower's task: one head after the other.
//!
//! Endpoints are asked by a [`Job`], one at a time, which borrows nothing of the task: it hears heads and whoever comes
//! and goes meanwhile, so that an endpoint that stalls keeps a newer head from nobody. What a job brings is taken in
//! without an await, so what is told and what is served is of one head.

mod advance;
mod chore;
mod prove;
mod read;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use alloy::primitives::B256;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, Query};
use futures_util::future::{BoxFuture, pending};
use tokio::time::{Instant, sleep_until};

use self::advance::Advance;
use self::chore::Chore;
use self::prove::Proven;
use self::read::Reads;
use super::change::Change;
use super::handle::{Handle, Shared};
use super::readings::Outcome;
use super::ring::Ring;
use super::roster::News;
use super::snapshot::Snapshot;
use super::standings::Standings;
use crate::acceptance::unix_now;
use crate::error::ResolveError;
use crate::full_header::FullHeader;
use crate::heads::{HeadNews, Heads};
use crate::moment::Moment;
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
    /// Watched identities that are to be proven at the head: new ones, some with a hint, and those that may have changed.
    unproven: HashMap<Identity, Option<PublicKey>>,
    reads: Reads,
    /// A head that is agreed, and not yet proven.
    pending: Option<Agreed>,
    /// When the head that is served is outrun by the pending one; `None` where none is pending.
    outrun_at: Option<Instant>,
    /// Whether enough endpoints agree on a head, as far as they were heard.
    is_agreed: bool,
    /// Whether nothing is served, and that was told.
    in_doubt: bool,
    /// Whether it was told that the registry's storage changes without logs.
    told_unlogged: bool,
    /// What is asked of endpoints just now.
    job: Option<Job>,
    advancing: Chore,
    proving: Chore,
    reading: Chore,
}

/// Questions to endpoints, and what comes of them.
struct Job {
    work: BoxFuture<'static, Done>,
    /// Whether it is of no use any more once there is a newer head.
    is_moot_at_next_head: bool,
}

/// What a job brought.
enum Done {
    Advanced(Agreed, Result<Box<Advance>, ResolveError>),
    Proven(Proven),
    Read(Vec<Query>, Outcome),
}

/// A head at which the registry was proven.
struct Position {
    head: ProvedHead,
    ring: Ring,
    /// Of the registry's storage: while it stays, so does every record.
    registry_root: B256,
    /// When enough endpoints called it the head.
    heard: Moment,
}

/// A head that enough endpoints agree on.
#[derive(Clone)]
struct Agreed {
    block: FullHeader,
    head: ProvedHead,
    heard: Moment,
    since: Instant,
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
            unproven: HashMap::new(),
            reads: Reads::default(),
            pending: None,
            outrun_at: None,
            is_agreed: false,
            in_doubt: false,
            told_unlogged: false,
            job: None,
            advancing: Chore::new(),
            proving: Chore::new(),
            reading: Chore::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let shared = self.shared.clone();
        loop {
            self.begin_job();
            let wake = self.wake();
            tokio::select! {
                news = self.heads.next() => self.hear(news),
                () = shared.roster.changed() => self.take_in(),
                done = done(&mut self.job) => self.finish(done),
                () = sleep_until(wake) => self.pass_time(),
            }
        }
    }

    fn hear(&mut self, news: HeadNews) {
        match news {
            HeadNews::Agreed { header, full, votes } => {
                let head = self.resolver.agreed_head(&header, votes);
                let block = FullHeader { proven: header, full };
                let since = Instant::now();
                self.pending = Some(Agreed { block, head, heard: Moment::now(), since });
                self.outrun_at.get_or_insert(since + self.resolver.policy().head_patience);
                self.is_agreed = true;
                self.advancing.succeeded();
                self.job.take_if(|job| job.is_moot_at_next_head);
            }
            HeadNews::Still { header, since, .. } => self.hear_again(&header, Moment::at(since)),
            HeadNews::Doubt(error) => {
                self.is_agreed = false;
                self.doubt(error);
            }
        }
    }

    /// The head that was agreed last is still the head.
    fn hear_again(&mut self, header: &ProvenHeader, since: Moment) {
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
        if has_queries {
            self.want_unread();
        }
    }

    /// Begins with what is to be done next, unless something is under way: a new head before all, records before what
    /// is valued.
    fn begin_job(&mut self) {
        if self.job.is_some() || !self.is_agreed {
            return;
        }
        let now = Instant::now();
        self.job = if let Some(agreed) = &self.pending {
            self.advancing.is_due(now).then(|| self.advance(agreed.clone()))
        } else if !self.unproven.is_empty() && self.proving.is_due(now) {
            self.prove_some()
        } else if self.reads.has_unread() && self.reading.is_due(now) {
            self.read_some()
        } else {
            None
        };
    }

    /// Takes in what a job brought. What fails is done again later and later.
    fn finish(&mut self, done: Done) {
        self.job = None;
        self.pass_time();
        match done {
            Done::Advanced(to, Ok(advance)) => {
                self.advancing.succeeded();
                self.pending.take_if(|pending| pending.block.proven == to.block.proven);
                self.move_to(&to, *advance);
            }
            Done::Advanced(_, Err(error)) => {
                self.advancing.failed(&error);
                // There is a newer head, so the one before is not to be served, whatever its age.
                self.doubt(error);
            }
            Done::Proven(proven) => self.take_proofs(proven),
            Done::Read(asked, outcome) => self.take_readings(asked, outcome),
        }
    }

    /// Keys expire whether blocks come or not; and a head that is outrun is served for a moment only.
    fn pass_time(&mut self) {
        if self.is_outrun() {
            self.resolver.following().shelf.clear();
        }
        let Some(at) = &self.at else { return };
        let mut changes = Vec::new();
        self.standings.pass(at.head.timestamp.max(unix_now()), &mut changes);
        if !changes.is_empty() {
            self.publish(changes);
        }
    }

    /// Whether there has been a newer head for a while that nothing is proven at.
    fn is_outrun(&self) -> bool {
        self.outrun_at.is_some_and(|at| at <= Instant::now())
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
        let is_served = !self.in_doubt && !self.is_outrun();
        if let Some(at) = self.at.as_ref().filter(|_| is_served) {
            let (ring, records) = (at.ring.clone(), self.standings.records.clone());
            let snapshot = Arc::new(Snapshot { head: at.head, ring, records });
            self.resolver.following().shelf.put(snapshot, at.heard, self.handle.clone());
        }
        self.shared.counts.left(self.unproven.len(), self.reads.unread());
        self.tell(changes);
    }

    fn tell(&self, changes: Vec<Change>) {
        self.shared.published.send_modify(|count| *count = count.wrapping_add(1));
        for change in changes {
            // Nobody may be listening.
            let _ = self.shared.told.send(change);
        }
    }

    /// When there is something to do at the latest, should nothing happen.
    fn wake(&self) -> Instant {
        let now = Instant::now();
        let expiry = self.standings.next_expiry().map(|expiry| expiry.saturating_sub(unix_now()));
        let quiet = now + expiry.map_or(LONGEST_SLEEP, Duration::from_secs).min(LONGEST_SLEEP);
        let outrun = self.outrun_at.filter(|at| *at > now);
        let is_idle = self.job.is_none() && self.is_agreed;
        let chores = [
            (self.pending.is_some(), &self.advancing),
            (self.pending.is_none() && !self.unproven.is_empty(), &self.proving),
            (self.pending.is_none() && self.reads.has_unread(), &self.reading),
        ];
        let due =
            chores.into_iter().filter(|(is_wanted, _)| is_idle && *is_wanted).map(|(_, chore)| chore.due());
        due.chain(outrun).fold(quiet, Instant::min)
    }
}

impl Drop for Task {
    /// Without a task nobody notices what changes.
    fn drop(&mut self) {
        self.resolver.following().shelf.clear();
    }
}

/// Waits for what is under way; for ever where nothing is. Cancelling it loses nothing.
async fn done(job: &mut Option<Job>) -> Done {
    match job {
        Some(job) => (&mut job.work).await,
        None => pending().await,
    }
}

const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
