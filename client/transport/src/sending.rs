//! Writing to a connection.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use countersign_protocol::{Abort, Due, Error as ProtocolError};
use tokio::io::AsyncWrite;

use crate::connection_core::Core;
use crate::ended::{Ended, Side};
use crate::error::TransportError;
use crate::outbound::Outbound;
use crate::wakers::Waiting;

impl<S: AsyncWrite + Unpin> Core<S> {
    /// Ready when everything queued has been taken and more may be queued.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.check_keys()?;
        self.poll_waiting(cx, Outbound::poll_ready)
    }

    /// Seals a message whole. To be called after [`poll_ready`](Self::poll_ready), which bounds what is queued.
    pub(crate) fn queue_message(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.check_keys()?;
        let queued = self.outbound.queue_message(&mut self.channel, message);
        self.note_use();
        queued.map_err(|error| self.worn_out(error))
    }

    /// Seals the beginning of `data` and returns how much of it, once what was queued before is gone.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<Result<usize, TransportError>> {
        ready!(self.poll_ready(cx))?;
        let queued = self.outbound.queue_bytes(&mut self.channel, data);
        self.note_use();
        let accepted = queued.map_err(|error| self.worn_out(error))?;
        // Accepted already, so to wait for the peer is the next call's part.
        self.drain();
        Poll::Ready(self.outbound.check_unbroken().map(|()| accepted))
    }

    /// Ready when everything queued has been taken and flushed.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.check_ended()?;
        self.poll_waiting(cx, Outbound::poll_flush)
    }

    /// Sends the authenticated close after everything queued. Where the peer has closed too, shuts the stream's sending half; else
    /// whoever reads the peer's close does: control records may follow this one. May be repeated.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.outbound.is_open() {
            self.check_keys()?;
            let queued = self.outbound.queue_close(&mut self.channel);
            queued.map_err(|error| self.worn_out(error))?;
        }
        self.check_ended()?;
        match self.inbound.is_closed() {
            true => self.poll_waiting(cx, Outbound::poll_shut),
            false => self.poll_waiting(cx, Outbound::poll_flush),
        }
    }

    /// Shuts the stream's sending half once nothing more is to be sent, as far as the stream lets it be done at once.
    pub(crate) fn shut_where_both_closed(&mut self) {
        if !self.channel.is_over() || self.outbound.is_over() {
            return;
        }
        let Self { stream, outbound, writable, .. } = self;
        if outbound.poll_shut(&mut Context::from_waker(writable), Pin::new(stream)).is_ready() {
            self.wakers.wake(Waiting::Writer);
            self.wakers.wake(Waiting::Upkeep);
        }
    }

    /// Queues the control records that the channel wants sent, ahead of whatever is sealed later, and sends what the
    /// stream takes.
    pub(crate) fn send_control(&mut self) {
        self.queue_control();
        self.drain();
    }

    /// Sends what is queued as far as the stream takes it, on behalf of whoever sent it.
    pub(crate) fn drain(&mut self) {
        if !self.outbound.has_to_send() {
            return;
        }
        let Self { stream, outbound, writable, .. } = self;
        if outbound.poll_drain_for_others(&mut Context::from_waker(writable), Pin::new(stream)).is_ready() {
            self.wakers.wake(Waiting::Writer);
        }
    }

    /// Ends the session from this side and tells the peer, where this side can still send.
    pub(crate) fn abort(&mut self, why: Abort) -> Result<Ended, ProtocolError> {
        if let Some(ended) = self.ended {
            return Ok(ended);
        }
        if self.outbound.takes_control() && !self.channel.is_over() {
            self.channel.abort(why)?;
            self.queue_control();
            self.outbound.finish();
        }
        let ended = self.end(Side::ThisSide, why);
        self.drain();
        Ok(ended)
    }

    /// Whether this side may seal anything but an abort. Keys that reached their hard age end the session here,
    /// whatever the upkeep does.
    pub(crate) fn check_keys(&mut self) -> Result<(), TransportError> {
        self.check_ended()?;
        let now = self.now_ms();
        match self.channel.due(now) {
            Due::End => Err(self.abort(self.when_worn_out)?.into()),
            Due::Nothing { .. } | Due::Rotation => Ok(()),
        }
    }

    /// A new epoch that failed although nothing differs: the peer misbehaves, or somebody between does, and nothing
    /// more is read from it.
    pub(crate) fn broken_epoch(&mut self, error: ProtocolError) -> TransportError {
        let is_broken = error.as_reject().is_none() && self.inbound.takes_control();
        match self.worn_out(error.into()) {
            TransportError::Protocol(error) if is_broken => {
                self.inbound.break_off(error.into());
                self.wakers.wake(Waiting::Reader);
                error.into()
            }
            other => other,
        }
    }

    fn queue_control(&mut self) {
        while let Some(record) = self.channel.next_outgoing() {
            self.outbound.queue_control(&record);
        }
    }

    fn check_ended(&mut self) -> Result<(), TransportError> {
        let Some(ended) = self.ended else { return Ok(()) };
        self.drain();
        Err(ended.into())
    }

    /// A key that may protect nothing more ends the session as its age does.
    pub(crate) fn worn_out(&mut self, error: TransportError) -> TransportError {
        match error {
            TransportError::Protocol(ProtocolError::Exhausted(_)) => match self.abort(self.when_worn_out) {
                Ok(ended) => ended.into(),
                Err(error) => error.into(),
            },
            other => other,
        }
    }

    fn poll_waiting<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Outbound, &mut Context<'_>, Pin<&mut S>) -> Poll<T>,
    ) -> Poll<T> {
        self.wakers.wait(Waiting::Writer, cx.waker());
        let Self { stream, outbound, writable, .. } = self;
        let done = poll(outbound, &mut Context::from_waker(writable), Pin::new(stream));
        if done.is_ready() {
            self.wakers.leave(Waiting::Writer);
        }
        done
    }
}
