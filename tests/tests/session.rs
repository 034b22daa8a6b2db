//! Two traders on a real chain: they find each other's keys by proof, open a session, and trade over it.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use countersign::protocol::SuitePolicy;
use countersign::registry::HeadPolicy;
use countersign::{Listener, Policy, Query, Role, Session, Suite, Trader};
use countersign_tests::proxy::Proxy;
use countersign_tests::trader::{Market, OPENING_PRICE, Party, Terms, meet, prompt, resolver_at};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Both sides hold the same of everything that binds them.
fn assert_agree(alice: &Session, bob: &Session) {
    assert_eq!(alice.state_hash(), bob.state_hash());
    assert_eq!(alice.summary.handshake_hash, bob.summary.handshake_hash);
    assert_eq!((alice.anchor(), alice.readings()), (bob.anchor(), bob.readings()));
    assert_eq!(alice.summary.suite, bob.summary.suite);
    assert_eq!((alice.summary.role, bob.summary.role), (Role::Initiator, Role::Responder));
    assert_eq!(alice.summary.view.local(), bob.peer_key());
    assert_eq!(bob.summary.view.local(), alice.peer_key());
    let exported = |session: &Session| {
        let mut key = [0; 32];
        session.connection.exporter().export(b"quote", b"7", &mut key).unwrap();
        key
    };
    assert_eq!(exported(alice), exported(bob));
}

#[tokio::test]
async fn two_traders_with_keystores_trade() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await.from_keystore();
    let bob = market.enrol(2, "", Terms::default()).await.from_keystore();
    let (alice, bob) = (alice.at(&market).build(), bob.at(&market).build());

    let (mut here, mut there) = meet(&alice, &bob, &[market.price()]).await;
    assert_agree(&here, &there);
    assert_eq!((here.peer(), there.peer()), (bob.identity(), alice.identity()));
    assert_eq!(here.summary.suite, Suite::Hybrid);
    assert_eq!(here.readings()[0].value.commitment()[24..], OPENING_PRICE.to_be_bytes());

    here.connection.send_message(b"RFQ 100").await.unwrap();
    assert_eq!(there.connection.next_message().await.unwrap().unwrap(), b"RFQ 100");
    there.connection.send_message(b"QUOTE 2501.5").await.unwrap();
    assert_eq!(here.connection.next_message().await.unwrap().unwrap(), b"QUOTE 2501.5");

    let (closed, last) = tokio::join!(here.connection.close(), async {
        let last = there.connection.next_message().await;
        there.connection.close().await.unwrap();
        last
    });
    closed.unwrap();
    assert_eq!(last.unwrap(), None);
}

#[tokio::test]
async fn a_session_is_a_stream_of_bytes_too() {
    let market = Market::open().await;
    let (alice, bob) = market.pair().await;
    let (mut here, mut there) = meet(&alice, &bob, &[]).await;
    let sent: Vec<u8> = (0..200_000_u32).map(|position| position.to_be_bytes()[3]).collect();
    let writing = async {
        here.connection.write_all(&sent).await.unwrap();
        here.connection.shutdown().await.unwrap();
    };
    let mut received = Vec::new();
    let (_, read) = tokio::join!(writing, there.connection.read_to_end(&mut received));
    read.unwrap();
    assert!(received == sent);
}

#[tokio::test]
async fn compact_records_are_enough() {
    let market = Market::open().await;
    let compact = Terms { is_compact: true, ..Terms::default() };
    let (alice, bob) = (market.enrol(1, "", compact).await, market.enrol(2, "", compact).await);
    let (here, there) = meet(&alice.at(&market).build(), &bob.at(&market).build(), &[]).await;
    assert_agree(&here, &there);
}

#[tokio::test]
async fn labels_name_different_keys_of_one_owner() {
    let market = Market::open().await;
    let desk = market.enrol(1, "desk-7", Terms::default()).await;
    let bot = market.enrol(1, "bot", Terms::default()).await;
    assert_eq!(desk.identity.owner, bot.identity.owner);
    let (here, there) = meet(&desk.at(&market).build(), &bot.at(&market).build(), &[market.price()]).await;
    assert_agree(&here, &there);
    assert_eq!(here.peer().label.to_string(), "bot");
}

#[tokio::test]
async fn the_classical_suite_where_both_records_allow_it() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let alice = alice.at(&market).suites(SuitePolicy::PREFER_CLASSICAL).build();
    let bob = bob.at(&market).suites(SuitePolicy::PREFER_HYBRID).build();
    let (here, there) = meet(&alice, &bob, &[]).await;
    assert_agree(&here, &there);
    assert_eq!(here.summary.suite, Suite::Classical);
    // The other way round it is bob who chooses.
    let (here, there) = meet(&bob, &alice, &[]).await;
    assert_agree(&here, &there);
    assert_eq!(here.summary.suite, Suite::Hybrid);
}

#[tokio::test]
async fn a_rotated_key_serves_the_next_session() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let counterparty = bob.at(&market).build();
    let (before, _) = meet(&alice.at(&market).build(), &counterparty, &[]).await;
    let alice = alice.rotate(Terms::default()).await;
    let (here, there) = meet(&alice.at(&market).build(), &counterparty, &[]).await;
    assert_agree(&here, &there);
    assert_eq!(there.peer_key().record().version, 2);
    assert_ne!(here.state_hash(), before.state_hash());
}

/// Bob's node stands one block behind. It learns of the proposed block never, and alice proposes one that both have.
#[tokio::test]
async fn a_responder_one_block_behind() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    market.mine(1).await;
    let height = market.height().await;
    let lagging = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    lagging.stick_at(height - 1, &["eth_getBlockByNumber", "eth_getProof"]);
    let bob = bob.seeing(resolver_at(lagging.endpoint(), prompt())).build();
    let alice = alice.at(&market).build();

    let mut listener = bob.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let price = [market.price()];
    let (here, (refused, there)) = tokio::join!(alice.dial(bob.identity(), at, &price), async {
        (listener.accept().await.unwrap_err(), listener.accept().await.unwrap())
    });
    let here = here.unwrap();
    let my_head = height - 1;
    assert_eq!(refused.told, Some(countersign::Reject::UnknownBlock { my_head }));
    assert_eq!(here.anchor().block_number, my_head);
    assert_agree(&here, &there);
}

/// An initiator one block behind proposes a block that the responder has: nothing to retry.
#[tokio::test]
async fn an_initiator_one_block_behind() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    market.mine(2).await;
    let height = market.height().await;
    let lagging = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    lagging.stick_at(height - 1, &["eth_getBlockByNumber", "eth_getProof"]);
    let alice = alice.seeing(resolver_at(lagging.endpoint(), prompt())).build();
    let (here, there) = meet(&alice, &bob.at(&market).build(), &[market.price()]).await;
    assert_eq!(here.anchor().block_number, height - 1);
    assert_agree(&here, &there);
}

/// What a session was opened with is followed, so that the next one asks no node: neither side's.
#[tokio::test]
async fn a_warm_pair_needs_no_node() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let node = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let policy = Policy { ticket_lifetime: Duration::ZERO, ..Policy::default() };
    // What is counted is what handshakes ask, live ones.
    let seldom = HeadPolicy { poll_interval: Duration::from_secs(3600), ..prompt() };
    let trader = |party: &Party| {
        party.seeing(resolver_at(node.endpoint(), seldom.clone())).policy(policy.clone()).build()
    };
    let (alice, bob) = (trader(&alice), trader(&bob));
    let (first, _) = meet(&alice, &bob, &[market.price()]).await;
    for (trader, peer) in [(&alice, &bob), (&bob, &alice)] {
        let follower = trader.resolver().follow();
        follower.watch(trader.identity(), None).proven().await;
        follower.watch(peer.identity(), None).proven().await;
        follower.watch_queries(&[market.price()]).proven().await;
    }
    let asked = node.requests().len();
    assert!(asked > 0);

    let begun = Instant::now();
    let (here, there) = meet(&alice, &bob, &[market.price()]).await;
    println!("a warm session, debug build, both sides: {:?}", begun.elapsed());
    assert_eq!(node.requests().len(), asked);
    assert_agree(&here, &there);
    assert_eq!(here.anchor(), first.anchor());

    // Another instrument is another view.
    let other = Query::StorageSlot { source: market.price().source(), slot: [1; 32] };
    let (here, there) = meet(&alice, &bob, &[other]).await;
    assert!(node.requests().len() > asked);
    assert_agree(&here, &there);
}

#[tokio::test]
async fn a_prepared_peer_and_a_stranger_get_the_same_session() {
    let market = Market::open().await;
    let (alice, bob) = market.pair().await;
    let resolved = alice.prepare(bob.identity()).await.unwrap();
    assert_eq!(*resolved.peer_key.public_key(), bob.public_key());
    for _ in 0..5 {
        let (here, there) = meet(&alice, &bob, &[]).await;
        assert_agree(&here, &there);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_dials_at_once() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    // All of them from one initiator and address, which may have fewer at a time by default.
    let policy = Policy { max_handshakes_each: 50, under_load: 50, ..Policy::default() };
    let (alice, bob) = (alice.at(&market).build(), bob.at(&market).policy(policy).build());
    let mut listener = bob.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let dials: Vec<_> = (0..50_u8)
        .map(|number| {
            let (alice, peer) = (alice.clone(), bob.identity());
            tokio::spawn(async move {
                let mut session = alice.dial(peer, at, &[]).await.unwrap();
                session.connection.send_message(&[number]).await.unwrap();
                session.connection.next_message().await.unwrap().unwrap()
            })
        })
        .collect();
    for _ in 0..50 {
        let mut session = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let message = session.connection.next_message().await.unwrap().unwrap();
            session.connection.send_message(&message).await.unwrap();
            let _ = session.connection.next_message().await;
        });
    }
    for (number, dial) in (0..50).zip(dials) {
        assert_eq!(dial.await.unwrap(), [number]);
    }
}

#[tokio::test]
async fn both_dial_each_other_at_once() {
    let market = Market::open().await;
    let (alice, bob) = market.pair().await;
    let there = meet(&alice, &bob, &[]);
    let back = meet(&bob, &alice, &[]);
    let ((a, b), (c, d)) = tokio::join!(there, back);
    assert_agree(&a, &b);
    assert_agree(&c, &d);
    assert_ne!(a.summary.handshake_hash, c.summary.handshake_hash);
}

#[test]
fn traders_listeners_and_sessions_move_between_tasks() {
    fn is_send<T: Send + 'static>() {}
    is_send::<Trader>();
    is_send::<Listener>();
    is_send::<Session>();
}
