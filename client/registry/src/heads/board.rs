//! Where the feeds write what their endpoints showed, and [`Heads`](super::Heads) reads it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::shown::Shown;

/// The newest of each endpoint: what is not read in time is overwritten, so that it never grows.
#[derive(Debug)]
pub(crate) struct Board {
    places: Box<[Place]>,
    changed: Notify,
}

/// One endpoint's place on the board.
#[derive(Debug)]
struct Place {
    shown: Mutex<Shown>,
    /// Rung where the endpoint is to be asked for a height.
    wanted: Notify,
}

/// The right to write in one place.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    board: Arc<Board>,
    position: usize,
}

impl Board {
    pub(crate) fn new(endpoints: usize, kept: usize) -> Self {
        let place = || Place { shown: Mutex::new(Shown::nothing(kept)), wanted: Notify::new() };
        Self { places: (0..endpoints).map(|_| place()).collect(), changed: Notify::new() }
    }

    /// How many are followed.
    pub(crate) const fn len(&self) -> usize {
        self.places.len()
    }

    /// Done once anything is written after this call.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Each endpoint's place, by position.
    pub(crate) fn read<T>(&self, mut read: impl FnMut(usize, &Shown) -> T) -> Vec<T> {
        self.places.iter().enumerate().map(|(position, place)| read(position, &place.lock())).collect()
    }

    /// Has an endpoint asked for the block of a height, unless it was asked already.
    pub(crate) fn want(&self, position: usize, height: u64) {
        if let Some(place) = self.places.get(position)
            && place.lock().want(height)
        {
            place.wanted.notify_one();
        }
    }

    pub(crate) fn writer(self: &Arc<Self>, position: usize) -> Writer {
        Writer { board: self.clone(), position }
    }
}

impl Writer {
    /// Changes its place, and has the board looked at; none where it has no place.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&mut Shown) -> T) -> Option<T> {
        let written = write(&mut self.place()?.lock());
        self.board.changed.notify_one();
        Some(written)
    }

    /// The height that the endpoint is to be asked for, once one is.
    pub(crate) async fn wanted(&self) -> u64 {
        let Some(place) = self.place() else { return std::future::pending().await };
        loop {
            let height = place.lock().take_wanted();
            if let Some(height) = height {
                return height;
            }
            place.wanted.notified().await;
        }
    }

    fn place(&self) -> Option<&Place> {
        self.board.places.get(self.position)
    }
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
