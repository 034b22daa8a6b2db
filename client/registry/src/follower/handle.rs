//! What keeps a follower going, and what it shares with its task.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use super::change::{BACKLOG, Change};
use super::roster::Roster;
use super::snapshot::Shelf;
use super::task::Task;
use crate::resolver::Resolver;

/// A resolver's follower, if it has one, and what it serves.
#[derive(Debug, Default)]
pub(crate) struct Following {
    pub(crate) shelf: Shelf,
    /// Outlives a task that panicked or went with its runtime: who is watched is watched by the next.
    shared: Arc<Shared>,
    handle: Mutex<Weak<Handle>>,
}

/// Held by everybody who watches or listens; the task ends with the last of them.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(super) resolver: Resolver,
    pub(super) shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the task and its watchers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) roster: Roster,
    pub(super) told: broadcast::Sender<Change>,
    /// Counts what was published, for those who wait for it.
    pub(super) published: watch::Sender<u64>,
    pub(super) counts: Counts,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    heads: AtomicU64,
    reorganisations: AtomicU64,
    proven_anew: AtomicU64,
    unlogged: AtomicU64,
    unproven: AtomicU64,
    unread: AtomicU64,
}

impl Following {
    /// The one follower, begun where there is none, or none that still runs.
    pub(super) fn follow(&self, resolver: &Resolver) -> Arc<Handle> {
        let mut kept = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = kept.upgrade().filter(|handle| !handle.task.is_finished()) {
            return handle;
        }
        let handle = Handle::begin(resolver.clone(), self.shared.clone());
        *kept = Arc::downgrade(&handle);
        handle
    }
}

impl Handle {
    fn begin(resolver: Resolver, shared: Arc<Shared>) -> Arc<Self> {
        shared.roster.begin_anew();
        Arc::new_cyclic(|handle| {
            let task = Task::new(resolver.clone(), shared.clone(), handle.clone());
            Self { resolver, shared, task: tokio::spawn(task.run()) }
        })
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            roster: Roster::default(),
            told: broadcast::Sender::new(BACKLOG),
            published: watch::Sender::new(0),
            counts: Counts::default(),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Counts {
    pub(super) fn head(&self) {
        self.heads.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reorganised(&self) {
        self.reorganisations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn proven_anew(&self) {
        self.proven_anew.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unlogged(&self) {
        self.unlogged.fetch_add(1, Ordering::Relaxed);
    }

    /// How many records and how many queries are left to prove at the newest head.
    pub(super) fn left(&self, unproven: usize, unread: usize) {
        self.unproven.store(unproven as u64, Ordering::Relaxed);
        self.unread.store(unread as u64, Ordering::Relaxed);
    }

    /// Heads followed, reorganisations among them, heads at which everything was proven anew, those of them that no
    /// log explains, and the records and the queries that are not proven at the newest one.
    pub(super) fn read(&self) -> [u64; 6] {
        let Self { heads, reorganisations, proven_anew, unlogged, unproven, unread } = self;
        [heads, reorganisations, proven_anew, unlogged, unproven, unread]
            .map(|count| count.load(Ordering::Relaxed))
    }
}
