//! A channel to a proven counterparty.

use std::net::SocketAddr;

use countersign_protocol::{Anchor, Identity, PeerKey, Reading, StateHash, Summary};
use countersign_transport::Connection;
use tokio::net::TcpStream;

/// A channel, and what both sides agreed on when it was opened. Dropping it wipes its keys and cuts the connection;
/// to end it so that the peer knows it is whole, shut the connection down.
#[derive(Debug)]
pub struct Session {
    /// The channel: a stream of bytes, or of messages.
    pub connection: Connection<TcpStream>,
    /// What was agreed.
    pub summary: Summary,
    /// Where the peer is.
    pub remote: SocketAddr,
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

    /// The hash of the state that both sides proved: the same on both.
    #[must_use]
    pub const fn state_hash(&self) -> StateHash {
        self.summary.state_hash
    }

    /// The block at which they proved it.
    #[must_use]
    pub const fn anchor(&self) -> &Anchor {
        self.summary.view.anchor()
    }

    /// What the instrument was valued at, in the order of the queries.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        self.summary.view.readings()
    }
}
