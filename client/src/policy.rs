//! What a trader accepts, and what it prepares ahead.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use countersign_protocol::{Identity, MAX_READINGS, Query};

/// What a trader accepts. [`Policy::default`] suits a counterparty with some hundreds of peers.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How far a dialler's clock may be off this side's. Each hello is remembered until twice as long after its
    /// timestamp, so that it cannot be replayed.
    pub max_clock_skew: Duration,
    /// Whose calls are answered.
    pub admission: Admission,
    /// What a session must value, in that order; a dialler that proposes anything else is refused. `None`: whatever
    /// the dialler proposes, up to [`max_queries`](Self::max_queries).
    pub instrument: Option<Vec<Query>>,
    /// Most readings that are proven for a dialler, 0 to [`MAX_READINGS`].
    pub max_queries: usize,
    /// Most diallers whose proposals are proven at once, over all listeners of a trader. The next one hears
    /// [`Reject::Busy`](countersign_protocol::Reject::Busy).
    pub max_handshakes: usize,
    /// Most handshakes of one initiator at once, from its proof to its confirmation. Its next one hears
    /// [`Reject::Busy`](countersign_protocol::Reject::Busy), while others are answered.
    pub max_handshakes_each: usize,
    /// Most connections of one listener that have no session yet. Beyond, the one that has kept silent for the
    /// longest is dropped, so that idle connections cannot shut others out.
    pub max_connections: NonZeroUsize,
    /// For how long a proven view of the chain serves further sessions with the same peer, without asking a node.
    /// It bounds how late a rotation or revocation is noticed; below the chain's block time little is lost.
    /// Zero, the default: every handshake proves its state anew.
    pub view_reuse: Duration,
}

/// Whose calls a trader answers. Either way the caller must be registered, and prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Anyone whose identity is active in the registry.
    Registered,
    /// These identities alone. Others are refused before anything is proven for them.
    Only(HashSet<Identity>),
}

/// What is prepared off the hot path, so that a handshake finds it ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserves {
    /// Single-use key pairs for peers not met before, for each role. 0 makes each when it is needed.
    pub strangers: usize,
    /// Single-use key pairs for each known peer and role, their product with the peer's key included.
    pub each_known_peer: usize,
    /// Known peers at most: those of the latest sessions. Each costs about 4 KiB for each key pair.
    pub known_peers: NonZeroUsize,
}

impl Admission {
    pub(crate) fn admits(&self, initiator: &Identity) -> bool {
        match self {
            Self::Registered => true,
            Self::Only(identities) => identities.contains(initiator),
        }
    }
}

impl Default for Policy {
    /// 30 s of clock skew, anyone registered, any instrument, 64 handshakes, 16 of them from one initiator, 1,024 connections, no reuse.
    fn default() -> Self {
        Self {
            max_clock_skew: Duration::from_secs(30),
            admission: Admission::Registered,
            instrument: None,
            max_queries: MAX_READINGS,
            max_handshakes: 64,
            max_handshakes_each: 16,
            max_connections: NonZeroUsize::MIN.saturating_add(1023),
            view_reuse: Duration::ZERO,
        }
    }
}

impl Default for Reserves {
    /// 16 for strangers, 2 for each of 256 known peers.
    fn default() -> Self {
        Self { strangers: 16, each_known_peer: 2, known_peers: NonZeroUsize::MIN.saturating_add(255) }
    }
}
