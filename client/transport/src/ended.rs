//! How a session was ended by the word of one side.

use core::fmt;

use countersign_protocol::Abort;

/// A session that one side ended, in both directions at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Who ended it.
    pub by: Side,
    /// Why.
    pub why: Abort,
}

/// One of the two sides of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that holds this connection.
    ThisSide,
    /// The other.
    Peer,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ThisSide => "this side",
            Self::Peer => "the peer",
        })
    }
}
