//! What keeps a connection alive, or ends it, while the application does nothing.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use countersign_protocol::Due;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection_core::Core;
use crate::upkeep::UpkeepEvent;
use crate::wakers::Waiting;

impl<S: AsyncRead + AsyncWrite + Unpin> Core<S> {
    /// Reads ahead and sends what is queued, then the next thing that the upkeep has to know. `is_time` where it is
    /// time to look at the age of the keys.
    pub(crate) fn poll_keep(&mut self, is_time: bool) -> Poll<UpkeepEvent> {
        self.drain();
        self.shut_where_both_closed();
        while self.ended.is_none() && self.wants_more() && self.poll_arrival().is_ready() {
            self.wakers.wake(Waiting::Reader);
        }
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
        let is_half_used = self.channel.is_half_used();
        self.has_told_use &= is_half_used;
        if is_time || (is_half_used && !self.has_told_use) {
            self.has_told_use = is_half_used;
            return self.poll_age();
        }
        Poll::Pending
    }

    /// Whether something may come that is worth reading.
    fn wants_more(&self) -> bool {
        self.inbound.wants_more() && !self.channel.is_over()
    }

    /// Sends what is queued, shuts the sending half, and reads until the peer has done the same: to close a TCP
    /// socket with unread data in it can take back what was sent last. Ready also where the stream fails.
    pub(crate) fn poll_farewell(&mut self) -> Poll<()> {
        let Self { stream, outbound, readable, writable, .. } = self;
        let shut = outbound.poll_shut(&mut Context::from_waker(writable), Pin::new(stream));
        if ready!(shut).is_err() {
            return Poll::Ready(());
        }
        let mut dropped = [0; 4096];
        loop {
            let mut into = ReadBuf::new(&mut dropped);
            let read = Pin::new(&mut *stream).poll_read(&mut Context::from_waker(readable), &mut into);
            if ready!(read).is_err() || into.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }

    fn poll_age(&mut self) -> Poll<UpkeepEvent> {
        let now = self.now_ms();
        match self.channel.due(now) {
            Due::Rotation if self.inbound.takes_control() && self.outbound.takes_control() => {
                Poll::Ready(UpkeepEvent::RotationDue)
            }
            Due::Nothing { .. } | Due::Rotation => Poll::Pending,
            Due::End => {
                // Where the abort cannot even be sealed, the session is as much at its end.
                let _ = self.abort(self.when_worn_out);
                Poll::Pending
            }
        }
    }
}
