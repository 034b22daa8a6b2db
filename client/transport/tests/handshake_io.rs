//! Frames during the handshake: whole messages, hostile lengths, slow and silent peers, cuts.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod pair;

use core::time::Duration;

use countersign_protocol::MAX_MESSAGE;
use countersign_transport::{HandshakeIo, Timeouts, TransportError, Wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};

fn io(capacity: usize) -> (HandshakeIo<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(capacity);
    (HandshakeIo::new(ours, Timeouts::default()), theirs)
}

fn frame(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap();
    [&length.to_be_bytes()[..], message].concat()
}

#[tokio::test]
async fn messages_of_every_size_arrive_whole_and_in_order() {
    let (a, b) = duplex(1000);
    let (mut a, mut b) = (HandshakeIo::new(a, Timeouts::default()), HandshakeIo::new(b, Timeouts::default()));
    let sizes = [1, 2, 255, 256, 1000, 16_384, MAX_MESSAGE - 1, MAX_MESSAGE, 1, MAX_MESSAGE];
    let sending = async {
        for (number, size) in sizes.iter().enumerate() {
            a.send(&vec![u8::try_from(number).unwrap(); *size]).await.unwrap();
        }
    };
    let receiving = async {
        for (number, size) in sizes.iter().enumerate() {
            let expected = vec![u8::try_from(number).unwrap(); *size];
            assert_eq!(b.recv().await.unwrap(), expected);
        }
    };
    tokio::join!(sending, receiving);
}

#[tokio::test]
async fn the_wire_is_a_length_in_two_bytes_and_the_message() {
    let (mut ours, mut theirs) = io(64);
    ours.send(b"hello").await.unwrap();
    let mut wire = [0; 7];
    theirs.read_exact(&mut wire).await.unwrap();
    assert_eq!(&wire, b"\x00\x05hello");
}

#[tokio::test]
async fn a_length_that_the_protocol_forbids_is_refused_at_once() {
    for length in [0, u16::try_from(MAX_MESSAGE + 1).unwrap(), u16::MAX] {
        let (mut ours, mut theirs) = io(64);
        theirs.write_all(&length.to_be_bytes()).await.unwrap();
        let error = ours.recv().await.unwrap_err();
        let expected = usize::from(length);
        assert!(
            matches!(error, TransportError::BadFrameLength { length, .. } if length == expected),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_message_that_may_not_be_sent_is_not() {
    let (mut ours, mut theirs) = io(64);
    for length in [MAX_MESSAGE + 1, 65_535, 65_536, 100_000] {
        let error = ours.send(&vec![0; length]).await.unwrap_err();
        assert!(matches!(error, TransportError::MessageTooLong { length: named, .. } if named == length));
    }
    ours.send(b"x").await.unwrap();
    drop(ours);
    let mut wire = Vec::new();
    theirs.read_to_end(&mut wire).await.unwrap();
    assert_eq!(wire, b"\x00\x01x");
}

#[tokio::test]
async fn a_cut_between_messages_and_a_cut_within_one_are_told_apart() {
    let whole = frame(b"a message");
    for cut in 0..whole.len() {
        let (mut ours, mut theirs) = io(64);
        theirs.write_all(&whole).await.unwrap();
        theirs.write_all(&whole[..cut]).await.unwrap();
        drop(theirs);
        assert_eq!(ours.recv().await.unwrap(), b"a message");
        match (cut, ours.recv().await.unwrap_err()) {
            (0, TransportError::PeerClosed) | (1.., TransportError::Truncated) => {}
            (cut, error) => panic!("cut at {cut}: {error:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up_after_the_step_and_no_later() {
    let (mut ours, _theirs) = io(64);
    let started = Instant::now();
    let error = ours.recv().await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    assert!(
        matches!(error, TransportError::Timeout { waiting_for: Wait::HandshakeMessage, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("10s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_trickles_bytes_gains_no_time() {
    let (mut ours, mut theirs) = io(64);
    let trickle = tokio::spawn(async move {
        for byte in frame(&[1; 100]) {
            if theirs.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
    });
    let started = Instant::now();
    let error = ours.recv().await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
    trickle.abort();
}

#[tokio::test(start_paused = true)]
async fn a_slow_peer_that_is_in_time_is_heard() {
    let (mut ours, mut theirs) = io(64);
    tokio::spawn(async move {
        for byte in frame(&[1; 100]) {
            theirs.write_all(&[byte]).await.unwrap();
            sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(ours.recv().await.unwrap(), [1; 100]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up() {
    let (mut ours, _theirs) = io(64);
    let error = ours.send(&[0; 1000]).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { waiting_for: Wait::PeerToRead, .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_was_dropped_half_way_loses_nothing() {
    let (mut ours, mut theirs) = io(64);
    let whole = frame(b"a message");
    for cut in 0..whole.len() {
        theirs.write_all(&whole[..cut]).await.unwrap();
        timeout(Duration::from_millis(1), ours.recv()).await.unwrap_err();
        theirs.write_all(&whole[cut..]).await.unwrap();
        assert_eq!(ours.recv().await.unwrap(), b"a message");
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_was_dropped_half_way_tears_no_frame() {
    let (ours, theirs) = duplex(10);
    let (mut ours, mut theirs) =
        (HandshakeIo::new(ours, Timeouts::default()), HandshakeIo::new(theirs, Timeouts::default()));
    timeout(Duration::from_millis(1), ours.send(&[1; 100])).await.unwrap_err();
    let (sent, received) = tokio::join!(ours.send(b"second"), async {
        assert_eq!(theirs.recv().await.unwrap(), [1; 100]);
        theirs.recv().await.unwrap().to_vec()
    });
    sent.unwrap();
    assert_eq!(received, b"second");
}

#[tokio::test]
async fn a_handshake_over_tcp_gives_a_connection_and_an_early_first_message_is_not_lost() {
    let (a, b) = pair::tcp_streams().await;
    let dialling = async {
        let mut connection = pair::dial(a, Timeouts::default()).await.unwrap();
        // In the same burst as the confirmation, before the responder has read that.
        connection.send_message(b"an order").await.unwrap();
        connection
    };
    let answering = async {
        // So that confirmation and order wait in the socket together.
        let mut connection = pair::answer(b, Timeouts::default()).await.unwrap();
        assert_eq!(connection.next_message().await.unwrap().unwrap(), b"an order");
        connection
    };
    let (mut a, mut b) = tokio::join!(dialling, answering);
    let (mut ours, mut theirs) = ([0; 32], [0; 32]);
    a.exporter().export(b"quote", b"", &mut ours).unwrap();
    b.exporter().export(b"quote", b"", &mut theirs).unwrap();
    assert_eq!(ours, theirs);
    let (one, other) = tokio::join!(a.close(), b.close());
    one.unwrap();
    other.unwrap();
}

#[tokio::test]
async fn a_handshake_with_any_frame_byte_changed_fails_on_both_sides_without_hanging() {
    // The confirmation: two bytes of length and 17 of record, the last bytes of the initiator.
    for flipped in 0..19 {
        let (a, mut a_wire) = duplex(1 << 16);
        let (b, mut b_wire) = duplex(1 << 16);
        let dialling = tokio::spawn(async { pair::dial(a, Timeouts::default()).await });
        let answering = tokio::spawn(async { pair::answer(b, Timeouts::default()).await });
        pass_frame(&mut a_wire, &mut b_wire, None).await;
        pass_frame(&mut b_wire, &mut a_wire, None).await;
        pass_frame(&mut a_wire, &mut b_wire, Some(flipped)).await;
        drop((a_wire, b_wire));
        dialling.await.unwrap().unwrap();
        answering.await.unwrap().unwrap_err();
    }
}

async fn pass_frame(from: &mut DuplexStream, to: &mut DuplexStream, flipped: Option<usize>) {
    let length = from.read_u16().await.unwrap();
    let mut message = vec![0; usize::from(length)];
    from.read_exact(&mut message).await.unwrap();
    let mut whole = frame(&message);
    if let Some(position) = flipped {
        whole[position] ^= 1;
    }
    to.write_all(&whole).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_address_that_does_not_answer_is_given_up_and_one_that_refuses_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = countersign_transport::connect(address, &Timeouts::default()).await.unwrap_err();
    assert!(matches!(error, TransportError::Io { action: "connect", .. }), "{error:?}");
    let none = Timeouts { connect: Duration::ZERO, ..Timeouts::default() };
    let error = countersign_transport::connect("127.0.0.1:9", &none).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout { waiting_for: Wait::Connect, .. }), "{error:?}");
}
