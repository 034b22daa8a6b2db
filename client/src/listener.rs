//! Being dialled.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_transport::{DatagramSocket, TransportError, accept};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::sleep;

use crate::answer::Caller;
use crate::error::{AcceptError, Error};
use crate::session::Session;
use crate::trader::Trader;

/// Takes connections and runs the handshakes of all of them at once. Dropping it ends those under way; sessions that
/// were given out live on.
#[derive(Debug)]
pub struct Listener {
    trader: Trader,
    socket: TcpListener,
    local: SocketAddr,
    /// One socket for the datagrams of all sessions.
    datagrams: Option<DatagramSocket>,
    answering: JoinSet<Result<Session, AcceptError>>,
    /// The oldest first.
    connections: VecDeque<Connected>,
}

/// A connection without a session yet.
#[derive(Debug)]
struct Connected {
    /// Whether it has said all that is awaited before an answer. Until then it costs a stranger nothing to stay.
    has_proposed: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Listener {
    pub(crate) async fn bind(trader: Trader, bind: impl ToSocketAddrs) -> Result<Self, Error> {
        let cannot = |source| Error::Transport(TransportError::Io { action: "listen there", source });
        let socket = TcpListener::bind(bind).await.map_err(cannot)?;
        let local = socket.local_addr().map_err(cannot)?;
        let datagrams = match trader.0.policy.datagrams {
            true => Some(DatagramSocket::bind(local).await?),
            false => None,
        };
        let (answering, connections) = (JoinSet::new(), VecDeque::new());
        Ok(Self { trader, socket, local, datagrams, answering, connections })
    }

    /// Where this listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The next session. Connections are taken only while this is awaited; handshakes that have begun go on by
    /// themselves. May be cancelled without losing one.
    ///
    /// # Errors
    /// [`AcceptError`] for a connection that got no session. The listener is as good as before: log it and call again.
    pub async fn accept(&mut self) -> Result<Session, AcceptError> {
        loop {
            tokio::select! {
                // Outcomes first: whatever is done frees its room before the next connection takes some.
                biased;
                Some(answered) = self.answering.join_next() => {
                    if let Some(outcome) = finished(answered) {
                        return outcome;
                    }
                }
                connection = accept(&self.socket) => match connection {
                    Ok((stream, remote)) => self.begin(stream, remote),
                    Err(error) => {
                        // Out of descriptors, mostly: some come free when a connection ends.
                        tracing::warn!(%error, "no connection can be taken");
                        sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    fn begin(&mut self, stream: TcpStream, remote: SocketAddr) {
        if !self.make_room() {
            tracing::warn!(%remote, "dropped: too many handshakes are under way");
            return;
        }
        let has_proposed = Arc::new(AtomicBool::new(false));
        let (trader, proposed) = (self.trader.clone(), has_proposed.clone());
        let caller = Caller { stream, remote, datagrams: self.datagrams.clone() };
        let task = self
            .answering
            .spawn(async move { caller.answer(&trader, || proposed.store(true, Ordering::Relaxed)).await });
        self.connections.push_back(Connected { has_proposed, task });
    }

    /// Drops the oldest connection that has proposed nothing yet, if it must. False if all of them have.
    fn make_room(&mut self) -> bool {
        let limit = self.trader.0.policy.max_connections.get();
        if self.connections.len() < limit {
            return true;
        }
        self.connections.retain(|connection| !connection.task.is_finished());
        if self.connections.len() < limit {
            return true;
        }
        let idle =
            self.connections.iter().position(|connection| !connection.has_proposed.load(Ordering::Relaxed));
        let dropped = idle.and_then(|position| self.connections.remove(position));
        dropped.inspect(|connection| connection.task.abort()).is_some()
    }
}

/// What a handshake came to; `None` where there is nobody to tell.
fn finished(
    answered: Result<Result<Session, AcceptError>, JoinError>,
) -> Option<Result<Session, AcceptError>> {
    match answered {
        Ok(outcome) => Some(outcome),
        Err(error) if error.is_cancelled() => None,
        Err(error) => {
            tracing::error!(%error, "a handshake panicked; please report it");
            None
        }
    }
}

/// How long to wait before trying again where no connection can be taken.
const PAUSE: Duration = Duration::from_millis(100);
