//! Something that is done again and again, and when it is worth the next attempt.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::ResolveError;
use crate::heads::Backoff;

pub(super) struct Chore {
    due: Instant,
    backoff: Backoff,
}

impl Chore {
    pub(super) fn new() -> Self {
        Self { due: Instant::now(), backoff: Backoff::new(FIRST_RETRY) }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due <= now
    }

    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// The next may begin at once.
    pub(super) fn succeeded(&mut self) {
        self.backoff.reset();
        self.due = Instant::now();
    }

    /// The next attempt comes later, and later each time.
    pub(super) fn failed(&mut self, error: &ResolveError) {
        tracing::warn!(%error, "the follower could not prove what it should");
        self.due = Instant::now() + self.backoff.next_wait();
    }
}

/// The first attempt after a failure comes no later.
const FIRST_RETRY: Duration = Duration::from_millis(250);
