//! What really was sent, delivered, agreed and used: what no party can know, and each must conform to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use countersign_protocol::{Abort, StateHash};

use crate::random::Random;

/// What must never happen, and did.
#[derive(Debug)]
pub(crate) struct Violation(pub(crate) String);

pub(crate) type Checked<T = ()> = Result<T, Violation>;

/// Ends the run unless it holds.
macro_rules! must {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::ledger::Violation(format!($($what)+)));
        }
    };
}
pub(crate) use must;

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) sessions: Vec<Session>,
    by_hash: BTreeMap<[u8; 32], usize>,
    /// How often each ticket was used, by role.
    tickets: BTreeMap<[u8; 16], [u32; 2]>,
}

pub(crate) struct Session {
    hash: [u8; 32],
    pub(crate) parties: [usize; 2],
    state_hash: StateHash,
    exported: [u8; 16],
    lane: [u8; 8],
    /// Whether the responder has the channel too.
    pub(crate) is_confirmed: bool,
    /// What each side sends.
    pub(crate) directions: [Direction; 2],
    pub(crate) aborted: [Option<Abort>; 2],
}

#[derive(Default)]
pub(crate) struct Direction {
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    /// When each message that is not delivered yet was sent.
    pub(crate) under_way: VecDeque<u64>,
    pub(crate) datagrams: u64,
    datagrams_delivered: BTreeSet<u64>,
}

/// What one side says of a session that it has completed.
pub(crate) struct Claim {
    pub(crate) hash: [u8; 32],
    pub(crate) parties: [usize; 2],
    pub(crate) state_hash: StateHash,
    pub(crate) exported: [u8; 16],
    pub(crate) lane: [u8; 8],
}

impl Ledger {
    /// The initiator has completed a session.
    pub(crate) fn open(&mut self, claim: Claim) -> Checked<usize> {
        let Claim { hash, parties, state_hash, exported, lane } = claim;
        let index = self.sessions.len();
        must!(self.by_hash.insert(hash, index).is_none(), "two sessions have the same handshake hash");
        let (directions, aborted) = (Default::default(), [None, None]);
        let session =
            Session { hash, parties, state_hash, exported, lane, is_confirmed: false, directions, aborted };
        self.sessions.push(session);
        Ok(index)
    }

    /// The responder has opened the confirmation.
    pub(crate) fn confirm(&mut self, claim: &Claim) -> Checked<usize> {
        let found = self.by_hash.get(&claim.hash).copied();
        must!(found.is_some(), "a responder established a session that no initiator completed");
        let index = found.unwrap_or_default();
        let session = &mut self.sessions[index];
        must!(!session.is_confirmed, "session {index} was established twice by its responder");
        must!(session.parties == claim.parties, "the two sides of session {index} name different parties");
        must!(session.state_hash == claim.state_hash, "session {index} rests on two states");
        must!(session.exported == claim.exported, "the exporters of session {index} differ");
        must!(session.lane == claim.lane, "the lanes of session {index} differ");
        session.is_confirmed = true;
        Ok(index)
    }

    pub(crate) fn use_ticket(&mut self, id: [u8; 16], side: usize) -> Checked {
        let uses = self.tickets.entry(id).or_default();
        uses[side] += 1;
        must!(uses[side] == 1, "a ticket was used twice by side {side}");
        Ok(())
    }
}

impl Session {
    /// The message of that number, as its sender made it. It is of this session and of no other.
    pub(crate) fn message(&self, side: usize, number: u64) -> Vec<u8> {
        let mut random = self.content(0x10 + side as u64, number);
        let length = match random.below(64) {
            0 => (9, 16_000),
            1..6 => (9, 1_500),
            _ => (9, 100),
        };
        let mut message = vec![0; random.between(length) as usize];
        random.fill(&mut message[8..]);
        message[..8].copy_from_slice(&number.to_be_bytes());
        message
    }

    pub(crate) fn datagram(&self, side: usize, number: u64) -> Vec<u8> {
        let mut random = self.content(0x20 + side as u64, number);
        let mut datagram = vec![0; random.between((8, 300)) as usize];
        random.fill(&mut datagram[8..]);
        datagram[..8].copy_from_slice(&number.to_be_bytes());
        datagram
    }

    fn content(&self, kind: u64, number: u64) -> Random {
        let session = u64::from_le_bytes(self.hash[..8].try_into().unwrap());
        Random::new(session ^ kind.rotate_right(8) ^ number.wrapping_mul(0x9e37_79b9))
    }

    /// A message reached the application of the other side than `from`.
    pub(crate) fn deliver(&mut self, from: usize, content: &[u8]) -> Checked {
        let number = self.directions[from].delivered;
        must!(number < self.directions[from].sent, "more messages were delivered than side {from} sent");
        let expected = self.message(from, number);
        must!(
            content == expected,
            "message {number} of side {from} came altered, out of order, or from another session"
        );
        self.directions[from].delivered += 1;
        self.directions[from].under_way.pop_front();
        Ok(())
    }

    pub(crate) fn deliver_datagram(&mut self, from: usize, content: &[u8]) -> Checked {
        let number = content.first_chunk().map(|number| u64::from_be_bytes(*number));
        must!(number.is_some(), "a datagram of side {from} came cut short");
        let number = number.unwrap_or_default();
        must!(number < self.directions[from].datagrams, "datagram {number} was never sent by side {from}");
        must!(content == self.datagram(from, number), "datagram {number} of side {from} came altered");
        let is_first = self.directions[from].datagrams_delivered.insert(number);
        must!(is_first, "datagram {number} of side {from} was delivered twice");
        Ok(())
    }
}
