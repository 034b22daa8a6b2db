//! From bytes to frames, in one buffer.

use core::ops::Range;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use countersign_protocol::MAX_MESSAGE;
use tokio::io::{AsyncRead, ReadBuf};

use crate::error::TransportError;

/// Reads ahead into a buffer of fixed size and finds the frames in it. Keeps its place between polls, so a reader
/// that goes away in the middle of a frame loses nothing.
pub(crate) struct FrameReader {
    buffer: Box<[u8]>,
    /// What was read and is not part of a frame given out.
    unread: Range<usize>,
}

impl FrameReader {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; CAPACITY].into_boxed_slice(), unread: 0..0 }
    }

    /// The next frame's place in the buffer, valid until the next call; `None` where the stream ended between two
    /// frames.
    pub(crate) fn poll_frame<S: AsyncRead>(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut S>,
    ) -> Poll<Result<Option<Range<usize>>, TransportError>> {
        loop {
            if let Some(frame) = self.take_frame()? {
                return Poll::Ready(Ok(Some(frame)));
            }
            self.make_room();
            let mut free = ReadBuf::new(self.buffer.get_mut(self.unread.end..).unwrap_or_default());
            ready!(stream.as_mut().poll_read(cx, &mut free))
                .map_err(|source| TransportError::Io { action: "read from the peer", source })?;
            match free.filled().len() {
                0 if self.unread.is_empty() => return Poll::Ready(Ok(None)),
                0 => return Poll::Ready(Err(TransportError::Truncated)),
                count => self.unread.end += count,
            }
        }
    }

    /// The bytes at a place that [`poll_frame`](Self::poll_frame) gave.
    pub(crate) fn bytes_mut(&mut self, place: Range<usize>) -> &mut [u8] {
        self.buffer.get_mut(place).unwrap_or_default()
    }

    /// As [`bytes_mut`](Self::bytes_mut).
    pub(crate) fn bytes(&self, place: Range<usize>) -> &[u8] {
        self.buffer.get(place).unwrap_or_default()
    }

    fn take_frame(&mut self) -> Result<Option<Range<usize>>, TransportError> {
        let unread = self.buffer.get(self.unread.clone()).unwrap_or_default();
        let Some((header, rest)) = unread.split_first_chunk() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*header));
        if length == 0 || length > MAX_MESSAGE {
            return Err(TransportError::BadFrameLength { length, limit: MAX_MESSAGE });
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.unread.start + HEADER;
        self.unread.start = start + length;
        Ok(Some(start..start + length))
    }

    /// Leaves room for the rest of any frame that began.
    fn make_room(&mut self) {
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.buffer.len() - self.unread.start < HEADER + MAX_MESSAGE {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
    }
}

/// Bytes of a frame's length field.
pub(crate) const HEADER: usize = 2;
/// Several of the longest frames, so that a fast peer costs fewer system calls than it sends frames.
const CAPACITY: usize = 4 * (HEADER + MAX_MESSAGE);
