//! Two parties in memory: what completes, what does not, and what each side then knows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use countersign_protocol::{
    Address, ApiMisuse, ChainDisagrees, Channel, ContentType, EcdhPurpose, Error, FloorOf, KeyAnswer,
    KeyRequest, Label, PeerIncompatible, PeerMisbehaved, Query, Reading, Reject, ReturnData, Role, StateView,
    Suite, SuitePolicy, Value,
};
use support::{Pair, Party, anchor, initiator_ephemerals, readings, responder_ephemerals, view};

#[test]
fn both_sides_agree_on_everything() {
    for pair in [Pair::new(), Pair::classical()] {
        let (alice, bob) = pair.establish();
        assert_eq!(alice.summary.handshake_hash, bob.summary.handshake_hash);
        assert_eq!(alice.summary.state_hash, bob.summary.state_hash);
        assert_eq!(alice.summary.suite, pair.alice_suites.preferred());
        assert_eq!((alice.summary.role, bob.summary.role), (Role::Initiator, Role::Responder));
        assert_eq!(alice.summary.view, pair.alice_view);
        assert_eq!(bob.summary.view, pair.bob_view);
    }
}

#[test]
fn records_travel_both_ways_and_the_exporter_is_shared() {
    let (mut alice, mut bob) = Pair::new().establish();
    for text in [&b""[..], b"order", &[7; 16_384]] {
        let pass = |from: &mut Channel, to: &mut Channel| {
            let mut record = [&[0], text, &[0; 16]].concat();
            from.seal(ContentType::Data, &mut record).unwrap();
            assert_eq!(to.open(&mut record, 0).map(support::text), Ok(text.to_vec()));
        };
        pass(&mut alice.channel, &mut bob.channel);
        pass(&mut bob.channel, &mut alice.channel);
    }
    let (mut ours, mut theirs) = ([0; 48], [0; 48]);
    alice.channel.exporter().export(b"quote", b"7", &mut ours).unwrap();
    bob.channel.exporter().export(b"quote", b"7", &mut theirs).unwrap();
    assert_eq!(ours, theirs);
    bob.channel.exporter().export(b"quote7", b"", &mut theirs).unwrap();
    assert_ne!(ours, theirs, "label and context are told apart");
    let mut too_long = vec![0; 8_161];
    assert_eq!(
        alice.channel.exporter().export(b"", b"", &mut too_long),
        Err(Error::ApiMisuse(ApiMisuse::ExportTooLong))
    );
}

#[test]
fn products_prepared_ahead_of_time_change_no_byte() {
    let pair = Pair::new();
    let plain = pair.hello();
    let params = countersign_protocol::initiator::InitiatorParams {
        view: pair.alice_view.clone(),
        suites: pair.alice_suites,
        now_unix_ms: pair.alice_now,
    };
    let ephemerals = initiator_ephemerals(Suite::Hybrid).for_responder(&pair.bob.public_key());
    let awaiting = countersign_protocol::initiator::start(params, ephemerals).unwrap();
    let answer = pair.alice.answer(awaiting.request());
    let mut prepared = awaiting.answer(answer).unwrap();
    assert_eq!(plain.hello, prepared.hello);

    let (mut first, mut second) = (plain.hello.clone(), plain.hello.clone());
    let peer = pair.read_hello(&mut first).unwrap();
    let replied = pair.accept(peer).unwrap();
    let peer = pair.read_hello(&mut second).unwrap();
    let ephemerals = responder_ephemerals().for_initiator(&pair.alice.public_key());
    let mut replied_prepared = peer.accept(pair.bob_view.clone(), ephemerals).unwrap();
    assert_eq!(replied.reply, replied_prepared.reply);
    let mut completed = pair.read_reply(prepared.next, &mut replied_prepared.reply).unwrap();
    replied.next.read(&mut completed.confirmation).unwrap();
    assert!(pair.read_hello(&mut prepared.hello).is_ok());
}

#[test]
fn a_product_prepared_for_another_peer_is_not_used() {
    let pair = Pair::new();
    let ephemerals = initiator_ephemerals(Suite::Hybrid).for_responder(&Party::new(0x77).public_key());
    let params = countersign_protocol::initiator::InitiatorParams {
        view: pair.alice_view.clone(),
        suites: pair.alice_suites,
        now_unix_ms: pair.alice_now,
    };
    let awaiting = countersign_protocol::initiator::start(params, ephemerals).unwrap();
    let answer = pair.alice.answer(awaiting.request());
    assert_eq!(awaiting.answer(answer).unwrap().hello, pair.hello().hello);
}

#[test]
fn key_requests_say_what_they_are_for() {
    let pair = Pair::new();
    let awaiting = pair.start().unwrap();
    let bob = pair.bob.public_key();
    assert!(matches!(awaiting.request(),
        KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, peer } if peer == bob));
    let mut hello = pair.hello().hello;
    let awaiting = pair.expect_hello().read(&mut hello).unwrap();
    assert!(matches!(awaiting.request(), KeyRequest::Ecdh { purpose: EcdhPurpose::EphemeralStatic, .. }));
    let answer = pair.bob.answer(awaiting.request());
    let awaiting = awaiting.answer(answer).unwrap();
    let alice = pair.alice.public_key();
    assert!(matches!(awaiting.request(),
        KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, peer } if peer == alice));
}

#[test]
fn a_signature_answers_no_ecdh() {
    let pair = Pair::new();
    let signature = || KeyAnswer::Signature(pair.alice.secret.sign_prehash(&[1; 32]));
    let wrong = Error::ApiMisuse(ApiMisuse::WrongAnswer);
    assert_eq!(pair.start().unwrap().answer(signature()).err(), Some(wrong));
    let mut hello = pair.hello().hello;
    let awaiting = pair.expect_hello().read(&mut hello).unwrap();
    assert_eq!(awaiting.answer(signature()).err(), Some(wrong));
}

#[test]
fn a_false_product_does_not_open_the_hello() {
    let pair = Pair::new();
    let mut hello = pair.hello().hello;
    let awaiting = pair.expect_hello().read(&mut hello).unwrap();
    let false_answer = Party::new(0x66).answer(awaiting.request());
    assert_eq!(
        awaiting.answer(false_answer).err(),
        Some(Error::PeerMisbehaved(PeerMisbehaved::DoesNotAuthenticate("encapsulation key")))
    );
}

/// What the responder reports, and what the initiator reads of it.
fn refusal(pair: &Pair) -> (Error, Error) {
    let mut sent = pair.hello();
    let peer = pair.read_hello(&mut sent.hello).unwrap();
    let Err(mut refusal) = pair.accept(peer) else { panic!("the responder accepted") };
    let reject = refusal.reject.as_mut().unwrap();
    let Err(read) = pair.read_reply(sent.next, reject) else { panic!("the initiator completed") };
    (refusal.error, read)
}

#[test]
fn a_different_price_is_named_on_both_sides() {
    let mut pair = Pair::new();
    for query in 0..3_u8 {
        let mut readings = readings();
        readings[usize::from(query)].value = match query {
            2 => Value::Returned(ReturnData::new([0xee; 160]).unwrap()),
            _ => Value::Word([0xee; 32]),
        };
        pair.bob_view =
            StateView::proven(anchor(), pair.bob.proven(), pair.alice.proven(), readings).unwrap();
        assert_eq!(
            refusal(&pair),
            (
                Error::ChainDisagrees(ChainDisagrees::Reading { query }),
                Error::Rejected(Reject::ValuationDiffers { query }),
            )
        );
    }
}

#[test]
fn a_different_record_is_named_on_both_sides() {
    for whose in [Role::Initiator, Role::Responder] {
        let mut pair = Pair::new();
        let record = match whose {
            Role::Initiator => &mut pair.alice.record,
            Role::Responder => &mut pair.bob.record,
        };
        record.version += 1;
        pair.bob_view = view(&pair.bob, &pair.alice);
        assert_eq!(
            refusal(&pair),
            (
                Error::ChainDisagrees(ChainDisagrees::Record(whose)),
                Error::Rejected(Reject::RecordDiffers { whose }),
            )
        );
    }
}

#[test]
fn another_chain_registry_or_block_is_named_on_both_sides() {
    let (ours, other) = (anchor(), anchor());
    let cases = [
        (
            countersign_protocol::Anchor { chain_id: 1, ..other },
            ChainDisagrees::Chain { theirs: ours.chain_id, ours: 1 },
            Reject::WrongChain,
        ),
        (
            countersign_protocol::Anchor { registry: Address([1; 20]), ..other },
            ChainDisagrees::Registry,
            Reject::WrongRegistry,
        ),
        (
            countersign_protocol::Anchor { block_hash: [1; 32], ..other },
            ChainDisagrees::Block,
            Reject::StaleState,
        ),
    ];
    for (bobs, error, reject) in cases {
        let mut pair = Pair::new();
        pair.bob_view = StateView::proven(bobs, pair.bob.proven(), pair.alice.proven(), readings()).unwrap();
        assert_eq!(refusal(&pair), (error.into(), Error::Rejected(reject)));
    }
}

#[test]
fn a_responder_that_skips_the_comparison_derives_other_keys() {
    // The claims in the hello are for diagnosis. A responder that repeats the initiator's claims instead of
    // proving its own is modelled by an initiator whose claims are those of another view than it keyed with.
    let honest = Pair::new();
    let mut lied_to = Pair::new();
    let mut readings = readings();
    readings[1].value = Value::Word([0xee; 32]);
    lied_to.alice_view =
        StateView::proven(anchor(), lied_to.alice.proven(), lied_to.bob.proven(), readings).unwrap();

    // Bob's reply to the honest hello, and an initiator with the same ephemerals and another view.
    let mut sent = honest.hello();
    let peer = honest.read_hello(&mut sent.hello).unwrap();
    let mut replied = honest.accept(peer).unwrap();
    let other = lied_to.hello();
    assert_ne!(other.hello, sent.hello);
    assert_eq!(
        honest.read_reply(other.next, &mut replied.reply.clone()).err(),
        Some(Error::PeerMisbehaved(PeerMisbehaved::DoesNotAuthenticate("KEM ciphertext"))),
        "the claim is part of the transcript"
    );
    assert!(honest.read_reply(sent.next, &mut replied.reply).is_ok());
}

#[test]
fn a_key_that_is_not_the_records_is_refused() {
    let mut pair = Pair::new();
    // Mallory dials in Alice's name with a key of her own.
    let mallory = Party::new(0x66);
    let impostor = Party {
        secret: countersign_protocol::curve::SecretKey::from_bytes(&[0x66; 32]).unwrap(),
        record: countersign_protocol::RegistryRecord { signer: mallory.record.signer, ..pair.alice.record },
    };
    pair.alice_view = view(&impostor, &pair.bob);
    pair.alice = impostor;
    assert_eq!(
        refusal(&pair),
        (Error::ChainDisagrees(ChainDisagrees::InitiatorKey), Error::Rejected(Reject::KeyMismatch),)
    );
}

#[test]
fn an_identity_that_was_not_dialled_does_not_answer() {
    let mut pair = Pair::new();
    pair.bob.record.identity.label = Label::from_text("other").unwrap();
    pair.bob_view = view(&pair.bob, &pair.alice);
    assert_eq!(
        refusal(&pair),
        (Error::ChainDisagrees(ChainDisagrees::Responder), Error::Rejected(Reject::WrongResponder),)
    );
}

#[test]
fn clocks_too_far_apart_are_told() {
    for (alice_now, skew_ms) in [(support::NOW - 30_001, 30_001), (support::NOW + 30_001, 30_001)] {
        let pair = Pair { alice_now, ..Pair::new() };
        assert_eq!(
            refusal(&pair),
            (
                Error::PeerIncompatible(PeerIncompatible::ClockSkew { skew_ms }),
                Error::Rejected(Reject::ClockSkew),
            )
        );
    }
    Pair { alice_now: support::NOW - 30_000, ..Pair::new() }.establish();
}

#[test]
fn the_suite_floor_of_either_record_forbids_the_classical_suite() {
    for role in [Role::Initiator, Role::Responder] {
        let mut pair = Pair::classical();
        match role {
            Role::Initiator => pair.alice.record.suite_floor = 1,
            Role::Responder => pair.bob.record.suite_floor = 1,
        }
        // Bob's proven view has the floor; Alice does not know of it.
        pair.bob_view = view(&pair.bob, &pair.alice);
        let error = PeerIncompatible::SuiteTooLow {
            suite: Suite::Classical,
            floor: 1,
            demanded_by: FloorOf::Record(role),
        };
        assert_eq!(refusal(&pair), (error.into(), Error::Rejected(Reject::SuiteTooLow)));
        // Once she does, she does not dial.
        pair.reprove();
        assert_eq!(pair.start().err(), Some(error.into()));
        // With the hybrid suite both go on.
        pair.alice_suites = SuitePolicy::HYBRID;
        pair.establish();
    }
}

#[test]
fn a_floor_that_this_version_does_not_know_is_never_met() {
    let mut pair = Pair::new();
    pair.bob.record.suite_floor = 2;
    pair.reprove();
    assert!(matches!(
        pair.start().err(),
        Some(Error::PeerIncompatible(PeerIncompatible::SuiteTooLow { floor: 2, .. }))
    ));
}

#[test]
fn a_responder_may_demand_hybrid_by_its_own_policy() {
    let mut pair = Pair::classical();
    pair.bob_suites = SuitePolicy::HYBRID;
    assert_eq!(refusal(&pair).1, Error::Rejected(Reject::SuiteTooLow));
}

#[test]
fn taking_a_suite_from_the_offer_breaks_the_handshake() {
    let pair = Pair::classical();
    let mut hello = pair.hello().hello;
    assert_eq!(hello[3], 0b11, "both suites are offered");
    hello[3] = 0b01;
    // An attacker who knows the responder's public key can repair mac1; the transcript it cannot repair.
    support::repair_mac1(&mut hello, &pair.bob.public_key());
    assert_eq!(
        pair.read_hello(&mut hello).err(),
        Some(Error::PeerMisbehaved(PeerMisbehaved::DoesNotAuthenticate("initiator's static key")))
    );
}

#[test]
fn a_hello_for_another_responder_is_dropped_before_any_curve_operation() {
    let pair = Pair::new();
    let mut hello = pair.hello().hello;
    let elsewhere = Pair { bob: Party::new(0x99), ..Pair::new() };
    assert_eq!(
        elsewhere.expect_hello().read(&mut hello).err(),
        Some(Error::PeerMisbehaved(PeerMisbehaved::NotForThisResponder))
    );
}

#[test]
fn another_version_and_an_unknown_suite_are_named() {
    let pair = Pair::new();
    let mut hello = pair.hello().hello;
    hello[1] = 2;
    assert_eq!(
        pair.expect_hello().read(&mut hello).err(),
        Some(Error::PeerIncompatible(PeerIncompatible::Version { got: 2 }))
    );
    hello[1] = 1;
    hello[2] = 9;
    assert_eq!(
        pair.expect_hello().read(&mut hello).err(),
        Some(Error::PeerIncompatible(PeerIncompatible::UnknownSuite { level: 9 }))
    );
}

#[test]
fn a_view_of_something_else_is_a_misuse() {
    let pair = Pair::new();
    let views = [
        view(&pair.alice, &pair.bob),
        view(&pair.bob, &Party::new(0x66)),
        StateView::proven(anchor(), pair.bob.proven(), pair.alice.proven(), vec![]).unwrap(),
        {
            let mut readings = readings();
            readings[0].query = Query::StorageSlot { source: Address([0; 20]), slot: [0; 32] };
            StateView::proven(anchor(), pair.bob.proven(), pair.alice.proven(), readings).unwrap()
        },
    ];
    for bob_view in views {
        let pair = Pair { bob_view, ..Pair::new() };
        assert_eq!(
            refusal(&pair),
            (Error::ApiMisuse(ApiMisuse::ViewOfOtherProposal), Error::Rejected(Reject::Unable),)
        );
    }
}

#[test]
fn nobody_dials_itself() {
    let alice = Party::new(0xa1);
    let twin = Party {
        record: countersign_protocol::RegistryRecord { version: 9, ..alice.record },
        ..Party::new(0xa1)
    };
    let pair = Pair { alice_view: view(&alice, &twin), ..Pair::new() };
    assert_eq!(pair.start().err(), Some(Error::ApiMisuse(ApiMisuse::DialsItself)));
}

#[test]
fn the_callers_own_reason_reaches_the_initiator() {
    for reason in [Reject::Busy, Reject::UnknownBlock { my_head: 76 }, Reject::Revoked, Reject::Replayed] {
        let pair = Pair::new();
        let mut sent = pair.hello();
        let mut reject = pair.read_hello(&mut sent.hello).unwrap().reject(reason);
        assert_eq!(reject.len(), 45);
        assert_eq!(pair.read_reply(sent.next, &mut reject).err(), Some(Error::Rejected(reason)));
    }
}

#[test]
fn the_proposal_arrives_whole() {
    let pair = Pair::new();
    let mut sent = pair.hello();
    let peer = pair.read_hello(&mut sent.hello).unwrap();
    let proposal = peer.proposal();
    assert_eq!(proposal.timestamp_unix_ms, support::NOW);
    assert_eq!(proposal.initiator, pair.alice.record.identity);
    assert_eq!(proposal.initiator_version, 3);
    assert_eq!(proposal.responder, pair.bob.record.identity);
    assert_eq!(proposal.anchor, anchor());
    let claims: Vec<_> = readings().iter().map(Reading::claim).collect();
    assert_eq!(proposal.readings, claims);
    assert_eq!(proposal.claimed_state_hash(), pair.alice_view.state_hash(Role::Initiator));
    assert_eq!(*peer.initiator_key(), pair.alice.public_key());
}

#[test]
fn a_data_record_does_not_confirm() {
    let pair = Pair::new();
    let mut sent = pair.hello();
    let peer = pair.read_hello(&mut sent.hello).unwrap();
    let mut replied = pair.accept(peer).unwrap();
    let mut completed = pair.read_reply(sent.next, &mut replied.reply).unwrap();
    let mut data = vec![0; 17];
    // The same keys and the right number, but no confirmation: number 0 is spent, so this is number 1.
    completed.established.channel.seal(ContentType::Data, &mut data).unwrap();
    assert!(replied.next.read(&mut data).is_err());
}

#[test]
fn two_rejects_of_one_hello_share_no_nonce() {
    let pair = Pair::new();
    let hello = pair.hello().hello;
    let refuse = |reason| pair.read_hello(&mut hello.clone()).unwrap().reject(reason);
    let (busy, replayed) = (refuse(Reject::Busy), refuse(Reject::Replayed));
    assert_ne!(busy[1..13], replayed[1..13]);
    assert_eq!(busy, refuse(Reject::Busy), "the same text under the same nonce shows nothing new");
    for (mut message, reason) in [(busy, Reject::Busy), (replayed, Reject::Replayed)] {
        assert_eq!(pair.read_reply(pair.hello().next, &mut message).err(), Some(Error::Rejected(reason)));
    }
}

#[test]
fn a_version_that_is_not_the_records_is_named() {
    let mut pair = Pair::new();
    pair.alice.record.version += 1;
    pair.bob_view = view(&pair.bob, &pair.alice);
    assert_eq!(refusal(&pair).1, Error::Rejected(Reject::RecordDiffers { whose: Role::Initiator }));
}
