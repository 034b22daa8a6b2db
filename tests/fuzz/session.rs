//! A script for the network between two parties with two sessions, and for what the parties do.
//!
//! Each step is two bytes: what happens and where (operation in the low five bits, then which session, which end), and
//! an argument. The first byte of the script says which suites the sessions have.

use countersign_protocol::{Abort, ContentType, Limits, MAX_CONTENT, Padding, Reject, Role};

use super::network::Session;
use super::support::{NOW, Pair};

/// Runs a script. Every acceptance is checked against what was sent; at the end an unharmed session must come to rest.
pub fn run(script: &[u8]) {
    let Some((suites, script)) = script.split_first() else { return };
    let pair = |is_classical| if is_classical { Pair::classical() } else { Pair::new() };
    let mut world = World {
        sessions: [
            Session::establish(&pair(suites & 1 != 0), 1),
            Session::establish(&Pair { alice_now: NOW + 1, ..pair(suites & 2 != 0) }, 64),
        ],
        now_ms: 0,
        counter: 0,
    };
    for step in script.as_chunks::<2>().0.iter().take(MOST_STEPS) {
        world.step(*step);
    }
    let now_ms = world.now_ms;
    for session in &mut world.sessions {
        session.ends.iter_mut().for_each(|end| end.channel.set_limits(Limits::default()));
        session.settle(now_ms);
    }
}

/// Scripts in which everything happens once: data, both kinds of epochs from both ends, crossing requests, refusals,
/// datagrams, every attack, both ends of a session.
pub fn honest_scripts() -> Vec<Vec<u8>> {
    const BOB: u8 = 1 << 6;
    const OTHER: u8 = 1 << 5;
    let epoch = |request: u8, from: u8| {
        let to = from ^ BOB;
        [request | from, 1, 4 | from, 0, 11 | to, 0, 4 | to, 0, 4 | from, 0]
    };
    let talk = [0, 9, 4, 0, BOB, 9, 4 | BOB, 0];
    let crossing = [9, 1, 10 | BOB, 1, 4 | BOB, 0, 4, 0, 11 | BOB, 0, 4 | BOB, 0, 4, 0];
    let refused = [9, 1, 4, 0, 14 | BOB, 1, 4 | BOB, 0, 10, 1, 4, 0, 13 | BOB, 1, 4 | BOB, 0];
    let attacked = [
        OTHER,
        3,
        4 | OTHER,
        0,
        0,
        200,
        0,
        255,
        15,
        0,
        15,
        200,
        16,
        3,
        16,
        200,
        17,
        0,
        17,
        1,
        17,
        2,
        18,
        0,
        18,
        2,
        4,
        0,
        17,
        1,
        19,
        0,
        0,
        1,
        4,
        0,
    ];
    let datagrams = [
        20,
        3,
        20,
        100,
        22,
        0,
        22,
        1,
        22,
        0,
        24,
        0,
        24,
        17,
        25,
        0,
        25,
        1,
        21 | BOB,
        0,
        22 | BOB,
        0,
        26,
        100,
        22,
        0,
    ];
    let padded = [28, 4, 28 | BOB, 67, 29, 40];
    vec![
        [&[0][..], &talk, &epoch(9, 0), &talk, &epoch(10, BOB), &talk].concat(),
        [&[1][..], &epoch(9, BOB), &datagrams, &epoch(10, 0), &datagrams, &talk].concat(),
        [&[0][..], &crossing, &talk, &refused, &talk].concat(),
        [&[2][..], &padded, &talk, &attacked, &epoch(9, 0)].concat(),
        [&[3][..], &talk, &[26, 240, 27, 240, 30, 8, 4, 0, 0, 0, 9, 1]].concat(),
        [&[3][..], &talk, &[10, 1, 31 | BOB, 0, 4, 0, 11 | BOB, 0, 4 | BOB, 0, 0, 3, 4, 0]].concat(),
    ]
}

struct World {
    sessions: [Session; 2],
    now_ms: u64,
    /// Makes every content another one.
    counter: u32,
}

impl World {
    fn step(&mut self, [what, argument]: [u8; 2]) {
        let (which, end) = (usize::from(what >> 5 & 1), usize::from(what >> 6 & 1));
        let now_ms = self.now_ms;
        let content = self.content(what, argument);
        let session = &mut self.sessions[which];
        let block = session.ends[end].channel.agreed().view.anchor().block_number;
        match what & 0x1f {
            0..=2 => session.send(end, ContentType::Data, &content),
            3 => session.send(end, ContentType::DataMore, &content),
            4..=8 => session.deliver(end, now_ms),
            9 => session.request(end, (block + 2).saturating_sub(u64::from(argument % 4)), true),
            10 => session.request(end, (block + 2).saturating_sub(u64::from(argument % 4)), false),
            11 | 12 => session.agree(end, 0),
            13 => session.agree(end, argument),
            14 => session.refuse(end, reject(argument)),
            15 => self.inject_altered(which, end, argument),
            16 => self.inject_truncated(which, end, argument),
            17 => self.inject_out_of_order(which, end, argument),
            18 => self.splice(which, end, argument),
            19 => session.lose(end),
            20 | 21 => session.send_datagram(end, &content),
            22 | 23 => self.deliver_datagram(which, end, argument),
            24 => self.alter_datagram(which, end, argument),
            25 => self.splice_datagram(which, end, argument),
            26 | 27 => self.let_time_pass(argument),
            28 => session.ends[end].channel.set_padding(padding(argument)),
            29 => session.ends[end].channel.set_limits(limits(argument)),
            30 => session.abort(end, abort(argument)),
            _ => session.send(end, ContentType::Close, b""),
        }
    }

    fn content(&mut self, what: u8, argument: u8) -> Vec<u8> {
        self.counter += 1;
        let mut content = [&[what][..], &self.counter.to_be_bytes()].concat();
        content.resize(if argument == u8::MAX { MAX_CONTENT } else { usize::from(argument) + 5 }, argument);
        content
    }

    /// A record with one bit flipped comes before the record itself.
    fn inject_altered(&mut self, which: usize, from: usize, argument: u8) {
        let Some(mut record) = self.sessions[which].ends[from].wire.front().cloned() else { return };
        // The bits of both ends of a record, and some between them.
        let bits = record.len() * 8;
        let bit = if argument < 128 {
            usize::from(argument) % bits
        } else {
            bits - 1 - usize::from(argument - 128) % bits
        };
        record[bit / 8] ^= 1 << (bit % 8);
        self.sessions[which].inject(1 - from, &record, self.now_ms);
    }

    fn inject_truncated(&mut self, which: usize, from: usize, argument: u8) {
        let Some(mut record) = self.sessions[which].ends[from].wire.front().cloned() else { return };
        if argument < 128 {
            record.truncate(record.len().saturating_sub(1 + usize::from(argument)));
        } else {
            record.resize(record.len() + usize::from(argument) - 127, 0);
        }
        self.sessions[which].inject(1 - from, &record, self.now_ms);
    }

    /// A later record, or one that was delivered before, or one of the receiver's own.
    fn inject_out_of_order(&mut self, which: usize, from: usize, argument: u8) {
        let session = &self.sessions[which];
        let to = 1 - from;
        let record = match argument % 3 {
            0 => session.ends[from].wire.get(1 + usize::from(argument / 3) % 8),
            1 => session.ends[from].delivered(usize::from(argument / 3)),
            _ => session.ends[to].wire.get(usize::from(argument / 3) % 8),
        };
        let Some(record) = record.cloned() else { return };
        self.sessions[which].inject(to, &record, self.now_ms);
    }

    /// A record of the other session.
    fn splice(&mut self, which: usize, from: usize, argument: u8) {
        let other = &self.sessions[1 - which].ends;
        let place = usize::from(argument / 4);
        let record = match argument % 4 {
            0 | 1 => other[from].wire.get(place),
            2 => other[from].delivered(place),
            _ => other[1 - from].delivered(place),
        };
        let Some(record) = record.cloned() else { return };
        self.sessions[which].inject(1 - from, &record, self.now_ms);
    }

    fn deliver_datagram(&mut self, which: usize, from: usize, argument: u8) {
        let Some(datagram) = self.datagram(which, from, argument) else { return };
        self.sessions[which].inject_datagram(1 - from, &datagram, self.now_ms);
    }

    fn alter_datagram(&mut self, which: usize, from: usize, argument: u8) {
        let Some(mut datagram) = self.datagram(which, from, argument / 16) else { return };
        let place = usize::from(argument) * 7 % (datagram.len() * 8);
        if argument.is_multiple_of(16) {
            datagram.truncate(place / 8);
        } else {
            datagram[place / 8] ^= 1 << (place % 8);
        }
        self.sessions[which].inject_datagram(1 - from, &datagram, self.now_ms);
    }

    /// A datagram of the other session, or of the receiver itself.
    fn splice_datagram(&mut self, which: usize, from: usize, argument: u8) {
        let source = if argument.is_multiple_of(2) { (1 - which, from) } else { (which, 1 - from) };
        let Some(datagram) = self.datagram(source.0, source.1, argument / 2) else { return };
        self.sessions[which].inject_datagram(1 - from, &datagram, self.now_ms);
    }

    /// One of the newest datagrams: each may come late, twice or never.
    fn datagram(&self, which: usize, from: usize, argument: u8) -> Option<Vec<u8>> {
        let sent = &self.sessions[which].ends[from].datagrams;
        sent.iter().rev().nth(usize::from(argument)).map(|(datagram, _)| datagram.clone())
    }

    fn let_time_pass(&mut self, argument: u8) {
        self.now_ms += u64::from(argument) * 250;
        for session in &mut self.sessions {
            session.look_at_the_clock(self.now_ms);
        }
    }
}

fn reject(argument: u8) -> Reject {
    match argument % 5 {
        0 => Reject::Busy,
        1 => Reject::UnknownBlock { my_head: argument.into() },
        2 => Reject::ValuationDiffers { query: argument },
        3 => Reject::RecordDiffers { whose: Role::Responder },
        _ => Reject::StaleState,
    }
}

fn abort(argument: u8) -> Abort {
    let whose = if argument & 8 == 0 { Role::Initiator } else { Role::Responder };
    match argument % 5 {
        0 => Abort::Revoked(whose),
        1 => Abort::Expired(whose),
        2 => Abort::Superseded(whose),
        3 => Abort::KeysWornOut,
        _ => Abort::Unproven,
    }
}

fn padding(argument: u8) -> Padding {
    let least = (u16::from(argument) * 64 + 1).try_into().unwrap();
    match argument % 5 {
        0 => Padding::None,
        1 => Padding::Multiple(least),
        2 => Padding::PowersOfTwo { least },
        3 => Padding::Padme,
        _ => Padding::Full,
    }
}

fn limits(argument: u8) -> Limits {
    Limits { max_records: u64::from(argument) + 1, max_bytes: u64::from(argument) * 512, ..Limits::default() }
}

/// A script is cut here: what is sent is remembered.
const MOST_STEPS: usize = 500;
