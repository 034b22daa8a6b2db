//! How sessions end: for a record, for their keys, or because all is said.

use countersign_protocol::{Abort, ContentType};

use crate::connection::{Stage, role};
use crate::defect::Defect;
use crate::ledger::{Checked, must};
use crate::world::{Event, World};

impl World {
    /// What the newest head says of a session's records (SPEC 10).
    pub(crate) fn look_at_records(&mut self, number: usize, side: usize) -> Checked {
        if self.defect == Some(Defect::IgnoresRevocation) {
            return Ok(());
        }
        if let Some(why) = self.ends(number, side) {
            return self.abort(number, side, why);
        }
        let may_bind_newer = !self.is_ending && self.random.one_in(4);
        if may_bind_newer && self.keep_up(number, side)? {
            self.request(number, side, false)?;
        }
        Ok(())
    }

    pub(crate) fn ends(&self, number: usize, side: usize) -> Option<Abort> {
        let Stage::Live(live) = &self.connections[number].sides[side].stage else { return None };
        let node = &self.parties[self.connections[number].sides[side].party];
        let head = self.chain.block(node.head);
        let view = &live.channel.agreed().view;
        [(0, view.key_of(role(0), live.role)), (1, view.key_of(role(1), live.role))].into_iter().find_map(
            |(whose, key)| {
                head.ends(self.connections[number].sides[whose].party, role(whose), key, node.overlap_s)
            },
        )
    }

    /// What must hold whenever a side seals anything but an abort.
    pub(crate) fn may_seal(&mut self, number: usize, side: usize) -> Checked {
        let ends = self.ends(number, side);
        must!(ends.is_none(), "{number}.{side} seals though its head shows: {ends:?}");
        let now = self.now;
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let age = now - live.renewed_at;
        must!(age < live.limits.hard_age_ms, "{number}.{side} seals with keys {age} ms old");
        must!(!live.has_closed, "{number}.{side} seals after its close");
        Ok(())
    }

    pub(crate) fn hear_close(&mut self, number: usize, side: usize) -> Checked {
        self.trace.note(self.now, format_args!("{number}.{side} is told that no more comes"));
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let (session, has_closed) = (live.session, live.has_closed);
        let direction = &self.ledger.sessions[session].directions[1 - side];
        let missing = direction.sent - direction.delivered;
        must!(missing == 0, "{number}.{side} misses {missing} messages that were sent before the close");
        if has_closed {
            self.figures.closes += 1;
            self.leave(number, side, "has closed, and so has its peer");
        } else {
            let later = self.random.below(1_000);
            self.after(later, Event::Close { connection: number, side });
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, number: usize, side: usize) -> Checked {
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        if live.has_closed || !self.keep_up(number, side)? {
            return Ok(());
        }
        self.may_seal(number, side)?;
        let mut record = Vec::new();
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let sealed = live.channel.append(ContentType::Close, b"", &mut record);
        must!(sealed.is_ok(), "{number}.{side} cannot close: {sealed:?}");
        live.has_closed = true;
        live.wanted_at = None;
        let is_over = live.peer_has_closed;
        self.trace.note(self.now, format_args!("{number}.{side} closes"));
        self.say(number, side, record);
        if is_over {
            self.figures.closes += 1;
            self.leave(number, side, "has closed, and so has its peer");
        }
        Ok(())
    }

    pub(crate) fn abort(&mut self, number: usize, side: usize, why: Abort) -> Checked {
        let (settled_at, now) = (self.settled_at, self.now);
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let is_excused = live.since < settled_at || live.is_closing();
        must!(is_excused, "{number}.{side} ends its session in fair weather: {why}");
        self.trace.note(now, format_args!("{number}.{side} ends the session: {why}"));
        match why {
            Abort::KeysWornOut | Abort::Unproven => self.figures.worn_out += 1,
            _ => self.figures.revocations += 1,
        }
        if live.has_closed {
            // It has no word left.
            self.leave(number, side, "drops the connection");
            return Ok(());
        }
        let aborted = live.channel.abort(why);
        must!(aborted.is_ok(), "{number}.{side} cannot abort: {aborted:?}");
        self.ledger.sessions[live.session].aborted[side] = Some(why);
        while let Some(live) = self.connections[number].live(side)
            && let Some(record) = live.channel.next_outgoing()
        {
            if self.defect != Some(Defect::LeavesSilently) {
                self.say(number, side, record);
            }
        }
        self.leave(number, side, "is done");
        Ok(())
    }
}
