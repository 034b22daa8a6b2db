//! New epochs on a running connection: rotation under traffic, without traffic, crossed, refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod pair;

use core::time::Duration;

use countersign_protocol::{Channel, Limits, Padding, Reject, Role};
use countersign_transport::{Connection, Split, Timeouts, TransportError, Upkeep, UpkeepEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

const HOUR: Duration = Duration::from_secs(3600);

fn epoch<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(connection: &Connection<S>) -> u32 {
    connection.channel().agreed().epoch
}

type Kept = (Connection<DuplexStream>, Upkeep<DuplexStream>);

fn pair_and_upkeeps() -> (Kept, Kept) {
    let (a, b) = pair::in_memory(1 << 16, Timeouts::default());
    let (keeps_a, keeps_b) = (a.upkeep(), b.upkeep());
    ((a, keeps_a), (b, keeps_b))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotations_under_full_duplex_traffic_lose_no_record() {
    const EPOCHS: u32 = 25;
    let (a, b) = pair::over_tcp(Timeouts::default()).await;
    let mut asks = a.upkeep();
    let answers = tokio::spawn(pair::keep(b.upkeep(), Role::Responder));
    let (done, is_done) = tokio::sync::watch::channel(false);
    let both = [a, b].map(|connection| {
        let is_done = is_done.clone();
        let Split { mut reader, mut writer } = connection.into_split();
        let writing = tokio::spawn(async move {
            let mut number = 0_u64;
            while !*is_done.borrow() {
                // From less than a record to several.
                let mut message = vec![7; (number as usize * 977) % 50_000];
                message.extend_from_slice(&number.to_be_bytes());
                writer.send_message(&message).await.unwrap();
                number += 1;
            }
            writer.close().await.unwrap();
            number
        });
        let reading = tokio::spawn(async move {
            let mut expected = 0_u64;
            while let Some(message) = reader.next_message().await.unwrap() {
                assert_eq!(message[message.len() - 8..], expected.to_be_bytes());
                expected += 1;
            }
            expected
        });
        (writing, reading)
    });
    for number in 1..=EPOCHS {
        let view = pair::view(Role::Initiator, u64::from(number) + 7);
        if number % 5 == 0 {
            asks.request_state_ticket(view).unwrap();
        } else {
            asks.request_rotation(view, pair::fresh(number as u8)).unwrap();
        }
        assert_eq!(asks.next().await, UpkeepEvent::EpochBegun);
    }
    assert_eq!(asks.with_channel(|channel| channel.agreed().epoch).unwrap(), EPOCHS);
    done.send(true).unwrap();
    let [(one_sent, one_got), (other_sent, other_got)] = both;
    let (one_sent, other_sent) = (one_sent.await.unwrap(), other_sent.await.unwrap());
    assert_eq!((one_got.await.unwrap(), other_got.await.unwrap()), (other_sent, one_sent));
    assert!(one_sent > u64::from(EPOCHS) && other_sent > u64::from(EPOCHS), "{one_sent} {other_sent}");
    assert_eq!(asks.next().await, UpkeepEvent::Ended(None));
    let begun = answers.await.unwrap().into_iter().filter(|event| *event == UpkeepEvent::EpochBegun).count();
    // The last may be overtaken by the end of the connection.
    assert!(begun + 1 >= EPOCHS as usize, "{begun}");
}

#[tokio::test(start_paused = true)]
async fn one_side_that_only_publishes_and_one_that_only_reads_rotate_all_the_same() {
    for publisher in [Role::Initiator, Role::Responder] {
        let (a, b) = pair::in_memory(1 << 16, Timeouts::default());
        let keeping = [(a.upkeep(), Role::Initiator), (b.upkeep(), Role::Responder)]
            .map(|(upkeep, role)| tokio::spawn(pair::keep(upkeep, role)));
        let (mut publishes, mut reads) = if publisher == Role::Initiator { (a, b) } else { (b, a) };
        let reading = tokio::spawn(async move {
            let mut received = 0_u32;
            while let Some(message) = reads.next_message().await.unwrap() {
                assert_eq!(message, received.to_be_bytes());
                received += 1;
            }
            reads.close().await.unwrap();
            received
        });
        for number in 0..1800_u32 {
            publishes.send_message(&number.to_be_bytes()).await.unwrap();
            sleep(Duration::from_secs(2)).await;
        }
        // An hour, and a rotation every two minutes.
        assert!((28..=30).contains(&epoch(&publishes)), "{}", epoch(&publishes));
        publishes.close().await.unwrap();
        assert_eq!(reading.await.unwrap(), 1800);
        for kept in keeping {
            assert_eq!(kept.await.unwrap().last(), Some(&UpkeepEvent::Ended(None)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_uses_stays_young() {
    let (mut a, mut b) = pair::in_memory(1 << 16, Timeouts::default());
    let _keeping = [(a.upkeep(), Role::Initiator), (b.upkeep(), Role::Responder)]
        .map(|(upkeep, role)| tokio::spawn(pair::keep(upkeep, role)));
    sleep(HOUR).await;
    assert!((28..=30).contains(&epoch(&a)), "{}", epoch(&a));
    assert_eq!(epoch(&a), epoch(&b));
    a.send_message(b"still here").await.unwrap();
    assert_eq!(b.next_message().await.unwrap().unwrap(), b"still here");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_due_at_the_soft_age_and_the_responder_waits_longer() {
    let ((_a, mut keeps_a), (_b, mut keeps_b)) = pair_and_upkeeps();
    let started = Instant::now();
    let due = |started: Instant| started.elapsed().as_secs();
    let (initiator, responder) = tokio::join!(async { (keeps_a.next().await, due(started)) }, async {
        (keeps_b.next().await, due(started))
    },);
    assert_eq!(initiator, (UpkeepEvent::RotationDue, 120));
    assert_eq!(responder, (UpkeepEvent::RotationDue, 135));
}

#[tokio::test(start_paused = true)]
async fn of_two_requests_at_once_the_initiators_stands() {
    let ((mut a, mut keeps_a), (mut b, mut keeps_b)) = pair_and_upkeeps();
    keeps_a.request_rotation(pair::view(Role::Initiator, 8), pair::fresh(21)).unwrap();
    keeps_b.request_rotation(pair::view(Role::Responder, 9), pair::fresh(22)).unwrap();
    assert_eq!(keeps_b.next().await, UpkeepEvent::Requested);
    assert_eq!(keeps_b.requested().map(|proposal| proposal.anchor.block_number), Some(8));
    pair::agree(&mut keeps_b, Role::Responder);
    assert_eq!(keeps_a.next().await, UpkeepEvent::EpochBegun);
    assert_eq!(keeps_b.next().await, UpkeepEvent::EpochBegun);
    assert_eq!((epoch(&a), epoch(&b)), (1, 1));
    a.send_message(b"from a").await.unwrap();
    b.send_message(b"from b").await.unwrap();
    assert_eq!(b.next_message().await.unwrap().unwrap(), b"from a");
    assert_eq!(a.next_message().await.unwrap().unwrap(), b"from b");
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_the_channel_goes_on_and_the_request_is_due_again() {
    let ((mut a, mut keeps_a), (mut b, mut keeps_b)) = pair_and_upkeeps();
    assert_eq!(keeps_a.next().await, UpkeepEvent::RotationDue);
    keeps_a.request_rotation(pair::view(Role::Initiator, 8), pair::fresh(21)).unwrap();
    assert_eq!(keeps_b.next().await, UpkeepEvent::Requested);
    keeps_b.refuse(Reject::Unable).unwrap();
    assert_eq!(keeps_a.next().await, UpkeepEvent::Refused(Reject::Unable));
    a.send_message(b"as before").await.unwrap();
    assert_eq!(b.next_message().await.unwrap().unwrap(), b"as before");
    assert_eq!(epoch(&a), 0);

    assert_eq!(keeps_a.next().await, UpkeepEvent::RotationDue);
    keeps_a.request_rotation(pair::view(Role::Initiator, 9), pair::fresh(23)).unwrap();
    assert_eq!(keeps_b.next().await, UpkeepEvent::Requested);
    pair::agree(&mut keeps_b, Role::Responder);
    assert_eq!(keeps_a.next().await, UpkeepEvent::EpochBegun);
    b.send_message(b"renewed").await.unwrap();
    assert_eq!(a.next_message().await.unwrap().unwrap(), b"renewed");
    assert_eq!(epoch(&a), 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_differs_is_refused_with_what_differs() {
    let ((mut a, mut keeps_a), (mut b, mut keeps_b)) = pair_and_upkeeps();
    keeps_a.request_state_ticket(pair::view(Role::Initiator, 8)).unwrap();
    assert_eq!(keeps_b.next().await, UpkeepEvent::Requested);
    let error = keeps_b.agree(pair::view(Role::Responder, 9), pair::answering(22)).unwrap_err();
    assert!(matches!(error, TransportError::Protocol(_)), "{error:?}");
    assert_eq!(keeps_a.next().await, UpkeepEvent::Refused(Reject::StaleState));
    b.send_message(b"as before").await.unwrap();
    assert_eq!(a.next_message().await.unwrap().unwrap(), b"as before");
    assert_eq!(epoch(&a), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fast_sender_gets_new_keys_before_the_next_tick() {
    let limits = Limits { max_records: 200, ..Limits::default() };
    let (mut a, mut b) = pair::in_memory_with(1 << 16, |channel: &mut Channel| channel.set_limits(limits));
    let _keeping = [(a.upkeep(), Role::Initiator), (b.upkeep(), Role::Responder)]
        .map(|(upkeep, role)| tokio::spawn(pair::keep(upkeep, role)));
    let started = Instant::now();
    for _ in 0..1_000 {
        a.send_message(b"tick").await.unwrap();
        assert_eq!(b.next_message().await.unwrap().unwrap(), b"tick");
        tokio::task::yield_now().await;
    }
    assert!(epoch(&a) >= 5, "{}", epoch(&a));
    assert!(started.elapsed() < Duration::from_secs(1), "and no time has passed");
}

#[tokio::test(start_paused = true)]
async fn half_of_what_a_key_may_protect_makes_a_rotation_due() {
    let limits = Limits { max_records: 100, ..Limits::default() };
    let (mut a, mut b) = pair::in_memory_with(1 << 16, |channel: &mut Channel| channel.set_limits(limits));
    let _keeping = [(a.upkeep(), Role::Initiator), (b.upkeep(), Role::Responder)]
        .map(|(upkeep, role)| tokio::spawn(pair::keep(upkeep, role)));
    for number in 0..200_u32 {
        a.send_message(&number.to_be_bytes()).await.unwrap();
        assert_eq!(b.next_message().await.unwrap().unwrap(), number.to_be_bytes());
        // The upkeep looks once a second.
        sleep(Duration::from_millis(100)).await;
    }
    assert!(epoch(&a) >= 3, "{}", epoch(&a));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_away_in_the_middle_of_a_wait_holds_up_neither_writer_nor_upkeep() {
    let ((mut a, mut keeps_a), (mut b, mut keeps_b)) = pair_and_upkeeps();
    for block in 8..12 {
        timeout(Duration::from_millis(1), a.next_message()).await.unwrap_err();
        timeout(Duration::from_millis(1), a.read_u8()).await.unwrap_err();
        let started = Instant::now();
        keeps_b.request_rotation(pair::view(Role::Responder, block), pair::fresh(30)).unwrap();
        assert_eq!(keeps_a.next().await, UpkeepEvent::Requested);
        pair::agree(&mut keeps_a, Role::Initiator);
        a.send_message(b"meanwhile").await.unwrap();
        assert_eq!(keeps_b.next().await, UpkeepEvent::EpochBegun);
        assert_eq!(b.next_message().await.unwrap().unwrap(), b"meanwhile");
        assert_eq!(keeps_a.next().await, UpkeepEvent::EpochBegun);
        assert!(started.elapsed() <= Duration::from_secs(2), "{:?}", started.elapsed());
    }
    b.send_message(b"at last").await.unwrap();
    assert_eq!(a.next_message().await.unwrap().unwrap(), b"at last");
}

#[tokio::test(start_paused = true)]
async fn an_upkeep_reads_no_further_than_one_record_and_loses_none() {
    let (a, mut b) = pair::in_memory(1000, Timeouts::default());
    let _keeping = tokio::spawn(pair::keep(b.upkeep(), Role::Responder));
    let Split { mut writer, .. } = a.into_split();
    let mut accepted = 0;
    while let Ok(count) = timeout(Duration::from_secs(5), writer.write(&[accepted as u8; 10_000])).await {
        accepted += count.unwrap() / 10_000;
    }
    assert_eq!(accepted, 2, "one is read ahead, and one is on the way");
    let writing = tokio::spawn(async move { writer.shutdown().await });
    for number in 0..accepted {
        let mut record = [0; 10_000];
        b.read_exact(&mut record).await.unwrap();
        assert!(record == [number as u8; 10_000], "{number}");
    }
    assert_eq!(b.read(&mut [0; 1]).await.unwrap(), 0);
    writing.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_a_close_requests_are_answered_and_data_still_flows() {
    let ((mut a, mut keeps_a), (mut b, mut keeps_b)) = pair_and_upkeeps();
    let Split { reader: mut a_reads, writer: mut a_writes } = {
        keeps_b.request_rotation(pair::view(Role::Responder, 8), pair::fresh(30)).unwrap();
        a.flush().await.unwrap();
        a.into_split()
    };
    a_writes.close().await.unwrap();
    assert_eq!(keeps_a.next().await, UpkeepEvent::Requested);
    pair::agree(&mut keeps_a, Role::Initiator);
    assert_eq!(keeps_b.next().await, UpkeepEvent::EpochBegun);
    b.send_message(b"last words").await.unwrap();
    assert_eq!(a_reads.next_message().await.unwrap().unwrap(), b"last words");
    assert_eq!(keeps_a.next().await, UpkeepEvent::EpochBegun);
    assert!(matches!(a_writes.send_message(b"more").await, Err(TransportError::Closed)));
    keeps_a.request_state_ticket(pair::view(Role::Initiator, 9)).unwrap();
    assert_eq!(keeps_b.next().await, UpkeepEvent::Requested);
    assert_eq!(b.next_message().await.unwrap(), None);
    b.close().await.unwrap();
    assert_eq!(a_reads.next_message().await.unwrap(), None);
    assert_eq!(keeps_a.next().await, UpkeepEvent::Ended(None));
    assert_eq!(keeps_b.next().await, UpkeepEvent::Ended(None));
}

#[tokio::test(start_paused = true)]
async fn a_connection_closed_in_one_direction_outlives_its_keys() {
    for subscriber in [Role::Initiator, Role::Responder] {
        let (a, b) = pair::in_memory(1 << 16, Timeouts::default());
        let _keeping = [(a.upkeep(), Role::Initiator), (b.upkeep(), Role::Responder)]
            .map(|(upkeep, role)| tokio::spawn(pair::keep(upkeep, role)));
        let (mut subscribes, mut publishes) = if subscriber == Role::Initiator { (a, b) } else { (b, a) };
        subscribes.send_message(b"subscribe").await.unwrap();
        subscribes.shutdown().await.unwrap();
        assert_eq!(publishes.next_message().await.unwrap().unwrap(), b"subscribe");
        assert_eq!(publishes.next_message().await.unwrap(), None);
        for number in 0..360_u32 {
            publishes.send_message(&number.to_be_bytes()).await.unwrap();
            assert_eq!(subscribes.next_message().await.unwrap().unwrap(), number.to_be_bytes());
            sleep(Duration::from_secs(10)).await;
        }
        assert!((28..=30).contains(&epoch(&publishes)), "{}", epoch(&publishes));
        publishes.close().await.unwrap();
        assert_eq!(subscribes.next_message().await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn padded_connections_carry_the_same_and_rotate() {
    let least = core::num::NonZeroU16::new(128).unwrap();
    for padding in [Padding::PowersOfTwo { least }, Padding::Full, Padding::Padme, Padding::Multiple(least)] {
        let (mut a, mut b) =
            pair::in_memory_with(1 << 20, |channel: &mut Channel| channel.set_padding(padding));
        let (mut keeps_a, keeps_b) = (a.upkeep(), b.upkeep());
        let _keeping = tokio::spawn(pair::keep(keeps_b, Role::Responder));
        keeps_a.request_rotation(pair::view(Role::Initiator, 8), pair::fresh(21)).unwrap();
        for size in [0, 1, 16_380, 16_381, 16_382, 16_384, 100_000] {
            a.send_message(&vec![9; size]).await.unwrap();
            assert_eq!(b.next_message().await.unwrap().unwrap().len(), size, "{padding:?}");
        }
        assert_eq!(keeps_a.next().await, UpkeepEvent::EpochBegun);
        b.write_all(&[5; 70_000]).await.unwrap();
        b.shutdown().await.unwrap();
        let mut received = Vec::new();
        a.read_to_end(&mut received).await.unwrap();
        assert!(received == [5; 70_000], "{padding:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_that_crosses_the_reply_is_followed_by_the_confirmation() {
    let ((mut a, mut keeps_a), (mut b, mut keeps_b)) = pair_and_upkeeps();
    keeps_a.request_rotation(pair::view(Role::Initiator, 8), pair::fresh(30)).unwrap();
    assert_eq!(keeps_b.next().await, UpkeepEvent::Requested);
    a.shutdown().await.unwrap();
    pair::agree(&mut keeps_b, Role::Responder);
    b.send_message(b"under new keys").await.unwrap();
    assert_eq!(a.next_message().await.unwrap().unwrap(), b"under new keys");
    assert_eq!(epoch(&a), 1);
    assert_eq!(keeps_b.next().await, UpkeepEvent::EpochBegun);
    assert_eq!(b.next_message().await.unwrap(), None);
    b.close().await.unwrap();
    assert_eq!(a.next_message().await.unwrap(), None);
}
