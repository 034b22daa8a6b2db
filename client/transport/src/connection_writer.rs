//! The sending direction of a connection.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use futures_util::Sink;
use tokio::io::AsyncWrite;

use crate::connection_core::Shared;
use crate::error::TransportError;

/// The sending direction of a [`Connection`](crate::Connection). Dropping it without a shutdown sends no close.
pub struct ConnectionWriter<S> {
    shared: Arc<Shared<S>>,
}

impl<S: AsyncWrite + Unpin> ConnectionWriter<S> {
    pub(crate) const fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared }
    }

    /// As [`Connection::send_message`](crate::Connection::send_message).
    ///
    /// # Errors
    /// As there.
    pub async fn send_message(&mut self, message: &[u8]) -> Result<(), TransportError> {
        poll_fn(|cx| self.shared.lock().poll_ready(cx)).await?;
        self.shared.lock().queue_message(message)?;
        poll_fn(|cx| self.shared.lock().poll_flush(cx)).await
    }

    /// Sends this side's close and does not wait for the peer's, which the reader sees. May be repeated.
    ///
    /// # Errors
    /// As [`send_message`](Self::send_message).
    pub async fn close(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.shared.lock().poll_close(cx)).await
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ConnectionWriter<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.lock().poll_write(cx, data).map_err(io::Error::from)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().poll_flush(cx).map_err(io::Error::from)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().poll_close(cx).map_err(io::Error::from)
    }
}

/// Messages; closing the sink sends this side's close.
impl<S: AsyncWrite + Unpin> Sink<Vec<u8>> for ConnectionWriter<S> {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.shared.lock().poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Vec<u8>) -> Result<(), TransportError> {
        self.shared.lock().queue_message(&message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.shared.lock().poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.shared.lock().poll_close(cx)
    }
}

impl<S> fmt::Debug for ConnectionWriter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionWriter(..)")
    }
}
