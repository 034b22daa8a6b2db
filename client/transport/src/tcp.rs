//! TCP connections, made and taken.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
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
    tune(&stream).map_err(|source| TransportError::Io { action: "set the connection's options", source })?;
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
    // It fails where the peer is gone already (macOS), and then whoever reads is told so: no failure of the listener.
    let _ = tune(&stream);
    Ok((stream, peer))
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    // Nagle's algorithm would hold back the second of two small records until the first is acknowledged.
    stream.set_nodelay(true)?;
    // Without it, a quiet connection to a host that lost power stays open for ever.
    SockRef::from(stream).set_tcp_keepalive(&KEEPALIVE)
}

/// After how much silence the peer's host is asked whether it is still there, and how often. With the usual nine
/// probes (Linux; RFC 9293, 3.8.4 leaves it open) a host that is gone is noticed within two minutes.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10));

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_ends_send_at_once_and_notice_a_host_that_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, timeouts) = (listener.local_addr().unwrap(), Timeouts::default());
        let (here, there) = tokio::join!(connect(at, &timeouts), accept(&listener));
        for stream in [here.unwrap(), there.unwrap().0] {
            assert!(stream.nodelay().unwrap());
            assert!(SockRef::from(&stream).keepalive().unwrap());
        }
    }
}
