//! How much the API does, for whom, and for how long.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use ipnet::IpNet;

/// What bounds the API. Everything that a stranger can make it do has a bound here.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long one answer may take. Streams are not bounded by it.
    pub answer_within: Duration,
    /// How fast one client may ask; `None` for no bound.
    pub rate: Option<Rate>,
    /// The reverse proxies whose `X-Forwarded-For` is believed. From anybody else it is not looked at.
    pub trusted_proxies: Vec<IpNet>,
    /// Streams of events at once, over all clients.
    pub streams: usize,
    /// How often a stream says that it is alive.
    pub heartbeat: Duration,
    /// Storage proofs asked of the chain's endpoints at once.
    pub proofs_at_once: usize,
    /// Storage proofs kept for who asks for the same: 10 to 20 KB each.
    pub proofs_kept: NonZeroUsize,
    /// When an indexer is too far behind to be asked.
    pub readiness: Readiness,
}

/// So many answers a second, and so many at once after a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Answers a second, in the long run.
    pub each_second: NonZeroU32,
    /// Answers at once.
    pub burst: NonZeroU32,
}

/// How far behind its chain an indexer may be and still be ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// In blocks.
    pub blocks: u64,
    /// In seconds, by the times of the newest block and of the newest stored one.
    pub seconds: u64,
}

/// What bounds a client's connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// At once, over all clients. Further ones wait to be accepted.
    pub at_once: usize,
    /// How long a request's headers may take to come, and how long a connection may lie idle between two.
    pub headers_within: Duration,
    /// How long a client may take nothing of what is written to it before it is dropped.
    pub taken_within: Duration,
    /// How long answers under way have when the server stops.
    pub stop_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(10),
            rate: Some(Rate { each_second: nonzero(50), burst: nonzero(200) }),
            trusted_proxies: Vec::new(),
            streams: 1024,
            heartbeat: Duration::from_secs(15),
            proofs_at_once: 8,
            proofs_kept: NonZeroUsize::MIN.saturating_add(1023),
            readiness: Readiness { blocks: 32, seconds: 600 },
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            at_once: 4096,
            headers_within: Duration::from_secs(60),
            taken_within: Duration::from_secs(30),
            stop_within: Duration::from_secs(10),
        }
    }
}

const fn nonzero(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number.saturating_sub(1))
}
