//! What all handles of one connection share.

use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_protocol::Channel;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::error::TransportError;
use crate::inbound::{Inbound, Record};
use crate::outbound::Outbound;
use crate::timeouts::Timeouts;

/// One connection under its lock, which is held for one poll at a time and never while anything waits.
pub(crate) struct Shared<S> {
    core: Mutex<Core<S>>,
    pub(crate) timeouts: Timeouts,
}

/// A stream, its channel, and both directions of what goes over it.
pub(crate) struct Core<S> {
    pub(crate) stream: S,
    pub(crate) channel: Channel,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
}

impl<S> Shared<S> {
    pub(crate) const fn new(core: Core<S>, timeouts: Timeouts) -> Self {
        Self { core: Mutex::new(core), timeouts }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Core<S>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> Core<S> {
    /// Reads content as [`AsyncRead`] does: nothing read is the peer's close. Message boundaries do not show.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), TransportError>> {
        while into.remaining() > 0 {
            let Some(record) = ready!(self.poll_record(cx))? else { break };
            if self.inbound.deliver(record, into) > 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The next whole message; `None` is the peer's close.
    pub(crate) fn poll_message(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Vec<u8>>, TransportError>> {
        loop {
            let Some(record) = ready!(self.poll_record(cx))? else {
                return Poll::Ready(self.inbound.check_finished().map(|()| None));
            };
            if let Some(message) = self.inbound.collect(record)? {
                return Poll::Ready(Ok(Some(message)));
            }
        }
    }

    /// Reads, and drops, what the peer still sends until its close.
    pub(crate) fn poll_peer_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while ready!(self.poll_record(cx))?.is_some() {}
        Poll::Ready(Ok(()))
    }

    /// The record at hand or the next one; `None` is the peer's close.
    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Record>, TransportError>> {
        self.inbound.poll_record(cx, Pin::new(&mut self.stream), &mut self.channel.receiver)
    }
}

impl<S: AsyncWrite + Unpin> Core<S> {
    /// Ready when everything queued has been taken and more may be queued.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.outbound.poll_ready(cx, Pin::new(&mut self.stream))
    }

    /// Seals a message whole. To be called after [`poll_ready`](Self::poll_ready), which bounds what is queued.
    pub(crate) fn queue_message(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.outbound.queue_message(&mut self.channel.sender, message)
    }

    /// Seals the beginning of `data` and returns how much of it, once what was queued before is gone.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<Result<usize, TransportError>> {
        self.outbound.poll_write(cx, Pin::new(&mut self.stream), &mut self.channel.sender, data)
    }

    /// Ready when everything queued has been taken and flushed.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.outbound.poll_flush(cx, Pin::new(&mut self.stream))
    }

    /// Sends the authenticated close after everything queued, then shuts the stream's sending half. May be repeated.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.outbound.poll_close(cx, Pin::new(&mut self.stream), &mut self.channel.sender)
    }
}

/// A part of a connection, borrowed. Nothing moves on the connection meanwhile, so do not hold it for long, and not
/// while the same thread uses another handle of that connection: that would wait for itself.
pub struct Borrowed<'a, S, T> {
    core: MutexGuard<'a, Core<S>>,
    part: fn(&Core<S>) -> &T,
}

impl<'a, S, T> Borrowed<'a, S, T> {
    pub(crate) fn of(shared: &'a Shared<S>, part: fn(&Core<S>) -> &T) -> Self {
        Self { core: shared.lock(), part }
    }
}

impl<S, T> Deref for Borrowed<'_, S, T> {
    type Target = T;

    fn deref(&self) -> &T {
        (self.part)(&self.core)
    }
}

impl<S, T: core::fmt::Debug> core::fmt::Debug for Borrowed<'_, S, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        T::fmt(self, f)
    }
}
