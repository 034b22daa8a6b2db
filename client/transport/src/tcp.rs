//! TCP connections, made and taken.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::time::timeout;

use crate::error::{TransportError, Wait};
use crate::timeouts::Timeouts;

/// Opens a connection to the first address that answers, trying each in turn, within [`Timeouts::connect`] in all.
///
/// # Errors
/// [`TransportError::Timeout`] or [`TransportError::Io`] with what the last address tried gave.
pub async fn connect(address: impl ToSocketAddrs, timeouts: &Timeouts) -> Result<TcpStream, TransportError> {
    let stream = match timeout(timeouts.connect, TcpStream::connect(address)).await {
        Ok(connected) => connected.map_err(|source| TransportError::Io { action: "connect", source })?,
        Err(_) => {
            return Err(TransportError::Timeout { waiting_for: Wait::Connect, after: timeouts.connect });
        }
    };
    send_at_once(&stream)?;
    Ok(stream)
}

/// Takes the next connection, waiting for as long as none comes. May be cancelled without losing one.
///
/// # Errors
/// [`TransportError::Io`]; some are passing (too many open files, a peer that went away while it was queued), so a
/// server logs them, pauses, and goes on.
pub async fn accept(listener: &TcpListener) -> Result<(TcpStream, SocketAddr), TransportError> {
    let accepted = listener.accept().await;
    let (stream, peer) =
        accepted.map_err(|source| TransportError::Io { action: "accept a connection", source })?;
    send_at_once(&stream)?;
    Ok((stream, peer))
}

// Nagle's algorithm would hold back the second of two small records until the first is acknowledged.
fn send_at_once(stream: &TcpStream) -> Result<(), TransportError> {
    stream.set_nodelay(true).map_err(|source| TransportError::Io { action: "set TCP_NODELAY", source })
}
