//! What a view must have in common with the session that it is to carry on, and which tickets open what.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use countersign_protocol::resumption::{self, AwaitingTicket};
use countersign_protocol::{
    Abort, Address, Anchor, ApiMisuse, ChainDisagrees, ContentType, Due, Error, Identity, Label, Limits,
    PeerKey, Received, RegistryRecord, Role, StateView,
};
use support::{Pair, Party, anchor, initiator_ephemerals, readings, responder_ephemerals};

fn at(view: &StateView, anchor: Anchor) -> StateView {
    StateView::proven(anchor, *view.local(), *view.peer(), view.readings().to_vec()).unwrap()
}

#[test]
fn an_epoch_stays_on_its_chain_and_with_its_registry() {
    let pair = Pair::new();
    let (mut alice, _) = pair.establish();
    let elsewhere = Anchor { chain_id: 1, ..anchor() };
    let error = ChainDisagrees::Chain { theirs: 31_337, ours: 1 };
    assert_eq!(alice.channel.request_state_ticket(at(&pair.alice_view, elsewhere)), Err(error.into()));
    let elsewhere = Anchor { registry: Address([0xcd; 20]), ..anchor() };
    let refused = alice.channel.request_state_ticket(at(&pair.alice_view, elsewhere));
    assert_eq!(refused, Err(ChainDisagrees::Registry.into()));
    assert!(alice.channel.is_idle() && alice.channel.next_outgoing().is_none());
    // The block that it rests on already is not older.
    assert_eq!(alice.channel.request_state_ticket(pair.alice_view.clone()), Ok(()));
}

#[test]
fn agreeing_unasked_forgets_nothing_that_is_under_way() {
    let pair = Pair::new();
    let [mut alice, mut bob] = <[_; 2]>::from(pair.establish()).map(|end| end.channel);
    let unasked = Err(ApiMisuse::NothingRequested.into());
    let next = |view| at(view, Anchor { block_number: 78, ..anchor() });
    alice.request_state_ticket(next(&pair.alice_view)).unwrap();
    assert_eq!(alice.agree(next(&pair.alice_view), responder_ephemerals()), unasked);
    let mut request = alice.next_outgoing().unwrap();
    assert_eq!(bob.open(&mut request, 0), Ok(Received::EpochRequested));
    bob.agree(next(&pair.bob_view), responder_ephemerals()).unwrap();
    assert_eq!(bob.agree(next(&pair.bob_view), responder_ephemerals()), unasked);
    let mut reply = bob.next_outgoing().unwrap();
    assert_eq!(alice.open(&mut reply, 0), Ok(Received::EpochBegun));
    let mut confirmation = alice.next_outgoing().unwrap();
    assert_eq!(bob.open(&mut confirmation, 0), Ok(Received::EpochBegun));
}

#[test]
fn a_ticket_opens_sessions_in_its_own_role_alone() {
    let pair = Pair::new();
    let [alice, bob] = <[_; 2]>::from(pair.establish()).map(|mut end| end.channel.take_ticket().unwrap());
    let suite = pair.alice_suites.preferred();
    let again = Pair::new().establish().0.channel.take_ticket().unwrap();
    let mut resume =
        resumption::start(again, pair.alice_view.clone(), pair.alice_suites, initiator_ephemerals(suite))
            .unwrap()
            .resume;
    let awaiting = AwaitingTicket::read(&mut resume, &pair.bob.public_key(), pair.bob_suites).unwrap();
    // Both ends of a session hold the same secrets: only the role tells a ticket from its other half.
    assert!(awaiting.is_of(&bob) && !awaiting.is_of(&alice));
    let other_role = resumption::start(bob, pair.alice_view, pair.alice_suites, initiator_ephemerals(suite));
    assert_eq!(other_role.err(), Some(ApiMisuse::TicketOfOtherRole.into()));
}

/// A responder's views, each of which is another's in one part alone.
fn views_of_others(pair: &Pair) -> [StateView; 2] {
    let relabelled = |party: &Party| {
        let identity = Identity { label: Label::from_text("other").unwrap(), ..party.record.identity };
        PeerKey::proven(RegistryRecord { identity, ..party.record }, party.public_key()).unwrap()
    };
    let (bob, alice) = (pair.bob.proven(), pair.alice.proven());
    [(relabelled(&pair.bob), alice), (bob, relabelled(&pair.alice))]
        .map(|(local, peer)| StateView::proven(anchor(), local, peer, readings()).unwrap())
}

#[test]
fn a_responder_agrees_with_a_view_of_both_parties_alone() {
    let pair = Pair::new();
    let misuse: Error = ApiMisuse::ViewOfOtherProposal.into();
    let mut other_key = Party::new(0x66);
    other_key.record.identity = pair.bob.record.identity;
    let of_other_key =
        StateView::proven(anchor(), other_key.proven(), pair.alice.proven(), readings()).unwrap();
    for view in views_of_others(&pair).into_iter().chain([of_other_key]) {
        let peer = pair.read_hello(&mut pair.hello().hello).unwrap();
        assert_eq!(peer.accept(view, responder_ephemerals()).err().unwrap().error, misuse);
    }
    for view in views_of_others(&pair) {
        let [alice, bob] = <[_; 2]>::from(pair.establish()).map(|mut end| end.channel.take_ticket().unwrap());
        let ephemerals = initiator_ephemerals(pair.alice_suites.preferred());
        let mut resume =
            resumption::start(alice, pair.alice_view.clone(), pair.alice_suites, ephemerals).unwrap().resume;
        let awaiting = AwaitingTicket::read(&mut resume, &pair.bob.public_key(), pair.bob_suites).unwrap();
        let refusal = awaiting.open(bob).unwrap().accept(view, responder_ephemerals()).err().unwrap();
        assert_eq!(refusal.error, misuse);
    }
}

#[test]
fn a_record_of_the_same_version_may_still_be_another() {
    for whose in [Role::Initiator, Role::Responder] {
        let mut seen = Pair::new();
        match whose {
            Role::Initiator => seen.alice.record.valid_until = 1_900_000_000,
            Role::Responder => seen.bob.record.valid_until = 1_900_000_000,
        }
        seen.reprove();
        let peer = seen.read_hello(&mut Pair::new().hello().hello).unwrap();
        assert_eq!(seen.accept(peer).err().unwrap().error, ChainDisagrees::Record(whose).into());
    }
}

/// The epoch of a datagram is under no seal: it chooses the key, and an old one that names no epoch has none.
#[test]
fn a_datagram_that_names_an_epoch_without_keys_does_not_open() {
    let pair = Pair::new();
    let [mut alice, mut bob] = <[_; 2]>::from(pair.establish()).map(|end| end.channel);
    let mut datagram = Vec::new();
    alice.append_datagram(b"tick", &mut datagram).unwrap();
    let next = |view| at(view, Anchor { block_number: 78, ..anchor() });
    alice.request_state_ticket(next(&pair.alice_view)).unwrap();
    bob.open(&mut alice.next_outgoing().unwrap(), 0).unwrap();
    bob.agree(next(&pair.bob_view), responder_ephemerals()).unwrap();
    for epoch in [1_u8, 2, 255] {
        let mut renamed = datagram.clone();
        renamed[12] = epoch;
        assert!(bob.open_datagram(&mut renamed, 0).is_err(), "epoch {epoch}");
    }
    assert_eq!(bob.open_datagram(&mut datagram, 0).map(|opened| opened.number), Ok(0));
}

#[test]
fn keys_that_have_sealed_their_last_byte_are_at_their_end() {
    let (mut alice, _) = Pair::new().establish();
    alice.channel.set_limits(Limits { max_bytes: 100, ..Limits::default() });
    alice.channel.append(ContentType::Data, &[7; 100], &mut Vec::new()).unwrap();
    assert_eq!(alice.channel.due(0), Due::End);
    let refused: Result<(), Error> = alice.channel.append(ContentType::Data, &[7], &mut Vec::new());
    assert!(refused.is_err());
    alice.channel.abort(Abort::KeysWornOut).unwrap();
}
