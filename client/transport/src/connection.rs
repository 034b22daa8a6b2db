//! An established connection, as bytes and as messages.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use countersign_protocol::{Channel, Exporter};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::borrowed::Borrowed;
use crate::connection_core::{Core, Shared};
use crate::connection_reader::ConnectionReader;
use crate::connection_writer::ConnectionWriter;
use crate::error::{TransportError, Wait};
use crate::frame_reader::FrameReader;
use crate::frame_writer::FrameWriter;
use crate::inbound::Inbound;
use crate::outbound::Outbound;
use crate::timeouts::Timeouts;
use crate::upkeep::Upkeep;

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
/// this side can still send, for as long as the keys last: a new epoch takes both sides. Dropping a connection sends
/// nothing, so the peer sees a cut. Either side may end a session at once, which is [`TransportError::Ended`] for
/// both.
///
/// **Keys** wear out: after their hard age (three minutes unless set on the channel) nothing is sent under them, and
/// the session ends. [`upkeep`](Self::upkeep) renews them in time.
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
    shared: Arc<Shared<S>>,
    reader: ConnectionReader<S>,
    writer: ConnectionWriter<S>,
}

/// A connection taken apart.
#[derive(Debug)]
pub struct Split<S> {
    /// What the peer sends.
    pub reader: ConnectionReader<S>,
    /// What this side sends.
    pub writer: ConnectionWriter<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(
        stream: S,
        timeouts: Timeouts,
        reader: FrameReader,
        writer: FrameWriter,
        channel: Channel,
    ) -> Self {
        let inbound = Inbound::new(reader, timeouts.idle, DEFAULT_MAX_MESSAGE);
        let outbound = Outbound::new(writer, timeouts.write, DEFAULT_MAX_MESSAGE);
        let shared = Arc::new(Shared::new(Core::new(stream, channel, inbound, outbound), timeouts));
        let (reader, writer) =
            (ConnectionReader::new(Arc::clone(&shared)), ConnectionWriter::new(Arc::clone(&shared)));
        Self { shared, reader, writer }
    }

    /// Limits messages, both sent and received, to so many bytes; 1 MiB unless set. Streams of bytes have no limit.
    #[must_use]
    pub fn with_max_message(self, bytes: usize) -> Self {
        let mut core = self.shared.lock();
        core.inbound.limit_messages(bytes);
        core.outbound.limit_messages(bytes);
        drop(core);
        self
    }

    /// Sends one message, of any length from zero to the limit, and waits until the stream has taken it.
    ///
    /// # Errors
    /// [`TransportError::MessageTooLong`], [`TransportError::Closed`] after this side's close,
    /// [`TransportError::Timeout`] where the peer takes nothing, [`TransportError::Io`], [`TransportError::Ended`]
    /// where one side ended the session, which this side does once its keys are worn out.
    pub async fn send_message(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.writer.send_message(message).await
    }

    /// Waits for the next message; `None` once the peer has closed.
    ///
    /// # Errors
    /// [`TransportError::Truncated`] where the stream ends without a close, [`TransportError::Unfinished`],
    /// [`TransportError::PeerMessageTooLong`], [`TransportError::Timeout`] after [`Timeouts::idle`],
    /// [`TransportError::Protocol`] where a record was altered, [`TransportError::BadFrameLength`],
    /// [`TransportError::Ended`], [`TransportError::Io`].
    pub async fn next_message(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        self.reader.next_message().await
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
        let Timeouts { write, close, .. } = self.shared.timeouts;
        let expired = |waiting_for, after| move |_| TransportError::Timeout { waiting_for, after };
        timeout(write, self.writer.close()).await.map_err(expired(Wait::PeerToRead, write))??;
        timeout(close, self.reader.peer_close()).await.map_err(expired(Wait::PeerClose, close))??;
        // Both have closed: now the stream's sending half is shut.
        timeout(write, self.writer.close()).await.map_err(expired(Wait::PeerToRead, write))?
    }

    /// Keys for the application, derived from this session.
    pub fn exporter(&self) -> Borrowed<'_, S, Exporter> {
        Borrowed::of(&self.shared, |core| core.channel.exporter())
    }

    /// The channel, for what it agreed on.
    pub fn channel(&self) -> Borrowed<'_, S, Channel> {
        Borrowed::of(&self.shared, |core| &core.channel)
    }

    /// The handle that keeps this connection's keys young, for a task of its own. Without one, the connection ends
    /// once its keys reach their hard age. One is enough: a second one would take events from the first.
    pub fn upkeep(&self) -> Upkeep<S> {
        Upkeep::new(&self.shared)
    }

    /// The stream underneath, for its addresses.
    pub fn stream(&self) -> Borrowed<'_, S, S> {
        Borrowed::of(&self.shared, |core| &core.stream)
    }

    /// Both directions apart, for two tasks. The writer's shutdown sends the close.
    pub fn into_split(self) -> Split<S> {
        let Self { reader, writer, .. } = self;
        Split { reader, writer }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Connection<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.reader().poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.writer().poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self.writer(), cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_shutdown(cx)
    }
}

/// Messages, until the peer's close or the first error.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Connection<S> {
    type Item = Result<Vec<u8>, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.reader().poll_next(cx)
    }
}

/// Messages; closing the sink sends this side's close and does not wait for the peer's.
impl<S: AsyncWrite + Unpin> Sink<Vec<u8>> for Connection<S> {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.writer().poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Vec<u8>) -> Result<(), TransportError> {
        self.writer().start_send(message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Sink::poll_flush(self.writer(), cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.writer().poll_close(cx)
    }
}

impl<S> Connection<S> {
    pub(crate) const fn shared(&self) -> &Arc<Shared<S>> {
        &self.shared
    }

    fn reader(self: Pin<&mut Self>) -> Pin<&mut ConnectionReader<S>> {
        Pin::new(&mut self.get_mut().reader)
    }

    fn writer(self: Pin<&mut Self>) -> Pin<&mut ConnectionWriter<S>> {
        Pin::new(&mut self.get_mut().writer)
    }
}

impl<S> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("timeouts", &self.shared.timeouts).finish_non_exhaustive()
    }
}

/// The limit on messages unless another is set: 1 MiB.
const DEFAULT_MAX_MESSAGE: usize = 1 << 20;
