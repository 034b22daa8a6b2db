//! The messages of a handshake, before there is a channel.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::ready;
use core::time::Duration;

use countersign_protocol::Channel;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::error::{TransportError, Wait};
use crate::frame_reader::FrameReader;
use crate::frame_writer::{FrameWriter, write_error};
use crate::timeouts::Timeouts;

/// A stream that carries handshake messages, each wait bounded by [`Timeouts::handshake_step`].
///
/// Both operations may be cancelled (dropped before they finish) without harm: no frame is torn, no byte is lost.
/// To abandon a handshake, drop this.
pub struct HandshakeIo<S> {
    stream: S,
    timeouts: Timeouts,
    reader: FrameReader,
    writer: FrameWriter,
}

impl<S: AsyncRead + AsyncWrite + Unpin> HandshakeIo<S> {
    /// Takes a connected stream at its beginning.
    pub fn new(stream: S, timeouts: Timeouts) -> Self {
        Self { stream, timeouts, reader: FrameReader::new(), writer: FrameWriter::new() }
    }

    /// Sends one message and waits until the stream has taken it. Cancelled after its first poll, the message goes
    /// out whole with the next one, or not at all.
    ///
    /// # Errors
    /// [`TransportError::MessageTooLong`] above the protocol's maximum, [`TransportError::Timeout`] where the peer
    /// does not take it, [`TransportError::Io`].
    pub async fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.writer.queue(message)?;
        let (writer, stream) = (&mut self.writer, &mut self.stream);
        let sent = poll_fn(|cx| {
            ready!(writer.poll_drain(cx, Pin::new(stream), || ()))?;
            Pin::new(&mut *stream).poll_flush(cx).map_err(write_error)
        });
        within(self.timeouts.handshake_step, Wait::PeerToRead, sent).await
    }

    /// Waits for one message, whole. The buffer may be decrypted in place; it lives until the next call.
    ///
    /// # Errors
    /// [`TransportError::Timeout`], [`TransportError::PeerClosed`] where the stream ends before the message,
    /// [`TransportError::Truncated`] where it ends within, [`TransportError::BadFrameLength`],
    /// [`TransportError::Io`].
    pub async fn recv(&mut self) -> Result<&mut [u8], TransportError> {
        let (reader, stream) = (&mut self.reader, &mut self.stream);
        let received = poll_fn(|cx| reader.poll_frame(cx, Pin::new(stream)));
        let place = within(self.timeouts.handshake_step, Wait::HandshakeMessage, received).await?;
        Ok(self.reader.bytes_mut(place.ok_or(TransportError::PeerClosed)?))
    }

    /// Continues with the channel that the handshake gave. Bytes that the peer sent early are not lost.
    ///
    /// An initiator sends its confirmation first: the responder has no channel before it.
    pub fn into_connection(self, channel: Channel) -> Connection<S> {
        let Self { stream, timeouts, reader, writer } = self;
        Connection::new(stream, timeouts, reader, writer, channel)
    }

    /// The stream underneath, for its addresses.
    pub fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S> fmt::Debug for HandshakeIo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeIo").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

async fn within<T>(
    limit: Duration,
    waiting_for: Wait,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(TransportError::Timeout { waiting_for, after: limit }),
    }
}
