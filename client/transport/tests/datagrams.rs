//! Datagrams beside a connection, over real UDP, through a relay that loses, repeats, reorders and alters them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod pair;

use core::time::Duration;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_protocol::{Abort, Channel, MAX_DATAGRAM, MAX_DATAGRAM_CONTENT, Padding, Role};
use countersign_transport::{
    Connection, DatagramSocket, Datagrams, Side, Timeouts, TransportError, UpkeepEvent,
};
use tokio::io::DuplexStream;
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

const LOOPBACK: &str = "127.0.0.1:0";
const SOON: Duration = Duration::from_secs(5);

/// A session with datagrams: the dialler's side, then the responder's, which does not know where the dialler is.
struct Session {
    connections: (Connection<DuplexStream>, Connection<DuplexStream>),
    dialler: Datagrams<DuplexStream>,
    responder: Datagrams<DuplexStream>,
    responder_at: SocketAddr,
}

async fn session() -> Session {
    let connections = pair::in_memory(1 << 16, Timeouts::default());
    let (here, there) =
        (DatagramSocket::bind(LOOPBACK).await.unwrap(), DatagramSocket::bind(LOOPBACK).await.unwrap());
    let responder_at = there.local_addr().unwrap();
    let dialler = here.open(&connections.0, Some(responder_at));
    let responder = there.open(&connections.1, None);
    Session { connections, dialler, responder, responder_at }
}

async fn received(datagrams: &Datagrams<DuplexStream>) -> Vec<u8> {
    timeout(SOON, datagrams.recv()).await.expect("no datagram came").unwrap()
}

async fn nothing_more(datagrams: &Datagrams<DuplexStream>) {
    let more = timeout(Duration::from_millis(100), datagrams.recv()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn they_go_both_ways_once_the_responder_has_heard_of_the_dialler() {
    let Session { dialler, responder, connections, .. } = session().await;
    let error = responder.send(b"too early").await.unwrap_err();
    assert!(matches!(error, TransportError::PeerAddressUnknown), "{error:?}");
    // An empty one tells the address and nothing else.
    dialler.send(b"").await.unwrap();
    dialler.send(b"an order").await.unwrap();
    assert_eq!(received(&responder).await, b"an order");
    for size in [1, 2, 100, MAX_DATAGRAM_CONTENT] {
        responder.send(&vec![7; size]).await.unwrap();
        assert_eq!(received(&dialler).await, vec![7; size]);
    }
    drop(connections);
}

#[tokio::test]
async fn one_that_is_too_long_is_not_sent() {
    let Session { dialler, responder, connections, .. } = session().await;
    let error = dialler.send(&[1; MAX_DATAGRAM_CONTENT + 1]).await.unwrap_err();
    assert!(
        matches!(error, TransportError::DatagramTooLong { length: 1196, limit: MAX_DATAGRAM_CONTENT }),
        "{error:?}"
    );
    dialler.send(&[2; MAX_DATAGRAM_CONTENT]).await.unwrap();
    assert_eq!(received(&responder).await, [2; MAX_DATAGRAM_CONTENT]);
    drop(connections);
}

#[tokio::test]
async fn two_hundred_sessions_share_one_socket_and_each_gets_its_own() {
    let (here, there) =
        (DatagramSocket::bind(LOOPBACK).await.unwrap(), DatagramSocket::bind(LOOPBACK).await.unwrap());
    let at = there.local_addr().unwrap();
    let mut sessions = Vec::new();
    for number in 0..200_u32 {
        let channels = pair::channels_of(number);
        let connections = pair::in_memory_over(1 << 12, channels);
        let (dialler, responder) = (here.open(&connections.0, Some(at)), there.open(&connections.1, None));
        sessions.push((connections, dialler, responder));
    }
    for (number, (_, dialler, _)) in sessions.iter().enumerate() {
        dialler.send(&number.to_be_bytes()).await.unwrap();
    }
    for (number, (_, dialler, responder)) in sessions.iter().enumerate() {
        assert_eq!(received(responder).await, number.to_be_bytes());
        responder.send(b"and back").await.unwrap();
        assert_eq!(received(dialler).await, b"and back");
    }
}

#[tokio::test]
async fn strangers_and_altered_datagrams_are_dropped_and_harm_nothing() {
    let Session { dialler, responder, connections, responder_at } = session().await;
    let stranger = UdpSocket::bind(LOOPBACK).await.unwrap();
    let (lane, other) = (connections.0.channel().lane(), [0xee; 8]);
    let mut sent = 0;
    for lane in [lane, other] {
        for length in [0, 1, 8, 9, 20, 21, 36, 37, 38, 100, MAX_DATAGRAM, MAX_DATAGRAM + 1, 9000] {
            for first in [0, 0x10, 0x20, 0x21, 0xff] {
                let mut forged = vec![first; length];
                if let Some(place) = forged.get_mut(1..9) {
                    place.copy_from_slice(&lane);
                }
                stranger.send_to(&forged, responder_at).await.unwrap();
                sent += 1;
            }
            // So that the system's buffer has room for them all.
            sleep(Duration::from_millis(2)).await;
        }
    }
    assert_eq!(sent, 130);
    assert_eq!(responder.peer(), None, "a stranger is not the peer");
    dialler.send(b"genuine").await.unwrap();
    assert_eq!(received(&responder).await, b"genuine");
    nothing_more(&responder).await;
}

#[tokio::test]
async fn through_a_network_that_loses_repeats_reorders_and_alters_each_comes_at_most_once() {
    const COUNT: u32 = 600;
    let connections = pair::in_memory(1 << 16, Timeouts::default());
    let (here, there) =
        (DatagramSocket::bind(LOOPBACK).await.unwrap(), DatagramSocket::bind(LOOPBACK).await.unwrap());
    let responder = there.open(&connections.1, None);
    let (relay_at, lost, relay) = bad_network(there.local_addr().unwrap()).await;
    let dialler = here.open(&connections.0, Some(relay_at));
    let mut keeps_a = connections.0.upkeep();
    let keeping = tokio::spawn(pair::keep(connections.1.upkeep(), Role::Responder));
    let mut got = BTreeSet::new();
    let mut in_order = true;
    for burst in 0..COUNT / 50 {
        for number in burst * 50..(burst + 1) * 50 {
            dialler.send(&number.to_be_bytes()).await.unwrap();
        }
        // In the last burst, for as long as it takes.
        let is_last = burst == COUNT / 50 - 1;
        while !is_last || got.len() + lost.load(Ordering::Relaxed) < COUNT as usize {
            let wait = if is_last { SOON } else { Duration::from_millis(20) };
            let Ok(content) = timeout(wait, responder.recv()).await else { break };
            let number =
                u32::from_be_bytes(content.unwrap().try_into().expect("an altered one was delivered"));
            in_order &= got.last().is_none_or(|last| number > *last);
            assert!(got.insert(number), "{number} came twice");
        }
        // New keys on the way, while the network holds datagrams under the old ones.
        keeps_a.request_rotation(pair::view(Role::Initiator, u64::from(burst) + 8), pair::fresh(9)).unwrap();
        assert_eq!(keeps_a.next().await, UpkeepEvent::EpochBegun);
    }
    let lost = lost.load(Ordering::Relaxed);
    nothing_more(&responder).await;
    assert!(lost > 20 && !in_order, "the network was too good: {lost} lost");
    assert_eq!(got.len() + lost, COUNT as usize, "only what the network lost is missing");
    relay.abort();
    drop(connections);
    keeping.await.unwrap();
}

/// Passes datagrams on, one way: loses every tenth, alters a copy of every seventh, sends every fifth twice, and
/// swaps neighbours. Counts the lost ones.
async fn bad_network(to: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>, tokio::task::JoinHandle<()>) {
    let socket = UdpSocket::bind(LOOPBACK).await.unwrap();
    let at = socket.local_addr().unwrap();
    let lost = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&lost);
    let relay = tokio::spawn(async move {
        let mut held: Option<Vec<u8>> = None;
        let mut buffer = [0; 2000];
        for number in 0_usize.. {
            let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
            let datagram = buffer[..length].to_vec();
            if number % 10 == 3 {
                counter.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            if number % 7 == 0 {
                let mut altered = datagram.clone();
                let position = number % altered.len();
                altered[position] ^= 1;
                socket.send_to(&altered, to).await.unwrap();
            }
            if number % 5 == 0 {
                socket.send_to(&datagram, to).await.unwrap();
            }
            // One is held back until the next has passed.
            match held.take() {
                None if number % 2 == 0 && number % 50 < 40 => held = Some(datagram),
                before => {
                    socket.send_to(&datagram, to).await.unwrap();
                    if let Some(before) = before {
                        socket.send_to(&before, to).await.unwrap();
                    }
                }
            }
        }
    });
    (at, lost, relay)
}

#[tokio::test]
async fn a_dialler_that_moves_is_followed_by_its_newest_datagram_and_not_by_a_replay() {
    let connections = pair::in_memory(1 << 16, Timeouts::default());
    let there = DatagramSocket::bind(LOOPBACK).await.unwrap();
    let at = there.local_addr().unwrap();
    let responder = there.open(&connections.1, None);
    let eavesdropper = UdpSocket::bind(LOOPBACK).await.unwrap();
    let eavesdropper_at = eavesdropper.local_addr().unwrap();

    let first = DatagramSocket::bind(LOOPBACK).await.unwrap();
    let heard = first.open(&connections.0, Some(eavesdropper_at));
    heard.send(b"overheard").await.unwrap();
    let mut buffer = [0; 2000];
    let (length, _) = eavesdropper.recv_from(&mut buffer).await.unwrap();

    let dialler = first.open(&connections.0, Some(at));
    dialler.send(b"one").await.unwrap();
    assert_eq!(received(&responder).await, b"one");
    assert_eq!(responder.peer(), Some(first.local_addr().unwrap()));

    // Older than the newest: delivered, as datagrams may come late, but its source is not believed.
    eavesdropper.send_to(&buffer[..length], at).await.unwrap();
    assert_eq!(received(&responder).await, b"overheard");
    assert_eq!(responder.peer(), Some(first.local_addr().unwrap()));

    let second = DatagramSocket::bind(LOOPBACK).await.unwrap();
    let moved = second.open(&connections.0, Some(at));
    moved.send(b"two").await.unwrap();
    assert_eq!(received(&responder).await, b"two");
    responder.send(b"after you").await.unwrap();
    assert_eq!(received(&moved).await, b"after you");
}

#[tokio::test]
async fn of_too_many_that_nobody_receives_the_oldest_are_dropped() {
    let Session { dialler, responder, connections, .. } = session().await;
    for number in 0..1000_u32 {
        dialler.send(&number.to_be_bytes()).await.unwrap();
        if number % 20 == 0 {
            // So that it is this queue that overflows and not the system's.
            sleep(Duration::from_millis(1)).await;
        }
    }
    sleep(Duration::from_millis(50)).await;
    for number in 1000 - 256..1000_u32 {
        assert_eq!(received(&responder).await, number.to_be_bytes());
    }
    nothing_more(&responder).await;
    drop(connections);
}

#[tokio::test]
async fn a_peer_whose_port_is_closed_ends_nothing() {
    let connections = pair::in_memory(1 << 16, Timeouts::default());
    let here = DatagramSocket::bind(LOOPBACK).await.unwrap();
    let closed = UdpSocket::bind(LOOPBACK).await.unwrap();
    let at = closed.local_addr().unwrap();
    drop(closed);
    let dialler = here.open(&connections.0, Some(at));
    for _ in 0..10 {
        dialler.send(b"anybody there?").await.unwrap();
        tokio::task::yield_now().await;
    }
    let there = DatagramSocket::bind(at).await.unwrap();
    let responder = there.open(&connections.1, None);
    dialler.send(b"now?").await.unwrap();
    assert_eq!(received(&responder).await, b"now?");
    responder.send(b"yes").await.unwrap();
    assert_eq!(received(&dialler).await, b"yes");
}

#[tokio::test]
async fn they_end_with_the_session() {
    let Session { dialler, responder, connections: (a, b), .. } = session().await;
    let mut keeps_a = a.upkeep();
    dialler.send(b"x").await.unwrap();
    assert_eq!(received(&responder).await, b"x");
    let (responder, receiving) = {
        let responder = Arc::new(responder);
        let waits = Arc::clone(&responder);
        (responder, tokio::spawn(async move { waits.recv().await }))
    };
    tokio::task::yield_now().await;
    keeps_a.abort(Abort::Expired(Role::Initiator)).unwrap();
    for error in [dialler.send(b"x").await.unwrap_err(), dialler.recv().await.unwrap_err()] {
        assert!(matches!(error, TransportError::Ended { by: Side::ThisSide, .. }), "{error:?}");
    }
    let keeping = tokio::spawn(async move { b.upkeep().next().await });
    keeps_a.next().await;
    let error = timeout(SOON, receiving).await.unwrap().unwrap().unwrap_err();
    assert!(
        matches!(error, TransportError::Ended { by: Side::Peer, .. } | TransportError::Closed),
        "{error:?}"
    );
    keeping.await.unwrap();
    assert!(matches!(responder.send(b"x").await.unwrap_err(), TransportError::Closed));
    drop(a);
    assert!(matches!(dialler.recv().await.unwrap_err(), TransportError::Closed));
}

#[tokio::test]
async fn a_dropped_connection_ends_a_wait_for_datagrams() {
    let Session { dialler, responder, connections: (a, b), .. } = session().await;
    let waiting = tokio::spawn(async move { dialler.recv().await });
    tokio::task::yield_now().await;
    drop(a);
    let error = timeout(SOON, waiting).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, TransportError::Closed), "{error:?}");
    drop((responder, b));
}

#[tokio::test]
async fn padding_hides_their_length() {
    let least = core::num::NonZeroU16::new(128).unwrap();
    let pad = |channel: &mut Channel| channel.set_padding(Padding::PowersOfTwo { least });
    let (a, _b) = pair::in_memory_with(1 << 16, pad);
    let eavesdropper = UdpSocket::bind(LOOPBACK).await.unwrap();
    let here = DatagramSocket::bind(LOOPBACK).await.unwrap();
    let dialler = here.open(&a, Some(eavesdropper.local_addr().unwrap()));
    let mut lengths = BTreeSet::new();
    for size in [0, 1, 50, 126] {
        dialler.send(&vec![1; size]).await.unwrap();
        lengths.insert(eavesdropper.recv_from(&mut [0; 2000]).await.unwrap().0);
    }
    assert_eq!(lengths.len(), 1, "{lengths:?}");
    let error = dialler.send(&[1; MAX_DATAGRAM_CONTENT]).await.unwrap_err();
    assert!(matches!(error, TransportError::DatagramTooLong { limit: 1193, .. }), "{error:?}");
}
