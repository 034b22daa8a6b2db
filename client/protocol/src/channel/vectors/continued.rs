//! What continues a session: new epochs, and resumption.

use alloc::vec::Vec;

use super::case::{Case, Keys, array, bytes, initiator_ephemerals, number, responder_ephemerals};
use super::{assert_datagrams, assert_epoch, assert_session, cases};
use crate::channel::{Channel, Received};
use crate::handshake::resumption::{self, AwaitingTicket, SentResume};
use crate::key_schedule::{self, EpochSecrets, TicketSecrets};
use crate::secret::Secret32;
use crate::symmetric::Split;
use crate::ticket::Ticket;
use crate::{ResponderEphemerals, Role, StateView};

#[test]
fn every_epoch_begins_as_the_vectors_say() {
    for case in cases("epoch") {
        let keys = static_keys();
        let [mut alice, mut bob] = [Role::Initiator, Role::Responder].map(|role| channel(&case, role, &keys));
        let beginner = Role::from_byte(u8::try_from(number(case.input("beginner"))).unwrap()).unwrap();
        let (first, second) = match beginner {
            Role::Initiator => (&mut alice, &mut bob),
            Role::Responder => (&mut bob, &mut alice),
        };
        let psk =
            key_schedule::state_psk(&case.view(beginner, &keys).state_hash(beginner), &first.rotation_secret);
        assert_eq!(*psk.expose(), array(case.output("psk")), "{}", case.name());
        let view = case.view(beginner, &keys);
        if number(case.input("kind")) == 0 {
            first.request_rotation(view, initiator_ephemerals(case.input("first"), case.suite())).unwrap();
        } else {
            first.request_state_ticket(view).unwrap();
        }
        let mut request = control(first, second);
        assert_eq!(request, bytes(case.output("request")), "{}", case.name());
        assert_eq!(second.take_request(&request), Ok(Received::EpochRequested));
        let ephemerals = match case.input("second").get("ephemeral") {
            Some(_) => responder_ephemerals(case.input("second")),
            None => unused(),
        };
        second.agree(case.view(beginner.other(), &keys), ephemerals).unwrap();
        request = control(second, first);
        assert_eq!(request, bytes(case.output("reply")));
        assert_eq!(first.take_reply(&mut request, 0), Ok(Received::EpochBegun));
        let mut confirmation = first.next_outgoing().unwrap();
        assert_eq!(second.open(&mut confirmation, 0), Ok(Received::EpochBegun));
        for (end, began) in [(first, true), (second, false)] {
            assert_epoch(end, case.output("epoch"), began);
            assert_datagrams(end, &case.0["outputs"]);
        }
    }
}

#[test]
fn every_resumption_makes_its_messages() {
    for case in cases("resumption") {
        let keys = static_keys();
        let views = [Role::Initiator, Role::Responder].map(|role| case.view(role, &keys));
        let [alice_view, bob_view] = &views;
        let ephemerals = initiator_ephemerals(case.input("initiator"), case.suite());
        let ours = ticket(&case, Role::Initiator, alice_view);
        let started = resumption::start(ours, alice_view.clone(), case.suites(), ephemerals);
        let SentResume { mut resume, next } = started.unwrap();
        assert_eq!(resume, bytes(case.output("resume")), "{}", case.name());
        let responder = keys.secret(Role::Responder).public_key();
        let awaiting =
            AwaitingTicket::read(&mut resume, &responder, crate::SuitePolicy::PREFER_HYBRID).unwrap();
        assert_eq!(awaiting.id(), array(case.input("ticket_id")));
        let state = awaiting.open(ticket(&case, Role::Responder, bob_view)).unwrap();
        for (reject, sealed) in case.rejects() {
            assert_eq!(state.reject(reject), sealed);
        }
        let secret = Secret32::new(array(case.input("ticket_secret")));
        let psk = key_schedule::state_psk(&bob_view.state_hash(Role::Responder), &secret);
        assert_eq!(*psk.expose(), array(case.output("psk")));
        let mut sent = state.accept(bob_view.clone(), responder_ephemerals(case.input("responder"))).unwrap();
        assert_eq!(sent.reply, bytes(case.output("reply")));
        let mut completed = next.read(&mut sent.reply).unwrap();
        assert_eq!(completed.confirmation, bytes(case.output("confirmation")));
        let established = sent.next.read(&mut completed.confirmation).unwrap();
        for (mut end, began) in [(completed.established.channel, true), (established.channel, false)] {
            assert_session(&end, &case);
            assert_epoch(&mut end, case.output("epoch"), began);
            assert_datagrams(&mut end, &case.0["outputs"]);
        }
    }
}

/// The static keys stand in the live cases alone; they are the same in all.
fn static_keys() -> Keys {
    let live = cases("live");
    Keys::of(live[0].input("initiator_static"), live[0].input("responder_static"))
}

/// An end of a session that is in the epoch before the case's.
fn channel(case: &Case, role: Role, keys: &Keys) -> Channel {
    let [initiator, responder, epoch] = [1, 2, 3].map(|byte| Secret32::new([byte; 32]));
    let secrets = EpochSecrets::derive(&epoch, &[0; 32]);
    let split = Split { initiator, responder, secrets, handshake_hash: array(case.input("h")) };
    let view = before(&case.view(role, keys));
    let mut channel = Channel::after(split, role, case.suite(), view.state_hash(role), view);
    channel.rotation_secret = Secret32::new(array(case.input("rotation_secret")));
    channel.agreed.epoch = u32::try_from(number(case.input("number"))).unwrap() - 1;
    channel
}

/// The same state, one block earlier.
fn before(view: &StateView) -> StateView {
    let mut anchor = *view.anchor();
    anchor.block_number -= 1;
    StateView::proven(anchor, *view.local(), *view.peer(), view.readings().to_vec()).unwrap()
}

/// The content of the control record that one end wants sent, as the other opens it.
fn control(from: &mut Channel, to: &mut Channel) -> Vec<u8> {
    let mut record = from.next_outgoing().unwrap();
    to.receiver.open(&mut record).unwrap().to_vec()
}

fn ticket(case: &Case, role: Role, view: &StateView) -> Ticket {
    let secrets = TicketSecrets {
        secret: Secret32::new(array(case.input("ticket_secret"))),
        proposal_key: Secret32::new(array(case.input("proposal_key"))),
        id: array(case.input("ticket_id")),
    };
    Ticket::of(secrets, case.suite(), role, view)
}

/// For a state ticket, which uses none.
fn unused() -> ResponderEphemerals {
    let fill = |buffer: &mut [u8]| {
        buffer.fill(1);
        Ok::<(), core::convert::Infallible>(())
    };
    ResponderEphemerals::generate(fill).unwrap()
}
