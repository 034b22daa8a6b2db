//! A channel to a proven counterparty.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use countersign_protocol::{Agreed, Anchor, Identity, PeerKey, Reading, Role, StateHash, Summary};
use countersign_transport::{Connection, DatagramSocket, Datagrams, Ended};
use tokio::net::TcpStream;

use crate::error::Error;
use crate::keeper::Keeper;

/// A channel, and what both sides agreed on when it was opened. Dropping it wipes its keys and cuts the connection;
/// to end it so that the peer knows it is whole, shut the connection down.
///
/// It is kept alive by itself: its keys are renewed in time, each time on a state that both sides prove, and it ends
/// once the registry shows that either record is revoked, expired or replaced
/// ([`TransportError::Ended`](crate::transport::TransportError::Ended) for whoever reads or writes).
#[derive(Debug)]
pub struct Session {
    /// The channel: a stream of bytes, or of messages.
    pub connection: Connection<TcpStream>,
    /// What was agreed when it was opened.
    pub summary: Summary,
    /// Where the peer is.
    pub remote: SocketAddr,
    pub(crate) keeper: Keeper,
    /// The listener's, where it takes datagrams.
    pub(crate) datagrams: Option<DatagramSocket>,
    pub(crate) is_resumed: bool,
}

impl Session {
    /// Who the peer is.
    #[must_use]
    pub const fn peer(&self) -> Identity {
        self.peer_key().identity()
    }

    /// The peer's proven key and record.
    #[must_use]
    pub const fn peer_key(&self) -> &PeerKey {
        self.summary.view.peer()
    }

    /// The hash of the state that both sides proved when it was opened: the same on both.
    #[must_use]
    pub const fn state_hash(&self) -> StateHash {
        self.summary.state_hash
    }

    /// The block at which they proved it.
    #[must_use]
    pub const fn anchor(&self) -> &Anchor {
        self.summary.view.anchor()
    }

    /// What the instrument was valued at then, in the order of the queries. The newest readings are those of
    /// [`agreed`](Self::agreed).
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        self.summary.view.readings()
    }

    /// Whether a ticket of an earlier session opened it, without the static keys.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// The handle on what keeps the session: to be cloned before the connection is taken apart or moved.
    #[must_use]
    pub const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// As [`Keeper::agreed`].
    #[must_use]
    pub fn agreed(&self) -> Arc<Agreed> {
        self.keeper.agreed()
    }

    /// As [`Keeper::rotate`].
    ///
    /// # Errors
    /// As [`Keeper::rotate`].
    pub async fn rotate(&self) -> Result<Arc<Agreed>, Error> {
        self.keeper.rotate().await
    }

    /// As [`Keeper::rebind`].
    ///
    /// # Errors
    /// As [`Keeper::rotate`].
    pub async fn rebind(&self) -> Result<Arc<Agreed>, Error> {
        self.keeper.rebind().await
    }

    /// As [`Keeper::ended`].
    pub async fn ended(&self) -> Option<Ended> {
        self.keeper.ended().await
    }

    /// The session's datagrams, beside its stream and under the same keys. The dialler sends to the UDP port that
    /// has the number of the TCP port it dialled; the other side knows where to send once a datagram has come. What
    /// arrives before this is called is lost. One handle is enough: a second one takes over from the first.
    ///
    /// # Errors
    /// [`Error::NoDatagrams`] where the listener takes none ([`Policy::datagrams`](crate::Policy::datagrams)),
    /// [`Error::Transport`] where no socket can be opened.
    pub async fn datagrams(&self) -> Result<Datagrams<TcpStream>, Error> {
        match (self.summary.role, &self.datagrams) {
            (Role::Responder, Some(socket)) => Ok(socket.open(&self.connection, None)),
            (Role::Responder, None) => Err(Error::NoDatagrams),
            (Role::Initiator, _) => {
                let anywhere = match self.remote.ip() {
                    IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
                    IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
                };
                let socket = DatagramSocket::bind((anywhere, 0)).await?;
                Ok(socket.open(&self.connection, Some(self.remote)))
            }
        }
    }
}
