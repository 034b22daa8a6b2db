//! Frames on their way out, in one buffer.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::ErrorKind;

use countersign_protocol::{Channel, ContentType, MAX_MESSAGE};
use tokio::io::AsyncWrite;

use crate::error::TransportError;
use crate::frame_reader::HEADER;

/// Holds whole frames until the stream takes them. A writer that goes away in the middle tears no frame: the rest
/// goes out with the next call.
pub(crate) struct FrameWriter {
    queued: Vec<u8>,
    /// How much of `queued` the stream has taken.
    taken: usize,
}

impl FrameWriter {
    pub(crate) fn new() -> Self {
        Self { queued: Vec::new(), taken: 0 }
    }

    /// Queues a message that is complete already.
    pub(crate) fn queue(&mut self, message: &[u8]) -> Result<(), TransportError> {
        let too_long = TransportError::MessageTooLong { length: message.len(), limit: MAX_MESSAGE };
        let length = u16::try_from(message.len()).ok().filter(|length| usize::from(*length) <= MAX_MESSAGE);
        let length = length.ok_or(too_long)?;
        self.queued.extend_from_slice(&length.to_be_bytes());
        self.queued.extend_from_slice(message);
        Ok(())
    }

    /// Seals content into a record and queues it, in place. Nothing is queued on error.
    pub(crate) fn queue_record(
        &mut self,
        channel: &mut Channel,
        content_type: ContentType,
        content: &[u8],
    ) -> Result<(), TransportError> {
        let before = self.queued.len();
        self.queued.extend_from_slice(&[0; HEADER]);
        if let Err(error) = channel.append(content_type, content, &mut self.queued) {
            self.queued.truncate(before);
            return Err(error.into());
        }
        let length = self.queued.len() - before - HEADER;
        if let Some(header) = self.queued.get_mut(before..).and_then(|frame| frame.first_chunk_mut()) {
            // No record is longer than a frame may be.
            *header = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        }
        Ok(())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.queued.is_empty()
    }

    /// Forgets what the stream has not taken, if it tears a frame.
    pub(crate) fn discard(&mut self) {
        *self = Self::new();
    }

    /// Ready when the stream has taken everything. After each write that took something, `on_progress` is called.
    pub(crate) fn poll_drain<S: AsyncWrite>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
        mut on_progress: impl FnMut(),
    ) -> Poll<Result<(), TransportError>> {
        while let Some(rest) = self.queued.get(self.taken..).filter(|rest| !rest.is_empty()) {
            match ready!(stream.as_mut().poll_write(cx, rest)) {
                Ok(0) => return Poll::Ready(Err(write_error(ErrorKind::WriteZero.into()))),
                Ok(count) => self.taken += count,
                Err(source) => return Poll::Ready(Err(write_error(source))),
            }
            on_progress();
        }
        self.queued.clear();
        self.queued.shrink_to(KEPT);
        self.taken = 0;
        Poll::Ready(Ok(()))
    }
}

pub(crate) fn write_error(source: std::io::Error) -> TransportError {
    TransportError::Io { action: "send to the peer", source }
}

/// The most of the buffer that is kept between uses: one long message must not hold its memory for ever. Twice what
/// four full records take, since a buffer grows by doubling and should not be given back after each of them.
const KEPT: usize = 8 * (HEADER + MAX_MESSAGE);
