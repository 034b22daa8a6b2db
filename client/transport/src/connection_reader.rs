//! The receiving direction of a connection.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection_core::Shared;
use crate::error::TransportError;

/// The receiving direction of a [`Connection`](crate::Connection).
pub struct ConnectionReader<S> {
    shared: Arc<Shared<S>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ConnectionReader<S> {
    pub(crate) const fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared }
    }

    /// As [`Connection::next_message`](crate::Connection::next_message).
    ///
    /// # Errors
    /// As there.
    pub async fn next_message(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        poll_fn(|cx| self.shared.lock().poll_message(cx)).await
    }

    pub(crate) async fn peer_close(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.shared.lock().poll_peer_close(cx)).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ConnectionReader<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.shared.lock().poll_read(cx, into).map_err(io::Error::from)
    }
}

/// Messages, until the peer's close or the first error.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for ConnectionReader<S> {
    type Item = Result<Vec<u8>, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut core = self.shared.lock();
        if core.inbound.has_failed() {
            return Poll::Ready(None);
        }
        core.poll_message(cx).map(Result::transpose)
    }
}

impl<S> fmt::Debug for ConnectionReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionReader(..)")
    }
}
