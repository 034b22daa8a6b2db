//! Who is woken when a stream moves.

use core::task::Waker;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// One place for each of those who may wait on a connection. A stream remembers one waker per direction only, so it
/// is given one that chooses among these.
///
/// Under a lock of its own: streams wake from within themselves, while a connection may be locked.
#[derive(Default)]
pub(crate) struct Wakers {
    places: Mutex<Places>,
    /// Wakes all who wait for something else, at the end of the session.
    over: Notify,
}

#[derive(Default)]
struct Places {
    reader: Option<Waker>,
    writer: Option<Waker>,
    upkeep: Option<Waker>,
}

/// Who waits.
#[derive(Clone, Copy)]
pub(crate) enum Waiting {
    Reader,
    Writer,
    Upkeep,
}

/// Wakes for what can be read: the reader where it waits, else the upkeep, which would only hand it over.
struct Readable(Arc<Wakers>);

/// Wakes for what can be written: the writer where it waits, else whoever can drain what is queued.
struct Writable(Arc<Wakers>);

impl Wakers {
    /// Notes who waits. To be called before the poll that may find nothing, or what comes in between is missed.
    pub(crate) fn wait(&self, who: Waiting, waker: &Waker) {
        let mut places = self.lock();
        let place = places.of(who);
        if place.as_ref().is_some_and(|there| there.will_wake(waker)) {
            return;
        }
        let before = place.replace(waker.clone());
        drop(places);
        // To drop a waker may drop its whole task, and with it whatever wakes through here.
        drop(before);
    }

    /// No longer waits.
    pub(crate) fn leave(&self, who: Waiting) {
        let waker = self.lock().of(who).take();
        drop(waker);
    }

    pub(crate) fn wake(&self, who: Waiting) {
        self.wake_first([who]);
    }

    /// The session has ended, or its connection is gone.
    pub(crate) fn wake_all(&self) {
        for who in [Waiting::Reader, Waiting::Writer, Waiting::Upkeep] {
            self.wake(who);
        }
        self.over.notify_waiters();
    }

    /// Ready once the session has ended or its connection is gone, if that comes after this future was enabled.
    pub(crate) fn over(&self) -> Notified<'_> {
        self.over.notified()
    }

    /// A waker for the stream's reading half.
    pub(crate) fn readable(self: &Arc<Self>) -> Waker {
        Arc::new(Readable(Arc::clone(self))).into()
    }

    /// A waker for the stream's writing half.
    pub(crate) fn writable(self: &Arc<Self>) -> Waker {
        Arc::new(Writable(Arc::clone(self))).into()
    }

    fn wake_first<const N: usize>(&self, order: [Waiting; N]) {
        let mut places = self.lock();
        let first = order.into_iter().find_map(|who| places.of(who).take());
        drop(places);
        if let Some(waker) = first {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    const fn of(&mut self, who: Waiting) -> &mut Option<Waker> {
        match who {
            Waiting::Reader => &mut self.reader,
            Waiting::Writer => &mut self.writer,
            Waiting::Upkeep => &mut self.upkeep,
        }
    }
}

impl Wake for Readable {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_first([Waiting::Reader, Waiting::Upkeep]);
    }
}

impl Wake for Writable {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_first([Waiting::Writer, Waiting::Upkeep, Waiting::Reader]);
    }
}
