//! One UDP socket for the datagrams of many sessions.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use countersign_protocol::{MAX_DATAGRAM, lane_of};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{ToSocketAddrs, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::connection::Connection;
use crate::datagrams::{Datagrams, Lane};
use crate::error::TransportError;

/// A UDP socket that gives each session its datagrams. A task of its own reads it, and ends when the socket and all
/// [`Datagrams`] on it are dropped.
///
/// A datagram that is of no session here, or that does not open, is dropped and answered by nothing. What the network
/// reports of datagrams sent earlier (an ICMP error) ends nothing: whoever can forge one could otherwise end a
/// session.
#[derive(Clone)]
pub struct DatagramSocket(Arc<Reading>);

/// The socket and the task that reads it.
pub(crate) struct Reading {
    routes: Arc<Routes>,
    task: JoinHandle<()>,
}

struct Routes {
    socket: UdpSocket,
    lanes: Mutex<HashMap<[u8; LANE], Weak<dyn Lane>>>,
}

impl DatagramSocket {
    /// Opens a socket. A responder takes the number of its TCP port, where diallers send to; a dialler port 0.
    ///
    /// # Errors
    /// [`TransportError::Io`].
    pub async fn bind(at: impl ToSocketAddrs) -> Result<Self, TransportError> {
        let bound = UdpSocket::bind(at).await;
        let socket =
            bound.map_err(|source| TransportError::Io { action: "open a socket for datagrams", source })?;
        let routes = Arc::new(Routes { socket, lanes: Mutex::default() });
        let task = tokio::spawn(read(Arc::clone(&routes)));
        Ok(Self(Arc::new(Reading { routes, task })))
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// [`TransportError::Io`].
    pub fn local_addr(&self) -> Result<SocketAddr, TransportError> {
        let address = self.0.routes.socket.local_addr();
        address.map_err(|source| TransportError::Io { action: "read the socket's address", source })
    }

    /// The datagrams of a session. A dialler says where the peer is: at the UDP port that has the number of the TCP
    /// port it dialled. A responder says nothing, and sends to the source of the newest datagram that opened.
    pub fn open<S>(&self, connection: &Connection<S>, peer: Option<SocketAddr>) -> Datagrams<S>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let lane = connection.channel().lane();
        let datagrams = Datagrams::new(connection.shared(), lane, peer, Arc::clone(&self.0));
        self.0.routes.lock().insert(lane, datagrams.route());
        datagrams
    }
}

impl Reading {
    /// Sends one datagram. One that the network refuses at once for an earlier one's sake counts as lost.
    pub(crate) async fn send(&self, datagram: &[u8], to: SocketAddr) -> Result<(), TransportError> {
        match self.routes.socket.send_to(datagram, to).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            Err(source) => Err(TransportError::Io { action: "send a datagram", source }),
        }
    }

    /// Forgets a session, unless its lane has been opened anew.
    pub(crate) fn close(&self, lane: [u8; LANE], closed: &Weak<dyn Lane>) {
        let mut lanes = self.routes.lock();
        if lanes.get(&lane).is_some_and(|there| Weak::ptr_eq(there, closed)) {
            lanes.remove(&lane);
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Routes {
    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; LANE], Weak<dyn Lane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn route(&self, datagram: &mut [u8], from: SocketAddr) {
        let Some(lane) = lane_of(datagram) else { return };
        let session = self.lock().get(&lane).and_then(Weak::upgrade);
        if let Some(session) = session {
            session.arrive(datagram, from);
        }
    }
}

async fn read(routes: Arc<Routes>) {
    // One byte more than the longest, so that a longer one is not taken for one that was cut.
    let mut buffer = [0; MAX_DATAGRAM + 1];
    loop {
        match routes.socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                if let Some(datagram) = buffer.get_mut(..length).filter(|it| it.len() <= MAX_DATAGRAM) {
                    routes.route(datagram, from);
                }
            }
            Err(error) if is_of_another_datagram(&error) => {}
            // A socket that cannot be read just now must not keep the processor busy.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// What an ICMP error about a datagram sent earlier looks like to whoever receives next.
fn is_of_another_datagram(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}

impl fmt::Debug for DatagramSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatagramSocket").field(&self.0.routes.socket).finish()
    }
}

/// Bytes of a session's name among those of a socket.
pub(crate) const LANE: usize = 8;
const PAUSE: Duration = Duration::from_millis(100);
