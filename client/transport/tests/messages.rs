//! A connection as a stream of messages.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod pair;

use core::time::Duration;

use countersign_protocol::{ContentType, MAX_CONTENT, RECORD_OVERHEAD};
use countersign_transport::{Split, Timeouts, TransportError};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const LIMIT: usize = 1 << 20;

#[tokio::test]
async fn messages_keep_their_bounds_whatever_their_size() {
    let sizes = [
        0,
        1,
        MAX_CONTENT - 1,
        MAX_CONTENT,
        MAX_CONTENT + 1,
        2 * MAX_CONTENT,
        2 * MAX_CONTENT + 1,
        LIMIT - 1,
        LIMIT,
        0,
    ];
    let (mut a, mut b) = pair::over_tcp(Timeouts::default()).await;
    let sending = tokio::spawn(async move {
        for (number, size) in sizes.iter().enumerate() {
            a.send_message(&vec![u8::try_from(number).unwrap(); *size]).await.unwrap();
        }
        a.close().await.unwrap();
    });
    for (number, size) in sizes.iter().enumerate() {
        let message = b.next_message().await.unwrap().unwrap();
        assert_eq!(message.len(), *size);
        assert!(message.iter().all(|byte| usize::from(*byte) == number));
    }
    assert_eq!(b.next_message().await.unwrap(), None);
    assert_eq!(b.next_message().await.unwrap(), None);
    b.close().await.unwrap();
    sending.await.unwrap();
}

#[tokio::test]
async fn a_message_beyond_ones_own_limit_is_not_sent_and_harms_nothing() {
    let (a, mut b) = pair::in_memory(1 << 16, Timeouts::default());
    let mut a = a.with_max_message(100);
    let error = a.send_message(&[0; 101]).await.unwrap_err();
    assert!(matches!(error, TransportError::MessageTooLong { length: 101, limit: 100 }), "{error:?}");
    a.send_message(&[1; 100]).await.unwrap();
    assert_eq!(b.next_message().await.unwrap().unwrap(), [1; 100]);
}

#[tokio::test]
async fn a_message_beyond_the_receivers_limit_ends_its_reading() {
    for limit in [0, 99, MAX_CONTENT, 3 * MAX_CONTENT] {
        let (mut a, b) = pair::in_memory(1 << 20, Timeouts::default());
        let mut b = b.with_max_message(limit);
        a.send_message(&vec![0; limit]).await.unwrap();
        assert_eq!(b.next_message().await.unwrap().unwrap().len(), limit);
        a.send_message(&vec![0; limit + 1]).await.unwrap();
        let error = b.next_message().await.unwrap_err();
        assert!(matches!(error, TransportError::PeerMessageTooLong { limit: named } if named == limit));
        assert!(matches!(b.next_message().await.unwrap_err(), TransportError::Failed));
        assert!(b.next().await.is_none());
    }
}

#[tokio::test]
async fn a_message_that_never_ends_is_refused_at_the_limit() {
    let (mut ours, mut wire, mut channel) = pair::against_raw(1 << 22, Timeouts::default());
    for _ in 0..=LIMIT / MAX_CONTENT {
        let mut record = vec![0; MAX_CONTENT + RECORD_OVERHEAD];
        channel.seal(ContentType::DataMore, &mut record).unwrap();
        wire.write_u16(u16::try_from(record.len()).unwrap()).await.unwrap();
        wire.write_all(&record).await.unwrap();
    }
    let error = ours.next_message().await.unwrap_err();
    assert!(matches!(error, TransportError::PeerMessageTooLong { limit: LIMIT }), "{error:?}");
}

#[tokio::test]
async fn a_close_within_a_message_is_not_the_end_of_it() {
    let (mut ours, mut wire, mut channel) = pair::against_raw(1 << 16, Timeouts::default());
    for (content_type, length) in [(ContentType::DataMore, 5), (ContentType::Close, 0)] {
        let mut record = vec![0; RECORD_OVERHEAD + length];
        channel.seal(content_type, &mut record).unwrap();
        wire.write_u16(u16::try_from(record.len()).unwrap()).await.unwrap();
        wire.write_all(&record).await.unwrap();
    }
    assert!(matches!(ours.next_message().await.unwrap_err(), TransportError::Unfinished));
}

#[tokio::test]
async fn what_a_reader_of_bytes_left_begins_the_next_message() {
    let (mut a, mut b) = pair::in_memory(1 << 16, Timeouts::default());
    a.send_message(b"header, body").await.unwrap();
    a.send_message(b"next").await.unwrap();
    let mut header = [0; 8];
    b.read_exact(&mut header).await.unwrap();
    assert_eq!(b.next_message().await.unwrap().unwrap(), b"body");
    b.read_exact(&mut header[..4]).await.unwrap();
    a.send_message(b"last").await.unwrap();
    assert_eq!(b.next_message().await.unwrap().unwrap(), b"last");
}

#[tokio::test]
async fn a_sink_and_a_stream_carry_messages_to_the_close() {
    let (mut a, b) = pair::in_memory(300, Timeouts::default());
    let receiving = tokio::spawn(b.map(Result::unwrap).collect::<Vec<_>>());
    for size in [10, 0, 40_000] {
        a.feed(vec![1; size]).await.unwrap();
    }
    SinkExt::close(&mut a).await.unwrap();
    let sizes: Vec<_> = receiving.await.unwrap().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 0, 40_000]);
    assert!(matches!(a.send_message(b"late").await.unwrap_err(), TransportError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_sending_was_dropped_is_sent_whole_or_not_at_all() {
    let (mut a, mut b) = pair::in_memory(500, Timeouts::default());
    let patience = Duration::from_millis(1);
    // Queued whole, then dropped while it drains.
    timeout(patience, a.send_message(&[1; 40_000])).await.unwrap_err();
    // Dropped while it waits for room: nothing of it is queued.
    timeout(patience, a.send_message(&[2; 40_000])).await.unwrap_err();
    let receiving = tokio::spawn(async move {
        let mut messages = Vec::new();
        while let Some(message) = b.next_message().await.unwrap() {
            messages.push(message);
        }
        b.close().await.unwrap();
        messages
    });
    a.send_message(&[3; 10]).await.unwrap();
    a.close().await.unwrap();
    assert_eq!(receiving.await.unwrap(), [vec![1; 40_000], vec![3; 10]]);
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_was_dropped_keeps_the_parts_that_came() {
    let (mut a, mut b) = pair::in_memory(500, Timeouts::default());
    let sending = tokio::spawn(async move {
        a.send_message(&[9; 100_000]).await.unwrap();
        a
    });
    let mut drops = 0;
    let message = loop {
        tokio::select! {
            biased;
            message = b.next_message() => break message.unwrap().unwrap(),
            () = tokio::task::yield_now() => drops += 1,
        }
    };
    assert!(drops > 10, "{drops}");
    assert!(message == [9; 100_000]);
    sending.await.unwrap();
}

#[tokio::test]
async fn the_halves_carry_both_directions_from_two_tasks() {
    const COUNT: u32 = 5000;
    let (a, b) = pair::over_tcp(Timeouts::default()).await;
    let both = [a, b].map(|connection| {
        let Split { mut reader, mut writer, .. } = connection.into_split();
        let writing = tokio::spawn(async move {
            for number in 0..COUNT {
                writer.send_message(&number.to_be_bytes()).await.unwrap();
            }
            writer.close().await.unwrap();
            writer.close().await.unwrap();
        });
        let reading = tokio::spawn(async move {
            for number in 0..COUNT {
                assert_eq!(reader.next_message().await.unwrap().unwrap(), number.to_be_bytes());
            }
            assert_eq!(reader.next_message().await.unwrap(), None);
        });
        (reading, writing)
    });
    for (reading, writing) in both {
        reading.await.unwrap();
        writing.await.unwrap();
    }
}

#[tokio::test]
async fn the_halves_are_streams_of_bytes_too() {
    let (a, b) = pair::in_memory(100, Timeouts::default());
    let Split { mut writer, .. } = a.into_split();
    let Split { mut reader, .. } = b.into_split();
    let writing = tokio::spawn(async move {
        writer.write_all(&[5; 50_000]).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    assert!(received == [5; 50_000]);
    writing.await.unwrap();
}
