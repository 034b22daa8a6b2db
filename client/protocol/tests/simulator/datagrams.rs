//! Datagrams: lost, repeated, late, and come to the wrong session.

use countersign_protocol::{ApiMisuse, Error, PeerMisbehaved, lane_of};

use crate::defect::Defect;
use crate::ledger::{Checked, must};
use crate::world::{Event, World};

impl World {
    pub(crate) fn send_datagram(&mut self, number: usize, side: usize) -> Checked {
        if self.connections[number].is_gone(side) {
            return Ok(());
        }
        self.may_seal_data(number, side)?;
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        let session = &mut self.ledger.sessions[live.session];
        let content = session.datagram(side, session.directions[side].datagrams);
        let mut datagram = Vec::new();
        match live.channel.append_datagram(&content, &mut datagram) {
            Ok(()) => session.directions[side].datagrams += 1,
            Err(Error::Exhausted(_)) => return Ok(()),
            Err(error) => must!(false, "{number}.{side} cannot seal a datagram: {error}"),
        }
        self.trace.mix(&datagram);
        let copies = if self.random.one_in(self.weather.repeats_datagram) { 2 } else { 1 };
        for _ in 0..copies {
            if !self.random.one_in(self.weather.loses_datagram) {
                let is_late = self.random.one_in(self.weather.delays_datagram);
                let delay = self.random.between(if is_late { (0, 20_000) } else { self.weather.latency });
                let (bytes, sent_at) = (datagram.clone(), self.now);
                self.after(delay, Event::Datagram { connection: number, side: 1 - side, bytes, sent_at });
            }
        }
        if self.random.one_in(20) {
            let stray = self.random.below(self.connections.len() as u64) as usize;
            self.stray(stray, number, datagram)?;
        }
        Ok(())
    }

    /// A datagram comes to another session than its own.
    fn stray(&mut self, number: usize, own: usize, mut datagram: Vec<u8>) -> Checked {
        let now = self.now;
        let Some(live) = self.connections[number].live(1) else { return Ok(()) };
        if number != own {
            let opened = live.channel.open_datagram(&mut datagram, now).is_ok();
            must!(!opened, "a datagram of connection {own} opened on connection {number}");
        }
        Ok(())
    }

    pub(crate) fn take_datagram(
        &mut self,
        number: usize,
        side: usize,
        mut datagram: Vec<u8>,
        sent_at: u64,
    ) -> Checked {
        let now = self.now;
        let age = now - sent_at;
        let mono = self.parties[self.connections[number].sides[side].party].monotonic_ms(now);
        let Some(live) = self.connections[number].live(side) else { return Ok(()) };
        must!(lane_of(&datagram) == Some(live.channel.lane()), "a datagram does not name its lane");
        let session = &mut self.ledger.sessions[live.session];
        match live.channel.open_datagram(&mut datagram, mono) {
            Ok(opened) => {
                must!(!live.peer_has_closed, "{number}.{side} takes a datagram after its peer's close");
                self.figures.datagrams += 1;
                session.deliver_datagram(1 - side, opened.content)?;
                if self.defect == Some(Defect::DeliversDatagramsTwice) {
                    session.deliver_datagram(1 - side, opened.content)?;
                }
            }
            Err(Error::PeerMisbehaved(PeerMisbehaved::RepeatedDatagram { .. })) => {
                must!(sent_at < self.settled_at, "a datagram that nobody repeated counts as repeated");
                self.figures.repeated_datagrams += 1;
            }
            Err(Error::PeerMisbehaved(PeerMisbehaved::UnexpectedEpoch { epoch })) => {
                let agreed = live.channel.agreed().epoch;
                let is_erased = epoch + 1 < agreed || (epoch + 1 == agreed && now > live.keys_kept_until);
                must!(is_erased, "{number}.{side} has no keys of epoch {epoch} for a datagram {age} ms old");
                self.figures.late_datagrams += 1;
            }
            Err(Error::ApiMisuse(ApiMisuse::SessionOver)) if live.peer_has_closed => {}
            Err(error) => must!(false, "an honest datagram was refused by {number}.{side}: {error}"),
        }
        Ok(())
    }
}
