//! Sessions that must not be: each refused for its own reason, which both sides learn.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashSet;
use std::time::Duration;

use countersign::custody::Custody;
use countersign::protocol::{
    ChainDisagrees, Error as ProtocolError, FloorOf, PeerIncompatible, PeerMisbehaved, StateView, SuitePolicy,
};
use countersign::registry::{HeadPolicy, RecordDepth, ResolveError, RevocationReason};
use countersign::transport::TransportError;
use countersign::{
    AcceptError, Address, Admission, Error, Fault, Identity, Item, Policy, Query, Reject, Role, Session,
    Trader, Value,
};
use countersign_tests::by_hand::{
    Hello, Parts, altered, answer_by_hand, dial_by_hand, hello, hello_now, now_unix_ms,
};
use countersign_tests::proxy::Proxy;
use countersign_tests::trader::{Market, OPENING_PRICE, Party, Terms, aware, meet, prompt};
use tokio::net::TcpListener;

async fn parties(market: &Market) -> (Party, Party) {
    (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await)
}

/// What became of a dial, on both sides.
async fn refused(dialler: &Trader, responder: &Trader, queries: &[Query]) -> (Error, AcceptError) {
    let mut listener = responder.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let (here, there) = tokio::join!(dialler.dial(responder.identity(), at, queries), listener.accept());
    (here.unwrap_err(), there.unwrap_err())
}

/// What a hand-made hello hears, and what the trader says of it.
async fn answered(responder: &Trader, hello: Hello) -> (ProtocolError, AcceptError) {
    let mut listener = responder.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let (here, there): (_, Result<Session, AcceptError>) =
        tokio::join!(dial_by_hand(at, hello), listener.accept());
    (here.unwrap_err(), there.unwrap_err())
}

/// Dials a responder that holds another view than the true one.
async fn dial_a_different_view(
    market: &Market,
    alice: &Party,
    bob: &Party,
    change: impl FnOnce(&mut Parts),
) -> Error {
    let queries = [market.price()];
    let view = altered(&bob.view(market, alice, &queries).await, change);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let dialler = alice.at(market).build();
    let answer = async {
        let (mut io, peer) = answer_by_hand(&socket, bob).await;
        let ephemerals = countersign::protocol::ResponderEphemerals::generate(getrandom::fill).unwrap();
        let Err(refusal) = peer.accept(view, ephemerals) else { panic!("a false view was accepted") };
        io.send(&refusal.reject.unwrap()).await.unwrap();
    };
    let (dialled, ()) = tokio::join!(dialler.dial(bob.identity, at, &queries), answer);
    dialled.unwrap_err()
}

fn assert_told(there: &AcceptError, reject: Reject) {
    assert_eq!(there.told, Some(reject), "{there}");
}

#[tokio::test]
async fn the_dialler_claims_another_price() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let other = Query::StorageSlot { source: market.price().source(), slot: [7; 32] };
    let view = alice.view(&market, &bob, &[other.clone(), market.price()]).await;
    let view = altered(&view, |parts| parts.readings[1].value = Value::Word([1; 32]));
    let claimed = *view.readings()[1].value.commitment();

    let (here, there) = answered(&bob.at(&market).build(), hello_now(&alice, view).await).await;

    let reject = Reject::ValuationDiffers { query: 1 };
    assert_eq!(here, ProtocolError::Rejected(reject));
    assert_told(&there, reject);
    assert_eq!(there.initiator, Some(alice.identity));
    let Error::Differs(difference) = &*there.cause else { panic!("{there}") };
    assert_eq!(difference.item, Item::Reading { position: 1, query: market.price() });
    assert_eq!(difference.theirs, Some(claimed));
    assert_eq!(difference.ours[24..], OPENING_PRICE.to_be_bytes());
    assert_eq!(there.cause.fault(), Fault::Chain);
}

#[tokio::test]
async fn the_responder_holds_another_price() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let error =
        dial_a_different_view(&market, &alice, &bob, |parts| parts.readings[0].value = Value::Word([9; 32]))
            .await;
    let Error::Refused { peer, reason: Reject::ValuationDiffers { query: 0 }, difference } = &error else {
        panic!("{error}")
    };
    assert_eq!(*peer, bob.identity);
    let difference = difference.as_deref().unwrap();
    assert_eq!(difference.item, Item::Reading { position: 0, query: market.price() });
    assert_eq!(difference.ours[24..], OPENING_PRICE.to_be_bytes());
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("reading 0"), "{error}");
}

#[tokio::test]
async fn either_side_holds_another_record() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    for whose in [Role::Initiator, Role::Responder] {
        let change = |parts: &mut Parts, own: bool| {
            Parts::outlive(if own { &mut parts.local } else { &mut parts.peer });
        };
        let view = alice.view(&market, &bob, &[]).await;
        let view = altered(&view, |parts| change(parts, whose == Role::Initiator));
        let (here, there) = answered(&bob.at(&market).build(), hello_now(&alice, view).await).await;
        assert_eq!(here, ProtocolError::Rejected(Reject::RecordDiffers { whose }));
        assert_told(&there, Reject::RecordDiffers { whose });
        let Error::Differs(difference) = &*there.cause else { panic!("{there}") };
        assert_eq!(difference.item, Item::Record { whose });

        let error = dial_a_different_view(&market, &alice, &bob, |parts| {
            change(parts, whose == Role::Responder);
        })
        .await;
        let Error::Refused { reason, difference: Some(difference), .. } = &error else { panic!("{error}") };
        assert_eq!(*reason, Reject::RecordDiffers { whose });
        assert_eq!(difference.item, Item::Record { whose });
    }
}

#[tokio::test]
async fn the_two_sides_mean_other_instruments() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let other = Query::StorageSlot { source: market.price().source(), slot: [1; 32] };
    let policy = Policy { instrument: Some(vec![market.price()]), ..Policy::default() };
    let (alice, bob) = (alice.at(&market).build(), bob.at(&market).policy(policy).build());
    for (queries, position) in [(vec![], 0), (vec![other.clone()], 0), (vec![market.price(), other], 1)] {
        let (here, there) = refused(&alice, &bob, &queries).await;
        // No value was proven to differ; which item it is, the responder's own log says.
        assert!(matches!(here, Error::Refused { reason: Reject::Unwilling, difference: None, .. }), "{here}");
        assert!(
            matches!(&*there.cause, Error::OtherInstrument { position: at } if *at == position),
            "{there}"
        );
        assert_told(&there, Reject::Unwilling);
    }
    meet(&alice, &bob, &[market.price()]).await;
}

#[tokio::test]
async fn more_readings_than_the_responder_proves() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let policy = Policy { max_queries: 1, ..Policy::default() };
    let bob = bob.at(&market).policy(policy).build();
    let (here, there) = refused(&alice.at(&market).build(), &bob, &[market.price(), market.price()]).await;
    assert!(matches!(here, Error::Refused { reason: Reject::Unwilling, .. }), "{here}");
    assert_told(&there, Reject::Unwilling);
    assert!(matches!(&*there.cause, Error::OtherInstrument { position: 1 }), "{there}");
}

#[tokio::test]
async fn a_reading_of_no_contract() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let nowhere = Query::StorageSlot { source: Address([5; 20]), slot: [0; 32] };
    let view = alice.view(&market, &bob, &[market.price()]).await;
    let view = altered(&view, |parts| parts.readings[0].query = nowhere);
    let (here, there) = answered(&bob.at(&market).build(), hello_now(&alice, view).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::Unable));
    assert_told(&there, Reject::Unable);
    assert!(matches!(&*there.cause, Error::Resolve(ResolveError::NoSuchContract { .. })), "{there}");
}

#[tokio::test]
async fn a_revoked_dialler() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    // What alice follows still shows her active; bob looks at the head. A ticket would be refused first.
    let policy = Policy { ticket_lifetime: Duration::ZERO, ..Policy::default() };
    let seldom = HeadPolicy { poll_interval: Duration::from_secs(3600), ..prompt() };
    let trader = alice.seeing(market.resolver_with(seldom)).policy(policy).build();
    let counterparty = bob.at(&market).build();
    meet(&trader, &counterparty, &[]).await;
    trader.resolver().follow().watch(bob.identity, None).proven().await;
    alice.revoke().await;
    aware(&counterparty, &market).await;

    let (here, there) = refused(&trader, &counterparty, &[]).await;
    assert!(matches!(here, Error::Refused { reason: Reject::Revoked, .. }), "{here}");
    assert_told(&there, Reject::Revoked);
    let Error::Resolve(ResolveError::Revoked { identity, reason, .. }) = &*there.cause else {
        panic!("{there}")
    };
    assert_eq!((*identity, *reason), (alice.identity, RevocationReason::KeyCompromised));

    // With eyes of her own, alice sees it herself.
    let trader = alice.at(&market).build();
    let is_revoked = |error: &Error| matches!(error, Error::Resolve(ResolveError::Revoked { identity, .. }) if *identity == alice.identity);
    let mut listener = counterparty.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let (error, there) = tokio::join!(trader.dial(bob.identity, at, &[]), listener.accept());
    assert!(is_revoked(&error.unwrap_err()));
    assert!(matches!(&*there.unwrap_err().cause, Error::Transport(TransportError::PeerClosed)));
}

#[tokio::test]
async fn a_revoked_responder() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let view = alice.view(&market, &bob, &[]).await;
    bob.revoke().await;
    let counterparty = bob.at(&market).build();
    let listener = counterparty.listen("127.0.0.1:0").await.unwrap();

    let dialled = alice.at(&market).build().dial(bob.identity, listener.local_addr(), &[]).await;
    let error = dialled.unwrap_err();
    assert!(
        matches!(error, Error::Resolve(ResolveError::Revoked { identity, .. }) if identity == bob.identity),
        "{error}"
    );
    assert_eq!(error.fault(), Fault::Chain);

    // Who dials all the same is told that bob's record is another by now.
    let (here, there) = answered(&counterparty, hello_now(&alice, view).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::RecordDiffers { whose: Role::Responder }));
    assert!(
        matches!(&*there.cause, Error::Resolve(ResolveError::Revoked { identity, .. }) if *identity == bob.identity)
    );
}

#[tokio::test]
async fn a_key_that_was_rotated_away() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let old_view = alice.view(&market, &bob, &[]).await;
    alice.rotate(Terms::default()).await;
    let counterparty = bob.at(&market).build();

    // At the block before the rotation: let both look at a newer one.
    let (here, there) = answered(&counterparty, hello_now(&alice, old_view.clone()).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::StaleState));
    assert!(
        matches!(&*there.cause, Error::Resolve(ResolveError::Rotated { anchored: 1, newest: 2, .. })),
        "{there}"
    );

    // At the newest block, with the old key all the same.
    let newest = alice.view(&market, &bob, &[]).await;
    let view = altered(&old_view, |parts| parts.anchor = *newest.anchor());
    let (here, there) = answered(&counterparty, hello_now(&alice, view).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::KeyMismatch));
    assert_told(&there, Reject::KeyMismatch);
    assert!(matches!(
        &*there.cause,
        Error::Protocol(ProtocolError::ChainDisagrees(ChainDisagrees::InitiatorKey))
    ));
}

#[tokio::test]
async fn a_trader_with_an_outdated_key_says_so() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let current = bob.rotate(Terms::default()).await;
    let outdated = bob.at(&market).build();
    // Bob dials with the old key: his own node shows him the new one.
    let listener = alice.at(&market).build().listen("127.0.0.1:0").await.unwrap();
    let error = outdated.dial(alice.identity, listener.local_addr(), &[]).await.unwrap_err();
    let held = Address(bob.key.public_key().address());
    let registered = Address(current.key.public_key().address());
    assert!(
        matches!(error, Error::NotMyKey { identity, registered: r, held: h } if (identity, r, h) == (bob.identity, registered, held)),
        "{error}"
    );
    assert_eq!(error.fault(), Fault::ThisSide);
    // Bob answers with the old key: the hello is for the new one.
    let (here, there) = refused(&alice.at(&market).build(), &outdated, &[]).await;
    assert!(matches!(here, Error::Transport(TransportError::PeerClosed)), "{here}");
    assert!(matches!(
        &*there.cause,
        Error::Protocol(ProtocolError::PeerMisbehaved(PeerMisbehaved::NotForThisResponder))
    ));
}

#[tokio::test]
async fn a_dialler_that_is_not_registered() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let stranger = market.stranger(3).await;
    let counterparty = bob.at(&market).build();
    let listener = counterparty.listen("127.0.0.1:0").await.unwrap();
    let error =
        stranger.at(&market).build().dial(bob.identity, listener.local_addr(), &[]).await.unwrap_err();
    assert!(
        matches!(error, Error::Resolve(ResolveError::NotRegistered { identity, .. }) if identity == stranger.identity),
        "{error}"
    );

    // It pretends, with a record it made up and with somebody else's name.
    let view = alice.view(&market, &bob, &[]).await;
    let pretend = |identity: Identity| {
        altered(&view, |parts| {
            let mut record = *parts.local.record();
            record.identity = identity;
            record.signer = Address(stranger.key.public_key().address());
            parts.local = countersign::PeerKey::proven(record, stranger.key.public_key()).unwrap();
        })
    };
    let (here, there) = answered(&counterparty, hello_now(&stranger, pretend(stranger.identity)).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::NotRegistered));
    assert_told(&there, Reject::NotRegistered);
    let (here, there) = answered(&counterparty, hello_now(&stranger, pretend(alice.identity)).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::KeyMismatch));
    assert_told(&there, Reject::KeyMismatch);
}

/// Compact records name a fingerprint alone: a key that is another's is refused without a search for the right one.
#[tokio::test]
async fn a_key_that_is_not_the_one_of_a_compact_record() {
    let market = Market::open().await;
    let compact = Terms { is_compact: true, ..Terms::default() };
    let (alice, bob) = (market.enrol(1, "", compact).await, market.enrol(2, "", compact).await);
    let stranger = market.stranger(3).await;
    let node = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let resolver = || countersign_tests::trader::resolver_at(node.endpoint(), prompt());
    let view = alice.view(&market, &bob, &[]).await;
    let view = altered(&view, |parts| {
        let mut record = *parts.local.record();
        record.signer = Address(stranger.key.public_key().address());
        parts.local = countersign::PeerKey::proven(record, stranger.key.public_key()).unwrap();
    });
    let (here, there) = answered(&bob.seeing(resolver()).build(), hello_now(&stranger, view).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::KeyMismatch));
    assert_told(&there, Reject::KeyMismatch);
    assert!(
        matches!(&*there.cause, Error::Resolve(ResolveError::KeyMismatch { identity, .. }) if *identity == alice.identity),
        "{there}"
    );
    assert_eq!(node.requests().len(), 1, "one batch of proofs, no logs");

    // This side's own key is no exception.
    let current = bob.rotate(compact).await;
    let listener = alice.at(&market).build().listen("127.0.0.1:0").await.unwrap();
    let asked = node.requests().len();
    let dialled = bob.seeing(resolver()).build().dial(alice.identity, listener.local_addr(), &[]).await;
    let registered = Address(current.key.public_key().address());
    assert!(
        matches!(dialled, Err(Error::NotMyKey { identity, registered: r, .. }) if (identity, r) == (bob.identity, registered))
    );
    assert_eq!(node.requests().len(), asked + 1);
}

#[tokio::test]
async fn a_record_that_expired() {
    let market = Market::open().await;
    let bob = market.enrol(2, "", Terms::default()).await;
    let end = u32::try_from(now_unix_ms() / 1000 + 600).unwrap();
    let alice = market.enrol(1, "", Terms { valid_until: Some(end), ..Terms::default() }).await;
    let view = alice.view(&market, &bob, &[]).await;
    market.pass(Duration::from_secs(900)).await;
    let (here, there) = answered(&bob.at(&market).build(), hello_now(&alice, view).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::Expired));
    assert!(matches!(&*there.cause, Error::Resolve(ResolveError::Expired { .. })));
}

#[tokio::test]
async fn a_record_that_is_too_young_for_the_responder() {
    let market = Market::open().await;
    let bob = market.enrol(2, "", Terms::default()).await;
    market.pass(Duration::from_secs(600)).await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let careful = HeadPolicy { record_depth: RecordDepth::Age(Duration::from_secs(300)), ..prompt() };
    let bob = bob.seeing(market.resolver_with(careful)).build();
    let (here, there) = refused(&alice.at(&market).build(), &bob, &[]).await;
    assert!(matches!(here, Error::Refused { reason: Reject::TooYoung, .. }), "{here}");
    assert!(here.is_retryable());
    assert!(matches!(&*there.cause, Error::Resolve(ResolveError::TooYoung { .. })));
}

#[tokio::test]
async fn a_block_that_the_responder_cannot_take() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let recent = HeadPolicy { max_anchor_age: Duration::from_secs(60), ..prompt() };
    let counterparty = bob.seeing(market.resolver_with(recent)).build();
    let view = alice.view(&market, &bob, &[]).await;
    let my_head = market.height().await;
    type Change<'a> = &'a dyn Fn(&mut Parts);
    let cases: [(Change<'_>, Reject); 5] = [
        (&|parts| parts.anchor.block_number += 1, Reject::UnknownBlock { my_head }),
        (&|parts| parts.anchor.block_hash[0] ^= 1, Reject::StaleState),
        (&|parts| parts.anchor.chain_id += 1, Reject::WrongChain),
        (&|parts| parts.anchor.registry.0[0] ^= 1, Reject::WrongRegistry),
        // Somebody else's listener, or a name of bob's that this is not.
        (&|parts| Parts::rename(&mut parts.peer, Identity::of(Address([9; 20]))), Reject::WrongResponder),
    ];
    for (change, reject) in cases {
        let false_view: StateView = altered(&view, change);
        let (here, there) = answered(&counterparty, hello_now(&alice, false_view).await).await;
        assert_eq!(here, ProtocolError::Rejected(reject));
        assert_told(&there, reject);
    }
    market.pass(Duration::from_secs(120)).await;
    let (here, there) = answered(&counterparty, hello_now(&alice, view).await).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::StaleState));
    assert!(matches!(&*there.cause, Error::Resolve(ResolveError::StaleAnchor { .. })), "{there}");
}

#[tokio::test]
async fn a_responder_that_no_second_block_suits() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let stubborn = async {
        for _ in 0..2 {
            let (mut io, peer) = answer_by_hand(&socket, &bob).await;
            io.send(&peer.reject(Reject::StaleState)).await.unwrap();
        }
        // There is no third call.
        assert!(tokio::time::timeout(Duration::from_millis(300), socket.accept()).await.is_err());
    };
    let dialler = alice.at(&market).build();
    let (error, ()) = tokio::join!(dialler.dial(bob.identity, at, &[]), stubborn);
    let error = error.unwrap_err();
    let Error::Refused { reason: Reject::StaleState, difference: Some(difference), .. } = error else {
        panic!("{error}")
    };
    assert!(matches!(difference.item, Item::Block { .. }));
}

#[tokio::test]
async fn a_suite_below_what_is_demanded() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let strict = market.enrol(2, "", Terms { suite_floor: 1, ..Terms::default() }).await;
    let lax = market.enrol(3, "", Terms::default()).await;
    let classical = alice.at(&market).suites(SuitePolicy::PREFER_CLASSICAL).build();

    // The record forbids it: alice sees that before she says a word.
    let strict_trader = strict.at(&market).suites(SuitePolicy::PREFER_HYBRID).build();
    let listener = strict_trader.listen("127.0.0.1:0").await.unwrap();
    let error = classical.dial(strict.identity, listener.local_addr(), &[]).await.unwrap_err();
    let by_record = FloorOf::Record(Role::Responder);
    assert!(
        matches!(&error, Error::Protocol(ProtocolError::PeerIncompatible(PeerIncompatible::SuiteTooLow { demanded_by, .. })) if *demanded_by == by_record),
        "{error}"
    );

    // She says it all the same, with a floor of her own invention.
    let view = altered(&alice.view(&market, &strict, &[]).await, |parts| {
        let mut record = *parts.peer.record();
        record.suite_floor = 0;
        parts.peer = countersign::PeerKey::proven(record, *parts.peer.public_key()).unwrap();
    });
    let said = hello(&alice, view, SuitePolicy::PREFER_CLASSICAL, now_unix_ms()).await;
    let (here, there) = answered(&strict_trader, said).await;
    assert_eq!(here, ProtocolError::Rejected(Reject::SuiteTooLow));
    assert_told(&there, Reject::SuiteTooLow);

    // The record allows it, the responder's own policy does not.
    let (here, there) = refused(&classical, &lax.at(&market).build(), &[]).await;
    assert!(matches!(here, Error::Refused { reason: Reject::SuiteTooLow, .. }), "{here}");
    assert_eq!(here.fault(), Fault::ThisSide);
    assert_told(&there, Reject::SuiteTooLow);
}

#[tokio::test]
async fn a_dialler_who_is_not_admitted() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let only =
        |identity| Policy { admission: Admission::Only(HashSet::from([identity])), ..Policy::default() };
    let dialler = alice.at(&market).build();
    let elsewhere = bob.at(&market).policy(only(bob.identity)).build();
    let (here, there) = refused(&dialler, &elsewhere, &[]).await;
    assert!(matches!(here, Error::Refused { reason: Reject::Unwilling, .. }), "{here}");
    assert!(matches!(&*there.cause, Error::NotAdmitted { initiator } if *initiator == alice.identity));
    let friendly = bob.at(&market).policy(only(alice.identity)).build();
    meet(&dialler, &friendly, &[]).await;
}

#[tokio::test]
async fn clocks_that_are_too_far_apart() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let counterparty = bob.at(&market).build();
    for now in [now_unix_ms() - 3_600_000, now_unix_ms() + 3_600_000, 0, u64::MAX] {
        let view = alice.view(&market, &bob, &[]).await;
        let said = hello(&alice, view, SuitePolicy::HYBRID, now).await;
        let (here, there) = answered(&counterparty, said).await;
        assert_eq!(here, ProtocolError::Rejected(Reject::ClockSkew));
        assert_told(&there, Reject::ClockSkew);
    }
}

#[tokio::test]
async fn a_responder_that_is_someone_else() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let carol = market.enrol(3, "", Terms::default()).await;
    let carol = carol.at(&market).build();
    let mut listener = carol.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let alice = alice.at(&market).build();
    let (here, there) = tokio::join!(alice.dial(bob.identity, at, &[]), listener.accept());
    let here = here.unwrap_err();
    assert!(matches!(here, Error::Transport(TransportError::PeerClosed)), "{here}");
    let there = there.unwrap_err();
    assert_eq!((there.told, there.initiator), (None, None));
    assert!(matches!(
        &*there.cause,
        Error::Protocol(ProtocolError::PeerMisbehaved(PeerMisbehaved::NotForThisResponder))
    ));
}

#[tokio::test]
async fn a_responder_whose_node_is_gone_cannot_say_yes() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let nowhere = countersign_tests::trader::resolver_at("http://127.0.0.1:9".parse().unwrap(), prompt());
    let (here, there) = refused(&alice.at(&market).build(), &bob.seeing(nowhere).build(), &[]).await;
    assert!(matches!(here, Error::Refused { reason: Reject::Unable, .. }), "{here}");
    assert!(here.is_retryable());
    assert!(matches!(&*there.cause, Error::Resolve(ResolveError::Unreachable { .. })), "{there}");
    assert_eq!(there.cause.fault(), Fault::Endpoint);
}

#[tokio::test]
async fn nobody_dials_himself() {
    let market = Market::open().await;
    let (alice, _) = parties(&market).await;
    let trader = alice.at(&market).build();
    let listener = trader.listen("127.0.0.1:0").await.unwrap();
    let error = trader.dial(alice.identity, listener.local_addr(), &[]).await.unwrap_err();
    assert!(matches!(error, Error::Protocol(ProtocolError::ApiMisuse(_))), "{error}");
}
