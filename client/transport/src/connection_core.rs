//! What all handles of one connection share.

use core::task::Waker;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_protocol::{Abort, Channel};
use tokio::time::Instant;

use crate::ended::{Ended, Side};
use crate::inbound::Inbound;
use crate::outbound::Outbound;
use crate::timeouts::Timeouts;
use crate::upkeep::UpkeepEvent;
use crate::wakers::{Waiting, Wakers};

/// One connection under its lock, which is held for one poll at a time and never while anything waits.
pub(crate) struct Shared<S> {
    core: Mutex<Core<S>>,
    pub(crate) timeouts: Timeouts,
    pub(crate) wakers: Arc<Wakers>,
}

/// A stream, its channel, and both directions of what goes over it. What reads is in `receiving`, what sends in
/// `sending`, what keeps the channel alive in `keeping`.
pub(crate) struct Core<S> {
    pub(crate) stream: S,
    pub(crate) channel: Channel,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    pub(crate) ended: Option<Ended>,
    /// Whether the upkeep was told that the present keys are half used; again with every tick.
    pub(crate) has_told_use: bool,
    /// What is said where the keys are worn out.
    pub(crate) when_worn_out: Abort,
    /// What the upkeep has not been told yet. The protocol lets one request be under way at a time, so it is short.
    pub(crate) events: VecDeque<UpkeepEvent>,
    pub(crate) wakers: Arc<Wakers>,
    /// Given to the stream's reading half.
    pub(crate) readable: Waker,
    /// Given to the stream's writing half.
    pub(crate) writable: Waker,
    started: Instant,
}

impl<S> Shared<S> {
    pub(crate) fn new(core: Core<S>, timeouts: Timeouts) -> Self {
        let wakers = Arc::clone(&core.wakers);
        Self { core: Mutex::new(core), timeouts, wakers }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Core<S>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Core<S> {
    pub(crate) fn new(stream: S, mut channel: Channel, inbound: Inbound, outbound: Outbound) -> Self {
        let started = Instant::now();
        // The age of the keys counts from here.
        let _ = channel.due(0);
        let wakers = Arc::new(Wakers::default());
        let (readable, writable) = (wakers.readable(), wakers.writable());
        let (ended, events) = (None, VecDeque::new());
        let when_worn_out = Abort::KeysWornOut;
        Self {
            stream,
            channel,
            inbound,
            outbound,
            ended,
            has_told_use: false,
            when_worn_out,
            events,
            wakers,
            readable,
            writable,
            started,
        }
    }

    /// Milliseconds since this connection began, on a clock that only goes forward.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The session is over in both directions: nothing more is delivered, and whoever waits learns why.
    pub(crate) fn end(&mut self, by: Side, why: Abort) -> Ended {
        let ended = *self.ended.get_or_insert(Ended { by, why });
        self.inbound.stop();
        if by == Side::Peer {
            self.outbound.stop();
        }
        self.wakers.wake_all();
        ended
    }

    /// Whether both directions are at their end, so that there is nothing to keep.
    pub(crate) const fn is_over(&self) -> bool {
        self.ended.is_some() || (!self.inbound.is_open() && self.outbound.is_over())
    }

    /// Something was sealed: where the keys are half used, the upkeep need not wait for its next look at them.
    pub(crate) fn note_use(&self) {
        if !self.has_told_use && self.channel.is_half_used() {
            self.wakers.wake(Waiting::Upkeep);
        }
    }

    pub(crate) fn tell_upkeep(&mut self, event: UpkeepEvent) {
        self.events.push_back(event);
        self.wakers.wake(Waiting::Upkeep);
    }
}

impl<S> Drop for Shared<S> {
    /// The last handle that keeps the connection is gone: an upkeep and its datagrams have nothing left to serve.
    fn drop(&mut self) {
        self.wakers.wake_all();
    }
}
