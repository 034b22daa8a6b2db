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
    receiver: Receiver,
    idle: Patience,
    max_message: usize,
    at_hand: Option<Record>,
    /// The parts of a message whose last part has not come yet.
    parts: Vec<u8>,
    state: State,
}

/// The content of an opened record, as far as it has not been delivered.
struct Record {
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
    pub(crate) fn new(
        frames: FrameReader,
        receiver: Receiver,
        idle: Option<Duration>,
        max_message: usize,
    ) -> Self {
        let idle = Patience::new(idle);
        Self { frames, receiver, idle, max_message, at_hand: None, parts: Vec::new(), state: State::Open }
    }

    pub(crate) fn limit_messages(&mut self, max_message: usize) {
        self.max_message = max_message;
    }

    /// Whether an error was reported, after which there is nothing to read.
    pub(crate) fn has_failed(&self) -> bool {
        self.state == State::Failed
    }

    /// Reads content as [`AsyncRead`] does: nothing read is the peer's close. Message boundaries do not show.
    pub(crate) fn poll_read<S: AsyncRead>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), TransportError>> {
        while into.remaining() > 0 {
            let Some(record) = ready!(self.poll_record(cx, stream.as_mut()))? else { break };
            let count = record.place.len().min(into.remaining());
            let delivered = record.place.start..record.place.start + count;
            let rest = Record { place: delivered.end..record.place.end, ..record };
            into.put_slice(self.frames.bytes(delivered));
            self.at_hand = (!rest.place.is_empty()).then_some(rest);
            if count > 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The next whole message; `None` is the peer's close.
    pub(crate) fn poll_message<S: AsyncRead>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
    ) -> Poll<Result<Option<Vec<u8>>, TransportError>> {
        loop {
            let Some(record) = ready!(self.poll_record(cx, stream.as_mut()))? else {
                let unfinished = !self.parts.is_empty();
                let closed = if unfinished { Err(self.fail(TransportError::Unfinished)) } else { Ok(None) };
                return Poll::Ready(closed);
            };
            if self.parts.len() + record.place.len() > self.max_message {
                let limit = self.max_message;
                return Poll::Ready(Err(self.fail(TransportError::PeerMessageTooLong { limit })));
            }
            self.parts.extend_from_slice(self.frames.bytes(record.place));
            if record.ends_message {
                return Poll::Ready(Ok(Some(core::mem::take(&mut self.parts))));
            }
        }
    }

    /// The record at hand or the next one; `None` is the peer's close.
    fn poll_record<S: AsyncRead>(
        &mut self,
        cx: &mut Context<'_>,
        stream: Pin<&mut S>,
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
            Ok(Some(frame)) => self.open(frame),
            Ok(None) => Err(TransportError::Truncated),
            Err(error) => Err(error),
        };
        Poll::Ready(opened.map_err(|error| self.fail(error)))
    }

    fn open(&mut self, frame: Range<usize>) -> Result<Option<Record>, TransportError> {
        let start = frame.start + 1;
        let Opened { content_type, content } =
            self.receiver.open(self.frames.bytes_mut(frame)).map_err(TransportError::Protocol)?;
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
