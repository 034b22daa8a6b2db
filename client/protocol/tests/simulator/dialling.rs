//! The side that dials: live or with a ticket, and again where it is told to.

use countersign_protocol::{
    Cookie, Error, InitiatorEphemerals, KeyAnswer, KeyRequest, Reject, Role, StateView, initiator, is_cookie,
    resumption,
};

use crate::chain::{BlockId, Standing};
use crate::connection::{Dialled, Next, Origin, Resumed, Stage};
use crate::ledger::{Checked, Violation, must};
use crate::party::StoredTicket;
use crate::world::{Event, Want, World};

impl World {
    pub(crate) fn dial(&mut self, want: usize, at_most: Option<u64>, is_retry: bool) -> Checked {
        let Want { parties: [one, other], connection } = self.wants[want];
        let is_dialling = connection.is_some_and(|connection| !self.connections[connection].is_gone(0));
        if is_dialling || self.is_ending || !self.parties[one].is_up {
            return Ok(());
        }
        let Some(block) = self.block_to_dial_at(one, other, at_most) else {
            let later = self.random.between((1_000, 5_000));
            self.after(later, Event::Dial { want, at_most: None, is_retry: false });
            return Ok(());
        };
        let queries = self.queries();
        let now = self.now;
        let mut stored = None;
        if !self.random.one_in(8) {
            stored = self.parties[one]
                .take_ticket(now, |stored| stored.peer == other && stored.ticket.role() == Role::Initiator);
        }
        let view = self.parties[one].view(&self.chain, block, other, queries);
        let dialled = match stored {
            Some(stored) => self.start_with(one, stored, block, &view, is_retry)?,
            None => None,
        };
        let dialled = match dialled {
            Some(dialled) => dialled,
            None => self.start_live(one, block, view, is_retry)?,
        };
        let message = dialled.message.clone();
        let from = if matches!(dialled.from, Origin::Live) { "live" } else { "with a ticket" };
        let number = self.connect(want, Stage::Dialled(Box::new(dialled)), false);
        self.wants[want].connection = Some(number);
        self.trace.note(
            self.now,
            format_args!(
                "{number}.0 party {one} dials party {other} {from} at block {block}, {queries} readings"
            ),
        );
        self.say_first(number, want, message);
        Ok(())
    }

    fn say_first(&mut self, number: usize, want: usize, message: Vec<u8>) {
        if self.weather.replays > 0 {
            self.overheard.truncate(16);
            self.overheard.insert(0, (want, message.clone()));
        }
        self.say(number, 0, message);
    }

    /// Somebody sends an old first message from elsewhere.
    pub(crate) fn replay(&mut self, want: usize, message: Vec<u8>) {
        let number = self.connect(want, Stage::Gone, true);
        self.trace
            .note(self.now, format_args!("{number}.0 somebody sends an old message of want {want} again"));
        self.say(number, 0, message);
    }

    /// The block to propose: the newest, or the one that both know; records and keys must be the present ones.
    fn block_to_dial_at(&self, one: usize, other: usize, at_most: Option<u64>) -> Option<BlockId> {
        let head = self.parties[one].head;
        let height = self.chain.height(head);
        let block = self.chain.ancestor(head, at_most.map_or(height, |most| most.min(height)))?;
        let (newest, proposed) = (self.chain.block(head), self.chain.block(block));
        let stands = |party| {
            let standing = newest.standing(party);
            !standing.is_over_at(newest.time_s) && standing.key == proposed.standing(party).key
        };
        // Two honest nodes lie no further apart.
        (stands(one) && stands(other) && height - self.chain.height(block) <= 4).then_some(block)
    }

    fn start_with(
        &mut self,
        one: usize,
        stored: StoredTicket,
        block: BlockId,
        view: &StateView,
        is_retry: bool,
    ) -> Checked<Option<Dialled>> {
        let StoredTicket { ticket, keys, live_at_ms, .. } = stored;
        let from = Resumed { id: ticket.id(), keys, live_at_ms };
        let Ok(ephemerals) = InitiatorEphemerals::generate(ticket.suite(), self.random.source());
        let queries = view.readings().len();
        match resumption::start(ticket, view.clone(), self.parties[one].suites, ephemerals) {
            Ok(sent) => {
                let is_of_its_records = [*view.local(), *view.peer()] == keys;
                must!(is_of_its_records, "party {one} resumes over other records than its ticket's");
                self.ledger.use_ticket(from.id, 0)?;
                Ok(Some(Dialled {
                    message: sent.resume,
                    next: Next::Resumed(sent.next),
                    responder: *view.peer().public_key(),
                    cookie: None,
                    from: Origin::Ticket(from),
                    is_retry,
                    block,
                    queries,
                }))
            }
            // The record changed while the dialler's node lagged.
            Err(Error::ChainDisagrees(_)) => Ok(None),
            Err(error) => Err(Violation(format!("a ticket cannot be used: {error}"))),
        }
    }

    fn start_live(
        &mut self,
        one: usize,
        block: BlockId,
        view: StateView,
        is_retry: bool,
    ) -> Checked<Dialled> {
        let party = &self.parties[one];
        let (suites, now_unix_ms) = (party.suites, party.unix_ms(self.now));
        let (responder, queries) = (*view.peer().public_key(), view.readings().len());
        let Ok(ephemerals) = InitiatorEphemerals::generate(suites.preferred(), self.random.source());
        let params = initiator::InitiatorParams { view, suites, now_unix_ms };
        let sent = initiator::start(params, ephemerals).and_then(|awaiting| {
            let answer = self.hold(one, self.chain.block(block).standing(one), awaiting.request());
            awaiting.answer(answer)
        });
        let sent = sent.map_err(|error| Violation(format!("a handshake cannot begin: {error}")))?;
        let (message, next) = (sent.hello, Next::Reply(sent.next));
        Ok(Dialled { message, next, responder, cookie: None, from: Origin::Live, is_retry, block, queries })
    }

    /// A party's static key answers.
    pub(crate) fn hold(&self, party: usize, standing: &Standing, request: KeyRequest) -> KeyAnswer {
        let secret = self.chain.secret(party, standing);
        match request {
            KeyRequest::Ecdh { peer, .. } => KeyAnswer::SharedX(secret.ecdh_x(&peer)),
            KeyRequest::Sign { digest } => KeyAnswer::Signature(secret.sign_prehash(&digest)),
        }
    }

    pub(crate) fn read_answer(&mut self, number: usize, dialled: Dialled, mut message: Vec<u8>) -> Checked {
        if is_cookie(&message) {
            return self.bear_cookie(number, dialled, message);
        }
        let Dialled { next, from, is_retry, block, .. } = dialled;
        let read = match next {
            Next::Resumed(next) => next.read(&mut message),
            Next::Reply(next) => next.read(&mut message).and_then(|awaiting| {
                let party = self.connections[number].sides[0].party;
                let answer = self.hold(party, self.chain.block(block).standing(party), awaiting.request());
                awaiting.answer(answer)
            }),
        };
        match read {
            Ok(completed) => {
                self.say(number, 0, completed.confirmation);
                self.establish(number, 0, completed.established, from)
            }
            Err(Error::Rejected(reject)) => self.take_reject(number, reject, is_retry),
            Err(Error::TicketUnknown) => self.go_on_without_ticket(number, dialled.cookie, dialled.queries),
            Err(error) => {
                let is_hostile = self.connections[number].is_hostile;
                must!(is_hostile, "an honest responder's answer was refused: {error}");
                self.figures.alterations += 1;
                self.leave(number, 0, "refuses the answer");
                Ok(())
            }
        }
    }

    fn take_reject(&mut self, number: usize, reject: Reject, is_retry: bool) -> Checked {
        self.trace.note(self.now, format_args!("{number}.0 is rejected: {reject:?}"));
        self.figures.rejects += 1;
        let may_pass = matches!(reject, Reject::UnknownBlock { .. } | Reject::StaleState);
        must!(may_pass || !self.is_settled(), "a dial was rejected in fair weather: {reject:?}");
        let want = self.connections[number].want;
        self.leave(number, 0, "is done");
        if let Reject::UnknownBlock { my_head } = reject
            && !is_retry
        {
            self.after(0, Event::Dial { want, at_most: Some(my_head), is_retry: true });
        }
        Ok(())
    }

    fn bear_cookie(&mut self, number: usize, mut dialled: Dialled, mut answer: Vec<u8>) -> Checked {
        let opened = Cookie::open(&mut answer, &dialled.message, &dialled.responder);
        let (Ok(cookie), None) = (opened, &dialled.cookie) else {
            let is_hostile = self.connections[number].is_hostile;
            // The jar may have been renewed, or lost, in between.
            must!(is_hostile || dialled.cookie.is_some(), "an honest responder's cookie does not open");
            self.leave(number, 0, "has no use for a cookie");
            return Ok(());
        };
        cookie.mark(&mut dialled.message).unwrap();
        let (message, want) = (dialled.message.clone(), self.connections[number].want);
        dialled.cookie = Some(cookie);
        self.figures.cookies += 1;
        self.trace.note(self.now, format_args!("{number}.0 bears a cookie"));
        self.connections[number].sides[0].stage = Stage::Dialled(Box::new(dialled));
        self.say_first(number, want, message);
        Ok(())
    }

    /// A live handshake, on the same connection or on another.
    fn go_on_without_ticket(&mut self, number: usize, cookie: Option<Cookie>, queries: usize) -> Checked {
        self.figures.unknown_tickets += 1;
        let want = self.connections[number].want;
        let [one, other] = self.wants[want].parties;
        let block = self.block_to_dial_at(one, other, None);
        let Some(block) = block.filter(|_| self.random.one_in(2)) else {
            self.leave(number, 0, "has no ticket that is known");
            return Ok(());
        };
        let view = self.parties[one].view(&self.chain, block, other, queries);
        let mut dialled = self.start_live(one, block, view, false)?;
        if let Some(cookie) = &cookie {
            cookie.mark(&mut dialled.message).unwrap();
        }
        dialled.cookie = cookie;
        let message = dialled.message.clone();
        self.trace.note(self.now, format_args!("{number}.0 goes on without its ticket"));
        self.connections[number].sides[0].stage = Stage::Dialled(Box::new(dialled));
        self.say_first(number, want, message);
        Ok(())
    }
}
