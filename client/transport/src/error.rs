//! What can go wrong between two hosts.

use core::fmt;
use core::time::Duration;
use std::io::{self, ErrorKind};

use countersign_protocol::Abort;

use crate::ended::{Ended, Side};

/// Why a connection was not made, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The peer, or the network between, did not do its part in time.
    #[error("gave up after {after:?} of waiting for {waiting_for}; see that the peer runs and is reachable")]
    Timeout {
        /// What was expected.
        waiting_for: Wait,
        /// How long was waited.
        after: Duration,
    },
    /// The peer closed the connection during the handshake, between two messages.
    #[error("the peer closed the connection during the handshake; its own log says why")]
    PeerClosed,
    /// The bytes ended without the peer's authenticated close. What was received so far is genuine, but it may not
    /// be all: the peer died, or somebody cut the connection.
    #[error("the connection was cut before the peer closed it; what was received may be incomplete")]
    Truncated,
    /// The peer announced a frame that the protocol does not allow: it speaks another protocol, or is hostile.
    #[error(
        "the peer announced a frame of {length} bytes, allowed are 1 to {limit}; it may speak another protocol"
    )]
    BadFrameLength {
        /// The announced length, in bytes.
        length: usize,
        /// The most that is allowed, in bytes.
        limit: usize,
    },
    /// The caller's frame or message is longer than may be sent. Nothing of it was sent.
    #[error("a message of {length} bytes is longer than the {limit} that may be sent; send it in parts")]
    MessageTooLong {
        /// Its length, in bytes.
        length: usize,
        /// The most that may be sent, in bytes.
        limit: usize,
    },
    /// The peer's message goes on beyond what this side accepts.
    #[error("the peer sent a message longer than {limit} bytes; have it send less at once, or allow more")]
    PeerMessageTooLong {
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// The peer closed in the middle of a message, of which the beginning is dropped.
    #[error("the peer closed in the middle of a message; have it finish its message before it closes")]
    Unfinished,
    /// This side has closed already, so it cannot send.
    #[error("this side has closed the connection and can send no more; open another")]
    Closed,
    /// An error that was reported earlier ended this direction of the connection.
    #[error("the connection failed earlier and cannot be used again; open another")]
    Failed,
    /// One side ended the session by its word, in both directions at once. What was received and not read yet is dropped.
    #[error("{by} ended the session: {why}")]
    Ended {
        /// Who ended it.
        by: Side,
        /// Why.
        why: Abort,
    },
    /// The caller's datagram is longer than may be sent. Nothing of it was sent.
    #[error(
        "a datagram of {length} bytes is longer than the {limit} that may be sent; send it in parts, or as a message"
    )]
    DatagramTooLong {
        /// Its length, in bytes.
        length: usize,
        /// The most that may be sent, in bytes.
        limit: usize,
    },
    /// No datagram of the peer has come yet, so this side does not know where to send its own.
    #[error(
        "the peer has sent no datagram yet, so there is no address to send to; have it send one, if empty"
    )]
    PeerAddressUnknown,
    /// The handshake or a record was not in order.
    #[error(transparent)]
    Protocol(#[from] countersign_protocol::Error),
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// What this side can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// The connection to open.
    Connect,
    /// The peer's next handshake message.
    HandshakeMessage,
    /// The peer to send something over an established connection.
    PeerData,
    /// The peer to take what is sent.
    PeerToRead,
    /// The peer's close.
    PeerClose,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::HandshakeMessage => "the peer's next handshake message",
            Self::PeerData => "data from the peer",
            Self::PeerToRead => "the peer to take what was sent",
            Self::PeerClose => "the peer to close",
        })
    }
}

impl From<Ended> for TransportError {
    fn from(Ended { by, why }: Ended) -> Self {
        Self::Ended { by, why }
    }
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        let kind = match &error {
            TransportError::Timeout { .. } => ErrorKind::TimedOut,
            TransportError::PeerClosed | TransportError::Truncated | TransportError::Unfinished => {
                ErrorKind::UnexpectedEof
            }
            TransportError::BadFrameLength { .. }
            | TransportError::PeerMessageTooLong { .. }
            | TransportError::Protocol(_) => ErrorKind::InvalidData,
            TransportError::MessageTooLong { .. } | TransportError::DatagramTooLong { .. } => {
                ErrorKind::InvalidInput
            }
            TransportError::Ended { .. } => ErrorKind::ConnectionAborted,
            TransportError::PeerAddressUnknown => ErrorKind::AddrNotAvailable,
            TransportError::Closed => ErrorKind::BrokenPipe,
            TransportError::Failed => ErrorKind::NotConnected,
            TransportError::Io { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}
