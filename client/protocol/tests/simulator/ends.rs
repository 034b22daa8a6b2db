//! How sessions end: for a record, for their keys, or because all is said, which one side may find long before the other.

use countersign_protocol::{Abort, ContentType, Due};

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
        must!(!live.is_over(), "{number}.{side} seals though both sides have closed");
        Ok(())
    }

    /// What must hold besides where that is application data, a datagram or a close.
    pub(crate) fn may_seal_data(&mut self, number: usize, side: usize) -> Checked {
        let has_closed = self.connections[number].live(side).is_some_and(|live| live.has_closed);
        must!(!has_closed, "{number}.{side} seals data after its close");
        self.may_seal(number, side)
    }

    pub(crate) fn hear_close(&mut self, number: usize, side: usize) -> Checked {
        self.trace.note(self.now, format_args!("{number}.{side} is told that no more comes"));
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let (session, has_closed) = (live.session, live.has_closed);
        let direction = &self.ledger.sessions[session].directions[1 - side];
        let missing = direction.sent - direction.delivered;
        must!(missing == 0, "{number}.{side} misses {missing} messages that were sent before the close");
        if has_closed {
            return self.part(number, side);
        }
        // A publisher has something to say long after its subscriber has said all.
        let is_brief = self.is_ending || self.random.one_in(4);
        let later = self.random.between(if is_brief { (0, 1_000) } else { (20_000, 300_000) });
        self.after(later, Event::Close { connection: number, side });
        Ok(())
    }

    pub(crate) fn close(&mut self, number: usize, side: usize) -> Checked {
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        if live.has_closed || !self.keep_up(number, side)? {
            return Ok(());
        }
        self.may_seal_data(number, side)?;
        let mut record = Vec::new();
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let sealed = live.channel.append(ContentType::Close, b"", &mut record);
        must!(sealed.is_ok(), "{number}.{side} cannot close: {sealed:?}");
        live.has_closed = true;
        let mut more = Vec::new();
        let is_refused = live.channel.append(ContentType::Data, b"", &mut more).is_err()
            && live.channel.append_datagram(b"", &mut more).is_err();
        must!(is_refused && more.is_empty(), "{number}.{side} can seal data after its close");
        let is_over = live.is_over();
        self.trace.note(self.now, format_args!("{number}.{side} closes"));
        self.say(number, side, record);
        if is_over { self.part(number, side) } else { Ok(()) }
    }

    /// Both sides have closed: the channel has nothing left to say, and lets nobody say anything.
    fn part(&mut self, number: usize, side: usize) -> Checked {
        let mono = self.parties[self.connections[number].sides[side].party].monotonic_ms(self.now);
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let (channel, mut sealed) = (&mut live.channel, Vec::new());
        must!(channel.is_over(), "{number}.{side} does not know that both sides have closed");
        let view = channel.agreed().view.clone();
        let is_silent = channel.append(ContentType::Data, b"", &mut sealed).is_err()
            && channel.append_datagram(b"", &mut sealed).is_err()
            && channel.request_state_ticket(view).is_err()
            && channel.abort(Abort::Unproven).is_err()
            && channel.due(mono) == Due::Nothing { again_at_ms: None }
            && channel.next_outgoing().is_none()
            && sealed.is_empty();
        must!(is_silent, "{number}.{side} would go on though both sides have closed");
        self.figures.closes += 1;
        self.leave(number, side, "has closed, and so has its peer");
        Ok(())
    }

    /// Whether the defect is that this channel, closed in one direction, gets no new keys.
    pub(crate) fn is_neglected(&mut self, number: usize, side: usize) -> bool {
        self.defect == Some(Defect::NeglectsHalfClosed)
            && self.connections[number].live(side).is_some_and(|live| live.is_half_closed())
    }

    pub(crate) fn abort(&mut self, number: usize, side: usize, why: Abort) -> Checked {
        let (settled_at, now) = (self.settled_at, self.now);
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        must!(live.since < settled_at, "{number}.{side} ends its session in fair weather: {why}");
        self.trace.note(now, format_args!("{number}.{side} ends the session: {why}"));
        match why {
            Abort::KeysWornOut | Abort::Unproven => self.figures.worn_out += 1,
            _ => self.figures.revocations += 1,
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
