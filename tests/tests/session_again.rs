//! The next session with the same peer: by ticket, without static keys; and what a listener under load asks first.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::custody::{Custody, CustodyError, LocalKey};
use countersign::protocol::curve::PublicKey;
use countersign::protocol::{Cookie, KeyAnswer, KeyRequest, is_cookie};
use countersign::{Error, Fault, Policy, Reject, Session, Trader};
use countersign_tests::by_hand::{call, hello_now};
use countersign_tests::trader::{Market, Party, Terms, aware, impatient, meet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// Counts what it is asked.
struct Counting {
    key: Arc<LocalKey>,
    asked: Arc<AtomicUsize>,
}

impl Custody for Counting {
    fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    async fn answer(&self, request: KeyRequest) -> Result<KeyAnswer, CustodyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.key.answer(request).await
    }
}

/// The party's trader, and how often its key was asked for.
fn counted(party: &Party, market: &Market, policy: Policy) -> (Trader, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let custody = Counting { key: party.key.clone(), asked: asked.clone() };
    let builder = Trader::builder(party.identity, custody, market.resolver());
    (builder.timeouts(impatient()).policy(policy).build(), asked)
}

async fn parties(market: &Market) -> (Party, Party) {
    (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await)
}

async fn assert_whole(here: &mut Session, there: &mut Session, is_resumed: bool) {
    assert_eq!((here.is_resumed(), there.is_resumed()), (is_resumed, is_resumed));
    assert_eq!(here.state_hash(), there.state_hash());
    assert_eq!(here.summary.handshake_hash, there.summary.handshake_hash);
    assert_eq!(here.readings(), there.readings());
    here.connection.send_message(b"RFQ").await.unwrap();
    assert_eq!(there.connection.next_message().await.unwrap().unwrap(), b"RFQ");
    there.connection.send_message(b"QUOTE").await.unwrap();
    assert_eq!(here.connection.next_message().await.unwrap().unwrap(), b"QUOTE");
}

/// Passes connections on to a listener, and keeps the frames that each side sends before there are records.
struct Relay {
    at: SocketAddr,
    said: Arc<Mutex<Vec<Vec<u8>>>>,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Relay {
    async fn before(listener: SocketAddr) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = socket.local_addr().unwrap();
        let (said, heard) = (Arc::default(), Arc::default());
        let relay = Self { at, said: Arc::clone(&said), heard: Arc::clone(&heard) };
        tokio::spawn(async move {
            while let Ok((caller, _)) = socket.accept().await {
                let (from, into) = caller.into_split();
                let (back, onward) = TcpStream::connect(listener).await.unwrap().into_split();
                tokio::spawn(pass(from, onward, Arc::clone(&said)));
                tokio::spawn(pass(back, into, Arc::clone(&heard)));
            }
        });
        relay
    }

    /// The types of the messages of either side, and none of the records.
    fn types(&self) -> (Vec<u8>, Vec<u8>) {
        let types = |kept: &Mutex<Vec<Vec<u8>>>| kept.lock().unwrap().iter().map(|frame| frame[0]).collect();
        (types(&self.said), types(&self.heard))
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut into: impl AsyncWriteExt + Unpin,
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
) {
    while let Ok(length) = from.read_u16().await {
        let mut frame = vec![0; length.into()];
        if from.read_exact(&mut frame).await.is_err() {
            return;
        }
        if frame[0] < 0x10 {
            kept.lock().unwrap().push(frame.clone());
        }
        if into.write_u16(length).await.is_err() || into.write_all(&frame).await.is_err() {
            return;
        }
    }
}

/// A session by way of a relay, and what was said.
async fn meet_through_relay(alice: &Trader, bob: &Trader) -> (Session, Session, Relay) {
    let mut listener = bob.listen("127.0.0.1:0").await.unwrap();
    let relay = Relay::before(listener.local_addr()).await;
    let (here, there) = tokio::join!(alice.dial(bob.identity(), relay.at, &[]), listener.accept());
    (here.unwrap(), there.unwrap(), relay)
}

#[tokio::test]
async fn the_next_session_asks_for_no_static_key() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let (alice, by_alice) = counted(&alice, &market, Policy::default());
    let (bob, by_bob) = counted(&bob, &market, Policy::default());
    let (mut here, mut there) = meet(&alice, &bob, &[market.price()]).await;
    assert_whole(&mut here, &mut there, false).await;
    let asked = || (by_alice.load(Ordering::SeqCst), by_bob.load(Ordering::SeqCst));
    let before = asked();
    assert!(before.0 > 0 && before.1 > 0);

    // Each one leaves a ticket for the next; what is valued is proven anew, and may be another instrument.
    for queries in [vec![market.price()], vec![], vec![market.price()]] {
        market.set_price(i64::try_from(market.height().await).unwrap()).await;
        aware(&alice, &market).await;
        let (mut here, mut there) = meet(&alice, &bob, &queries).await;
        assert_whole(&mut here, &mut there, true).await;
        assert_eq!(here.anchor().block_number, market.height().await);
        assert_eq!(here.readings().len(), queries.len());
    }
    assert_eq!(asked(), before);
    // In the other direction there is no ticket: roles are kept.
    let (mut here, mut there) = meet(&bob, &alice, &[]).await;
    assert_whole(&mut here, &mut there, false).await;
}

#[tokio::test]
async fn a_ticket_is_used_once() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let (alice, (bob, asked)) = (alice.at(&market).build(), counted(&bob, &market, Policy::default()));
    meet(&alice, &bob, &[]).await;
    let (_here, _there, relay) = meet_through_relay(&alice, &bob).await;
    assert_eq!(relay.types(), (vec![4], vec![2]));
    let resume = relay.said.lock().unwrap()[0].clone();
    let asked_before = asked.load(Ordering::SeqCst);

    let mut listener = bob.listen("127.0.0.1:0").await.unwrap();
    let mut io = call(listener.local_addr()).await;
    io.send(&resume).await.unwrap();
    let heard = tokio::select! {
        heard = io.recv() => heard.unwrap().to_vec(),
        _ = listener.accept() => panic!("it is told before it is dropped"),
    };
    assert_eq!(heard, [5]);
    drop(io);
    let dropped = listener.accept().await.unwrap_err();
    assert_eq!((dropped.initiator, dropped.cause.fault()), (None, Fault::Network));
    assert_eq!(asked.load(Ordering::SeqCst), asked_before);
}

#[tokio::test]
async fn a_ticket_that_went_with_the_responders_process_costs_no_connection() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let alice = alice.at(&market).build();
    meet(&alice, &bob.at(&market).build(), &[]).await;
    let (mut here, mut there, relay) = meet_through_relay(&alice, &bob.at(&market).build()).await;
    assert_whole(&mut here, &mut there, false).await;
    assert_eq!(relay.types(), (vec![4, 1], vec![5, 2]));
}

#[tokio::test]
async fn a_ticket_dies_with_the_record_and_with_time_and_by_policy() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let trader = alice.at(&market).build();
    meet(&trader, &bob.at(&market).build(), &[]).await;
    let bob = bob.rotate(Terms::default()).await;
    aware(&trader, &market).await;
    let (mut here, mut there, relay) = meet_through_relay(&trader, &bob.at(&market).build()).await;
    assert_whole(&mut here, &mut there, false).await;
    assert_eq!(relay.types(), (vec![1], vec![2]));

    // Of the two sides' policies the stricter one counts.
    let short = Policy { ticket_lifetime: Duration::from_millis(300), ..Policy::default() };
    let strict = bob.at(&market).policy(short).build();
    let (here, _there) = meet(&trader, &strict, &[]).await;
    drop(here);
    sleep(Duration::from_millis(400)).await;
    let (mut here, mut there, relay) = meet_through_relay(&trader, &strict).await;
    assert_whole(&mut here, &mut there, false).await;
    assert_eq!(relay.types(), (vec![4, 1], vec![5, 2]));

    let none = Policy { ticket_lifetime: Duration::ZERO, ..Policy::default() };
    let bare = alice.at(&market).policy(none).build();
    meet(&bare, &strict, &[]).await;
    let (_here, _there, relay) = meet_through_relay(&bare, &strict).await;
    assert_eq!(relay.types(), (vec![1], vec![2]));
}

/// A ticket spares the static keys, and no question of policy or state.
#[tokio::test]
async fn a_resumed_session_is_refused_for_the_same_reasons_as_a_live_one() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let instrument = Policy { instrument: Some(vec![market.price()]), ..Policy::default() };
    let (trader, responder) = (alice.at(&market).build(), bob.at(&market).policy(instrument).build());
    meet(&trader, &responder, &[market.price()]).await;
    let mut listener = responder.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let (here, (by_ticket, live)) = tokio::join!(trader.dial(bob.identity, at, &[]), async {
        (listener.accept().await.unwrap_err(), listener.accept().await.unwrap_err())
    });
    let refused = here.unwrap_err();
    assert!(matches!(refused, Error::Refused { reason: Reject::Unwilling, .. }), "{refused}");
    for there in [by_ticket, live] {
        assert_eq!((there.initiator, there.told), (Some(alice.identity), Some(Reject::Unwilling)));
    }

    meet(&trader, &responder, &[market.price()]).await;
    bob.revoke().await;
    aware(&trader, &market).await;
    let price = [market.price()];
    let (here, there) = tokio::join!(trader.dial(bob.identity, at, &price), listener.accept());
    assert!(there.is_err());
    assert!(matches!(here.unwrap_err(), Error::Resolve(_)));
}

#[tokio::test]
async fn under_load_every_dialler_brings_a_cookie() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let loaded = || Policy { under_load: 0, ..Policy::default() };
    let alice = alice.at(&market).build();
    let responder = bob.at(&market).policy(loaded()).build();
    let (mut here, mut there, relay) = meet_through_relay(&alice, &responder).await;
    assert_whole(&mut here, &mut there, false).await;
    assert_eq!(relay.types(), (vec![1, 1], vec![6, 2]));
    let (mut here, mut there, relay) = meet_through_relay(&alice, &responder).await;
    assert_whole(&mut here, &mut there, true).await;
    assert_eq!(relay.types(), (vec![4, 4], vec![6, 2]));
    // The cookie that the resume earned is good for the hello after it.
    let responder = bob.at(&market).policy(loaded()).build();
    let (mut here, mut there, relay) = meet_through_relay(&alice, &responder).await;
    assert_whole(&mut here, &mut there, false).await;
    assert_eq!(relay.types(), (vec![4, 4, 1], vec![6, 5, 2]));
}

#[tokio::test]
async fn without_its_cookie_a_hello_costs_the_responder_no_key() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let (responder, asked) = counted(&bob, &market, Policy { under_load: 0, ..Policy::default() });
    let mut listener = responder.listen("127.0.0.1:0").await.unwrap();
    let hello = hello_now(&alice, alice.view(&market, &bob, &[]).await).await.bytes;
    let mut io = call(listener.local_addr()).await;
    let talk = async {
        io.send(&hello).await.unwrap();
        assert!(is_cookie(io.recv().await.unwrap()));
        io.send(&hello).await.unwrap();
        io.recv().await.unwrap_err()
    };
    let (_, there) = tokio::join!(talk, listener.accept());
    let refused = there.unwrap_err();
    assert!(matches!(&*refused.cause, Error::NoCookie), "{refused}");
    assert_eq!((refused.told, refused.cause.fault()), (None, Fault::Peer));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn whoever_owes_a_cookie_shuts_nobody_out() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let two = NonZeroUsize::new(2).unwrap();
    let policy = Policy { under_load: 0, max_connections: two, ..Policy::default() };
    let mut listener = bob.at(&market).policy(policy).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let hello = hello_now(&alice, alice.view(&market, &bob, &[]).await).await.bytes;
    let alice = alice.at(&market).build();
    let strangers = async {
        let mut waiting = Vec::new();
        for _ in 0..2 {
            let mut io = call(at).await;
            io.send(&hello).await.unwrap();
            assert!(is_cookie(io.recv().await.unwrap()));
            waiting.push(io);
        }
        waiting
    };
    let waiting = tokio::select! {
        waiting = strangers => waiting,
        _ = listener.accept() => unreachable!("nobody has proposed anything"),
    };
    // Neither of them runs into its deadline within this time: room is made for who echoes its cookie.
    let served = async { tokio::join!(alice.dial(bob.identity, at, &[]), listener.accept()) };
    let (here, there) = timeout(Duration::from_secs(4), served).await.unwrap();
    assert!(here.is_ok() && there.is_ok());
    drop(waiting);
}

#[tokio::test]
async fn under_load_one_address_is_answered_no_faster_than_its_share() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let (responder, asked) = counted(&bob, &market, Policy { under_load: 0, ..Policy::default() });
    let mut listener = responder.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let hello = hello_now(&alice, alice.view(&market, &bob, &[]).await).await.bytes;
    let stranger = async {
        let mut admitted = Vec::new();
        for _ in 0..60 {
            let (mut io, mut again) = (call(at).await, hello.clone());
            io.send(&hello).await.unwrap();
            let mut answer = io.recv().await.unwrap().to_vec();
            Cookie::open(&mut answer, &hello, &responder.public_key()).unwrap().mark(&mut again).unwrap();
            admitted.push((io, again));
        }
        // All at once, each with a cookie: by itself it bounds nothing.
        for (io, again) in &mut admitted {
            io.send(again).await.unwrap();
        }
        admitted
    };
    let is_too_fast =
        |error: &Error| matches!(error, Error::TooFast { source_ip, .. } if source_ip.is_loopback());
    let refused = async {
        loop {
            match listener.accept().await {
                Err(refused) if is_too_fast(&refused.cause) => return refused,
                _ => {}
            }
        }
    };
    let (_admitted, refused) = tokio::join!(stranger, timeout(Duration::from_secs(20), refused));
    let refused = refused.unwrap();
    assert_eq!((refused.told, refused.cause.fault()), (None, Fault::Peer));
    assert!(refused.cause.is_retryable());
    assert!(asked.load(Ordering::SeqCst) > 0);
}
