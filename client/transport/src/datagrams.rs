//! The datagrams of one session.

use core::fmt;
use core::pin::pin;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use countersign_protocol::{ApiMisuse, Due, Error as ProtocolError, OpenedDatagram};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use crate::connection_core::Shared;
use crate::datagram_socket::{LANE, Reading};
use crate::error::TransportError;
use crate::wakers::Wakers;

/// Sends and receives datagrams beside a session's stream, under the same keys. Each may be lost, late, or overtake
/// another; none is delivered twice, altered, or from anybody but the peer.
///
/// They live with the session: this handle does not keep its connection open, and once a side has closed the stream,
/// it sends no datagrams either.
///
/// Up to 256 that were not received yet are kept; then the oldest makes room for the newest.
pub struct Datagrams<S> {
    session: Arc<Session<S>>,
    socket: Arc<Reading>,
    lane: [u8; LANE],
    route: Weak<dyn Lane>,
}

/// Takes what a socket received for one session.
pub(crate) trait Lane: Send + Sync {
    fn arrive(&self, datagram: &mut [u8], from: SocketAddr);
}

struct Session<S> {
    connection: Weak<Shared<S>>,
    wakers: Arc<Wakers>,
    /// Whether the peer is where its datagrams come from.
    learns: bool,
    inbox: Mutex<Inbox>,
    arrived: Notify,
}

struct Inbox {
    queue: VecDeque<Vec<u8>>,
    peer: Option<SocketAddr>,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Datagrams<S> {
    pub(crate) fn new(
        shared: &Arc<Shared<S>>,
        lane: [u8; LANE],
        peer: Option<SocketAddr>,
        socket: Arc<Reading>,
    ) -> Self {
        let session = Arc::new(Session {
            connection: Arc::downgrade(shared),
            wakers: Arc::clone(&shared.wakers),
            learns: peer.is_none(),
            inbox: Mutex::new(Inbox { queue: VecDeque::new(), peer }),
            arrived: Notify::new(),
        });
        let route: Weak<Session<S>> = Arc::downgrade(&session);
        Self { session, socket, lane, route }
    }

    pub(crate) fn route(&self) -> Weak<dyn Lane> {
        Weak::clone(&self.route)
    }

    /// Sends one datagram. An empty one tells the peer where this side is, and is delivered to nobody. That it was
    /// sent does not mean that it arrives.
    ///
    /// # Errors
    /// [`TransportError::DatagramTooLong`], [`TransportError::PeerAddressUnknown`], [`TransportError::Ended`],
    /// [`TransportError::Closed`] where the connection is gone, [`TransportError::Io`].
    pub async fn send(&self, content: &[u8]) -> Result<(), TransportError> {
        let to = self.peer().ok_or(TransportError::PeerAddressUnknown)?;
        let sealed = self.session.seal(content)?;
        self.socket.send(&sealed, to).await
    }

    /// Waits for the next datagram. May be cancelled without losing one, and called by several tasks at once.
    ///
    /// # Errors
    /// [`TransportError::Ended`]; [`TransportError::Closed`] where the connection is gone.
    pub async fn recv(&self) -> Result<Vec<u8>, TransportError> {
        loop {
            let mut over = pin!(self.session.wakers.over());
            over.as_mut().enable();
            self.session.check()?;
            if let Some(content) = self.session.lock().queue.pop_front() {
                return Ok(content);
            }
            tokio::select! {
                () = self.session.arrived.notified() => {}
                () = over => {}
            }
        }
    }

    /// Where datagrams are sent to; `None` where the peer has sent none yet and this side was not told.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.session.lock().peer
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn seal(&self, content: &[u8]) -> Result<Vec<u8>, TransportError> {
        let shared = self.connection.upgrade().ok_or(TransportError::Closed)?;
        let mut core = shared.lock();
        core.check_keys()?;
        if core.is_over() {
            return Err(TransportError::Closed);
        }
        core.note_use();
        let mut sealed = Vec::new();
        match core.channel.append_datagram(content, &mut sealed) {
            Ok(()) => Ok(sealed),
            Err(ProtocolError::ApiMisuse(ApiMisuse::DatagramTooLong { length, maximum: limit })) => {
                Err(TransportError::DatagramTooLong { length, limit })
            }
            // Until the rotation that is due by now, the stream alone carries on.
            Err(error) => Err(error.into()),
        }
    }
}

impl<S> Session<S> {
    fn check(&self) -> Result<(), TransportError> {
        let shared = self.connection.upgrade().ok_or(TransportError::Closed)?;
        let core = shared.lock();
        match core.ended {
            Some(ended) => Err(ended.into()),
            None if core.is_over() => Err(TransportError::Closed),
            None => Ok(()),
        }
    }

    /// The content of a datagram that opens, and whether it is the newest.
    fn open(&self, datagram: &mut [u8]) -> Option<(Vec<u8>, bool)> {
        let shared = self.connection.upgrade()?;
        let mut core = shared.lock();
        let now = core.now_ms();
        // Nobody keeps a session that is over, and keys past their age are not to be believed.
        if core.is_over() || core.channel.due(now) == Due::End {
            return None;
        }
        let OpenedDatagram { content, is_newest, .. } = core.channel.open_datagram(datagram, now).ok()?;
        Some((content.to_vec(), is_newest))
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Send> Lane for Session<S> {
    fn arrive(&self, datagram: &mut [u8], from: SocketAddr) {
        let Some((content, is_newest)) = self.open(datagram) else { return };
        let mut inbox = self.lock();
        if is_newest && self.learns {
            inbox.peer = Some(from);
        }
        if content.is_empty() {
            return;
        }
        if inbox.queue.len() >= KEPT {
            inbox.queue.pop_front();
        }
        inbox.queue.push_back(content);
        drop(inbox);
        self.arrived.notify_one();
    }
}

impl<S> Drop for Datagrams<S> {
    fn drop(&mut self) {
        self.socket.close(self.lane, &self.route);
    }
}

impl<S> fmt::Debug for Datagrams<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagrams").field("peer", &self.session.lock().peer).finish_non_exhaustive()
    }
}

/// Datagrams that wait to be received, of at most 1,195 bytes each.
const KEPT: usize = 256;
