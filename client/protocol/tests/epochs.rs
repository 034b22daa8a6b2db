//! New epochs on a running channel: rotation, state tickets, crossing requests, refusals, ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use countersign_protocol::{
    Abort, ApiMisuse, ChainDisagrees, Channel, ContentType, Due, Error, Exhausted, Limits, Padding,
    PeerMisbehaved, Received, Reject, Role, StateView, Suite, Value,
};
use support::{Pair, anchor, initiator_ephemerals, readings, responder_ephemerals, text};

/// Two ends of a session, and a view of a later block for each.
struct Session {
    alice: Channel,
    bob: Channel,
    pair: Pair,
}

impl Session {
    fn new(pair: Pair) -> Self {
        let (alice, bob) = pair.establish();
        Self { alice: alice.channel, bob: bob.channel, pair }
    }

    fn hybrid() -> Self {
        Self::new(Pair::new())
    }

    fn alice_view(&self, block: u64) -> StateView {
        at_block(&self.pair.alice_view, block)
    }

    fn bob_view(&self, block: u64) -> StateView {
        at_block(&self.pair.bob_view, block)
    }

    /// Data flows both ways, under whatever keys.
    fn talk(&mut self) {
        pass(&mut self.alice, &mut self.bob, b"order");
        pass(&mut self.bob, &mut self.alice, b"quote");
    }

    fn rotate(&mut self, block: u64) {
        let view = self.alice_view(block);
        self.alice.request_rotation(view, initiator_ephemerals(Suite::Hybrid)).unwrap();
        assert_eq!(deliver(&mut self.alice, &mut self.bob), [Event::Requested]);
        self.bob.agree(self.bob_view(block), responder_ephemerals()).unwrap();
        assert_eq!(deliver(&mut self.bob, &mut self.alice), [Event::Begun]);
        assert_eq!(deliver(&mut self.alice, &mut self.bob), [Event::Begun]);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Event {
    Requested,
    Begun,
    Refused(Reject),
    Ignored,
    Aborted(Abort),
}

fn at_block(view: &StateView, block: u64) -> StateView {
    let anchor =
        countersign_protocol::Anchor { block_number: block, block_hash: [block as u8; 32], ..anchor() };
    StateView::proven(anchor, *view.local(), *view.peer(), view.readings().to_vec()).unwrap()
}

fn pass(from: &mut Channel, to: &mut Channel, content: &[u8]) {
    let mut record = Vec::new();
    from.append(ContentType::Data, content, &mut record).unwrap();
    assert_eq!(to.open(&mut record, 0).map(text), Ok(content.to_vec()));
}

/// Carries over what one side wants sent.
fn deliver(from: &mut Channel, to: &mut Channel) -> Vec<Event> {
    std::iter::from_fn(|| from.next_outgoing()).map(|mut record| open(to, &mut record, 0).unwrap()).collect()
}

fn open(to: &mut Channel, record: &mut [u8], now_ms: u64) -> Result<Event, Error> {
    Ok(match to.open(record, now_ms)? {
        Received::EpochRequested => Event::Requested,
        Received::EpochBegun => Event::Begun,
        Received::EpochRefused(reject) => Event::Refused(reject),
        Received::Ignored => Event::Ignored,
        Received::Aborted(abort) => Event::Aborted(abort),
        other => panic!("{other:?} is no control record"),
    })
}

#[test]
fn a_rotation_binds_the_new_block_and_the_channel_goes_on() {
    for (pair, suite) in [(Pair::new(), Suite::Hybrid), (Pair::classical(), Suite::Classical)] {
        for padding in [Padding::None, Padding::Padme] {
            let mut session = Session::new(pair_again(&pair));
            session.alice.set_padding(padding);
            session.bob.set_padding(padding);
            session.talk();
            let (alice_view, bob_view) = (session.alice_view(78), session.bob_view(78));
            session.alice.request_rotation(alice_view, initiator_ephemerals(suite)).unwrap();
            deliver(&mut session.alice, &mut session.bob);
            // Data flows all the while, under the keys that its sender is in.
            session.talk();
            session.bob.agree(bob_view, responder_ephemerals()).unwrap();
            pass(&mut session.alice, &mut session.bob, b"still old");
            deliver(&mut session.bob, &mut session.alice);
            pass(&mut session.bob, &mut session.alice, b"new already");
            deliver(&mut session.alice, &mut session.bob);
            session.talk();
            assert_eq!(session.alice.agreed().epoch, 1);
            assert_eq!(session.alice.agreed().state_hash, session.bob.agreed().state_hash);
            assert_eq!(session.bob.agreed().view.anchor().block_number, 78);
            assert_eq!(session.alice.agreed().state_hash, session.alice_view(78).state_hash(Role::Initiator));
        }
    }
}

fn pair_again(pair: &Pair) -> Pair {
    Pair { alice_suites: pair.alice_suites, ..Pair::new() }
}

#[test]
fn the_responder_may_begin_and_epochs_follow_each_other() {
    let mut session = Session::hybrid();
    for block in 78..82 {
        let (alice_view, bob_view) = (session.alice_view(block), session.bob_view(block));
        session.bob.request_rotation(bob_view, initiator_ephemerals(Suite::Hybrid)).unwrap();
        assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Requested]);
        assert_eq!(session.alice.requested().unwrap().anchor.block_number, block);
        session.alice.agree(alice_view, responder_ephemerals()).unwrap();
        assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Begun]);
        assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Begun]);
        session.talk();
    }
    assert_eq!((session.alice.agreed().epoch, session.bob.agreed().epoch), (4, 4));
}

#[test]
fn a_state_ticket_binds_a_newer_block_and_both_kinds_follow_each_other() {
    let mut session = Session::hybrid();
    for block in 78..81 {
        session.alice.request_state_ticket(session.alice_view(block)).unwrap();
        assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Requested]);
        session.bob.agree(session.bob_view(block), responder_ephemerals()).unwrap();
        assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Begun]);
        assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Begun]);
        session.talk();
        session.rotate(block);
    }
    assert_eq!(session.bob.agreed().epoch, 6);
    assert_eq!(session.bob.agreed().state_hash, session.alice.agreed().state_hash);
}

#[test]
fn the_exporter_stays_and_the_ticket_is_given_once() {
    let mut session = Session::hybrid();
    let key = |channel: &Channel| {
        let mut key = [0; 32];
        channel.exporter().export(b"quote", b"", &mut key).unwrap();
        key
    };
    let before = key(&session.alice);
    session.rotate(78);
    assert_eq!((key(&session.alice), key(&session.bob)), (before, before));
    let (ours, theirs) = (session.alice.take_ticket().unwrap(), session.bob.take_ticket().unwrap());
    assert_eq!(ours.id(), theirs.id());
    assert_eq!((ours.role(), theirs.role()), (Role::Initiator, Role::Responder));
    assert_eq!(
        (ours.peer(), theirs.peer()),
        (session.pair.bob.record.identity, session.pair.alice.record.identity)
    );
    assert!(session.alice.take_ticket().is_none());
    assert!(format!("{ours:?}").starts_with("Ticket { peer: "), "and no secret");
}

#[test]
fn where_requests_cross_the_initiators_stands() {
    let mut session = Session::hybrid();
    session.alice.request_rotation(session.alice_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
    session.bob.request_state_ticket(session.bob_view(79)).unwrap();
    assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Ignored]);
    assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Requested]);
    session.talk();
    session.bob.agree(session.bob_view(78), responder_ephemerals()).unwrap();
    assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Begun]);
    assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Begun]);
    session.talk();
    session.rotate(79);
    session.talk();
}

#[test]
fn a_second_crossing_request_ends_the_session() {
    let mut session = Session::hybrid();
    session.alice.request_state_ticket(session.alice_view(78)).unwrap();
    session.bob.request_state_ticket(session.bob_view(79)).unwrap();
    assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Ignored]);
    // A Bob with the same keys who does not remember that he asked: the randomness of these sessions is fixed.
    let mut forgetful = Session::hybrid().bob;
    forgetful.append(ContentType::Data, b"", &mut Vec::new()).unwrap();
    forgetful.request_state_ticket(session.bob_view(79)).unwrap();
    let mut second = forgetful.next_outgoing().unwrap();
    let unexpected = Err(PeerMisbehaved::UnexpectedRecord(0x14).into());
    assert_eq!(open(&mut session.alice, &mut second, 0), unexpected);
}

#[test]
fn a_refusal_leaves_the_channel_as_it_was() {
    let mut session = Session::hybrid();
    session.alice.request_rotation(session.alice_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
    deliver(&mut session.alice, &mut session.bob);
    session.bob.refuse(Reject::UnknownBlock { my_head: 77 }).unwrap();
    let refused = [Event::Refused(Reject::UnknownBlock { my_head: 77 })];
    assert_eq!(deliver(&mut session.bob, &mut session.alice), refused);
    session.talk();
    assert!(session.alice.is_idle() && session.bob.is_idle());
    session.rotate(77);
    session.talk();
}

#[test]
fn views_that_disagree_begin_no_epoch() {
    let mut session = Session::hybrid();
    let mut other = readings();
    other[1].value = Value::Word([9; 32]);
    let seen = at_block(&session.pair.bob_view, 78);
    let differing = StateView::proven(*seen.anchor(), *seen.local(), *seen.peer(), other).unwrap();
    session.alice.request_state_ticket(session.alice_view(78)).unwrap();
    deliver(&mut session.alice, &mut session.bob);
    let error = session.bob.agree(differing, responder_ephemerals()).unwrap_err();
    assert_eq!(error, ChainDisagrees::Reading { query: 1 }.into());
    let refused = [Event::Refused(Reject::ValuationDiffers { query: 1 })];
    assert_eq!(deliver(&mut session.bob, &mut session.alice), refused);
    session.talk();
}

#[test]
fn a_session_does_not_go_back_to_an_older_block() {
    let mut session = Session::hybrid();
    session.rotate(80);
    let older = session.alice.request_state_ticket(session.alice_view(79)).unwrap_err();
    assert_eq!(older, ChainDisagrees::OlderBlock.into());
    // A peer that proposes one all the same is told so.
    let mut behind = Session::hybrid();
    behind.alice.request_state_ticket(behind.alice_view(77)).unwrap();
    deliver(&mut behind.alice, &mut behind.bob);
    let error = behind.bob.agree(behind.bob_view(76), responder_ephemerals()).unwrap_err();
    assert_eq!(error.as_reject(), Some(Reject::StaleState));
    assert_eq!(deliver(&mut behind.bob, &mut behind.alice), [Event::Refused(Reject::StaleState)]);
}

#[test]
fn only_the_sessions_own_records_carry_it_on() {
    let mut session = Session::hybrid();
    let mut pair = Pair::new();
    pair.bob.record.version += 1;
    pair.reprove();
    let error = session.alice.request_state_ticket(at_block(&pair.alice_view, 78)).unwrap_err();
    assert_eq!(error, ChainDisagrees::Record(Role::Responder).into());
    let view = session.alice_view(78);
    let fewer =
        StateView::proven(*view.anchor(), *view.local(), *view.peer(), readings()[..2].to_vec()).unwrap();
    let error = session.alice.request_state_ticket(fewer).unwrap_err();
    assert_eq!(error, ApiMisuse::ViewOfOtherProposal.into());
    assert!(session.alice.next_outgoing().is_none() && session.alice.is_idle());
}

#[test]
fn nothing_that_is_cut_from_the_end_of_an_epoch_goes_unnoticed() {
    let mut session = Session::hybrid();
    session.alice.request_state_ticket(session.alice_view(78)).unwrap();
    deliver(&mut session.alice, &mut session.bob);
    session.bob.agree(session.bob_view(78), responder_ephemerals()).unwrap();
    // Alice's last record under the old keys is lost; her confirmation under the new ones does not open.
    session.alice.append(ContentType::Data, b"lost", &mut Vec::new()).unwrap();
    deliver(&mut session.bob, &mut session.alice);
    let mut confirmation = session.alice.next_outgoing().unwrap();
    let fails = Err(PeerMisbehaved::DoesNotAuthenticate("record").into());
    assert_eq!(open(&mut session.bob, &mut confirmation, 0), fails);
}

#[test]
fn no_altered_control_record_opens() {
    let mut session = Session::hybrid();
    session.alice.request_rotation(session.alice_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
    let request = session.alice.next_outgoing().unwrap();
    for bit in (0..request.len() * 8).step_by(7).chain(0..64) {
        let mut altered = request.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(session.bob.open(&mut altered, 0).is_err(), "bit {bit}");
    }
    assert_eq!(open(&mut session.bob, &mut request.clone(), 0), Ok(Event::Requested));
}

#[test]
fn records_out_of_place_end_the_session() {
    let mut session = Session::hybrid();
    // A confirmation where none is awaited.
    let mut confirmation = [&[0x13][..], &[0; 16]].concat();
    let unexpected = |byte| Err(PeerMisbehaved::UnexpectedRecord(byte).into());
    assert_eq!(open(&mut session.bob, &mut confirmation, 0), unexpected(0x13));
    // A request while one is considered.
    session.alice.request_state_ticket(session.alice_view(78)).unwrap();
    deliver(&mut session.alice, &mut session.bob);
    let busy = session.bob.request_state_ticket(session.bob_view(78)).unwrap_err();
    assert_eq!(busy, ApiMisuse::EpochUnderWay.into());
    let twice = session.alice.request_state_ticket(session.alice_view(78)).unwrap_err();
    assert_eq!(twice, ApiMisuse::EpochUnderWay.into());
    let nothing = session.alice.agree(session.alice_view(78), responder_ephemerals()).unwrap_err();
    assert_eq!(nothing, ApiMisuse::NothingRequested.into());
    assert_eq!(session.alice.refuse(Reject::Busy), Err(ApiMisuse::NothingRequested.into()));
    // None of that forgot what is under way.
    session.bob.agree(session.bob_view(78), responder_ephemerals()).unwrap();
    let nothing = session.bob.agree(session.bob_view(78), responder_ephemerals()).unwrap_err();
    assert_eq!(nothing, ApiMisuse::NothingRequested.into());
    assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Begun]);
    assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Begun]);
}

#[test]
fn an_abort_ends_both_directions_with_its_reason() {
    for why in [
        Abort::Revoked(Role::Initiator),
        Abort::Expired(Role::Responder),
        Abort::Superseded(Role::Initiator),
        Abort::KeysWornOut,
        Abort::Unproven,
    ] {
        let mut session = Session::hybrid();
        session.bob.set_padding(Padding::Padme);
        session.bob.abort(why).unwrap();
        assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Aborted(why)]);
        for channel in [&mut session.alice, &mut session.bob] {
            let over = Err(ApiMisuse::SessionOver.into());
            assert_eq!(channel.append(ContentType::Data, b"", &mut Vec::new()), over);
            assert_eq!(channel.open(&mut [0x10; 17], 0).err(), Some(ApiMisuse::SessionOver.into()));
            assert_eq!(channel.append_datagram(b"", &mut Vec::new()), over);
            assert!(channel.take_ticket().is_none(), "nor can it be resumed");
            assert_eq!(channel.due(u64::MAX), Due::Nothing { again_at_ms: None });
        }
    }
}

#[test]
fn after_its_close_a_side_sends_no_data_and_still_receives() {
    let mut session = Session::hybrid();
    let mut close = Vec::new();
    session.alice.append(ContentType::Close, b"", &mut close).unwrap();
    assert_eq!(session.bob.open(&mut close, 0), Ok(Received::Close));
    let over = Err(ApiMisuse::SessionOver.into());
    for content_type in [ContentType::Data, ContentType::DataMore, ContentType::Close] {
        assert_eq!(session.alice.append(content_type, b"", &mut Vec::new()), over);
    }
    assert_eq!(session.alice.append_datagram(b"", &mut Vec::new()), over);
    assert!(session.bob.open_datagram(&mut [0; 64], 0).is_err());
    pass(&mut session.bob, &mut session.alice, b"go on");
}

#[test]
fn a_channel_closed_in_one_direction_keeps_its_keys_young() {
    for closer_begins in [true, false] {
        let mut session = Session::hybrid();
        let mut close = Vec::new();
        session.alice.append(ContentType::Close, b"", &mut close).unwrap();
        session.bob.open(&mut close, 0).unwrap();
        if closer_begins {
            session.rotate(78);
        } else {
            session.bob.request_rotation(session.bob_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
            assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Requested]);
            session.alice.agree(session.alice_view(78), responder_ephemerals()).unwrap();
            assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Begun]);
            assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Begun]);
        }
        pass(&mut session.bob, &mut session.alice, b"under the new keys");
        session.alice.due(0);
        assert_eq!(session.alice.due(120_000), Due::Rotation);
        session.alice.abort(Abort::Unproven).unwrap();
        assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Aborted(Abort::Unproven)]);
    }
}

#[test]
fn where_both_have_closed_nothing_is_asked_or_answered() {
    let mut session = Session::hybrid();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    session.alice.append(ContentType::Close, b"", &mut ours).unwrap();
    session.bob.append(ContentType::Close, b"", &mut theirs).unwrap();
    session.alice.open(&mut theirs, 0).unwrap();
    session.bob.open(&mut ours, 0).unwrap();
    let over = Err(ApiMisuse::SessionOver.into());
    for channel in [&mut session.alice, &mut session.bob] {
        assert!(channel.is_over());
        assert_eq!(channel.abort(Abort::Unproven), over);
        assert_eq!(channel.due(u64::MAX), Due::Nothing { again_at_ms: None });
        assert_eq!(channel.open(&mut [0x10; 17], 0).err(), Some(ApiMisuse::SessionOver.into()));
    }
    assert_eq!(session.alice.request_state_ticket(session.alice_view(78)), over);
}

#[test]
fn data_after_a_close_ends_the_session() {
    for (byte, content_type) in
        [(0x10, ContentType::Data), (0x11, ContentType::DataMore), (0x12, ContentType::Close)]
    {
        let (mut session, mut forgetful) = (Session::hybrid(), Session::hybrid().bob);
        let mut close = Vec::new();
        session.bob.append(ContentType::Close, b"", &mut close).unwrap();
        session.alice.open(&mut close, 0).unwrap();
        // A Bob with the same keys who does not remember that he closed: the randomness of these sessions is fixed.
        forgetful.append(ContentType::Data, b"", &mut Vec::new()).unwrap();
        let mut more = Vec::new();
        forgetful.append(content_type, b"", &mut more).unwrap();
        let unexpected = Some(PeerMisbehaved::UnexpectedRecord(byte).into());
        assert_eq!(session.alice.open(&mut more, 0).err(), unexpected);
    }
}

#[test]
fn keys_are_due_by_age_the_initiators_first() {
    let mut session = Session::hybrid();
    assert_eq!(session.alice.due(1_000), Due::Nothing { again_at_ms: Some(121_000) });
    assert_eq!(session.bob.due(1_000), Due::Nothing { again_at_ms: Some(136_000) });
    assert_eq!(session.alice.due(120_999), Due::Nothing { again_at_ms: Some(121_000) });
    assert_eq!(session.alice.due(121_000), Due::Rotation);
    assert_eq!(session.bob.due(135_999), Due::Nothing { again_at_ms: Some(136_000) });
    assert_eq!(session.bob.due(136_000), Due::Rotation);
    assert_eq!((session.alice.due(180_999), session.alice.due(181_000)), (Due::Rotation, Due::End));
    assert_eq!(session.bob.due(181_000), Due::End);
}

#[test]
fn a_rotation_renews_the_age_and_a_state_ticket_does_not() {
    let mut session = Session::hybrid();
    session.alice.due(0);
    session.bob.due(0);
    session.alice.request_state_ticket(session.alice_view(78)).unwrap();
    assert_eq!(session.alice.due(130_000), Due::Nothing { again_at_ms: Some(180_000) }, "one is under way");
    deliver(&mut session.alice, &mut session.bob);
    session.bob.agree(session.bob_view(78), responder_ephemerals()).unwrap();
    deliver(&mut session.bob, &mut session.alice);
    deliver(&mut session.alice, &mut session.bob);
    assert_eq!(session.alice.due(120_000), Due::Rotation);
    session.alice.request_rotation(session.alice_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
    let mut request = session.alice.next_outgoing().unwrap();
    open(&mut session.bob, &mut request, 121_000).unwrap();
    session.bob.agree(session.bob_view(78), responder_ephemerals()).unwrap();
    let mut reply = session.bob.next_outgoing().unwrap();
    open(&mut session.alice, &mut reply, 122_000).unwrap();
    let mut confirmation = session.alice.next_outgoing().unwrap();
    open(&mut session.bob, &mut confirmation, 123_000).unwrap();
    assert_eq!(session.alice.due(180_000), Due::Nothing { again_at_ms: Some(242_000) });
    assert_eq!(session.bob.due(180_000), Due::Nothing { again_at_ms: Some(123_000 + 135_000) });
}

#[test]
fn after_a_refusal_the_next_rotation_waits_a_little() {
    let mut session = Session::hybrid();
    session.alice.due(0);
    session.alice.request_rotation(session.alice_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
    deliver(&mut session.alice, &mut session.bob);
    session.bob.refuse(Reject::Unable).unwrap();
    let mut refusal = session.bob.next_outgoing().unwrap();
    open(&mut session.alice, &mut refusal, 120_000).unwrap();
    assert_eq!(session.alice.due(124_999), Due::Nothing { again_at_ms: Some(125_000) });
    assert_eq!(session.alice.due(125_000), Due::Rotation);
}

#[test]
fn half_the_caps_are_soft_and_the_whole_is_hard_but_for_an_end() {
    let limits = Limits { max_records: 10, max_bytes: 1_000, ..Limits::default() };
    let mut session = Session::hybrid();
    session.alice.set_limits(limits);
    session.alice.due(0);
    // The confirmation was the first record.
    for _ in 1..5 {
        assert!(matches!(session.alice.due(0), Due::Nothing { .. }));
        pass(&mut session.alice, &mut session.bob, b"order");
    }
    assert_eq!(session.alice.due(0), Due::Rotation);
    for _ in 5..10 {
        pass(&mut session.alice, &mut session.bob, b"order");
    }
    assert_eq!(session.alice.due(0), Due::End);
    let mut out = b"queued".to_vec();
    let refused = session.alice.append(ContentType::Data, b"order", &mut out);
    assert_eq!((refused, &out[..]), (Err(Exhausted::Records.into()), &b"queued"[..]));
    session.alice.abort(Abort::KeysWornOut).unwrap();
    assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Aborted(Abort::KeysWornOut)]);
    let mut session = Session::hybrid();
    session.alice.set_limits(limits);
    pass(&mut session.alice, &mut session.bob, &[7; 500]);
    assert_eq!(session.alice.due(0), Due::Rotation);
    let refused = session.alice.append(ContentType::Data, &[7; 501], &mut Vec::new());
    assert_eq!(refused, Err(Exhausted::Bytes.into()));
    session.rotate(78);
    assert!(matches!(session.alice.due(0), Due::Nothing { .. }), "a new key, a new count");
    pass(&mut session.alice, &mut session.bob, &[7; 501]);
}

#[test]
fn datagrams_wear_their_keys_too() {
    let mut session = Session::hybrid();
    session.alice.set_limits(Limits { max_records: 10, ..Limits::default() });
    for _ in 0..5 {
        assert!(matches!(session.alice.due(0), Due::Nothing { .. }));
        session.alice.append_datagram(b"tick", &mut Vec::new()).unwrap();
    }
    assert_eq!(session.alice.due(0), Due::Rotation);
    for _ in 5..10 {
        session.alice.append_datagram(b"tick", &mut Vec::new()).unwrap();
    }
    let refused = session.alice.append_datagram(b"tick", &mut Vec::new());
    assert_eq!(refused, Err(Exhausted::Records.into()));
    assert_eq!(session.alice.due(0), Due::Rotation, "and the stream goes on");
    session.rotate(78);
    session.alice.append_datagram(b"tick", &mut Vec::new()).unwrap();
}

#[test]
fn a_state_ticket_is_agreed_to_without_ephemeral_keys_and_a_rotation_is_not() {
    let mut session = Session::hybrid();
    session.alice.request_rotation(session.alice_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
    deliver(&mut session.alice, &mut session.bob);
    assert!(session.bob.is_rotation_requested());
    let refused = session.bob.agree_to_state_ticket(session.bob_view(78));
    assert_eq!(refused, Err(ApiMisuse::EphemeralsOfOtherSuite.into()));
    session.bob.agree(session.bob_view(78), responder_ephemerals()).unwrap();
    deliver(&mut session.bob, &mut session.alice);
    deliver(&mut session.alice, &mut session.bob);
    session.alice.request_state_ticket(session.alice_view(79)).unwrap();
    deliver(&mut session.alice, &mut session.bob);
    assert!(!session.bob.is_rotation_requested());
    session.bob.agree_to_state_ticket(session.bob_view(79)).unwrap();
    assert_eq!(deliver(&mut session.bob, &mut session.alice), [Event::Begun]);
    assert_eq!(deliver(&mut session.alice, &mut session.bob), [Event::Begun]);
    session.talk();
}

#[test]
fn padded_records_show_their_bucket_alone_whatever_they_carry() {
    let mut session = Session::hybrid();
    session.alice.set_padding(Padding::PowersOfTwo { least: 4_096.try_into().unwrap() });
    let mut lengths = Vec::new();
    for (content_type, content) in
        [(ContentType::Data, &b""[..]), (ContentType::DataMore, b"part"), (ContentType::Data, &[7; 4_093])]
    {
        let mut record = Vec::new();
        session.alice.append(content_type, content, &mut record).unwrap();
        lengths.push((record[0], record.len()));
        let received = session.bob.open(&mut record, 0).unwrap();
        let ends_message = content_type == ContentType::Data;
        assert_eq!(received, Received::Data { content: &mut content.to_vec(), ends_message });
    }
    session.alice.request_rotation(session.alice_view(78), initiator_ephemerals(Suite::Hybrid)).unwrap();
    let request = session.alice.next_outgoing().unwrap();
    lengths.push((request[0], request.len()));
    assert_eq!(lengths, [(0x1f, 4_096 + 17); 4]);
    let most = session.bob.max_content();
    session.bob.set_padding(Padding::Full);
    assert_eq!((most, session.bob.max_content()), (16_384, 16_381));
    let too_long = session.bob.append(ContentType::Data, &[0; 16_382], &mut Vec::new());
    assert_eq!(too_long, Err(ApiMisuse::RecordTooLong { length: 16_382, maximum: 16_381 }.into()));
    pass(&mut session.bob, &mut session.alice, &[7; 16_381]);
}

#[test]
fn datagrams_flow_beside_the_stream_through_an_epoch() {
    let mut session = Session::hybrid();
    assert_eq!(session.alice.lane(), session.bob.lane());
    let mut early = Vec::new();
    session.alice.append_datagram(b"tick 1", &mut early).unwrap();
    session.rotate(78);
    let mut later = Vec::new();
    session.alice.append_datagram(b"tick 2", &mut later).unwrap();
    let opened = session.bob.open_datagram(&mut later, 0).unwrap();
    assert_eq!((opened.number, opened.is_newest, &*opened.content), (1, true, &b"tick 2"[..]));
    let mut copy = early.clone();
    let opened = session.bob.open_datagram(&mut copy, 5_000).unwrap();
    assert_eq!((opened.number, opened.is_newest, &*opened.content), (0, false, &b"tick 1"[..]));
    let mut other = Session::new(Pair { alice_now: support::NOW + 1, ..Pair::new() });
    assert_eq!(other.bob.open_datagram(&mut early, 0).err(), Some(PeerMisbehaved::ForeignDatagram.into()));
}

#[test]
fn debug_shows_no_secret() {
    let session = Session::hybrid();
    assert_eq!(format!("{:?}", session.alice), "Channel { epoch: 0, sealed: 1, opened: 0, .. }");
}
