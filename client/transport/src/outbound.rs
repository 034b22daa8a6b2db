//! What this side sends: bytes or messages, sealed into records.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use countersign_protocol::{Channel, ContentType, Error as ProtocolError};
use tokio::io::AsyncWrite;

use crate::error::{TransportError, Wait};
use crate::frame_writer::{FrameWriter, write_error};
use crate::patience::Patience;

/// The sending direction. What was accepted is sealed and queued whole, so a writer that goes away between two
/// polls tears neither a record nor a message.
pub(crate) struct Outbound {
    frames: FrameWriter,
    patience: Patience,
    max_message: usize,
    /// Whether control records were queued since the stream was flushed: nobody flushes for them.
    is_unflushed: bool,
    /// Whether the stream has taken this side's close: what cannot be sent after it is no loss.
    has_said_close: bool,
    state: State,
}

enum State {
    Open,
    /// The close is queued, or sent: control records alone may follow.
    Closed,
    /// The last record is queued, or sent.
    Finishing,
    /// The stream's sending half is shut.
    Shut,
    /// An error that whoever writes has not been told yet.
    Broken(TransportError),
    Failed,
}

impl Outbound {
    pub(crate) fn new(frames: FrameWriter, patience: Duration, max_message: usize) -> Self {
        let patience = Patience::new(Some(patience));
        Self { frames, patience, max_message, is_unflushed: false, has_said_close: false, state: State::Open }
    }

    pub(crate) fn limit_messages(&mut self, max_message: usize) {
        self.max_message = max_message;
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether nothing can be sent any more, and nothing is on its way.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, State::Shut | State::Broken(_) | State::Failed)
    }

    /// Whether control records can be sent.
    pub(crate) const fn takes_control(&self) -> bool {
        matches!(self.state, State::Open | State::Closed)
    }

    pub(crate) const fn has_to_send(&self) -> bool {
        !self.is_over() && (self.is_unflushed || !self.frames.is_empty())
    }

    /// Ready when everything queued has been taken and more may be queued.
    pub(crate) fn poll_ready<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        stream: Pin<&mut S>,
    ) -> Poll<Result<(), TransportError>> {
        self.check_open()?;
        self.poll_drain(cx, stream)
    }

    /// Seals a message whole. To be called after [`poll_ready`](Self::poll_ready), which bounds what is queued.
    pub(crate) fn queue_message(
        &mut self,
        channel: &mut Channel,
        message: &[u8],
    ) -> Result<(), TransportError> {
        self.check_open()?;
        let (length, limit) = (message.len(), self.max_message);
        if length > limit {
            return Err(TransportError::MessageTooLong { length, limit });
        }
        let most = channel.max_content();
        let last_starts = length.saturating_sub(1) / most * most;
        let (all_but_last, last) = message.split_at_checked(last_starts).unwrap_or((message, &[]));
        let parts = all_but_last.chunks(most).map(|part| (ContentType::DataMore, part));
        for (content_type, part) in parts.chain([(ContentType::Data, last)]) {
            self.frames.queue_record(channel, content_type, part).inspect_err(|error| {
                // A message that ends half-way cannot be taken back: nothing may follow it, but that its keys are
                // worn out.
                if !matches!(error, TransportError::Protocol(ProtocolError::Exhausted(_))) {
                    self.state = State::Failed;
                }
            })?;
        }
        Ok(())
    }

    /// Seals the beginning of `data` and returns how much of it. To be called as
    /// [`queue_message`](Self::queue_message).
    pub(crate) fn queue_bytes(
        &mut self,
        channel: &mut Channel,
        data: &[u8],
    ) -> Result<usize, TransportError> {
        let mut accepted = 0;
        for part in data.chunks(channel.max_content()).take(RECORDS_PER_WRITE) {
            match self.frames.queue_record(channel, ContentType::Data, part) {
                Ok(()) => accepted += part.len(),
                Err(_) if accepted > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(accepted)
    }

    /// Seals this side's close, after which it sends control records alone.
    pub(crate) fn queue_close(&mut self, channel: &mut Channel) -> Result<(), TransportError> {
        self.frames.queue_record(channel, ContentType::Close, &[])?;
        self.state = State::Closed;
        Ok(())
    }

    /// Queues a control record, where one can still be sent.
    pub(crate) fn queue_control(&mut self, record: &[u8]) {
        if !self.takes_control() {
            return;
        }
        match self.frames.queue(record) {
            Ok(()) => self.is_unflushed = true,
            Err(error) => self.state = State::Broken(error),
        }
    }

    /// Sends what is queued, and nothing after it.
    pub(crate) fn finish(&mut self) {
        if self.takes_control() {
            self.state = State::Finishing;
        }
    }

    /// Sends nothing more, not even what is queued.
    pub(crate) fn stop(&mut self) {
        self.frames.discard();
        self.finish();
    }

    /// Ready when everything queued has been taken and flushed.
    pub(crate) fn poll_flush<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
    ) -> Poll<Result<(), TransportError>> {
        self.check_unbroken()?;
        ready!(self.poll_drain(cx, stream.as_mut()))?;
        ready!(self.settle(stream.poll_flush(cx)))?;
        self.is_unflushed = false;
        self.has_said_close |= matches!(self.state, State::Closed);
        Poll::Ready(Ok(()))
    }

    /// Sends everything queued, then shuts the stream's sending half. May be repeated.
    pub(crate) fn poll_shut<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
    ) -> Poll<Result<(), TransportError>> {
        if matches!(self.state, State::Shut) {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(self.poll_flush(cx, stream.as_mut()));
        let shut = match flushed {
            Ok(()) => ready!(self.settle(stream.poll_shutdown(cx))),
            Err(error) => Err(error),
        };
        if shut.is_err() && !self.has_said_close {
            return Poll::Ready(shut);
        }
        self.state = State::Shut;
        Poll::Ready(Ok(()))
    }

    /// Sends what is queued for whoever queued it: an error is kept for them. Ready when there is nothing left.
    pub(crate) fn poll_drain_for_others<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
    ) -> Poll<()> {
        let drained = if self.is_unflushed {
            self.poll_flush(cx, stream)
        } else {
            self.poll_drain(cx, stream.as_mut())
        };
        drained.map(|drained| {
            if let Err(error) = drained {
                self.state = if self.has_said_close { State::Shut } else { State::Broken(error) };
            }
        })
    }

    /// The error that this direction broke with, if one did; told once, and then only that there was one.
    pub(crate) fn check_unbroken(&mut self) -> Result<(), TransportError> {
        if !matches!(self.state, State::Broken(_) | State::Failed) {
            return Ok(());
        }
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Broken(error) => Err(error),
            _ => Err(TransportError::Failed),
        }
    }

    /// Whether this side can send control records.
    pub(crate) fn check_takes_control(&mut self) -> Result<(), TransportError> {
        self.check_unbroken()?;
        if self.takes_control() { Ok(()) } else { Err(TransportError::Closed) }
    }

    /// Whether this side can send.
    pub(crate) fn check_open(&mut self) -> Result<(), TransportError> {
        self.check_unbroken()?;
        if self.is_open() { Ok(()) } else { Err(TransportError::Closed) }
    }

    fn poll_drain<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        stream: Pin<&mut S>,
    ) -> Poll<Result<(), TransportError>> {
        let patience = &mut self.patience;
        if let Poll::Ready(drained) = self.frames.poll_drain(cx, stream, || patience.renew()) {
            return Poll::Ready(drained.inspect_err(|_| self.state = State::Failed));
        }
        let after = ready!(self.patience.poll_exhausted(cx));
        self.state = State::Failed;
        Poll::Ready(Err(TransportError::Timeout { waiting_for: Wait::PeerToRead, after }))
    }

    /// What the stream says to a flush or a shutdown.
    fn settle(&mut self, said: Poll<std::io::Result<()>>) -> Poll<Result<(), TransportError>> {
        said.map_err(|source| {
            self.state = State::Failed;
            write_error(source)
        })
    }
}

/// So many full records go into one system call where the caller has that much to write.
const RECORDS_PER_WRITE: usize = 4;
