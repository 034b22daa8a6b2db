//! A limit on how long one wait may last, for code that polls.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Counts from the first [`poll_exhausted`](Self::poll_exhausted) after [`renew`](Self::renew). The timer is made at
/// the first wait: a stream that is never made to wait costs nothing.
pub(crate) struct Patience {
    limit: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Patience {
    /// `None` waits for ever.
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Self { limit, timer: None, waiting: false }
    }

    /// Something happened: the next wait counts anew.
    pub(crate) fn renew(&mut self) {
        self.waiting = false;
    }

    /// Call where nothing can happen yet. Ready with the limit once the wait has lasted that long; else wakes the
    /// task when it will have.
    pub(crate) fn poll_exhausted(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let Some(limit) = self.limit else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.waiting {
            // A limit beyond the clock's range is one that is never reached.
            let Some(deadline) = Instant::now().checked_add(limit) else { return Poll::Pending };
            timer.as_mut().reset(deadline);
            self.waiting = true;
        }
        timer.as_mut().poll(cx).map(|()| limit)
    }
}
