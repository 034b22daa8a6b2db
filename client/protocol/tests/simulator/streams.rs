//! Bytes on their way: latency, fragments, cuts, and those who meddle.

use crate::connection::{Connection, Side, Stage, next_message};
use crate::defect::Defect;
use crate::ledger::{Checked, must};
use crate::world::{Event, World};

impl World {
    /// A stream between the two parties of a want.
    pub(crate) fn connect(&mut self, want: usize, dialler: Stage, is_hostile: bool) -> usize {
        let [one, other] = self.wants[want].parties;
        let answering = if self.parties[other].is_up { Stage::Listening } else { Stage::Gone };
        let is_answered = !matches!(answering, Stage::Gone);
        let side = |party, stage| Side { party, stage, inbox: Vec::new() };
        let sides = [side(one, dialler), side(other, answering)];
        let (is_cut, has_cookie, arrived_by, session) = (false, false, [self.now; 2], None);
        let connection = Connection { want, sides, is_cut, is_hostile, has_cookie, arrived_by, session };
        self.connections.push(connection);
        let connection = self.connections.len() - 1;
        if !is_answered {
            let found_out = self.random.below(1_000);
            self.after(found_out, Event::Lost { connection, side: 0 });
        }
        if let Some(cut_after) = self.weather.cut_after {
            let later = self.random.between(cut_after);
            self.after(later, Event::Cut { connection });
        }
        self.after(TIMEOUT_MS, Event::Timeout { connection });
        connection
    }

    /// Puts one message on the way to the other side.
    pub(crate) fn say(&mut self, number: usize, side: usize, mut message: Vec<u8>) {
        self.trace.mix(&message);
        if self.connections[number].is_cut {
            return;
        }
        if self.random.one_in(self.weather.alters) {
            self.alter(number, side, &mut message);
            self.connections[number].is_hostile = true;
        }
        if let Some(defect) = self.defect
            && self.connections[number].is_live(1 - side)
            && self.random.one_in(20)
        {
            match defect {
                Defect::AltersRecords => self.alter(number, side, &mut message),
                Defect::LosesRecords => return,
                Defect::MixesSessions => {
                    let other = self.random.below(self.connections.len() as u64) as usize;
                    self.carry(other, side, &message);
                    return;
                }
                _ => {}
            }
        }
        self.carry(number, side, &message);
    }

    fn alter(&mut self, number: usize, side: usize, message: &mut [u8]) {
        let bit = self.random.below(message.len() as u64 * 8) as usize;
        message[bit / 8] ^= 1 << (bit % 8);
        self.trace.note(self.now, format_args!("{number}.{side} somebody alters bit {bit} of a message"));
    }

    fn carry(&mut self, number: usize, side: usize, message: &[u8]) {
        let mut framed = (message.len() as u16).to_be_bytes().to_vec();
        framed.extend_from_slice(message);
        while !framed.is_empty() {
            let is_cut_here = self.random.one_in(self.weather.fragments);
            let length =
                if is_cut_here { 1 + self.random.below(framed.len() as u64) as usize } else { framed.len() };
            let rest = framed.split_off(length);
            let delay = self.delay(number, side);
            self.after(delay, Event::Arrive { connection: number, side: 1 - side, bytes: framed });
            framed = rest;
        }
    }

    /// How long what is sent now is under way: nothing overtakes what was sent before it.
    fn delay(&mut self, number: usize, side: usize) -> u64 {
        let arrival = self.now + self.random.between(self.weather.latency);
        let arrived_by = &mut self.connections[number].arrived_by[1 - side];
        *arrived_by = arrival.max(*arrived_by);
        *arrived_by - self.now
    }

    pub(crate) fn arrive(&mut self, number: usize, side: usize, bytes: &[u8]) -> Checked {
        if self.connections[number].is_cut {
            return Ok(());
        }
        self.connections[number].sides[side].inbox.extend_from_slice(bytes);
        while !self.connections[number].is_gone(side)
            && let Some(message) = next_message(&mut self.connections[number].sides[side].inbox)
        {
            self.hear(number, side, message)?;
        }
        Ok(())
    }

    fn hear(&mut self, number: usize, side: usize, message: Vec<u8>) -> Checked {
        let connection = &mut self.connections[number];
        let is_hostile = connection.is_hostile;
        match std::mem::replace(&mut connection.sides[side].stage, Stage::Gone) {
            Stage::Listening => self.read_first(number, message),
            Stage::Dialled(dialled) => self.read_answer(number, *dialled, message),
            Stage::Confirming(confirming) => self.read_confirmation(number, *confirming, message),
            Stage::Live(live) => {
                self.connections[number].sides[side].stage = Stage::Live(live);
                self.open(number, side, message)
            }
            Stage::Proving(_) => {
                must!(is_hostile, "a dialler spoke out of turn on connection {number}");
                self.leave(number, side, "was spoken to out of turn");
                Ok(())
            }
            Stage::Gone => Ok(()),
        }
    }

    /// A side is done with the connection, whatever stage it was at.
    pub(crate) fn leave(&mut self, number: usize, side: usize, why: &str) {
        self.trace.note(self.now, format_args!("{number}.{side} {why}"));
        self.connections[number].sides[side].stage = Stage::Gone;
        if !self.connections[number].is_cut {
            let delay = self.delay(number, side);
            self.after(delay, Event::Finish { connection: number, side: 1 - side });
        }
        let want = self.connections[number].want;
        if side == 0 && !self.is_ending {
            let later = self.random.between((500, 8_000));
            self.after(later, Event::Dial { want, at_most: None, is_retry: false });
        }
    }

    pub(crate) fn finish(&mut self, number: usize, side: usize) -> Checked {
        let connection = &mut self.connections[number];
        if connection.is_cut || connection.is_gone(side) {
            return Ok(());
        }
        let is_hostile = connection.is_hostile;
        if connection.is_live(side)
            && let Some(session) = connection.session
        {
            let unsaid = self.ledger.sessions[session].aborted[1 - side];
            must!(
                is_hostile || unsaid.is_none(),
                "side {side} of connection {number} never learned why the other ended it: {unsaid:?}"
            );
        }
        self.leave(number, side, "sees the stream end");
        Ok(())
    }

    pub(crate) fn cut(&mut self, number: usize) {
        let connection = &mut self.connections[number];
        let is_over = connection.is_gone(0) && connection.is_gone(1);
        if self.weather.cut_after.is_none() || is_over {
            return;
        }
        connection.is_cut = true;
        self.figures.cuts += u64::from(connection.is_live(0) && connection.is_live(1));
        self.trace.note(self.now, format_args!("{number} is cut"));
        for side in 0..2 {
            let found_out = self.random.below(2_000);
            self.after(found_out, Event::Lost { connection: number, side });
        }
    }

    pub(crate) fn lose(&mut self, number: usize, side: usize) {
        self.connections[number].is_cut = true;
        if !self.connections[number].is_gone(side) {
            self.leave(number, side, "finds the connection lost");
        }
    }

    /// What has not become a session by now never will.
    pub(crate) fn time_out(&mut self, number: usize) -> Checked {
        for side in 0..2 {
            let connection = &self.connections[number];
            if !connection.is_live(side) && !connection.is_gone(side) {
                let is_excused = connection.is_hostile || self.now < self.settled_at + TIMEOUT_MS;
                must!(is_excused, "the handshake of connection {number} came to nothing in fair weather");
                self.leave(number, side, "gives the handshake up");
            }
        }
        Ok(())
    }
}

/// For a handshake.
const TIMEOUT_MS: u64 = 15_000;
