//! A connection as a stream of bytes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod pair;

use core::time::Duration;
use std::io::ErrorKind;

use countersign_transport::{Timeouts, TransportError, Wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional, duplex};
use tokio::time::{Instant, sleep, timeout};

/// A long sequence that a lost, repeated or moved part would show in.
fn sequence(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[tokio::test]
async fn sixty_four_mebibytes_go_both_ways_at_once_over_tcp() {
    const LENGTH: usize = 64 << 20;
    let (a, b) = pair::over_tcp(Timeouts::default()).await;
    let started = std::time::Instant::now();
    let both = [(a, 1, 2), (b, 2, 1)].map(|(connection, sends, expects)| {
        let (mut reader, mut writer) = tokio::io::split(connection);
        let writing = tokio::spawn(async move {
            writer.write_all(&sequence(sends, LENGTH)).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let reading = tokio::spawn(async move {
            let mut received = Vec::with_capacity(LENGTH);
            reader.read_to_end(&mut received).await.unwrap();
            assert!(received == sequence(expects, LENGTH), "what arrived is not what was sent");
        });
        (reading, writing)
    });
    for (reading, writing) in both {
        reading.await.unwrap();
        writing.await.unwrap();
    }
    println!("64 MiB both ways in {:?}", started.elapsed());
}

#[tokio::test]
async fn streams_that_take_and_give_a_few_bytes_at_a_time_change_nothing() {
    for capacity in [1, 2, 3, 7, 19, 64, 1000, 70_000] {
        let length = if capacity < 64 { 40_000 } else { 300_000 };
        let (mut a, mut b) = pair::in_memory(capacity, Timeouts::default());
        let sent = sequence(capacity as u64, length);
        let expected = sent.clone();
        let writing = tokio::spawn(async move {
            a.write_all(&sent).await.unwrap();
            a.shutdown().await.unwrap();
            a
        });
        let mut received = Vec::new();
        let mut few = [0; 13];
        loop {
            match b.read(&mut few).await.unwrap() {
                0 => break,
                count => received.extend_from_slice(&few[..count]),
            }
        }
        assert!(received == expected, "capacity {capacity}");
        assert_eq!(b.read(&mut few).await.unwrap(), 0);
        writing.await.unwrap();
    }
}

#[tokio::test]
async fn it_serves_under_copy_bidirectional() {
    let (mut client, mut server) = pair::in_memory(5000, Timeouts::default());
    let (mut local, mut remote) = duplex(777);
    let proxy = tokio::spawn(async move { copy_bidirectional(&mut server, &mut remote).await.unwrap() });
    let echo = tokio::spawn(async move {
        let mut all = Vec::new();
        local.read_to_end(&mut all).await.unwrap();
        local.write_all(&all).await.unwrap();
        local.shutdown().await.unwrap();
    });
    let sent = sequence(3, 200_000);
    client.write_all(&sent).await.unwrap();
    client.shutdown().await.unwrap();
    let mut back = Vec::new();
    client.read_to_end(&mut back).await.unwrap();
    assert!(back == sent);
    assert_eq!(proxy.await.unwrap(), (200_000, 200_000));
    echo.await.unwrap();
}

#[tokio::test]
async fn after_ones_own_shutdown_the_peer_can_still_send() {
    let (mut a, mut b) = pair::over_tcp(Timeouts::default()).await;
    a.write_all(b"question").await.unwrap();
    a.shutdown().await.unwrap();
    a.shutdown().await.unwrap();
    let error = a.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let mut question = Vec::new();
    b.read_to_end(&mut question).await.unwrap();
    assert_eq!(question, b"question");
    b.write_all(b"answer").await.unwrap();
    b.close().await.unwrap();
    let mut answer = Vec::new();
    a.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"answer");
    a.close().await.unwrap();
}

#[tokio::test]
async fn both_may_close_at_once_and_again() {
    for _ in 0..50 {
        let (mut a, mut b) = pair::over_tcp(Timeouts::default()).await;
        a.write_all(b"unread").await.unwrap();
        b.write_all(b"unread").await.unwrap();
        let (one, other) = tokio::join!(a.close(), b.close());
        one.unwrap();
        other.unwrap();
        a.close().await.unwrap();
        b.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_that_the_peer_does_not_answer_ends_in_time() {
    let (mut a, _b) = pair::in_memory(1 << 16, Timeouts::default());
    let started = Instant::now();
    let error = a.close().await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { waiting_for: Wait::PeerClose, .. }), "{error:?}");
    assert_eq!(started.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_close_while_the_peer_sends_without_end_ends_in_time() {
    let (mut a, mut b) = pair::in_memory(1 << 16, Timeouts::default());
    let flood = tokio::spawn(async move {
        while b.write_all(&[0; 1000]).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    let error = a.close().await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { waiting_for: Wait::PeerClose, .. }), "{error:?}");
    flood.abort();
}

#[tokio::test]
async fn a_dropped_peer_is_a_cut_for_readers_and_writers() {
    let (mut a, mut b) = pair::over_tcp(Timeouts::default()).await;
    b.write_all(b"half an ord").await.unwrap();
    drop(b);
    let mut received = Vec::new();
    let error = a.read_to_end(&mut received).await.unwrap_err();
    assert_eq!((received.as_slice(), error.kind()), (&b"half an ord"[..], ErrorKind::UnexpectedEof));
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<TransportError>());
    assert!(matches!(inner, Some(TransportError::Truncated)), "{inner:?}");
    let mut writes = 0;
    while a.write_all(&[0; 100_000]).await.is_ok() {
        writes += 1;
        assert!(writes < 1000, "writing to nobody goes on for ever");
    }
    assert_eq!(a.write_all(b"x").await.unwrap_err().kind(), ErrorKind::NotConnected);
}

#[tokio::test]
async fn a_peer_whose_host_resets_the_connection_is_an_error_at_once() {
    let (mut a, b) = pair::over_tcp(Timeouts::default()).await;
    b.stream().set_zero_linger().unwrap();
    drop(b);
    let error = a.read(&mut [0; 10]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_for_the_peer_within_bounds_and_then_gives_up() {
    let (mut a, _b) = pair::in_memory(1000, Timeouts::default());
    let mut accepted = 0;
    let started = Instant::now();
    let error = loop {
        match a.write(&[0; 1 << 20]).await {
            Ok(count) => accepted += count,
            Err(error) => break error,
        }
    };
    assert_eq!(accepted, 4 * 16_384, "more was accepted than the buffer holds");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(started.elapsed(), Duration::from_secs(30));
    assert_eq!(a.flush().await.unwrap_err().kind(), ErrorKind::NotConnected);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_waited_for() {
    let (mut a, mut b) = pair::in_memory(1000, Timeouts::default());
    let reading = tokio::spawn(async move {
        let mut received = Vec::new();
        // A record is read from the wire whole, so the writer sees progress once in five of these reads.
        let mut some = [0; 4000];
        loop {
            sleep(Duration::from_secs(5)).await;
            match b.read(&mut some).await.unwrap() {
                0 => return received.len(),
                count => received.extend_from_slice(&some[..count]),
            }
        }
    });
    a.write_all(&[7; 20_000]).await.unwrap();
    a.shutdown().await.unwrap();
    assert_eq!(reading.await.unwrap(), 20_000);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_peer_is_given_up_only_where_a_limit_is_set() {
    let (mut a, _b) = pair::in_memory(1000, Timeouts::default());
    timeout(Duration::from_secs(86_400), a.read(&mut [0; 1])).await.unwrap_err();

    let limited = Timeouts { idle: Some(Duration::from_secs(60)), ..Timeouts::default() };
    let (mut a, mut b) = pair::in_memory(1000, limited);
    for _ in 0..3 {
        let (sent, read) = tokio::join!(
            async {
                sleep(Duration::from_secs(59)).await;
                b.write_all(b"x").await
            },
            async { a.read_u8().await }
        );
        sent.unwrap();
        assert_eq!(read.unwrap(), b'x');
    }
    let started = Instant::now();
    assert_eq!(a.read(&mut [0; 1]).await.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(started.elapsed(), Duration::from_secs(60));
}

#[tokio::test]
async fn empty_reads_and_writes_are_no_ends() {
    let (mut a, mut b) = pair::in_memory(1000, Timeouts::default());
    assert_eq!(a.write(b"").await.unwrap(), 0);
    assert_eq!(b.read(&mut []).await.unwrap(), 0);
    a.send_message(b"").await.unwrap();
    a.send_message(b"after an empty one").await.unwrap();
    let mut received = [0; 18];
    b.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"after an empty one");
}
