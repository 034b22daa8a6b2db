//! Sessions that break: peers that die, stall, flood and repeat themselves, at every step.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countersign::custody::{Custody, CustodyError, LocalKey};
use countersign::protocol::curve::PublicKey;
use countersign::protocol::{
    Error as ProtocolError, KeyAnswer, KeyRequest, PeerMisbehaved, ResponderEphemerals,
};
use countersign::transport::{Timeouts, TransportError, Wait};
use countersign::{AcceptError, Error, Fault, Listener, Policy, Reject, Session, Trader};
use countersign_tests::by_hand::{answer_by_hand, call, dial_by_hand, hello_now};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{Market, Party, Terms, impatient, meet, prompt, resolver_at};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

async fn parties(market: &Market) -> (Party, Party) {
    (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await)
}

fn hasty() -> Timeouts {
    Timeouts { handshake_step: Duration::from_millis(1500), ..impatient() }
}

fn is_cut(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport(TransportError::PeerClosed | TransportError::Truncated | TransportError::Io { .. })
    )
}

/// The listener still serves: the next dial gets a session. Returns what failed meanwhile.
async fn assert_serves(dialler: &Trader, peer: &Party, listener: &mut Listener) -> Vec<AcceptError> {
    let at = listener.local_addr();
    let mut failures = Vec::new();
    let served = async {
        loop {
            match listener.accept().await {
                Ok(session) => return session,
                Err(failure) => failures.push(failure),
            }
        }
    };
    let (here, there) = tokio::join!(dialler.dial(peer.identity, at, &[]), served);
    assert_eq!(here.unwrap().state_hash(), there.state_hash());
    failures
}

#[tokio::test]
async fn a_dialler_that_dies_in_each_step() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let mut listener = bob.at(&market).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let view = alice.view(&market, &bob, &[]).await;
    let next_failure =
        async |listener: &mut Listener| -> AcceptError { listener.accept().await.unwrap_err() };

    // Connected, and silent.
    drop(call(at).await);
    let failure = next_failure(&mut listener).await;
    assert!(matches!(&*failure.cause, Error::Transport(TransportError::PeerClosed)), "{failure}");
    assert_eq!((failure.initiator, failure.told), (None, None));
    assert_eq!(failure.cause.fault(), Fault::Network);

    // In the middle of its hello.
    let hello = hello_now(&alice, view.clone()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let length = u16::try_from(hello.bytes.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, &hello.bytes[..100]].concat()).await.unwrap();
    drop(stream);
    let failure = next_failure(&mut listener).await;
    assert!(matches!(&*failure.cause, Error::Transport(TransportError::Truncated)), "{failure}");

    // After its hello, before it reads the reply.
    let mut io = call(at).await;
    io.send(&hello.bytes).await.unwrap();
    drop(io);
    let failure = next_failure(&mut listener).await;
    assert!(is_cut(&failure.cause), "{failure}");
    assert_eq!(failure.initiator, Some(alice.identity));

    // After the reply, without its confirmation.
    let mut io = call(at).await;
    io.send(&hello_now(&alice, view.clone()).await.bytes).await.unwrap();
    let (reply, ()) = tokio::join!(async { io.recv().await.map(|reply| reply[0]) }, async {
        let early = timeout(Duration::from_millis(500), listener.accept()).await;
        assert!(early.is_err(), "no session before the confirmation");
    });
    assert_eq!(reply.unwrap(), 2);
    drop(io);
    let failure = next_failure(&mut listener).await;
    assert!(matches!(&*failure.cause, Error::Transport(TransportError::PeerClosed)), "{failure}");

    // With a confirmation that is none.
    let mut io = call(at).await;
    io.send(&hello_now(&alice, view).await.bytes).await.unwrap();
    let (_, failure) = tokio::join!(
        async {
            io.recv().await.unwrap();
            io.send(&[0x13; 17]).await.unwrap();
        },
        next_failure(&mut listener)
    );
    let expected = PeerMisbehaved::DoesNotAuthenticate("record");
    assert!(
        matches!(&*failure.cause, Error::Protocol(ProtocolError::PeerMisbehaved(what)) if *what == expected),
        "{failure}"
    );
    assert_serves(&alice.at(&market).build(), &bob, &mut listener).await;
}

#[tokio::test]
async fn a_responder_that_dies_in_each_step() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let dialler = alice.at(&market).build();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();

    // As soon as it is connected.
    let (error, _) = tokio::join!(dialler.dial(bob.identity, at, &[]), async {
        drop(socket.accept().await.unwrap());
    });
    let error = error.unwrap_err();
    assert!(is_cut(&error) && error.is_retryable(), "{error}");

    // Once it has the hello.
    let (error, _) = tokio::join!(dialler.dial(bob.identity, at, &[]), async {
        drop(answer_by_hand(&socket, &bob).await);
    });
    assert!(matches!(error.unwrap_err(), Error::Transport(TransportError::PeerClosed)));

    // In the middle of its reply.
    let (error, _) = tokio::join!(dialler.dial(bob.identity, at, &[]), async {
        let (mut stream, _) = socket.accept().await.unwrap();
        let mut hello = [0; 256];
        let _ = stream.read(&mut hello).await.unwrap();
        stream.write_all(&[4, 0, 2, 3, 3]).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    assert!(matches!(error.unwrap_err(), Error::Transport(TransportError::Truncated)));

    // With a reply, altered.
    let view = bob.view(&market, &alice, &[]).await;
    let (error, ()) = tokio::join!(dialler.dial(bob.identity, at, &[]), async {
        let (mut io, peer) = answer_by_hand(&socket, &bob).await;
        let ephemerals = ResponderEphemerals::generate(getrandom::fill).unwrap();
        let mut sent = peer.accept(view.clone(), ephemerals).unwrap();
        *sent.reply.last_mut().unwrap() ^= 1;
        io.send(&sent.reply).await.unwrap();
        let _ = io.recv().await;
    });
    assert!(matches!(error.unwrap_err(), Error::Protocol(ProtocolError::ChainDisagrees(_))));

    // After its reply: the dialler has a session, which is cut.
    let (session, ()) = tokio::join!(dialler.dial(bob.identity, at, &[]), async {
        let (mut io, peer) = answer_by_hand(&socket, &bob).await;
        let ephemerals = ResponderEphemerals::generate(getrandom::fill).unwrap();
        let sent = peer.accept(view.clone(), ephemerals).unwrap();
        io.send(&sent.reply).await.unwrap();
        io.recv().await.unwrap();
    });
    let cut = session.unwrap().connection.next_message().await.unwrap_err();
    assert!(matches!(cut, TransportError::Truncated), "{cut}");
}

#[tokio::test]
async fn a_peer_that_dies_in_the_middle_of_a_session() {
    let market = Market::open().await;
    let (alice, bob) = market.pair().await;
    let (mut here, there) = meet(&alice, &bob, &[]).await;
    // What a Ctrl-C without a close does: the process drops what it holds.
    drop(there);
    let cut = here.connection.next_message().await.unwrap_err();
    assert!(matches!(cut, TransportError::Truncated), "{cut}");
    // Both are ready for the next one.
    meet(&alice, &bob, &[]).await;
}

#[tokio::test]
async fn a_dial_that_is_given_up_closes_its_connection() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (dialler, at, peer) = (alice.at(&market).build(), socket.local_addr().unwrap(), bob.identity);
    let dial = tokio::spawn(async move { dialler.dial(peer, at, &[]).await.map(|_| ()) });
    let (mut io, _) = answer_by_hand(&socket, &bob).await;
    dial.abort();
    let closed = io.recv().await.unwrap_err();
    assert!(matches!(closed, TransportError::PeerClosed), "{closed}");
}

#[tokio::test]
async fn a_listener_that_is_dropped_ends_its_handshakes_and_not_its_sessions() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let bob_trader = bob.at(&market).build();
    let mut listener = bob_trader.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let dialler = alice.at(&market).build();
    let (here, there) = tokio::join!(dialler.dial(bob.identity, at, &[]), listener.accept());
    let (mut here, mut there) = (here.unwrap(), there.unwrap());
    let mut waiting = call(at).await;
    assert!(timeout(Duration::from_millis(200), listener.accept()).await.is_err());
    drop(listener);
    assert!(waiting.recv().await.is_err());
    let error = dialler.dial(bob.identity, at, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Transport(TransportError::Io { .. })), "{error}");
    there.connection.send_message(b"still here").await.unwrap();
    assert_eq!(here.connection.next_message().await.unwrap().unwrap(), b"still here");
}

#[tokio::test]
async fn a_responder_that_stalls() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dialler = alice.at(&market).timeouts(hasty()).build();
    let begun = Instant::now();
    let error = dialler.dial(bob.identity, socket.local_addr().unwrap(), &[]).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Transport(TransportError::Timeout { waiting_for: Wait::HandshakeMessage, .. })
        ),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(4) && error.is_retryable());
}

/// Silent, trickling and half-way diallers hold nobody else up, and are given up in time.
#[tokio::test]
async fn diallers_that_stall() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let mut listener = bob.at(&market).timeouts(hasty()).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let silent = call(at).await;
    let mut trickling = TcpStream::connect(at).await.unwrap();
    let trickle = tokio::spawn(async move {
        while trickling.write_all(&[1]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let view = alice.view(&market, &bob, &[]).await;
    let mut half_way = call(at).await;
    half_way.send(&hello_now(&alice, view).await.bytes).await.unwrap();

    let dialler = alice.at(&market).build();
    let mut failures = assert_serves(&dialler, &bob, &mut listener).await;
    while failures.len() < 3 {
        failures.push(listener.accept().await.unwrap_err());
    }
    for failure in failures {
        let waiting_for = Wait::HandshakeMessage;
        assert!(
            matches!(&*failure.cause, Error::Transport(TransportError::Timeout { waiting_for: what, .. }) if *what == waiting_for),
            "{failure}"
        );
    }
    drop((silent, half_way));
    trickle.abort();
}

#[tokio::test]
async fn idle_connections_cannot_shut_others_out() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let policy = Policy { max_connections: NonZeroUsize::new(2).unwrap(), ..Policy::default() };
    let mut listener = bob.at(&market).policy(policy).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let idle = [call(at).await, call(at).await, call(at).await];
    // No idle connection runs into its deadline within this time: room is made for who speaks.
    let dialler = alice.at(&market).build();
    let served = timeout(Duration::from_secs(4), assert_serves(&dialler, &bob, &mut listener));
    assert!(served.await.unwrap().is_empty());
    drop(idle);
}

/// A responder proves no more proposals at a time than it may; whoever comes then hears that it is busy.
#[tokio::test]
async fn a_busy_responder_says_so() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let node = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let policy = Policy { max_handshakes: 1, ..Policy::default() };
    let bob_trader = bob.seeing(resolver_at(node.endpoint(), prompt())).policy(policy).build();
    let mut listener = bob_trader.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let mut first = call(at).await;
    let view = alice.view(&market, &bob, &[]).await;
    // Its proof takes as long as the node does.
    node.tell(Lie::Stall);
    first.send(&hello_now(&alice, view).await.bytes).await.unwrap();
    assert!(timeout(Duration::from_millis(500), listener.accept()).await.is_err());

    let dialler = alice.at(&market).build();
    let (here, there) = tokio::join!(dialler.dial(bob.identity, at, &[]), listener.accept());
    let here = here.unwrap_err();
    assert!(matches!(here, Error::Refused { reason: Reject::Busy, .. }) && here.is_retryable(), "{here}");
    let there = there.unwrap_err();
    assert!(matches!(&*there.cause, Error::Busy { limit: 1 }), "{there}");
    assert_eq!(there.told, Some(Reject::Busy));

    node.tell(Lie::None);
    drop(first);
    assert!(listener.accept().await.is_err());
    assert_serves(&dialler, &bob, &mut listener).await;
}

/// An initiator that never confirms uses up its own places, and takes none of the others'.
#[tokio::test]
async fn an_initiator_that_never_confirms_shuts_out_itself_alone() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let carol = market.enrol(3, "", Terms::default()).await;
    let policy = Policy { max_handshakes: 1, max_handshakes_each: 2, ..Policy::default() };
    let mut listener = bob.at(&market).policy(policy).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let view = alice.view(&market, &bob, &[]).await;
    let mut unconfirmed = Vec::new();
    for _ in 0..2 {
        let mut io = call(at).await;
        io.send(&hello_now(&alice, view.clone()).await.bytes).await.unwrap();
        tokio::select! {
            reply = io.recv() => assert_eq!(reply.unwrap()[0], 2),
            _ = listener.accept() => panic!("nobody confirmed"),
        }
        unconfirmed.push(io);
    }

    let dialler = alice.at(&market).build();
    let (here, there) = tokio::join!(dialler.dial(bob.identity, at, &[]), listener.accept());
    assert!(matches!(here.unwrap_err(), Error::Refused { reason: Reject::Busy, .. }));
    let there = there.unwrap_err();
    assert!(
        matches!(&*there.cause, Error::TooManyAtOnce { initiator, limit: 2 } if *initiator == alice.identity),
        "{there}"
    );
    assert_eq!(there.told, Some(Reject::Busy));
    assert!(assert_serves(&carol.at(&market).build(), &bob, &mut listener).await.is_empty());

    drop(unconfirmed);
    for _ in 0..2 {
        assert!(listener.accept().await.is_err());
    }
    assert_serves(&dialler, &bob, &mut listener).await;
}

#[tokio::test]
async fn a_hello_counts_once() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let mut listener = bob.at(&market).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let hello = hello_now(&alice, alice.view(&market, &bob, &[]).await).await;
    let bytes = hello.bytes.clone();
    let (first, there) = tokio::join!(dial_by_hand(at, hello), listener.accept());
    assert_eq!(first.unwrap().summary.state_hash, there.unwrap().state_hash());

    for replay in [&bytes, &bytes] {
        let mut io = call(at).await;
        io.send(replay).await.unwrap();
        let (answer, there) =
            tokio::join!(async { io.recv().await.map(|answer| answer[0]) }, listener.accept());
        assert_eq!(answer.unwrap(), 3);
        let there = there.unwrap_err();
        assert!(matches!(&*there.cause, Error::Replayed), "{there}");
        assert_eq!((there.told, there.initiator), (Some(Reject::Replayed), Some(alice.identity)));
    }
}

/// Of many replays at once, one at most is answered.
#[tokio::test]
async fn a_hello_counts_once_however_fast_it_is_repeated() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let mut listener = bob.at(&market).timeouts(hasty()).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let hello = hello_now(&alice, alice.view(&market, &bob, &[]).await).await;
    for _ in 0..8 {
        let bytes = hello.bytes.clone();
        tokio::spawn(async move {
            let mut io = call(at).await;
            io.send(&bytes).await.unwrap();
            let _ = io.recv().await;
            tokio::time::sleep(Duration::from_secs(10)).await;
        });
    }
    let mut replayed = 0;
    for _ in 0..8 {
        let failure = listener.accept().await.unwrap_err();
        replayed += usize::from(matches!(&*failure.cause, Error::Replayed));
    }
    assert_eq!(replayed, 7);
}

#[tokio::test]
async fn garbage_is_dropped_without_a_word() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let mut listener = bob.at(&market).build().listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    for garbage in [&b"\0\0"[..], b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\x01", b"\0\x05hello", b"\0\x01\x01"] {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut heard = Vec::new();
        let (_, failure) = tokio::join!(stream.read_to_end(&mut heard), listener.accept());
        let failure = failure.unwrap_err();
        assert!(heard.is_empty() && failure.told.is_none(), "{failure}");
        assert!(matches!(&*failure.cause, Error::Transport(_) | Error::Protocol(_)), "{failure}");
    }
    assert_serves(&alice.at(&market).build(), &bob, &mut listener).await;
}

/// A token that answers late, or, when told to, never.
struct Token {
    key: Arc<LocalKey>,
    is_stuck: Arc<AtomicBool>,
}

impl Custody for Token {
    fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    async fn answer(&self, request: KeyRequest) -> Result<KeyAnswer, CustodyError> {
        if self.is_stuck.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.key.answer(request).await
    }
}

#[tokio::test]
async fn slow_custody_is_waited_for_and_stuck_custody_is_not() {
    let market = Market::open().await;
    let (alice, bob) = parties(&market).await;
    let is_stuck = Arc::new(AtomicBool::new(false));
    let token = Token { key: bob.key.clone(), is_stuck: is_stuck.clone() };
    let slow = Trader::builder(bob.identity, token, market.resolver()).timeouts(hasty()).build();
    // With a ticket, custody would not be asked.
    let policy = Policy { ticket_lifetime: Duration::ZERO, ..Policy::default() };
    let dialler = alice.at(&market).policy(policy).build();
    meet(&dialler, &slow, &[]).await;
    meet(&slow, &dialler, &[]).await;

    is_stuck.store(true, Ordering::Relaxed);
    let mut listener = slow.listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr();
    let (here, there) = tokio::join!(dialler.dial(bob.identity, at, &[]), listener.accept());
    assert!(is_cut(&here.unwrap_err()));
    let there: Result<Session, AcceptError> = there;
    let there = there.unwrap_err();
    assert!(matches!(&*there.cause, Error::CustodyTimeout { .. }), "{there}");
    assert_eq!(there.cause.fault(), Fault::ThisSide);

    is_stuck.store(false, Ordering::Relaxed);
    meet(&dialler, &slow, &[]).await;
}

#[tokio::test]
async fn a_port_in_use_and_a_port_without_a_listener() {
    let market = Market::open().await;
    let (alice, bob) = market.pair().await;
    let listener = bob.listen("127.0.0.1:0").await.unwrap();
    let taken = bob.listen(listener.local_addr()).await.unwrap_err();
    assert!(matches!(taken, Error::Transport(TransportError::Io { .. })), "{taken}");
    let at = listener.local_addr();
    drop(listener);
    let error = alice.dial(bob.identity(), at, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Transport(TransportError::Io { .. })) && error.is_retryable(), "{error}");
}
