//! Records on the wire, altered, cut, extended, repeated and reordered.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod pair;

use countersign_protocol::{ContentType, Error, PeerMisbehaved, RECORD_OVERHEAD};
use countersign_transport::{Timeouts, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a peer sent: the wire bytes of `messages`, one frame each.
async fn wire_of(messages: &[&[u8]]) -> Vec<Vec<u8>> {
    let (mut sender, mut wire, _) = pair::against_raw(1 << 20, Timeouts::default());
    let mut frames = Vec::new();
    for message in messages {
        sender.send_message(message).await.unwrap();
        let mut frame = vec![0; 2 + RECORD_OVERHEAD + message.len()];
        wire.read_exact(&mut frame).await.unwrap();
        frames.push(frame);
    }
    frames
}

/// What the peer of that sender makes of these bytes, followed by the end of the stream.
async fn received(wire: &[u8]) -> (Vec<Vec<u8>>, Option<TransportError>) {
    // The same handshake, the other side: the channel of the responder opens what the initiator sealed.
    let (stream, mut attacker) = tokio::io::duplex(1 << 20);
    let (_, channel) = pair::channels();
    let mut receiver =
        countersign_transport::HandshakeIo::new(stream, Timeouts::default()).into_connection(channel);
    attacker.write_all(wire).await.unwrap();
    drop(attacker);
    let mut messages = Vec::new();
    loop {
        match receiver.next_message().await {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (messages, None),
            Err(error) => {
                let again = receiver.next_message().await.unwrap_err();
                assert!(matches!(again, TransportError::Failed), "{again:?}");
                return (messages, Some(error));
            }
        }
    }
}

#[tokio::test]
async fn unaltered_it_arrives_and_its_end_without_a_close_is_a_cut() {
    let (messages, error) = received(&wire_of(&[b"buy", b"sell"]).await.concat()).await;
    assert_eq!(messages, [b"buy".to_vec(), b"sell".to_vec()]);
    assert!(matches!(error, Some(TransportError::Truncated)), "{error:?}");
}

#[tokio::test]
async fn every_flipped_bit_is_an_error_and_nothing_of_the_record_is_delivered() {
    let wire = wire_of(&[b"buy 100 at 1.25"]).await.concat();
    for position in 0..wire.len() * 8 {
        let mut altered = wire.clone();
        altered[position / 8] ^= 1 << (position % 8);
        let (messages, error) = received(&altered).await;
        assert!(messages.is_empty() && error.is_some(), "bit {position}: {messages:?} {error:?}");
    }
}

#[tokio::test]
async fn every_cut_is_an_error_after_what_arrived_whole() {
    let frames = wire_of(&[b"one", b"two", b"three"]).await;
    let wire = frames.concat();
    for cut in 0..=wire.len() {
        let (messages, error) = received(&wire[..cut]).await;
        let mut ends = frames.iter().scan(0, |end, frame| {
            *end += frame.len();
            Some(*end)
        });
        let whole = ends.by_ref().take_while(|end| *end <= cut).count();
        assert_eq!(messages.len(), whole, "cut at {cut}");
        assert!(matches!(error, Some(TransportError::Truncated)), "cut at {cut}: {error:?}");
    }
}

#[tokio::test]
async fn a_frame_that_was_extended_is_an_error() {
    let frame = wire_of(&[b"one"]).await.concat();
    for added in [1, 2, 16, 17, 1000] {
        let mut extended = [&frame[..], &vec![0; added]].concat();
        let length = u16::try_from(extended.len() - 2).unwrap();
        extended[..2].copy_from_slice(&length.to_be_bytes());
        let (messages, error) = received(&extended).await;
        assert!(messages.is_empty(), "{added}");
        assert!(matches!(error, Some(TransportError::Protocol(Error::PeerMisbehaved(_)))), "{error:?}");
    }
}

#[tokio::test]
async fn repeated_reordered_and_dropped_records_do_not_open() {
    let frames = wire_of(&[b"one", b"two", b"three"]).await;
    for (order, delivered) in [(&[0, 0][..], 1), (&[1][..], 0), (&[0, 2][..], 1), (&[1, 0, 2][..], 0)] {
        let wire: Vec<u8> = order.iter().flat_map(|at: &usize| frames[*at].clone()).collect();
        let (messages, error) = received(&wire).await;
        assert_eq!(messages.len(), delivered, "{order:?}");
        let expected = Error::from(PeerMisbehaved::DoesNotAuthenticate("record"));
        assert!(matches!(error, Some(TransportError::Protocol(error)) if error == expected), "{order:?}");
    }
}

#[tokio::test]
async fn ones_own_records_reflected_do_not_open() {
    let (mut ours, mut wire, _) = pair::against_raw(1 << 16, Timeouts::default());
    ours.send_message(b"mine").await.unwrap();
    let mut frame = vec![0; 2 + RECORD_OVERHEAD + 4];
    wire.read_exact(&mut frame).await.unwrap();
    wire.write_all(&frame).await.unwrap();
    assert!(matches!(ours.next_message().await.unwrap_err(), TransportError::Protocol(_)));
}

#[tokio::test]
async fn a_confirmation_or_a_close_with_content_does_not_belong_on_a_connection() {
    for (first_byte, length) in [(0x13, 0), (0x12, 1)] {
        let (mut ours, mut wire, mut channel) = pair::against_raw(1 << 16, Timeouts::default());
        let mut record = vec![0; RECORD_OVERHEAD + length];
        channel.seal(ContentType::Close, &mut record).unwrap();
        record[0] = first_byte;
        wire.write_u16(u16::try_from(record.len()).unwrap()).await.unwrap();
        wire.write_all(&record).await.unwrap();
        let error = ours.next_message().await.unwrap_err();
        let expected = Error::from(PeerMisbehaved::UnexpectedRecord(first_byte));
        assert!(matches!(error, TransportError::Protocol(error) if error == expected), "{error:?}");
    }
}
