//! What the peer sends: records opened, as bytes or as messages.

use core::ops::Range;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use countersign_protocol::{ContentType, Error, Opened, PeerMisbehaved, Receiver};
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
    place: Range<usize>,
    ends_message: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The peer's authenticated close has come.
    Closed,
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
        self.state == State::Failed
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

    /// The record at hand or the next one; `None` is the peer's close.
    pub(crate) fn poll_record<S: AsyncRead>(
        &mut self,
        cx: &mut Context<'_>,
        stream: Pin<&mut S>,
        receiver: &mut Receiver,
    ) -> Poll<Result<Option<Record>, TransportError>> {
        match self.state {
            State::Open => {}
            State::Closed => return Poll::Ready(Ok(None)),
            State::Failed => return Poll::Ready(Err(TransportError::Failed)),
        }
        if let Some(record) = self.at_hand.take() {
            return Poll::Ready(Ok(Some(record)));
        }
        let Poll::Ready(arrived) = self.frames.poll_frame(cx, stream) else {
            let after = ready!(self.idle.poll_exhausted(cx));
            let timeout = TransportError::Timeout { waiting_for: Wait::PeerData, after };
            return Poll::Ready(Err(self.fail(timeout)));
        };
        self.idle.renew();
        let opened = match arrived {
            Ok(Some(frame)) => self.open(receiver, frame),
            Ok(None) => Err(TransportError::Truncated),
            Err(error) => Err(error),
        };
        Poll::Ready(opened.map_err(|error| self.fail(error)))
    }

    fn open(
        &mut self,
        receiver: &mut Receiver,
        frame: Range<usize>,
    ) -> Result<Option<Record>, TransportError> {
        let start = frame.start + 1;
        let Opened { content_type, content } =
            receiver.open(self.frames.bytes_mut(frame)).map_err(TransportError::Protocol)?;
        let place = start..start + content.len();
        match content_type {
            ContentType::Data => Ok(Some(Record { place, ends_message: true })),
            ContentType::DataMore => Ok(Some(Record { place, ends_message: false })),
            ContentType::Close if place.is_empty() => {
                self.state = State::Closed;
                Ok(None)
            }
            ContentType::Close | ContentType::Confirmation => {
                Err(Error::from(PeerMisbehaved::UnexpectedRecord(content_type as u8)).into())
            }
        }
    }

    fn fail(&mut self, error: TransportError) -> TransportError {
        self.state = State::Failed;
        error
    }
}
