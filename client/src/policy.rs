//! What a trader accepts, and what it prepares ahead.

use std::collections::{HashMap, HashSet};
use std::num::{NonZeroU16, NonZeroUsize};
use std::time::Duration;

use countersign_protocol::{Identity, Limits, MAX_READINGS, Padding, Query};

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
    /// Most of these that may be view calls, 0 to [`MAX_READINGS`], where [`instrument`](Self::instrument) is not set:
    /// each costs this side up to 10,000,000 gas of execution, and fetches. 1 unless set.
    pub max_calls: usize,
    /// Most diallers whose proposals are proven at once, over all listeners of a trader. The next one hears
    /// [`Reject::Busy`](countersign_protocol::Reject::Busy).
    pub max_handshakes: usize,
    /// Most handshakes of one initiator at once, from its proof to its confirmation. Its next one hears
    /// [`Reject::Busy`](countersign_protocol::Reject::Busy), while others are answered.
    pub max_handshakes_each: usize,
    /// Most connections of one listener that have no session yet. Beyond, the oldest one that has proposed
    /// nothing yet is dropped, so that idle connections cannot shut others out.
    pub max_connections: NonZeroUsize,
    /// When the keys of a session are renewed, and when they end it for want of new ones.
    pub limits: Limits,
    /// Other limits for the sessions with some peers.
    pub limits_for: HashMap<Identity, Limits>,
    /// How what this side sends is padded, so that its length tells little.
    pub padding: Padding,
    /// For how long a session goes on after a record that it was opened with has been replaced in the registry, by
    /// the chain's time, so that it may be wound up. A revocation or an expiry ends it at once.
    pub overlap: Duration,
    /// How often the keys of a session are bound to a newer block, where there is one: what the session values is
    /// proven anew and read in [`Session::agreed`](crate::Session::agreed). `None`: by rotations alone; at
    /// least [`LEAST_REBIND`](Self::LEAST_REBIND). The session's responder waits a quarter longer, so that one side's policy serves both.
    pub rebind: Option<Duration>,
    /// Whether the chain is followed from the first session on, which is the default: this side's record, those of the
    /// peers it knows and what it valued with them are then proven at each new block as it comes. A revocation ends
    /// live sessions within a block, and the next handshake with a known peer asks no node. SPEC, section 10, requires
    /// it. Without, which suits a program that opens one short session and ends, each handshake and each renewal of a
    /// session's keys asks for itself, and a revocation is noticed no sooner.
    pub follow: bool,
    /// For how long, from the last live handshake on, a session may be followed by others that need no static key, 1
    /// h at most. They prove the state as any other does. Zero: not at all.
    pub ticket_lifetime: Duration,
    /// So many handshakes under way make a listener ask every dialler for a cookie, which shows that it receives
    /// what is sent to its address, before any work is done for it. From each address, or /64 network of IPv6, 20
    /// handshakes a second are answered then. 0 asks always.
    pub under_load: usize,
    /// Whether a listener takes datagrams too, on the UDP port of its TCP port's number.
    pub datagrams: bool,
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

impl Policy {
    /// Keys are bound to newer blocks by themselves no more often than that, whatever [`rebind`](Self::rebind) says: each
    /// time costs both sides' nodes a proof, and no chain has blocks that come sooner.
    pub const LEAST_REBIND: Duration = Duration::from_secs(1);

    /// The limits of the sessions with that peer.
    pub(crate) fn limits_with(&self, peer: &Identity) -> Limits {
        self.limits_for.get(peer).copied().unwrap_or(self.limits)
    }
}

impl Default for Policy {
    /// 30 s of clock skew, anyone registered, any instrument with one view call at most, 64 handshakes, 16 of them from
    /// one initiator and cookies from 16 on, 1,024 connections; keys renewed every two minutes, powers of two from 128
    /// bytes on, 60 s of overlap, the chain followed, tickets for an hour, no datagrams.
    fn default() -> Self {
        Self {
            max_clock_skew: Duration::from_secs(30),
            admission: Admission::Registered,
            instrument: None,
            max_queries: MAX_READINGS,
            max_calls: 1,
            max_handshakes: 64,
            max_handshakes_each: 16,
            max_connections: NonZeroUsize::MIN.saturating_add(1023),
            limits: Limits::default(),
            limits_for: HashMap::new(),
            padding: Padding::PowersOfTwo { least: NonZeroU16::MIN.saturating_add(127) },
            overlap: Duration::from_secs(60),
            rebind: None,
            follow: true,
            ticket_lifetime: MAX_TICKET_LIFETIME,
            under_load: 16,
            datagrams: false,
        }
    }
}

impl Default for Reserves {
    /// 16 for strangers, 2 for each of 256 known peers.
    fn default() -> Self {
        Self { strangers: 16, each_known_peer: 2, known_peers: NonZeroUsize::MIN.saturating_add(255) }
    }
}

/// Longest life of a ticket, from the last live handshake on (SPEC, section 8).
pub(crate) const MAX_TICKET_LIFETIME: Duration = Duration::from_secs(3600);
