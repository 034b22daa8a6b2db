//! Established sessions: what is said, and what is heard.

use countersign_protocol::{Abort, ContentType, Error, Established, Exhausted, RECORD_OVERHEAD, Received};

use crate::connection::{Live, Origin, Stage, role};
use crate::defect::Defect;
use crate::ledger::{Checked, Claim, must};
use crate::party::StoredTicket;
use crate::world::{Event, World};

impl World {
    /// A side has a channel.
    pub(crate) fn establish(
        &mut self,
        number: usize,
        side: usize,
        established: Established,
        from: Origin,
    ) -> Checked {
        let Established { mut channel, summary } = established;
        let [one, other] = [0, 1].map(|side| self.connections[number].sides[side].party);
        let party = self.connections[number].sides[side].party;
        let peer = if side == 0 { other } else { one };
        let mut exported = [0; 16];
        channel.exporter().export(b"simulator", b"", &mut exported).unwrap();
        let claim = Claim {
            hash: summary.handshake_hash,
            parties: [one, other],
            state_hash: summary.state_hash,
            exported,
            lane: channel.lane(),
        };
        let session = if side == 0 { self.ledger.open(claim)? } else { self.ledger.confirm(&claim)? };
        let keys = [*summary.view.local(), *summary.view.peer()];
        let live_at_ms = match from {
            Origin::Live => self.now,
            Origin::Ticket(resumed) => {
                let by_role = if side == 0 { keys } else { [keys[1], keys[0]] };
                must!(
                    by_role == resumed.keys,
                    "session {session} was resumed over other records than its ticket's"
                );
                self.figures.resumptions += side as u64;
                resumed.live_at_ms
            }
        };
        let ticket = channel.take_ticket();
        must!(ticket.is_some() && channel.take_ticket().is_none(), "a channel does not give one ticket");
        let node = &mut self.parties[party];
        let limits = node.limits;
        node.keep(StoredTicket { ticket: ticket.unwrap(), peer, keys, live_at_ms });
        channel.set_limits(limits);
        channel.set_padding(node.padding);
        channel.due(node.monotonic_ms(self.now));
        let live = Live {
            channel,
            role: role(side),
            suite: summary.suite,
            peer,
            session,
            limits,
            since: self.now,
            renewed_at: self.now,
            records: 0,
            bytes: 0,
            keys_kept_until: 0,
            seen_epoch: None,
            upkeep_at: 0,
            wanted_at: None,
            requested: None,
            considered: None,
            propose_at_most: None,
            partial: Vec::new(),
            has_closed: false,
            peer_has_closed: false,
        };
        self.connections[number].sides[side].stage = Stage::Live(Box::new(live));
        self.connections[number].session = Some(session);
        self.trace.note(self.now, format_args!("{number}.{side} has session {session}"));
        self.check(number)?;
        self.keep_up(number, side)?;
        let first = self.random.below(2_000);
        self.after(first, Event::Talk { connection: number, side });
        if self.random.one_in(self.weather.subscribes) {
            let all_said = self.random.below(10_000);
            self.after(all_said, Event::Close { connection: number, side });
        }
        self.look_at_records(number, side)
    }

    pub(crate) fn talk(&mut self, number: usize, side: usize) -> Checked {
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let is_done = live.has_closed && self.defect != Some(Defect::TalksAfterClose);
        if is_done || !self.keep_up(number, side)? {
            return Ok(());
        }
        if self.is_ending || self.random.one_in(self.weather.closes) {
            return self.close(number, side);
        }
        for _ in 0..self.random.between((1, 3)) {
            self.send(number, side)?;
        }
        if self.random.one_in(3) {
            self.send_datagram(number, side)?;
        }
        if self.random.one_in(40) {
            self.request(number, side, true)?;
            if self.random.one_in(2)
                && self.connections[number].is_live(1 - side)
                && self.keep_up(number, 1 - side)?
            {
                self.request(number, 1 - side, true)?;
            }
        }
        let pause = self.random.between((500, 8_000));
        self.after(pause, Event::Talk { connection: number, side });
        Ok(())
    }

    /// One message, in one record or in two.
    fn send(&mut self, number: usize, side: usize) -> Checked {
        self.may_seal_data(number, side)?;
        let in_parts = self.random.one_in(10);
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let session = &mut self.ledger.sessions[live.session];
        let message = session.message(side, session.directions[side].sent);
        let (before, last) = message.split_at(if in_parts { message.len() / 2 } else { 0 });
        let parts = [(ContentType::DataMore, before), (ContentType::Data, last)];
        let mut records = Vec::new();
        for (content_type, content) in parts.into_iter().skip(usize::from(!in_parts)) {
            let mut record = Vec::new();
            match live.channel.append(content_type, content, &mut record) {
                Ok(()) => {
                    live.records += 1;
                    live.bytes += (record.len() - RECORD_OVERHEAD) as u64;
                    let (sealed, most) =
                        ((live.records, live.bytes), (live.limits.max_records, live.limits.max_bytes));
                    let is_within = sealed.0 <= most.0 && sealed.1 <= most.1;
                    must!(is_within, "{number}.{side} sealed {sealed:?} with one key, and may {most:?}");
                    records.push(record);
                }
                // The application waits for the next key. Half a message is no harm: the rest is what comes next.
                Err(Error::Exhausted(Exhausted::Records | Exhausted::Bytes)) if records.is_empty() => {
                    self.figures.waits += 1;
                    return Ok(());
                }
                Err(Error::Exhausted(_)) => {
                    self.trace.note(self.now, format_args!("{number}.{side} is stuck within a message"));
                    records.into_iter().for_each(|record| self.say(number, side, record));
                    return self.abort(number, side, Abort::KeysWornOut);
                }
                Err(error) => must!(false, "{number}.{side} cannot seal: {error}"),
            }
        }
        let direction = &mut session.directions[side];
        direction.sent += 1;
        direction.under_way.push_back(self.now);
        for record in records {
            self.say(number, side, record);
        }
        self.keep_up(number, side)?;
        Ok(())
    }

    /// Reads one record.
    pub(crate) fn open(&mut self, number: usize, side: usize, mut record: Vec<u8>) -> Checked {
        self.trace.mix(&[side as u8]);
        if !self.keep_up(number, side)? {
            return Ok(());
        }
        let now = self.now;
        let mono = self.parties[self.connections[number].sides[side].party].monotonic_ms(now);
        let is_hostile = self.connections[number].is_hostile;
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let received = live.channel.open(&mut record, mono);
        let is_late = live.peer_has_closed && matches!(received, Ok(Received::Data { .. } | Received::Close));
        must!(!is_late, "{number}.{side} takes data after its peer's close");
        match received {
            Ok(Received::Data { content, ends_message }) => {
                live.partial.extend_from_slice(content);
                if ends_message {
                    let message = std::mem::take(&mut live.partial);
                    self.deliver(number, side, &message)?;
                }
            }
            Ok(Received::Close) => {
                live.peer_has_closed = true;
                self.hear_close(number, side)?;
            }
            Ok(Received::Aborted(why)) => {
                let said = self.ledger.sessions[live.session].aborted[1 - side];
                must!(said == Some(why), "{number}.{side} was told {why:?}, the other side said {said:?}");
                self.trace.note(now, format_args!("{number}.{side} is told: {why}"));
                self.leave(number, side, "is done");
                return Ok(());
            }
            Ok(Received::EpochRequested) => self.consider(number, side)?,
            Ok(Received::EpochBegun) => self.begin_epoch(number, side)?,
            Ok(Received::EpochRefused(reject)) => self.take_refusal(number, side, reject),
            Ok(Received::Ignored) => {
                must!(side == 0, "{number}.{side} ignores the request of the session's initiator");
                self.figures.crossings += 1;
                self.trace.note(now, format_args!("{number}.{side} ignores a request that crossed its own"));
            }
            Err(error) => {
                must!(is_hostile, "{number}.{side} holds an honest peer for dishonest: {error}");
                self.figures.alterations += 1;
                self.leave(number, side, "refuses a record");
                return Ok(());
            }
        }
        self.drain(number, side)?;
        self.check(number)
    }

    fn deliver(&mut self, number: usize, side: usize, message: &[u8]) -> Checked {
        let connection = &self.connections[number];
        let Some(session) = connection.session else { return Ok(()) };
        let is_meanwhile = connection.sides.iter().any(|side| match &side.stage {
            Stage::Live(live) => live.requested.is_some() || live.considered.is_some(),
            _ => false,
        });
        let is_one_way = matches!(&connection.sides[side].stage, Stage::Live(live) if live.has_closed);
        let ledger = &mut self.ledger.sessions[session];
        let sent_at = ledger.directions[1 - side].under_way.front().copied().unwrap_or(self.now);
        ledger.deliver(1 - side, message)?;
        if self.defect == Some(Defect::DeliversTwice) && self.random.one_in(50) {
            ledger.deliver(1 - side, message)?;
        }
        let delay = self.now - sent_at;
        let is_prompt = sent_at < self.settled_at || delay <= PROMPT_MS;
        must!(is_prompt, "a message took {delay} ms to {number}.{side} in fair weather");
        self.figures.messages += 1;
        self.figures.messages_meanwhile += u64::from(is_meanwhile);
        self.figures.messages_one_way += u64::from(is_one_way);
        Ok(())
    }

    /// Sends what the channel wants sent.
    pub(crate) fn drain(&mut self, number: usize, side: usize) -> Checked {
        while let Some(live) = self.connections[number].live(side)
            && let Some(record) = live.channel.next_outgoing()
        {
            self.may_seal(number, side)?;
            self.say(number, side, record);
        }
        Ok(())
    }
}

/// From being sent to being delivered, in fair weather: whatever else is going on.
const PROMPT_MS: u64 = 1_000;
