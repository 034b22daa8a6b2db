//! The one thread that writes: what several tasks want kept at once goes into one transaction, and one flush.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use countersign_protocol::Identity;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::batch::{Batch, Kept};
use super::error::KnownError;
use super::incident::Incident;
use super::registry_at::RegistryAt;
use super::ring::RingChange;
use super::rows;
use super::seen::Seen;
use super::store::Store;

/// Ends, with everything written, when it is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    fresher: Arc<Fresher>,
    thread: Option<JoinHandle<()>>,
}

/// Something to keep.
#[derive(Debug)]
pub(super) enum Change {
    Proven(Batch),
    Incident(Incident),
    Ring(RingChange),
}

/// A change, and who waits until it cannot be lost any more.
#[derive(Debug)]
enum Job {
    Keep(Box<Change>, oneshot::Sender<Result<Kept, KnownError>>),
    /// Some records were seen at a newer block; that is written soon, or with the next change.
    Fresher,
}

/// Records that say what they said before, at a newer block, and when that was: at most [`MAX_FRESHER`].
type Fresher = Mutex<HashMap<(RegistryAt, Identity), (Seen, u64)>>;

impl Writer {
    /// # Errors
    /// [`KnownError::Io`] where the system gives no thread.
    pub(super) fn start(store: Arc<Store>) -> Result<Self, KnownError> {
        let (jobs, coming) = mpsc::channel();
        let fresher = Arc::<Fresher>::default();
        let (path, shared) = (store.path().to_path_buf(), fresher.clone());
        let thread = std::thread::Builder::new()
            .name("known-records".into())
            .spawn(move || write_all(&store, &coming, &shared))
            .map_err(|error| KnownError::io("start writing", &path, &error))?;
        Ok(Self { jobs: Some(jobs), fresher, thread: Some(thread) })
    }

    /// Hands a change over; the receiver hears once it is kept, or why it is not.
    pub(super) fn begin(&self, change: Change) -> oneshot::Receiver<Result<Kept, KnownError>> {
        let (done, outcome) = oneshot::channel();
        // A thread that ended drops `done`, and the receiver hears of it.
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Job::Keep(Box::new(change), done));
        }
        outcome
    }

    /// Notes that a record said at a newer block what it said before. May be lost with the process.
    pub(super) fn refresh(&self, registry: RegistryAt, identity: Identity, seen: Seen, now: u64) {
        let mut fresher = self.fresher.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = fresher.is_empty();
        if fresher.len() < MAX_FRESHER {
            fresher.insert((registry, identity), (seen, now));
        }
        drop(fresher);
        if is_first && let Some(jobs) = &self.jobs {
            let _ = jobs.send(Job::Fresher);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps the known records panicked");
        }
    }
}

fn write_all(store: &Store, jobs: &Receiver<Job>, fresher: &Fresher) {
    let mut due = None;
    loop {
        let job = match due {
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => jobs.recv_timeout(Instant::saturating_duration_since(&due, Instant::now())),
        };
        match job {
            Ok(Job::Fresher) => {
                due.get_or_insert_with(|| Instant::now() + LAG);
            }
            Ok(Job::Keep(change, done)) => {
                commit(store, gather(change, done, jobs), fresher);
                due = None;
            }
            Err(RecvTimeoutError::Timeout) => {
                commit(store, Vec::new(), fresher);
                due = None;
            }
            Err(RecvTimeoutError::Disconnected) => return commit(store, Vec::new(), fresher),
        }
    }
}

type Waiting = (Box<Change>, oneshot::Sender<Result<Kept, KnownError>>);

/// All changes that wait by now: one flush serves them together.
fn gather(
    first: Box<Change>,
    done: oneshot::Sender<Result<Kept, KnownError>>,
    jobs: &Receiver<Job>,
) -> Vec<Waiting> {
    let mut waiting = vec![(first, done)];
    let more = jobs.try_iter().filter_map(|job| match job {
        Job::Keep(change, done) => Some((change, done)),
        // What it announces is written along with the rest.
        Job::Fresher => None,
    });
    waiting.extend(more.take(MAX_TOGETHER - 1));
    waiting
}

fn commit(store: &Store, waiting: Vec<Waiting>, fresher: &Fresher) {
    let fresher = std::mem::take(&mut *fresher.lock().unwrap_or_else(PoisonError::into_inner));
    if waiting.is_empty() && fresher.is_empty() {
        return;
    }
    let outcome = store.write(|connection| {
        for ((registry, identity), (seen, now)) in &fresher {
            refresh(connection, registry, identity, seen, *now)?;
        }
        waiting.iter().map(|(change, _)| change.apply(connection)).collect::<rusqlite::Result<Vec<_>>>()
    });
    match outcome {
        Ok(kept) => waiting.into_iter().zip(kept).for_each(|((_, done), kept)| {
            // Who does not wait any more has no use for it.
            let _ = done.send(Ok(kept));
        }),
        Err(error) => {
            tracing::error!(%error, "what was proven is not kept");
            waiting.into_iter().for_each(|(_, done)| {
                let _ = done.send(Err(error.clone()));
            });
        }
    }
}

fn refresh(
    connection: &Connection,
    registry: &RegistryAt,
    identity: &Identity,
    seen: &Seen,
    now: u64,
) -> rusqlite::Result<()> {
    let Some(known) = rows::record(connection, registry, identity)? else { return Ok(()) };
    let is_newer = known.seen.block.number <= seen.block.number && known.seen.says_the_same_as(seen);
    match is_newer {
        true => {
            rows::put_record(connection, &rows::KnownRecord { seen: *seen, last_proven_at: now, ..known })
        }
        // Another process has proven more since.
        false => Ok(()),
    }
}

impl Change {
    fn apply(&self, connection: &Connection) -> rusqlite::Result<Kept> {
        match self {
            Self::Proven(batch) => batch.apply(connection),
            Self::Incident(incident) => rows::note_incident(connection, incident).map(|()| Kept::default()),
            Self::Ring(change) => change.apply(connection).map(|()| Kept::default()),
        }
    }
}

/// How far the block beside an unchanged record may lag.
const LAG: Duration = Duration::from_secs(1);

/// Changes in one transaction.
const MAX_TOGETHER: usize = 256;

/// Records whose newer block waits to be written; about 200 bytes each.
const MAX_FRESHER: usize = 16_384;
