//! How bad things are: the network, the chain, the registry, the parties' own machines.

use crate::random::Random;

/// Chances are "once in so many times", 0 for never; times are in milliseconds, both ends included.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// From one end of a stream, or of a datagram's way, to the other.
    pub(crate) latency: (u64, u64),
    pub(crate) fragments: u64,
    /// A connection's time to its cut, where it has one.
    pub(crate) cut_after: Option<(u64, u64)>,
    /// Somebody alters a message on a stream.
    pub(crate) alters: u64,
    /// Somebody sends an old hello or resume once more.
    pub(crate) replays: u64,
    pub(crate) loses_datagram: u64,
    pub(crate) repeats_datagram: u64,
    /// By more than an epoch, maybe.
    pub(crate) delays_datagram: u64,
    /// From a block to a party's node having it.
    pub(crate) lag: (u64, u64),
    pub(crate) reorganises: u64,
    /// For each party in each block, and each of: another key, an end in sight, a revocation.
    pub(crate) registry_changes: u64,
    /// A proof takes so long.
    pub(crate) proof: (u64, u64),
    pub(crate) refuses: u64,
    /// Each 10 s and party.
    pub(crate) crashes: u64,
    pub(crate) loads: u64,
    /// With each chance to speak: the session is closed.
    pub(crate) closes: u64,
    /// With each session and side: it closes its direction early, and goes on receiving.
    pub(crate) subscribes: u64,
}

impl Weather {
    /// An honest network and chain, as they are on good days.
    pub(crate) const CALM: Self = Self {
        latency: (5, 300),
        fragments: 6,
        cut_after: None,
        alters: 0,
        replays: 0,
        loses_datagram: 0,
        repeats_datagram: 0,
        delays_datagram: 0,
        lag: (100, 2_000),
        reorganises: 0,
        registry_changes: 0,
        proof: (0, 500),
        refuses: 0,
        crashes: 0,
        loads: 0,
        closes: 0,
        subscribes: 5,
    };

    /// One trouble or another, in a measure that the seed decides.
    pub(crate) fn storm(random: &mut Random) -> Self {
        let mut some = |chances: &[u64]| random.pick(chances);
        Self {
            latency: (some(&[0, 5, 50]), some(&[60, 200, 600, 2_000])),
            fragments: some(&[2, 4, 16]),
            cut_after: [None, Some((1_000, 120_000)), Some((100, 30_000))][some(&[0, 1, 1, 2]) as usize],
            alters: some(&[0, 0, 0, 300]),
            replays: some(&[0, 3, 8]),
            loses_datagram: some(&[0, 2, 10]),
            repeats_datagram: some(&[0, 3, 10]),
            delays_datagram: some(&[0, 3, 10]),
            lag: (some(&[0, 300]), some(&[1_000, 5_000, 15_000, 40_000])),
            reorganises: some(&[0, 4, 12]),
            registry_changes: some(&[0, 12, 30, 60]),
            proof: (0, some(&[0, 400, 3_000])),
            refuses: some(&[0, 3, 8]),
            crashes: some(&[0, 10, 30]),
            loads: some(&[0, 3, 10]),
            closes: some(&[0, 40, 100]),
            subscribes: some(&[0, 3, 8]),
        }
    }
}
