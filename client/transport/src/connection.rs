//! An established connection, as bytes and as messages.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use countersign_protocol::{Channel, Exporter};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::error::{TransportError, Wait};
use crate::frame_reader::FrameReader;
use crate::frame_writer::FrameWriter;
use crate::inbound::Inbound;
use crate::outbound::Outbound;
use crate::split::{ConnectionReader, ConnectionWriter, Split};
use crate::timeouts::Timeouts;

/// A channel over a stream.
///
/// Bytes: [`AsyncRead`] and [`AsyncWrite`]. Messages: [`send_message`](Self::send_message) and
/// [`next_message`](Self::next_message), or [`Sink`] and [`Stream`]. Both sides should use the same kind in a
/// direction: bytes read show no message boundaries, and each write of bytes is a message (or several) to a peer
/// that reads messages. What a reader of bytes left of a record begins the next message.
///
/// **Ends.** [`close`](Self::close), or a shutdown of the writing half, sends an authenticated close. A stream that
/// ends without the peer's close is [`TransportError::Truncated`], so a cut is never mistaken for an end. The
/// directions end on their own: after this side's close, what the peer still sends can be read; after the peer's,
/// this side can still send. Dropping a connection sends nothing, so the peer sees a cut.
///
/// **Limits.** One buffer per direction, of four records; a message takes its own length besides. A writer is made
/// to wait until the peer takes what is queued, at most [`Timeouts::write`]. Two sides that both send more than
/// the network holds and read only afterwards wait for each other until that: read while writing, or
/// [split](Self::into_split).
///
/// **Cancellation.** Every operation may be dropped before it finishes; nothing is lost or torn. A message whose
/// sending was dropped is sent whole by the next write, flush or close, or not at all.
///
/// **Errors** end the direction they occur in, except [`TransportError::MessageTooLong`] of one's own message, which
/// is not sent; later calls get [`TransportError::Failed`].
pub struct Connection<S> {
    stream: S,
    inbound: Inbound,
    outbound: Outbound,
    exporter: Exporter,
    timeouts: Timeouts,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(
        stream: S,
        timeouts: Timeouts,
        reader: FrameReader,
        writer: FrameWriter,
        channel: Channel,
    ) -> Self {
        let Channel { sender, receiver, exporter } = channel;
        let inbound = Inbound::new(reader, receiver, timeouts.idle, DEFAULT_MAX_MESSAGE);
        let outbound = Outbound::new(writer, sender, timeouts.write, DEFAULT_MAX_MESSAGE);
        Self { stream, inbound, outbound, exporter, timeouts }
    }

    /// Limits messages, both sent and received, to so many bytes; 1 MiB unless set. Streams of bytes have no limit.
    #[must_use]
    pub fn with_max_message(mut self, bytes: usize) -> Self {
        self.inbound.limit_messages(bytes);
        self.outbound.limit_messages(bytes);
        self
    }

    /// Sends one message, of any length from zero to the limit, and waits until the stream has taken it.
    ///
    /// # Errors
    /// [`TransportError::MessageTooLong`], [`TransportError::Closed`] after this side's close,
    /// [`TransportError::Timeout`] where the peer takes nothing, [`TransportError::Io`],
    /// [`TransportError::Protocol`] where the session's keys are used up.
    pub async fn send_message(&mut self, message: &[u8]) -> Result<(), TransportError> {
        poll_fn(|cx| self.outbound.poll_ready(cx, Pin::new(&mut self.stream))).await?;
        self.outbound.queue_message(message)?;
        poll_fn(|cx| self.outbound.poll_flush(cx, Pin::new(&mut self.stream))).await
    }

    /// Waits for the next message; `None` once the peer has closed.
    ///
    /// # Errors
    /// [`TransportError::Truncated`] where the stream ends without a close, [`TransportError::Unfinished`],
    /// [`TransportError::PeerMessageTooLong`], [`TransportError::Timeout`] after [`Timeouts::idle`],
    /// [`TransportError::Protocol`] where a record was altered, [`TransportError::BadFrameLength`],
    /// [`TransportError::Io`].
    pub async fn next_message(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        poll_fn(|cx| self.inbound.poll_message(cx, Pin::new(&mut self.stream))).await
    }

    /// Closes: sends this side's close, then reads, and drops, what the peer still sends until its close comes. May
    /// be called after the peer closed, by both sides at once, and more than once.
    ///
    /// Waiting for the peer is what makes sure that it got everything: to close a TCP socket with unread data in it
    /// resets the connection and can take back what was sent last.
    ///
    /// # Errors
    /// As [`send_message`](Self::send_message) and [`next_message`](Self::next_message); [`TransportError::Timeout`]
    /// where the peer has not closed within [`Timeouts::close`].
    pub async fn close(&mut self) -> Result<(), TransportError> {
        let Timeouts { write, close, .. } = self.timeouts;
        let sent = poll_fn(|cx| self.outbound.poll_close(cx, Pin::new(&mut self.stream)));
        let expired = |waiting_for, after| move |_| TransportError::Timeout { waiting_for, after };
        timeout(write, sent).await.map_err(expired(Wait::PeerToRead, write))??;
        let closed = poll_fn(|cx| self.poll_peer_close(cx));
        timeout(close, closed).await.map_err(expired(Wait::PeerClose, close))?
    }

    /// Keys for the application, derived from this session.
    pub fn exporter(&self) -> &Exporter {
        &self.exporter
    }

    /// The stream underneath, for its addresses.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// Both directions apart, for two tasks. The writer's shutdown sends the close.
    pub fn into_split(self) -> Split<S> {
        let Self { stream, inbound, outbound, exporter, .. } = self;
        let (reading, writing) = tokio::io::split(stream);
        let reader = ConnectionReader::new(reading, inbound);
        let writer = ConnectionWriter::new(writing, outbound);
        Split { reader, writer, exporter }
    }

    fn poll_peer_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut dropped = [0; 4096];
        loop {
            let mut into = ReadBuf::new(&mut dropped);
            ready!(self.inbound.poll_read(cx, Pin::new(&mut self.stream), &mut into))?;
            if into.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.inbound.poll_read(cx, Pin::new(&mut this.stream), into).map_err(io::Error::from)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.outbound.poll_write(cx, Pin::new(&mut this.stream), data).map_err(io::Error::from)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outbound.poll_flush(cx, Pin::new(&mut this.stream)).map_err(io::Error::from)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outbound.poll_close(cx, Pin::new(&mut this.stream)).map_err(io::Error::from)
    }
}

/// Messages, until the peer's close or the first error.
impl<S: AsyncRead + Unpin> Stream for Connection<S> {
    type Item = Result<Vec<u8>, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.inbound.has_failed() {
            return Poll::Ready(None);
        }
        this.inbound.poll_message(cx, Pin::new(&mut this.stream)).map(Result::transpose)
    }
}

/// Messages; closing the sink sends this side's close and does not wait for the peer's.
impl<S: AsyncWrite + Unpin> Sink<Vec<u8>> for Connection<S> {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        this.outbound.poll_ready(cx, Pin::new(&mut this.stream))
    }

    fn start_send(self: Pin<&mut Self>, message: Vec<u8>) -> Result<(), TransportError> {
        self.get_mut().outbound.queue_message(&message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        this.outbound.poll_flush(cx, Pin::new(&mut this.stream))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        this.outbound.poll_close(cx, Pin::new(&mut this.stream))
    }
}

impl<S> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

/// The limit on messages unless another is set: 1 MiB.
const DEFAULT_MAX_MESSAGE: usize = 1 << 20;
