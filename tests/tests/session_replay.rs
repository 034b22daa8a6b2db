//! Replays across the processes that answer for one identity.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../client/replay/tests/redis/server.rs"]
#[allow(dead_code, reason = "the cache's own tests use the rest")]
mod server;

use std::time::Duration;

use countersign::replay::{RedisCache, RedisLimits};
use countersign::{AcceptError, Error, Fault, Listener, Reject};
use countersign_tests::by_hand::{call, dial_by_hand, hello_now};
use countersign_tests::trader::{Market, Party, Terms};
use server::RedisServer;

/// As another process of the same identity would be.
async fn listener(market: &Market, party: &Party, server: &RedisServer) -> Listener {
    let limits = RedisLimits { patience: Duration::from_secs(1), ..RedisLimits::default() };
    let cache = RedisCache::connect(&server.url().parse().unwrap(), limits).await.unwrap();
    party.at(market).replay_cache(cache).build().listen("127.0.0.1:0").await.unwrap()
}

/// The first byte of what those bytes hear, and what the listener says of it.
async fn said(listener: &mut Listener, hello: &[u8]) -> (u8, AcceptError) {
    let mut io = call(listener.local_addr()).await;
    io.send(hello).await.unwrap();
    let (answer, there) = tokio::join!(async { io.recv().await.map(|answer| answer[0]) }, listener.accept());
    (answer.unwrap(), there.unwrap_err())
}

#[tokio::test]
async fn a_hello_that_one_listener_answered_is_refused_by_the_other() {
    let market = Market::open().await;
    let (alice, bob) =
        (market.enrol(1, "", Terms::default()).await, market.enrol(2, "", Terms::default()).await);
    let mut server = RedisServer::start(&[]);
    let mut listeners = [listener(&market, &bob, &server).await, listener(&market, &bob, &server).await];
    let view = alice.view(&market, &bob, &[]).await;
    let hello = hello_now(&alice, view.clone()).await;
    let bytes = hello.bytes.clone();
    let (here, there) = tokio::join!(dial_by_hand(listeners[0].local_addr(), hello), listeners[0].accept());
    assert_eq!(here.unwrap().summary.state_hash, there.unwrap().state_hash());

    for which in [1, 0, 1] {
        let (kind, there) = said(&mut listeners[which], &bytes).await;
        assert!(matches!(&*there.cause, Error::Replayed), "{there}");
        assert_eq!((kind, there.told, there.initiator), (3, Some(Reject::Replayed), Some(alice.identity)));
    }

    // Nobody can say now whether a hello is new: none is answered, and both sides hear why.
    server.kill();
    let (kind, there) = said(&mut listeners[1], &hello_now(&alice, view.clone()).await.bytes).await;
    assert!(matches!(&*there.cause, Error::NoReplayCache(_)), "{there}");
    assert_eq!((kind, there.told), (3, Some(Reject::Unable)));
    assert_eq!((there.cause.fault(), there.cause.is_retryable()), (Fault::ThisSide, true));
    assert!(there.to_string().contains("see that it runs"), "{there}");
}
