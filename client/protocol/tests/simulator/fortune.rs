//! What befalls parties rather than messages: crashes, load, old messages again, and in the end fair weather.

use crate::connection::Stage;
use crate::defect::Defect;
use crate::ledger::Checked;
use crate::weather::Weather;
use crate::world::{Event, World};

impl World {
    pub(crate) fn chances(&mut self) {
        if self.is_ending {
            return;
        }
        for party in 0..self.parties.len() {
            if self.parties[party].is_up && self.random.one_in(self.weather.crashes) {
                self.crash(party);
            }
            let party = &mut self.parties[party];
            party.is_under_load ^= self.random.one_in(self.weather.loads);
            if self.random.one_in(12) {
                party.jar.renew(self.random.array());
            }
        }
        if self.random.one_in(self.weather.replays) && !self.overheard.is_empty() {
            let (want, message) =
                self.overheard[self.random.below(self.overheard.len() as u64) as usize].clone();
            self.replay(want, message);
        }
        self.after(10_000, Event::Chances);
    }

    pub(crate) fn crash(&mut self, party: usize) {
        self.trace.note(self.now, format_args!("party {party} crashes"));
        self.figures.crashes += 1;
        self.parties[party].crash(&mut self.random);
        for number in 0..self.connections.len() {
            for side in 0..2 {
                let crashed = &mut self.connections[number].sides[side];
                if crashed.party == party && !matches!(crashed.stage, Stage::Gone) {
                    crashed.stage = Stage::Gone;
                    let found_out = self.random.below(2_000);
                    self.after(found_out, Event::Lost { connection: number, side: 1 - side });
                }
            }
        }
        let later = self.random.between((500, 15_000));
        self.after(later, Event::Restart { party });
    }

    pub(crate) fn restart(&mut self, party: usize) {
        self.parties[party].is_up = true;
        self.trace.note(self.now, format_args!("party {party} is back"));
        let (lag, block) = (self.random.between(self.weather.lag), self.chain.head());
        self.after(lag, Event::Head { party, block });
        for want in 0..self.wants.len() {
            if self.wants[want].parties[0] == party {
                self.after(lag, Event::Dial { want, at_most: None, is_retry: false });
            }
        }
    }

    pub(crate) fn fair_weather(&mut self) {
        self.trace.note(self.now, format_args!("the weather is fair"));
        self.weather = Weather::CALM;
        for party in &mut self.parties {
            party.settle();
            if self.defect == Some(Defect::BelievesLies) {
                party.lie = Some(0xee);
            }
        }
    }

    pub(crate) fn end_all(&mut self) -> Checked {
        self.trace.note(self.now, format_args!("all is to be closed"));
        self.is_ending = true;
        for connection in 0..self.connections.len() {
            self.close(connection, 0)?;
        }
        Ok(())
    }
}
