//! What this side sends: bytes or messages, sealed into records.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use countersign_protocol::{ContentType, MAX_CONTENT, Sender};
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
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The close record is queued, or sent.
    Closing,
    /// The stream's sending half is shut.
    Closed,
    Failed,
}

impl Outbound {
    pub(crate) fn new(frames: FrameWriter, patience: Duration, max_message: usize) -> Self {
        Self { frames, patience: Patience::new(Some(patience)), max_message, state: State::Open }
    }

    pub(crate) fn limit_messages(&mut self, max_message: usize) {
        self.max_message = max_message;
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
        sender: &mut Sender,
        message: &[u8],
    ) -> Result<(), TransportError> {
        self.check_open()?;
        let (length, limit) = (message.len(), self.max_message);
        if length > limit {
            return Err(TransportError::MessageTooLong { length, limit });
        }
        let last_starts = length.saturating_sub(1) / MAX_CONTENT * MAX_CONTENT;
        let (all_but_last, last) = message.split_at_checked(last_starts).unwrap_or((message, &[]));
        let parts = all_but_last.chunks(MAX_CONTENT).map(|part| (ContentType::DataMore, part));
        for (content_type, part) in parts.chain([(ContentType::Data, last)]) {
            // A message that ends half-way cannot be taken back: nothing may follow it.
            self.frames
                .queue_record(sender, content_type, part)
                .inspect_err(|_| self.state = State::Failed)?;
        }
        Ok(())
    }

    /// Seals the beginning of `data` and returns how much of it, once what was queued before is gone.
    pub(crate) fn poll_write<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
        sender: &mut Sender,
        data: &[u8],
    ) -> Poll<Result<usize, TransportError>> {
        ready!(self.poll_ready(cx, stream.as_mut()))?;
        let mut accepted = 0;
        for part in data.chunks(MAX_CONTENT).take(RECORDS_PER_WRITE) {
            match self.frames.queue_record(sender, ContentType::Data, part) {
                Ok(()) => accepted += part.len(),
                Err(_) if accepted > 0 => break,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        // Accepted already, so to wait for the peer is the next call's part.
        if let Poll::Ready(Err(error)) = self.poll_drain(cx, stream) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(accepted))
    }

    /// Ready when everything queued has been taken and flushed.
    pub(crate) fn poll_flush<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
    ) -> Poll<Result<(), TransportError>> {
        if self.state == State::Failed {
            return Poll::Ready(Err(TransportError::Failed));
        }
        ready!(self.poll_drain(cx, stream.as_mut()))?;
        self.settle(stream.poll_flush(cx))
    }

    /// Sends the authenticated close after everything queued, then shuts the stream's sending half. May be repeated.
    pub(crate) fn poll_close<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
        sender: &mut Sender,
    ) -> Poll<Result<(), TransportError>> {
        if self.state == State::Open {
            self.frames.queue_record(sender, ContentType::Close, &[])?;
            self.state = State::Closing;
        }
        if self.state == State::Closed {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_flush(cx, stream.as_mut()))?;
        ready!(self.settle(stream.poll_shutdown(cx)))?;
        self.state = State::Closed;
        Poll::Ready(Ok(()))
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

    fn check_open(&self) -> Result<(), TransportError> {
        match self.state {
            State::Open => Ok(()),
            State::Closing | State::Closed => Err(TransportError::Closed),
            State::Failed => Err(TransportError::Failed),
        }
    }
}

/// So many full records go into one system call where the caller has that much to write.
const RECORDS_PER_WRITE: usize = 4;
