//! The side that answers: cookies, tickets, its own proof of what is proposed, and the confirmation.

use countersign_protocol::{
    ChainDisagrees, Error, First, Proposal, Reject, ResponderEphemerals, Role, StateView, first_message,
    responder, resumption,
};

use crate::connection::{Confirming, Origin, Proving, Resumed, Stage};
use crate::defect::Defect;
use crate::ledger::{Checked, must};
use crate::world::{Event, World};

impl World {
    pub(crate) fn read_first(&mut self, number: usize, mut message: Vec<u8>) -> Checked {
        let party = self.connections[number].sides[1].party;
        let block = self.chain.block(self.parties[party].head);
        let public_key = *block.standing(party).key.public_key();
        let first = match first_message(&message, &public_key) {
            Ok(first) => first,
            Err(error) => return self.refuse_first(number, error),
        };
        // Each connection comes from a port of its own.
        let dialler = self.connections[number].sides[0].party;
        let source = self.parties[dialler].address(number as u16);
        let is_admitted = self.parties[party].jar.admits(&message, &source);
        let was_given = self.connections[number].has_cookie;
        must!(was_given || !is_admitted, "connection {number} is admitted without ever having had a cookie");
        if self.parties[party].is_under_load && !is_admitted {
            self.connections[number].has_cookie = true;
            let nonce = self.random.array();
            let cookie = self.parties[party].jar.answer(&message, &source, &public_key, nonce).unwrap();
            self.connections[number].sides[1].stage = Stage::Listening;
            self.trace.note(self.now, format_args!("{number}.1 asks for a cookie"));
            self.say(number, 1, cookie.to_vec());
            return Ok(());
        }
        let proving = match first {
            First::Hello => self.read_hello(number, party, &mut message)?,
            First::Resume => self.read_resume(number, party, &mut message)?,
        };
        if let Some(proving) = proving {
            self.connections[number].sides[1].stage = Stage::Proving(Box::new(proving));
            let proof = self.random.between(self.weather.proof);
            self.after(proof, Event::Proven { connection: number });
        }
        Ok(())
    }

    /// A first message that was meant for another key, or altered.
    fn refuse_first(&mut self, number: usize, error: Error) -> Checked {
        let connection = &self.connections[number];
        let party = connection.sides[1].party;
        let own = self.chain.block(self.parties[party].head).standing(party).key.public_key();
        let is_meant = match &connection.sides[0].stage {
            Stage::Dialled(dialled) => dialled.responder == *own,
            _ => false,
        };
        must!(connection.is_hostile || !is_meant, "an honest first message was refused: {error}");
        self.leave(number, 1, "refuses the first message");
        Ok(())
    }

    fn read_hello(&mut self, number: usize, party: usize, message: &mut [u8]) -> Checked<Option<Proving>> {
        let block = self.chain.block(self.parties[party].head);
        let standing = block.standing(party);
        let params = responder::ResponderParams {
            identity: self.chain.identity(party),
            public_key: *standing.key.public_key(),
            suites: self.parties[party].suites,
            now_unix_ms: self.parties[party].unix_ms(self.now),
            max_clock_skew_ms: MAX_SKEW_MS,
        };
        let read = responder::ExpectHello::new(params)
            .read(message)
            .and_then(|awaiting| {
                let answer = self.hold(party, standing, awaiting.request());
                awaiting.answer(answer)
            })
            .and_then(|awaiting| {
                let answer = self.hold(party, standing, awaiting.request());
                awaiting.answer(answer)
            });
        let awaiting = match read {
            Ok(awaiting) => awaiting,
            Err(error) => {
                self.refuse_first(number, error)?;
                return Ok(None);
            }
        };
        let refused = match awaiting.check() {
            Err(error) => error.as_reject(),
            Ok(()) => {
                self.parties[party].has_answered(awaiting.initiator_ephemeral()).then_some(Reject::Replayed)
            }
        };
        let Some(reject) = refused else {
            let own_ms = self.parties[party].unix_ms(self.now);
            let skew_ms = awaiting.proposal().timestamp_unix_ms.abs_diff(own_ms);
            must!(skew_ms <= MAX_SKEW_MS, "a hello {skew_ms} ms away from its responder's clock is taken");
            return Ok(Some(Proving::Hello(awaiting)));
        };
        self.figures.replays += u64::from(reject == Reject::Replayed);
        let message = awaiting.reject(reject);
        self.reject(number, reject, message);
        Ok(None)
    }

    fn read_resume(&mut self, number: usize, party: usize, message: &mut [u8]) -> Checked<Option<Proving>> {
        let block = self.chain.block(self.parties[party].head);
        let public_key = *block.standing(party).key.public_key();
        let awaiting =
            match resumption::AwaitingTicket::read(message, &public_key, self.parties[party].suites) {
                Ok(awaiting) => awaiting,
                Err(error) => {
                    self.refuse_first(number, error)?;
                    return Ok(None);
                }
            };
        let now = self.now;
        let Some(stored) = self.parties[party].take_ticket(now, |stored| awaiting.is_of(&stored.ticket))
        else {
            self.trace.note(self.now, format_args!("{number}.1 does not know the ticket"));
            self.figures.replays += u64::from(self.connections[number].is_hostile);
            self.connections[number].sides[1].stage = Stage::Listening;
            self.say(number, 1, resumption::TICKET_UNKNOWN.to_vec());
            return Ok(None);
        };
        self.ledger.use_ticket(stored.ticket.id(), 1)?;
        let [own, peer] = stored.keys;
        let resumed = Resumed { id: stored.ticket.id(), keys: [peer, own], live_at_ms: stored.live_at_ms };
        let opened = awaiting.open(stored.ticket);
        must!(opened.is_ok(), "a ticket that fits does not open: {:?}", opened.err());
        Ok(opened.ok().map(|awaiting| Proving::Resume(awaiting, resumed)))
    }

    fn reject(&mut self, number: usize, reject: Reject, message: Vec<u8>) {
        self.trace.note(self.now, format_args!("{number}.1 rejects: {reject:?}"));
        self.say(number, 1, message);
        self.leave(number, 1, "is done");
    }

    /// The responder's own proof is there: it agrees, or says why not.
    pub(crate) fn answer_handshake(&mut self, number: usize) -> Checked {
        let side = &mut self.connections[number].sides[1];
        let party = side.party;
        let proving = match std::mem::replace(&mut side.stage, Stage::Gone) {
            Stage::Proving(proving) => *proving,
            other => {
                side.stage = other;
                return Ok(());
            }
        };
        let (proposal, resumed) = match &proving {
            Proving::Hello(awaiting) => (awaiting.proposal(), None),
            Proving::Resume(awaiting, resumed) => (awaiting.proposal(), Some(resumed)),
        };
        let view = match self.prove(party, proposal, resumed) {
            Ok(view) => view,
            Err(reject) => {
                let message = match &proving {
                    Proving::Hello(awaiting) => awaiting.reject(reject),
                    Proving::Resume(awaiting, _) => awaiting.reject(reject),
                };
                self.reject(number, reject, message);
                return Ok(());
            }
        };
        let Ok(ephemerals) = ResponderEphemerals::generate(self.random.source());
        let (sent, from) = match proving {
            Proving::Hello(awaiting) => (awaiting.accept(view, ephemerals), Origin::Live),
            Proving::Resume(awaiting, resumed) => {
                (awaiting.accept(view, ephemerals), Origin::Ticket(resumed))
            }
        };
        match sent {
            Ok(sent) => {
                if let Origin::Ticket(resumed) = &from {
                    self.check_resumed(number, resumed)?;
                }
                self.trace.note(self.now, format_args!("{number}.1 replies"));
                let confirming = Confirming { next: sent.next, from };
                self.connections[number].sides[1].stage = Stage::Confirming(Box::new(confirming));
                self.say(number, 1, sent.reply);
            }
            Err(refusal) => {
                let is_about_the_chain = matches!(refusal.error, Error::ChainDisagrees(why) if why != ChainDisagrees::NotConfirmed);
                let is_hostile = self.connections[number].is_hostile;
                must!(is_about_the_chain || is_hostile, "a proof was not taken: {}", refusal.error);
                match (refusal.error.as_reject(), refusal.reject) {
                    (Some(reject), Some(message)) => self.reject(number, reject, message),
                    _ => self.leave(number, 1, "refuses"),
                }
            }
        }
        Ok(())
    }

    /// What SPEC 4.2 and 8 demand of a responder before it replies.
    fn prove(
        &mut self,
        party: usize,
        proposal: &Proposal,
        resumed: Option<&Resumed>,
    ) -> Result<StateView, Reject> {
        if self.random.one_in(self.weather.refuses) {
            return Err(self.random.pick(&[Reject::Busy, Reject::Unwilling, Reject::Unable]));
        }
        let node = &self.parties[party];
        let head = self.chain.block(node.head);
        let peer = self.chain.party(proposal.initiator).ok_or(Reject::NotRegistered)?;
        let (own, theirs) = (head.standing(party), head.standing(peer));
        if theirs.is_revoked() {
            return Err(Reject::Revoked);
        }
        if theirs.is_over_at(head.time_s) {
            return Err(Reject::Expired);
        }
        if own.is_over_at(head.time_s) {
            return Err(Reject::RecordDiffers { whose: Role::Responder });
        }
        if let Some(Resumed { keys, .. }) = resumed
            && self.defect != Some(Defect::KeepsTickets)
        {
            for (whose, standing, key) in
                [(Role::Initiator, theirs, &keys[0]), (Role::Responder, own, &keys[1])]
            {
                if standing.key != *key {
                    return Err(Reject::RecordDiffers { whose });
                }
            }
        }
        let block = node.find(&self.chain, proposal)?;
        let proposed = self.chain.block(block);
        let is_unchanged =
            proposed.standing(party).key == own.key && proposed.standing(peer).key == theirs.key;
        if !is_unchanged && self.defect != Some(Defect::KeepsTickets) {
            return Err(Reject::StaleState);
        }
        Ok(node.view(&self.chain, block, peer, proposal.queries().len()))
    }

    /// Where a ticket is about to be honoured, both records are at the responder's head what they were.
    fn check_resumed(&self, number: usize, resumed: &Resumed) -> Checked {
        let [one, other] = [0, 1].map(|side| self.connections[number].sides[side].party);
        let head = self.chain.block(self.parties[other].head);
        for (party, key) in [one, other].into_iter().zip(&resumed.keys) {
            must!(
                head.standing(party).key == *key && !head.standing(party).is_over_at(head.time_s),
                "a ticket is honoured on connection {number} though the record of party {party} has changed"
            );
        }
        Ok(())
    }

    pub(crate) fn read_confirmation(
        &mut self,
        number: usize,
        confirming: Confirming,
        mut message: Vec<u8>,
    ) -> Checked {
        match confirming.next.read(&mut message) {
            Ok(established) => self.establish(number, 1, established, confirming.from),
            Err(error) => {
                let is_hostile = self.connections[number].is_hostile;
                must!(is_hostile, "an honest confirmation was refused: {error}");
                self.figures.alterations += 1;
                self.leave(number, 1, "refuses the confirmation");
                Ok(())
            }
        }
    }
}

const MAX_SKEW_MS: u64 = 30_000;
