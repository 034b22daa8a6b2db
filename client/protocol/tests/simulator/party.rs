//! A party: its node, its clock, its policy, and what it keeps between sessions.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{
    CookieJar, Limits, Padding, PeerKey, Proposal, Reject, StateView, SuitePolicy, Ticket,
};

use crate::chain::{BlockId, Chain, reading};
use crate::random::Random;

pub(crate) struct Party {
    index: usize,
    /// The newest block that its node has.
    pub(crate) head: BlockId,
    /// Its clock, against the world's.
    pub(crate) skew_ms: i64,
    /// When its monotonic clock began, before the world did.
    monotonic_ms: u64,
    pub(crate) limits: Limits,
    pub(crate) padding: Padding,
    pub(crate) suites: SuitePolicy,
    pub(crate) overlap_s: u64,
    ticket_lifetime_ms: u64,
    tickets: Vec<StoredTicket>,
    /// The ephemeral keys of the hellos that it answered.
    answered: BTreeSet<[u8; 33]>,
    pub(crate) jar: CookieJar,
    pub(crate) is_under_load: bool,
    pub(crate) is_up: bool,
    /// Whether it keeps tickets that a newer head has killed, so that the protocol alone is to refuse them.
    is_careless: bool,
    /// What its node says instead of the chain's value, for some blocks.
    pub(crate) lie: Option<u8>,
}

pub(crate) struct StoredTicket {
    pub(crate) ticket: Ticket,
    pub(crate) peer: usize,
    /// This party's record, and the peer's.
    pub(crate) keys: [PeerKey; 2],
    /// When the last live handshake before it was.
    pub(crate) live_at_ms: u64,
}

impl Party {
    pub(crate) fn new(index: usize, head: BlockId, random: &mut Random) -> Self {
        let soft_age_ms = random.between((15_000, 90_000));
        let is_hasty = random.one_in(6);
        let is_skewed = random.one_in(16);
        let skew_ms = random.between(if is_skewed { (40_000, 60_000) } else { (0, 8_000) }) as i64;
        Self {
            index,
            head,
            skew_ms: if random.one_in(2) { skew_ms } else { -skew_ms },
            monotonic_ms: random.below(1 << 40),
            limits: Limits {
                soft_age_ms,
                hard_age_ms: soft_age_ms
                    + random.between(if is_hasty { (500, 4_000) } else { (25_000, 60_000) }),
                max_records: random.pick(&[24, 160, u64::MAX]),
                max_bytes: random.pick(&[20_000, 300_000, u64::MAX]),
            },
            padding: padding(random),
            suites: if random.one_in(8) { SuitePolicy::PREFER_HYBRID } else { SuitePolicy::PREFER_CLASSICAL },
            overlap_s: random.pick(&[0, 12, 60]),
            ticket_lifetime_ms: random.pick(&[20_000, 120_000, 3_600_000]),
            tickets: Vec::new(),
            answered: BTreeSet::new(),
            jar: CookieJar::new(random.array()),
            is_under_load: false,
            is_up: true,
            is_careless: random.one_in(4),
            lie: random.one_in(12).then_some(index as u8),
        }
    }

    pub(crate) fn unix_ms(&self, now_ms: u64) -> u64 {
        (UNIX_MS + now_ms).saturating_add_signed(self.skew_ms)
    }

    pub(crate) const fn monotonic_ms(&self, now_ms: u64) -> u64 {
        self.monotonic_ms + now_ms
    }

    /// The world's time of one of its monotonic clock.
    pub(crate) const fn world_ms(&self, monotonic_ms: u64) -> u64 {
        monotonic_ms.saturating_sub(self.monotonic_ms)
    }

    /// Its own view of a block.
    pub(crate) fn view(&self, chain: &Chain, block: BlockId, peer: usize, queries: usize) -> StateView {
        let block = chain.block(block);
        let mut readings = block.readings(queries);
        if let Some(lie) = self.lie
            && block.anchor.block_number.is_multiple_of(3)
            && let Some(last) = readings.last_mut()
        {
            *last = reading(queries - 1, [lie; 32]);
        }
        let key = |party| block.standing(party).key;
        StateView::proven(block.anchor, key(self.index), key(peer), readings).unwrap()
    }

    /// The block that a peer proposes, where this party's node has it and it is not too old.
    pub(crate) fn find(&self, chain: &Chain, proposal: &Proposal) -> Result<BlockId, Reject> {
        let (height, own) = (proposal.anchor.block_number, chain.height(self.head));
        if height > own {
            return Err(Reject::UnknownBlock { my_head: own });
        }
        let found = chain.ancestor(self.head, height).ok_or(Reject::StaleState)?;
        let is_canonical = chain.block(found).anchor.block_hash == proposal.anchor.block_hash;
        if is_canonical && own - height <= MAX_BLOCK_AGE { Ok(found) } else { Err(Reject::StaleState) }
    }

    /// Remembers a hello that it answers; whether it did before.
    pub(crate) fn has_answered(&mut self, ephemeral: &PublicKey) -> bool {
        !self.answered.insert(ephemeral.compressed())
    }

    pub(crate) fn keep(&mut self, stored: StoredTicket) {
        self.tickets.push(stored);
    }

    /// Takes the ticket that was found.
    pub(crate) fn take_ticket(
        &mut self,
        now_ms: u64,
        mut is_it: impl FnMut(&StoredTicket) -> bool,
    ) -> Option<StoredTicket> {
        let lifetime = self.ticket_lifetime_ms;
        self.tickets.retain(|stored| now_ms - stored.live_at_ms < lifetime);
        let found = self.tickets.iter().position(&mut is_it)?;
        Some(self.tickets.remove(found))
    }

    /// Drops the tickets that a newer head has killed.
    pub(crate) fn drop_tickets(&mut self, chain: &Chain) {
        if self.is_careless {
            return;
        }
        let block = chain.block(self.head);
        let index = self.index;
        self.tickets.retain(|stored| {
            let stands = |party, key: &PeerKey| {
                let standing = block.standing(party);
                standing.key == *key && !standing.is_over_at(block.time_s)
            };
            stands(index, &stored.keys[0]) && stands(stored.peer, &stored.keys[1])
        });
    }

    /// Its process ends: what it kept in memory is gone.
    pub(crate) fn crash(&mut self, random: &mut Random) {
        self.is_up = false;
        self.tickets.clear();
        self.answered.clear();
        self.is_under_load = false;
        self.jar = CookieJar::new(random.array());
    }

    /// Nothing is wrong with it any more, and no limit so tight that a burst reaches it before the next key can be there.
    pub(crate) fn settle(&mut self) {
        self.skew_ms %= 8_000;
        self.lie = None;
        self.is_under_load = false;
        self.limits.hard_age_ms = self.limits.hard_age_ms.max(self.limits.soft_age_ms + 25_000);
        self.limits.max_records = self.limits.max_records.max(160);
        self.limits.max_bytes = self.limits.max_bytes.max(300_000);
    }

    /// Where it dials from.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, self.index as u8)), port)
    }
}

fn padding(random: &mut Random) -> Padding {
    let bytes = |bytes: u16| bytes.try_into().unwrap();
    random.pick(&[
        Padding::None,
        Padding::None,
        Padding::Multiple(bytes(100)),
        Padding::PowersOfTwo { least: bytes(128) },
        Padding::Padme,
    ])
}

/// When a world begins.
pub(crate) const UNIX_MS: u64 = 1_800_000_000_000;
/// How many blocks a proposal may lie behind the responder's head.
const MAX_BLOCK_AGE: u64 = 6;
