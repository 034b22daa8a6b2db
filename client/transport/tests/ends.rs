//! Sessions that one side ends by its word, and connections that are dropped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod pair;

use core::time::Duration;
use std::io::ErrorKind;

use countersign_protocol::{Abort, Channel, Limits, Role};
use countersign_transport::{Ended, Side, Split, Timeouts, TransportError, UpkeepEvent};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

const REVOKED: Abort = Abort::Revoked(Role::Responder);

fn ended(by: Side, why: Abort) -> UpkeepEvent {
    UpkeepEvent::Ended(Some(Ended { by, why }))
}

#[track_caller]
fn assert_ended<T: core::fmt::Debug>(result: Result<T, TransportError>, by: Side, why: Abort) {
    match result.unwrap_err() {
        TransportError::Ended { by: named, why: said } => assert_eq!((named, said), (by, why)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn worn_out_keys_end_the_session_with_the_reason_on_both_sides() {
    let (mut a, mut b) = pair::in_memory(1 << 16, Timeouts::default());
    let mut keeps_a = a.upkeep();
    let started = Instant::now();
    let keeping = tokio::spawn(async move {
        // One that rotates nothing.
        loop {
            match keeps_a.next().await {
                UpkeepEvent::RotationDue => {}
                other => return other,
            }
        }
    });
    let waiting = b.next_message().await;
    assert_eq!(started.elapsed(), Duration::from_secs(180));
    assert_ended(waiting, Side::Peer, Abort::KeysWornOut);
    assert_ended(b.send_message(b"late").await, Side::Peer, Abort::KeysWornOut);
    assert_ended(a.send_message(b"late").await, Side::ThisSide, Abort::KeysWornOut);
    assert_ended(a.next_message().await, Side::ThisSide, Abort::KeysWornOut);
    assert_ended(a.close().await, Side::ThisSide, Abort::KeysWornOut);
    drop(b);
    assert_eq!(keeping.await.unwrap(), ended(Side::ThisSide, Abort::KeysWornOut));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_at_the_hard_age_though_nobody_keeps_the_connection() {
    let (mut a, mut b) = pair::in_memory(1 << 16, Timeouts::default());
    sleep(Duration::from_millis(179_999)).await;
    a.send_message(b"in time").await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_ended(a.send_message(b"late").await, Side::ThisSide, Abort::KeysWornOut);
    let error = a.write_all(b"late").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert_eq!(b.next_message().await.unwrap().unwrap(), b"in time");
    assert_ended(b.next_message().await, Side::Peer, Abort::KeysWornOut);
}

#[tokio::test]
async fn keys_that_have_protected_all_they_may_end_the_session() {
    let limits = Limits { max_records: 10, ..Limits::default() };
    let (mut a, mut b) = pair::in_memory_with(1 << 16, |channel: &mut Channel| channel.set_limits(limits));
    let mut sent = 0_u32;
    let error = loop {
        match a.send_message(b"x").await {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    // The initiator's first record is its confirmation.
    assert_eq!(sent, 9);
    assert_ended::<()>(Err(error), Side::ThisSide, Abort::KeysWornOut);
    for _ in 0..sent {
        assert_eq!(b.next_message().await.unwrap().unwrap(), b"x");
    }
    assert_ended(b.next_message().await, Side::Peer, Abort::KeysWornOut);
}

#[tokio::test]
async fn a_message_of_more_records_than_the_keys_allow_ends_the_session_in_its_midst() {
    let limits = Limits { max_bytes: 100_000, ..Limits::default() };
    let (mut a, mut b) = pair::in_memory_with(1 << 20, |channel: &mut Channel| channel.set_limits(limits));
    assert_ended(a.send_message(&[1; 200_000]).await, Side::ThisSide, Abort::KeysWornOut);
    assert_ended(b.next_message().await, Side::Peer, Abort::KeysWornOut);
}

#[tokio::test(start_paused = true)]
async fn an_abort_reaches_whoever_reads_on_either_side() {
    let (mut a, mut b) = pair::in_memory(100, Timeouts::default());
    let (mut keeps_a, mut keeps_b) = (a.upkeep(), b.upkeep());
    let reading = tokio::spawn(async move { (a.next_message().await, a) });
    let peer_reading = tokio::spawn(async move { (b.next_message().await, b) });
    let keeping = tokio::spawn(async move { keeps_b.next().await });
    sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    keeps_a.abort(REVOKED).unwrap();
    assert_eq!(keeps_a.next().await, ended(Side::ThisSide, REVOKED));
    assert_eq!(keeps_a.next().await, ended(Side::ThisSide, REVOKED));
    assert_eq!(keeping.await.unwrap(), ended(Side::Peer, REVOKED));
    let ((read, _a), (peer_read, _b)) = (reading.await.unwrap(), peer_reading.await.unwrap());
    assert_ended(read, Side::ThisSide, REVOKED);
    assert_ended(peer_read, Side::Peer, REVOKED);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_abort_reaches_whoever_writes_on_either_side() {
    let (mut a, b) = pair::in_memory(100, Timeouts::default());
    let mut keeps_a = a.upkeep();
    let Split { mut reader, mut writer } = b.into_split();
    let writing = tokio::spawn(async move { (a.send_message(&[1; 1000]).await, a) });
    let peer_writing = tokio::spawn(async move { (writer.send_message(&[1; 1000]).await, writer) });
    sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    keeps_a.abort(REVOKED).unwrap();
    let (written, _a) = writing.await.unwrap();
    assert_ended(written, Side::ThisSide, REVOKED);
    assert_eq!(started.elapsed(), Duration::ZERO);
    let _keeping = tokio::spawn(async move { keeps_a.next().await });
    assert_eq!(reader.next_message().await.unwrap().unwrap(), [1; 1000]);
    assert_ended(reader.next_message().await, Side::Peer, REVOKED);
    // It got rid of its message all the same: whoever aborts reads to the end, and drops it.
    let (written, mut writer) = peer_writing.await.unwrap();
    assert!(matches!(written, Ok(()) | Err(TransportError::Ended { by: Side::Peer, why: REVOKED })));
    assert_ended(writer.send_message(b"x").await, Side::Peer, REVOKED);
}

#[tokio::test(start_paused = true)]
async fn whoever_aborts_gets_nothing_more_and_whoever_is_told_gets_what_came_before() {
    let (mut a, mut b) = pair::in_memory(1 << 16, Timeouts::default());
    let mut keeps_a = a.upkeep();
    a.send_message(b"before").await.unwrap();
    b.send_message(b"an order").await.unwrap();
    // At hand, read ahead by the upkeep.
    timeout(Duration::from_millis(1), keeps_a.next()).await.unwrap_err();
    keeps_a.abort(REVOKED).unwrap();
    keeps_a.abort(Abort::Unproven).unwrap();
    assert_ended(a.next_message().await, Side::ThisSide, REVOKED);
    assert_ended(a.next_message().await, Side::ThisSide, REVOKED);
    assert!(a.next().await.is_none(), "a stream of messages ends with its first error");
    assert_eq!(a.read(&mut [0; 1]).await.unwrap_err().kind(), ErrorKind::ConnectionAborted);
    assert_eq!(b.next_message().await.unwrap().unwrap(), b"before");
    assert_ended(b.next().await.unwrap(), Side::Peer, REVOKED);
    assert!(b.next().await.is_none());
    assert_ended(b.send_message(b"more").await, Side::Peer, REVOKED);
}

#[tokio::test(start_paused = true)]
async fn an_abort_reaches_a_slow_peer_though_the_connection_is_dropped() {
    let (mut a, mut b) = pair::in_memory(100, Timeouts::default());
    let mut keeps_a = a.upkeep();
    timeout(Duration::from_millis(1), a.send_message(&[1; 1000])).await.unwrap_err();
    keeps_a.abort(REVOKED).unwrap();
    drop(a);
    let keeping = tokio::spawn(async move { keeps_a.next().await });
    sleep(Duration::from_secs(2)).await;
    assert_eq!(b.next_message().await.unwrap().unwrap(), [1; 1000]);
    assert_ended(b.next_message().await, Side::Peer, REVOKED);
    drop(b);
    assert_eq!(keeping.await.unwrap(), ended(Side::ThisSide, REVOKED));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_listen_to_an_abort_is_given_up() {
    let (mut a, _b) = pair::in_memory(100, Timeouts::default());
    let mut keeps_a = a.upkeep();
    timeout(Duration::from_millis(1), a.send_message(&[1; 1000])).await.unwrap_err();
    keeps_a.abort(REVOKED).unwrap();
    let started = Instant::now();
    assert_eq!(keeps_a.next().await, ended(Side::ThisSide, REVOKED));
    assert_eq!(started.elapsed(), Timeouts::default().close);
}

#[tokio::test]
async fn an_abort_over_tcp_arrives_though_the_peer_was_sending() {
    for _ in 0..20 {
        let (mut a, mut b) = pair::over_tcp(Timeouts::default()).await;
        let mut keeps_a = a.upkeep();
        // Unread on this side: to close the socket on it would reset the connection.
        b.write_all(&[3; 60_000]).await.unwrap();
        a.send_message(b"before").await.unwrap();
        keeps_a.abort(REVOKED).unwrap();
        drop(a);
        let keeping = tokio::spawn(async move { keeps_a.next().await });
        assert_eq!(b.next_message().await.unwrap().unwrap(), b"before");
        assert_ended(b.next_message().await, Side::Peer, REVOKED);
        drop(b);
        assert_eq!(keeping.await.unwrap(), ended(Side::ThisSide, REVOKED));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_ends_its_upkeep_at_once() {
    let (a, b) = pair::in_memory(1 << 16, Timeouts::default());
    let (mut keeps_a, mut keeps_b) = (a.upkeep(), b.upkeep());
    let started = Instant::now();
    let waiting = tokio::spawn(async move { (keeps_a.next().await, Instant::now(), keeps_a) });
    sleep(Duration::from_millis(300)).await;
    let Split { reader, writer } = a.into_split();
    drop(reader);
    sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "one half keeps the connection");
    drop(writer);
    let (event, at, mut keeps_a) = waiting.await.unwrap();
    assert_eq!((event, at - started), (UpkeepEvent::Ended(None), Duration::from_millis(600)));
    assert_eq!(keeps_a.next().await, UpkeepEvent::Ended(None));
    assert!(matches!(keeps_a.abort(REVOKED), Err(TransportError::Closed)));
    assert!(matches!(keeps_a.with_channel(|_| ()), Err(TransportError::Closed)));

    // The other side's connection is broken, and kept until it is dropped.
    let mut b = b;
    assert!(timeout(Duration::from_secs(2), keeps_b.next()).await.is_err());
    assert!(matches!(b.next_message().await.unwrap_err(), TransportError::Truncated));
    assert!(matches!(b.next_message().await.unwrap_err(), TransportError::Failed));
}

#[tokio::test(start_paused = true)]
async fn what_an_upkeep_finds_broken_the_writer_is_told() {
    let (mut a, b) = pair::in_memory(100, Timeouts::default());
    let mut keeps_a = a.upkeep();
    timeout(Duration::from_millis(1), a.send_message(&[1; 1000])).await.unwrap_err();
    drop(b);
    timeout(Duration::from_secs(2), keeps_a.next()).await.unwrap();
    assert!(matches!(a.send_message(b"x").await.unwrap_err(), TransportError::Io { .. }));
    assert!(matches!(a.send_message(b"x").await.unwrap_err(), TransportError::Failed));
    assert!(matches!(a.next_message().await.unwrap_err(), TransportError::Truncated));
}
