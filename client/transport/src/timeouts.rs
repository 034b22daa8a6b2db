//! How long each wait may last.

use core::time::Duration;

/// The longest wait of each kind. Every wait of this crate has one; only [`idle`](Self::idle) may be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To look up a name and open a connection to one of its addresses, in all.
    pub connect: Duration,
    /// For each handshake message, whole, to arrive or to be taken by the peer. A peer that trickles bytes gains
    /// no time by it.
    pub handshake_step: Duration,
    /// For the next record of an established connection, while somebody reads. `None`: as long as the peer likes,
    /// which suits a quiet channel. A host that is gone is noticed all the same: [`connect`](crate::connect) and
    /// [`accept`](crate::accept) turn TCP keepalive on, after 30 s of silence and then every 10 s. A host that is
    /// there, with a process that hangs, is not noticed by that.
    pub idle: Option<Duration>,
    /// For the peer to take any of the bytes that are ready for it.
    pub write: Duration,
    /// For the peer to answer a close with its own.
    pub close: Duration,
}

impl Default for Timeouts {
    /// 10 s to connect and for each handshake step, 30 s to write, 5 s to close, no limit on idleness.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            handshake_step: Duration::from_secs(10),
            idle: None,
            write: Duration::from_secs(30),
            close: Duration::from_secs(5),
        }
    }
}
