//! What the peer sends: frames, and the content of those that were opened, as bytes or as messages.

use core::ops::Range;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};

use crate::error::{TransportError, Wait};
use crate::frame_reader::FrameReader;
use crate::patience::Patience;

/// The receiving direction. All it knows of a half-read record or message is kept here, so a reader that goes away
/// between two polls loses nothing.
pub(crate) struct Inbound {
    frames: FrameReader,
    idle: Patience,
    max_message: usize,
    at_hand: Option<Record>,
    /// The parts of a message whose last part has not come yet.
    parts: Vec<u8>,
    state: State,
}

/// The content of an opened record, as far as it has not been delivered.
pub(crate) struct Record {
    /// Where it lies in the frame reader's buffer.
    pub(crate) place: Range<usize>,
    pub(crate) ends_message: bool,
}

enum State {
    Open,
    /// The peer's authenticated close has come: control records alone may follow.
    Closed,
    /// The stream has ended after it.
    Over,
    /// An error that whoever reads has not been told yet.
    Broken(TransportError),
    Failed,
}

impl Inbound {
    pub(crate) fn new(frames: FrameReader, idle: Option<Duration>, max_message: usize) -> Self {
        let idle = Patience::new(idle);
        Self { frames, idle, max_message, at_hand: None, parts: Vec::new(), state: State::Open }
    }

    pub(crate) fn limit_messages(&mut self, max_message: usize) {
        self.max_message = max_message;
    }

    /// Whether an error was reported, after which there is nothing to read.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed)
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether the next frame may be read: there is room for one record at hand, and no more.
    pub(crate) const fn wants_more(&self) -> bool {
        self.takes_control() && self.at_hand.is_none()
    }

    /// Whether the peer's control records can be received.
    pub(crate) const fn takes_control(&self) -> bool {
        matches!(self.state, State::Open | State::Closed)
    }

    /// Whether the peer has closed.
    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed | State::Over)
    }

    /// What is there for whoever reads: a record, the peer's close (`None`), or an error; nothing where the next
    /// frame has to be read first.
    pub(crate) fn take(&mut self) -> Option<Result<Option<Record>, TransportError>> {
        if let Some(record) = self.at_hand.take() {
            return Some(Ok(Some(record)));
        }
        match &self.state {
            State::Open => None,
            State::Closed | State::Over => Some(Ok(None)),
            State::Broken(_) | State::Failed => {
                let before = core::mem::replace(&mut self.state, State::Failed);
                let State::Broken(error) = before else { return Some(Err(TransportError::Failed)) };
                Some(Err(error))
            }
        }
    }

    /// The place of the next frame, valid until the next call.
    pub(crate) fn poll_frame<S: AsyncRead>(
        &mut self,
        cx: &mut Context<'_>,
        stream: Pin<&mut S>,
    ) -> Poll<Result<Range<usize>, TransportError>> {
        let arrived = ready!(self.frames.poll_frame(cx, stream));
        self.idle.renew();
        Poll::Ready(arrived.and_then(|frame| frame.ok_or(TransportError::Truncated)))
    }

    /// The bytes at a place that [`poll_frame`](Self::poll_frame) gave.
    pub(crate) fn bytes_mut(&mut self, place: Range<usize>) -> &mut [u8] {
        self.frames.bytes_mut(place)
    }

    /// Ready once somebody has waited for a record for too long. To be called where there is none.
    pub(crate) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<TransportError> {
        let after = ready!(self.idle.poll_exhausted(cx));
        Poll::Ready(self.fail(TransportError::Timeout { waiting_for: Wait::PeerData, after }))
    }

    /// Keeps a record for whoever reads.
    pub(crate) fn keep(&mut self, record: Record) {
        self.at_hand = Some(record);
    }

    /// The peer's close has come.
    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
    }

    /// The stream has ended, or failed. After the peer's close that is no error.
    pub(crate) fn end(&mut self, error: TransportError) {
        self.state = if self.is_closed() { State::Over } else { State::Broken(error) };
    }

    /// Keeps an error for whoever reads.
    pub(crate) fn break_off(&mut self, error: TransportError) {
        self.state = State::Broken(error);
    }

    /// Delivers nothing more.
    pub(crate) fn stop(&mut self) {
        self.at_hand = None;
        self.parts = Vec::new();
    }

    /// Copies what fits of a record and keeps the rest at hand. Returns how much was copied.
    pub(crate) fn deliver(&mut self, record: Record, into: &mut ReadBuf<'_>) -> usize {
        let count = record.place.len().min(into.remaining());
        let delivered = record.place.start..record.place.start + count;
        let rest = Record { place: delivered.end..record.place.end, ..record };
        into.put_slice(self.frames.bytes(delivered));
        self.at_hand = (!rest.place.is_empty()).then_some(rest);
        count
    }

    /// Adds a record to the message that it is a part of, and returns that where it ends.
    pub(crate) fn collect(&mut self, record: Record) -> Result<Option<Vec<u8>>, TransportError> {
        if self.parts.len() + record.place.len() > self.max_message {
            return Err(self.fail(TransportError::PeerMessageTooLong { limit: self.max_message }));
        }
        self.parts.extend_from_slice(self.frames.bytes(record.place));
        Ok(record.ends_message.then(|| core::mem::take(&mut self.parts)))
    }

    /// Whether the peer closed between two messages.
    pub(crate) fn check_finished(&mut self) -> Result<(), TransportError> {
        if self.parts.is_empty() { Ok(()) } else { Err(self.fail(TransportError::Unfinished)) }
    }

    pub(crate) fn fail(&mut self, error: TransportError) -> TransportError {
        self.state = State::Failed;
        error
    }
}
