//! The two directions of a connection, each on its own.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use countersign_protocol::Exporter;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};

use crate::error::TransportError;
use crate::inbound::Inbound;
use crate::outbound::Outbound;

/// A connection taken apart. Drop the exporter where it is not needed: that wipes its secret.
#[derive(Debug)]
pub struct Split<S> {
    /// What the peer sends.
    pub reader: ConnectionReader<S>,
    /// What this side sends.
    pub writer: ConnectionWriter<S>,
    /// Keys for the application, derived from this session.
    pub exporter: Exporter,
}

/// The receiving direction of a [`Connection`](crate::Connection).
pub struct ConnectionReader<S> {
    stream: ReadHalf<S>,
    inbound: Inbound,
}

/// The sending direction of a [`Connection`](crate::Connection). Dropping it without a shutdown sends no close.
pub struct ConnectionWriter<S> {
    stream: WriteHalf<S>,
    outbound: Outbound,
}

impl<S: AsyncRead> ConnectionReader<S> {
    pub(crate) fn new(stream: ReadHalf<S>, inbound: Inbound) -> Self {
        Self { stream, inbound }
    }

    /// As [`Connection::next_message`](crate::Connection::next_message).
    ///
    /// # Errors
    /// As there.
    pub async fn next_message(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        poll_fn(|cx| self.inbound.poll_message(cx, Pin::new(&mut self.stream))).await
    }
}

impl<S: AsyncWrite> ConnectionWriter<S> {
    pub(crate) fn new(stream: WriteHalf<S>, outbound: Outbound) -> Self {
        Self { stream, outbound }
    }

    /// As [`Connection::send_message`](crate::Connection::send_message).
    ///
    /// # Errors
    /// As there.
    pub async fn send_message(&mut self, message: &[u8]) -> Result<(), TransportError> {
        poll_fn(|cx| self.outbound.poll_ready(cx, Pin::new(&mut self.stream))).await?;
        self.outbound.queue_message(message)?;
        poll_fn(|cx| self.outbound.poll_flush(cx, Pin::new(&mut self.stream))).await
    }

    /// Sends this side's close and does not wait for the peer's, which the reader sees. May be repeated.
    ///
    /// # Errors
    /// As [`send_message`](Self::send_message).
    pub async fn close(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.outbound.poll_close(cx, Pin::new(&mut self.stream))).await
    }
}

impl<S: AsyncRead> AsyncRead for ConnectionReader<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.inbound.poll_read(cx, Pin::new(&mut this.stream), into).map_err(io::Error::from)
    }
}

impl<S: AsyncWrite> AsyncWrite for ConnectionWriter<S> {
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
impl<S: AsyncRead> Stream for ConnectionReader<S> {
    type Item = Result<Vec<u8>, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.inbound.has_failed() {
            return Poll::Ready(None);
        }
        this.inbound.poll_message(cx, Pin::new(&mut this.stream)).map(Result::transpose)
    }
}

/// Messages; closing the sink sends this side's close.
impl<S: AsyncWrite> Sink<Vec<u8>> for ConnectionWriter<S> {
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

impl<S> fmt::Debug for ConnectionReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionReader(..)")
    }
}

impl<S> fmt::Debug for ConnectionWriter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionWriter(..)")
    }
}
