//! One seed, one world: a clock, a chain, a network, and parties that trade until the weather has been fair for a while.

use std::collections::BTreeMap;

use crate::chain::{BlockId, Chain, QUERIES};
use crate::connection::{Connection, Stage};
use crate::defect::Defect;
use crate::figures::Figures;
use crate::ledger::{Checked, Ledger, must};
use crate::party::{Party, UNIX_MS};
use crate::random::Random;
use crate::trace::Trace;
use crate::weather::Weather;

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) random: Random,
    pub(crate) trace: Trace,
    pub(crate) weather: Weather,
    pub(crate) chain: Chain,
    pub(crate) parties: Vec<Party>,
    pub(crate) wants: Vec<Want>,
    pub(crate) connections: Vec<Connection>,
    /// First messages that somebody may send again.
    pub(crate) overheard: Vec<(usize, Vec<u8>)>,
    pub(crate) ledger: Ledger,
    pub(crate) figures: Figures,
    pub(crate) defect: Option<Defect>,
    /// From here on the weather is fair, and what it was before has no consequences left.
    pub(crate) settled_at: u64,
    ends_at: u64,
    /// Nobody dials any more; what is open is closed.
    pub(crate) is_ending: bool,
    agenda: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
}

/// Two parties of which one wants sessions with the other.
#[derive(Clone, Copy)]
pub(crate) struct Want {
    pub(crate) parties: [usize; 2],
    pub(crate) connection: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Block,
    Head {
        party: usize,
        block: BlockId,
    },
    /// Chances for everything that befalls a party and not a message.
    Chances,
    Restart {
        party: usize,
    },
    FairWeather,
    End,
    Dial {
        want: usize,
        at_most: Option<u64>,
        is_retry: bool,
    },
    Arrive {
        connection: usize,
        side: usize,
        bytes: Vec<u8>,
    },
    /// The other side has ended the stream.
    Finish {
        connection: usize,
        side: usize,
    },
    Cut {
        connection: usize,
    },
    /// A side finds out that the connection is no more.
    Lost {
        connection: usize,
        side: usize,
    },
    Timeout {
        connection: usize,
    },
    /// A responder's proof for a handshake is there.
    Proven {
        connection: usize,
    },
    /// A side's proof for the epoch that the other requests is there.
    EpochProven {
        connection: usize,
        side: usize,
    },
    Talk {
        connection: usize,
        side: usize,
    },
    Upkeep {
        connection: usize,
        side: usize,
    },
    Close {
        connection: usize,
        side: usize,
    },
    Datagram {
        connection: usize,
        side: usize,
        bytes: Vec<u8>,
        sent_at: u64,
    },
}

impl World {
    pub(crate) fn new(seed: u64, defect: Option<Defect>, is_printed: bool) -> Self {
        let mut random = Random::new(seed);
        let party_count = random.between((2, 4)) as usize;
        let chain = Chain::new(party_count, UNIX_MS / 1_000, &mut random);
        let parties: Vec<_> = (0..party_count).map(|n| Party::new(n, chain.head(), &mut random)).collect();
        let wants = (0..random.between((1, 3))).map(|_| {
            let one = random.below(party_count as u64) as usize;
            let other = (one + random.between((1, party_count as u64 - 1)) as usize) % party_count;
            Want { parties: [one, other], connection: None }
        });
        let wants = wants.collect();
        let weather = Weather::storm(&mut random);
        let storm_ms = if random.one_in(6) { 0 } else { random.between((20_000, 240_000)) };
        let settled_at = if storm_ms == 0 { 0 } else { storm_ms + SETTLING_MS };
        let mut world = Self {
            now: 0,
            random,
            trace: Trace::new(is_printed),
            weather,
            chain,
            parties,
            wants,
            connections: Vec::new(),
            overheard: Vec::new(),
            ledger: Ledger::default(),
            figures: Figures::default(),
            defect,
            settled_at,
            ends_at: settled_at + FAIR_MS,
            is_ending: false,
            agenda: BTreeMap::new(),
            scheduled: 0,
        };
        world.begin(storm_ms);
        world
    }

    fn begin(&mut self, storm_ms: u64) {
        let (parties, wants) = (self.parties.len(), self.wants.len());
        self.trace.note(0, format_args!("{parties} parties, {wants} wants, {:?}", self.weather));
        for party in &self.parties {
            let Party { limits, padding, suites, skew_ms, .. } = party;
            self.trace.note(0, format_args!("{limits:?} {padding:?} {suites:?} skew {skew_ms} ms"));
        }
        if storm_ms == 0 {
            self.fair_weather();
        } else {
            self.after(storm_ms, Event::FairWeather);
        }
        self.after(12_000, Event::Block);
        self.after(10_000, Event::Chances);
        self.after(self.ends_at, Event::End);
        for want in 0..wants {
            let later = self.random.below(3_000);
            self.after(later, Event::Dial { want, at_most: None, is_retry: false });
        }
    }

    pub(crate) fn after(&mut self, delay_ms: u64, event: Event) {
        self.agenda.insert((self.now + delay_ms, self.scheduled), event);
        self.scheduled += 1;
    }

    /// Runs to the end of the world.
    pub(crate) fn run(&mut self) -> Checked {
        while let Some(((at, _), event)) = self.agenda.pop_first() {
            self.now = at;
            self.trace.next_step();
            must!(self.trace.step() < MOST_STEPS, "the world does not come to its end");
            self.take(event)?;
        }
        for (number, connection) in self.connections.iter().enumerate() {
            let is_gone = connection.is_gone(0) && connection.is_gone(1);
            must!(is_gone, "one side of connection {number} outlived its other side, and all else");
        }
        self.figures.steps = self.trace.step();
        self.figures.virtual_s = self.now / 1_000;
        self.figures.sessions =
            self.ledger.sessions.iter().filter(|session| session.is_confirmed).count() as u64;
        Ok(())
    }

    fn take(&mut self, event: Event) -> Checked {
        match event {
            Event::Block => self.make_block(),
            Event::Head { party, block } => return self.see_head(party, block),
            Event::Chances => self.chances(),
            Event::Restart { party } => self.restart(party),
            Event::FairWeather => self.fair_weather(),
            Event::End => self.end_all()?,
            Event::Dial { want, at_most, is_retry } => return self.dial(want, at_most, is_retry),
            Event::Arrive { connection, side, bytes } => return self.arrive(connection, side, &bytes),
            Event::Finish { connection, side } => return self.finish(connection, side),
            Event::Cut { connection } => self.cut(connection),
            Event::Lost { connection, side } => self.lose(connection, side),
            Event::Timeout { connection } => return self.time_out(connection),
            Event::Proven { connection } => return self.answer_handshake(connection),
            Event::EpochProven { connection, side } => return self.answer_epoch(connection, side),
            Event::Talk { connection, side } => return self.talk(connection, side),
            Event::Upkeep { connection, side } => {
                let is_now =
                    self.connections[connection].live(side).is_some_and(|live| live.upkeep_at == self.now);
                if is_now {
                    self.keep_up(connection, side)?;
                }
            }
            Event::Close { connection, side } => return self.close(connection, side),
            Event::Datagram { connection, side, bytes, sent_at } => {
                return self.take_datagram(connection, side, bytes, sent_at);
            }
        }
        Ok(())
    }

    pub(crate) const fn is_settled(&self) -> bool {
        self.now >= self.settled_at
    }

    fn make_block(&mut self) {
        if self.is_ending {
            return;
        }
        let time_s = UNIX_MS / 1_000 + self.now / 1_000;
        let is_beside = self.random.one_in(self.weather.reorganises);
        self.chain.extend(is_beside, time_s, self.weather.registry_changes, &mut self.random);
        let block = self.chain.head();
        let beside = if is_beside { ", beside the newest" } else { "" };
        self.trace
            .note(self.now, format_args!("block {} of height {}{beside}", block, self.chain.height(block)));
        for party in 0..self.parties.len() {
            let lag = self.random.between(self.weather.lag);
            self.after(lag, Event::Head { party, block });
        }
        let next = if is_beside { 3_000 } else { 11_500 + self.random.below(1_000) };
        self.after(next, Event::Block);
    }

    fn see_head(&mut self, party: usize, block: BlockId) -> Checked {
        if !self.parties[party].is_up || block <= self.parties[party].head {
            return Ok(());
        }
        self.parties[party].head = block;
        self.trace.note(self.now, format_args!("party {party} sees block {block}"));
        if self.defect != Some(Defect::KeepsTickets) {
            self.parties[party].drop_tickets(&self.chain);
        }
        for connection in 0..self.connections.len() {
            for side in 0..2 {
                let concerned = &self.connections[connection].sides[side];
                if concerned.party == party && matches!(concerned.stage, Stage::Live(_)) {
                    self.look_at_records(connection, side)?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn queries(&mut self) -> usize {
        self.random.below(QUERIES as u64 + 1) as usize
    }
}

/// What the storm has left must be over by then: overlaps, expiries, worn-out sessions.
const SETTLING_MS: u64 = 90_000;
/// Fair weather lasts for some rotations.
const FAIR_MS: u64 = 150_000;
const MOST_STEPS: u64 = 1_000_000;
