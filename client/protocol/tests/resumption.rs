//! A session opened by a ticket: what completes, what does not, and what is left of the ticket.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use countersign_protocol::responder::SentReply;
use countersign_protocol::resumption::{self, AwaitingState, AwaitingTicket, SentResume, TICKET_UNKNOWN};
use countersign_protocol::{
    Anchor, ApiMisuse, ChainDisagrees, Channel, ContentType, Error, Established, First, PeerIncompatible,
    PeerMisbehaved, Reject, ReturnData, Role, StateView, Suite, SuitePolicy, Ticket, Value, first_message,
};
use support::{Pair, anchor, initiator_ephemerals, readings, responder_ephemerals, text};

/// A pair, and the tickets of a session that it had.
struct Met {
    pair: Pair,
    suite: Suite,
    alice_ticket: Ticket,
    bob_ticket: Ticket,
}

impl Met {
    fn new(pair: Pair) -> Self {
        let suite = pair.alice_suites.preferred();
        let (mut alice, mut bob) = pair.establish();
        let ticket = |channel: &mut Channel| channel.take_ticket().unwrap();
        Self { suite, alice_ticket: ticket(&mut alice.channel), bob_ticket: ticket(&mut bob.channel), pair }
    }

    fn resume(self) -> (SentResume, Waiting) {
        let view = later(&self.pair.alice_view);
        let sent = resumption::start(
            self.alice_ticket,
            view,
            self.pair.alice_suites,
            initiator_ephemerals(self.suite),
        );
        (sent.unwrap(), Waiting { pair: self.pair, ticket: self.bob_ticket })
    }
}

/// The responder, with its ticket.
struct Waiting {
    pair: Pair,
    ticket: Ticket,
}

impl Waiting {
    fn read(&self, resume: &mut [u8]) -> Result<AwaitingTicket, Error> {
        AwaitingTicket::read(resume, &self.pair.bob.public_key(), self.pair.bob_suites)
    }

    fn open(self, resume: &mut [u8]) -> (AwaitingState, StateView) {
        let awaiting = self.read(resume).unwrap();
        assert_eq!(awaiting.id(), self.ticket.id());
        assert!(awaiting.is_of(&self.ticket));
        (awaiting.open(self.ticket).unwrap(), later(&self.pair.bob_view))
    }
}

/// As proven at a later block.
fn later(view: &StateView) -> StateView {
    let anchor = Anchor { block_number: 90, block_hash: [0x90; 32], ..anchor() };
    StateView::proven(anchor, *view.local(), *view.peer(), view.readings().to_vec()).unwrap()
}

fn complete(sent: SentResume, accepted: SentReply) -> (Established, Established) {
    let SentReply { mut reply, next } = accepted;
    let mut completed = sent.next.read(&mut reply).unwrap();
    let responder = next.read(&mut completed.confirmation).unwrap();
    (completed.established, responder)
}

#[test]
fn a_ticket_opens_a_session_at_a_later_block_without_a_static_key() {
    for pair in [Pair::new(), Pair::classical()] {
        let met = Met::new(pair);
        let (suite, first_hash) = (met.suite, met.pair.establish().0.summary.handshake_hash);
        let (mut sent, waiting) = met.resume();
        assert_eq!(first_message(&sent.resume, &waiting.pair.bob.public_key()), Ok(First::Resume));
        let (state, view) = waiting.open(&mut sent.resume);
        assert_eq!(state.proposal().anchor.block_number, 90);
        let (mut alice, mut bob) = complete(sent, state.accept(view, responder_ephemerals()).unwrap());
        assert_eq!(alice.summary.handshake_hash, bob.summary.handshake_hash);
        assert_eq!(alice.summary.state_hash, bob.summary.state_hash);
        assert_ne!(alice.summary.handshake_hash, first_hash);
        assert_eq!((alice.summary.suite, bob.summary.role), (suite, Role::Responder));
        let mut record = Vec::new();
        alice.channel.append(ContentType::Data, b"order", &mut record).unwrap();
        assert_eq!(bob.channel.open(&mut record, 0).map(text), Ok(b"order".to_vec()));
        let next = [&mut alice, &mut bob].map(|end| end.channel.take_ticket().unwrap());
        assert_eq!(next[0].id(), next[1].id(), "and gives a ticket of its own");
    }
}

#[test]
fn other_queries_may_be_proposed() {
    let met = Met::new(Pair::new());
    let fewer = |view: &StateView| {
        StateView::proven(*view.anchor(), *view.local(), *view.peer(), readings()[..1].to_vec()).unwrap()
    };
    let (alice_view, bob_view) = (fewer(&met.pair.alice_view), fewer(&met.pair.bob_view));
    let mut sent = resumption::start(
        met.alice_ticket,
        alice_view,
        met.pair.alice_suites,
        initiator_ephemerals(met.suite),
    )
    .unwrap();
    let (state, _) = Waiting { pair: met.pair, ticket: met.bob_ticket }.open(&mut sent.resume);
    let accepted = state.accept(bob_view, responder_ephemerals()).unwrap();
    complete(sent, accepted);
}

#[test]
fn a_ticket_dies_when_either_record_changes() {
    for whose in [Role::Initiator, Role::Responder] {
        let met = Met::new(Pair::new());
        let mut changed = Pair::new();
        match whose {
            Role::Initiator => changed.alice.record.version += 1,
            Role::Responder => changed.bob.record.valid_until = 1_900_000_000,
        }
        changed.reprove();
        let Met { alice_ticket, bob_ticket, pair, suite } = met;
        let error = resumption::start(
            alice_ticket,
            later(&changed.alice_view),
            pair.alice_suites,
            initiator_ephemerals(suite),
        );
        assert_eq!(error.err(), Some(ChainDisagrees::Record(whose).into()));
        // The responder sees the change, and the initiator did not.
        let (mut sent, waiting) =
            Met { alice_ticket: Met::new(Pair::new()).alice_ticket, bob_ticket, pair, suite }.resume();
        let (state, _) = waiting.open(&mut sent.resume);
        let refusal = state.accept(later(&changed.bob_view), responder_ephemerals()).err().unwrap();
        assert_eq!(refusal.error, ChainDisagrees::Record(whose).into());
        let told = sent.next.read(&mut refusal.reject.unwrap()).err();
        assert_eq!(told, Some(Error::Rejected(Reject::RecordDiffers { whose })));
    }
}

#[test]
fn differing_values_are_named_and_never_become_a_session() {
    let (mut sent, waiting) = Met::new(Pair::new()).resume();
    let (state, view) = waiting.open(&mut sent.resume);
    let mut values = readings();
    values[2].value = Value::Returned(ReturnData::new([9; 160]).unwrap());
    let differing = StateView::proven(*view.anchor(), *view.local(), *view.peer(), values).unwrap();
    let refusal = state.accept(differing, responder_ephemerals()).err().unwrap();
    let told = sent.next.read(&mut refusal.reject.unwrap()).err();
    assert_eq!(told, Some(Error::Rejected(Reject::ValuationDiffers { query: 2 })));
}

#[test]
fn a_view_that_was_not_asked_for_is_refused() {
    let (mut sent, waiting) = Met::new(Pair::new()).resume();
    let (state, view) = waiting.open(&mut sent.resume);
    let fewer = StateView::proven(*view.anchor(), *view.local(), *view.peer(), Vec::new()).unwrap();
    let refusal = state.accept(fewer, responder_ephemerals()).err().unwrap();
    assert_eq!(refusal.error, ApiMisuse::ViewOfOtherProposal.into());
    let told = sent.next.read(&mut refusal.reject.unwrap()).err();
    assert_eq!(told, Some(Error::Rejected(Reject::Unable)));
}

#[test]
fn a_responder_may_refuse_and_say_that_it_knows_no_ticket() {
    let (mut sent, waiting) = Met::new(Pair::new()).resume();
    let (state, _) = waiting.open(&mut sent.resume);
    let told = sent.next.read(&mut state.reject(Reject::Busy)).err();
    assert_eq!(told, Some(Error::Rejected(Reject::Busy)));
    let (sent, _) = Met::new(Pair::new()).resume();
    assert_eq!(sent.next.read(&mut TICKET_UNKNOWN.clone()).err(), Some(Error::TicketUnknown));
    let (sent, _) = Met::new(Pair::new()).resume();
    assert!(matches!(sent.next.read(&mut [5, 0]).err(), Some(Error::PeerMisbehaved(_))));
}

#[test]
fn whoever_saw_a_tickets_id_cannot_use_it_up() {
    let (sent, waiting) = Met::new(Pair::new()).resume();
    let bob = waiting.pair.bob.public_key();
    let sealed_starts = sent.resume.len() - 32 - 528;
    for byte in sealed_starts..sent.resume.len() - 32 {
        let mut altered = sent.resume.clone();
        altered[byte] ^= 1;
        assert!(!waiting.read(&mut altered).unwrap().is_of(&waiting.ticket), "byte {byte}");
    }
    // The header is bound to the proposal too: another offer does not open.
    let mut altered = sent.resume.clone();
    altered[3] = 0b11;
    support::repair_mac1(&mut altered, &bob);
    assert!(!waiting.read(&mut altered).unwrap().is_of(&waiting.ticket));
    assert!(waiting.read(&mut sent.resume.clone()).unwrap().is_of(&waiting.ticket));
}

#[test]
fn no_altered_resume_becomes_a_session_and_no_altered_reply_does() {
    let (sent, waiting) = Met::new(Pair::classical()).resume();
    let bob = waiting.pair.bob.public_key();
    // One bit of every byte: each needs a session, as a ticket is used once.
    for bit in (0..sent.resume.len()).map(|byte| byte * 8 + byte % 8) {
        let mut altered = sent.resume.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        support::repair_mac1(&mut altered, &bob);
        let is_mac = bit / 8 >= sent.resume.len() - 32;
        let Met { bob_ticket, pair, .. } = Met::new(Pair::classical());
        let awaiting = AwaitingTicket::read(&mut altered, &bob, pair.bob_suites);
        let Ok(state) = awaiting.and_then(|awaiting| awaiting.open(bob_ticket)) else { continue };
        let accepted = state.accept(later(&pair.bob_view), responder_ephemerals());
        assert!(accepted.is_err() || is_mac, "bit {bit}");
    }
    let (mut sent, waiting) = Met::new(Pair::classical()).resume();
    let (state, view) = waiting.open(&mut sent.resume);
    let reply = state.accept(view, responder_ephemerals()).unwrap().reply;
    for bit in (0..reply.len()).map(|byte| byte * 8 + byte % 8) {
        let mut altered = reply.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let (again, _) = Met::new(Pair::classical()).resume();
        assert!(again.next.read(&mut altered).is_err(), "bit {bit}");
    }
}

#[test]
fn a_resume_is_no_hello_and_a_hello_no_resume() {
    let (mut sent, waiting) = Met::new(Pair::new()).resume();
    let unexpected = |expected, got| Some(PeerMisbehaved::UnexpectedMessage { expected, got }.into());
    let pair = &waiting.pair;
    assert_eq!(pair.expect_hello().read(&mut sent.resume).err(), unexpected("hello", 4));
    assert_eq!(waiting.read(&mut pair.hello().hello).err(), unexpected("resume", 1));
}

#[test]
fn a_ticket_is_for_its_own_role_suite_and_policy() {
    let Met { bob_ticket, alice_ticket, pair, suite } = Met::new(Pair::new());
    let started =
        resumption::start(bob_ticket, later(&pair.bob_view), pair.bob_suites, initiator_ephemerals(suite));
    assert_eq!(started.err(), Some(ApiMisuse::TicketOfOtherRole.into()));
    let classical = Met::new(Pair::classical());
    let refused = resumption::start(
        classical.alice_ticket,
        later(&pair.alice_view),
        SuitePolicy::HYBRID,
        initiator_ephemerals(Suite::Classical),
    );
    assert!(matches!(refused.err(), Some(Error::PeerIncompatible(PeerIncompatible::SuiteTooLow { .. }))));
    let wrong = resumption::start(
        alice_ticket,
        later(&pair.alice_view),
        pair.alice_suites,
        initiator_ephemerals(Suite::Classical),
    );
    assert_eq!(wrong.err(), Some(ApiMisuse::EphemeralsOfOtherSuite.into()));
    let (mut sent, waiting) = Met::new(Pair::classical()).resume();
    let strict = AwaitingTicket::read(&mut sent.resume, &waiting.pair.bob.public_key(), SuitePolicy::HYBRID);
    assert!(matches!(strict.err(), Some(Error::PeerIncompatible(PeerIncompatible::SuiteTooLow { .. }))));
}
