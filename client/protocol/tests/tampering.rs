//! Every byte of every message flipped, every truncation, every extension: an error, and no panic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use countersign_protocol::{ContentType, Error, PeerMisbehaved, Reject};
use support::Pair;

/// Every way to alter a message by one byte or by its length.
fn alterations(message: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let flips = (0..message.len()).map(|position| {
        let mut altered = message.to_vec();
        altered[position] ^= 1 << (position % 8);
        altered
    });
    let truncations = (0..message.len()).map(|length| message[..length].to_vec());
    let extensions = [1, 15, 16, 512, 65_536].map(|by| [message, &vec![0; by]].concat());
    flips.chain(truncations).chain(extensions)
}

#[test]
fn no_altered_hello_is_accepted() {
    for pair in [Pair::new(), Pair::classical()] {
        let hello = pair.hello().hello;
        for mut altered in alterations(&hello) {
            // A responder that is not under load does not look at mac2, the last 16 bytes.
            let is_mac2 =
                altered.len() == hello.len() && altered[..hello.len() - 16] == hello[..hello.len() - 16];
            assert_eq!(pair.read_hello(&mut altered).is_ok(), is_mac2);
        }
    }
}

#[test]
fn a_hello_whose_mac_was_repaired_is_still_not_accepted() {
    // The key of mac1 is public. Behind it the transcript holds every byte.
    let pair = Pair::new();
    let hello = pair.hello().hello;
    for position in 0..hello.len() - 32 {
        let mut altered = hello.clone();
        altered[position] ^= 1 << (position % 8);
        support::repair_mac1(&mut altered, &pair.bob.public_key());
        assert!(pair.read_hello(&mut altered).is_err(), "byte {position}");
    }
}

#[test]
fn no_altered_reply_is_accepted() {
    for pair in [Pair::new(), Pair::classical()] {
        let mut sent = pair.hello();
        let peer = pair.read_hello(&mut sent.hello).unwrap();
        let replied = pair.accept(peer).unwrap();
        for mut altered in alterations(&replied.reply) {
            assert!(pair.read_reply(pair.hello().next, &mut altered).is_err());
        }
    }
}

#[test]
fn no_altered_reject_is_believed() {
    let pair = Pair::new();
    let mut sent = pair.hello();
    let reject = pair.read_hello(&mut sent.hello).unwrap().reject(Reject::Revoked);
    for mut altered in alterations(&reject) {
        let read = pair.read_reply(pair.hello().next, &mut altered).err();
        assert!(matches!(read, Some(Error::PeerMisbehaved(_))), "{read:?}");
    }
}

#[test]
fn no_altered_confirmation_opens_the_channel() {
    let pair = Pair::new();
    let (confirmation, _) = confirmation_and_reader(&pair);
    for mut altered in alterations(&confirmation) {
        let (_, reader) = confirmation_and_reader(&pair);
        assert!(reader.read(&mut altered).is_err());
    }
}

fn confirmation_and_reader(pair: &Pair) -> (Vec<u8>, countersign_protocol::responder::ExpectConfirmation) {
    let mut sent = pair.hello();
    let peer = pair.read_hello(&mut sent.hello).unwrap();
    let mut replied = pair.accept(peer).unwrap();
    (pair.read_reply(sent.next, &mut replied.reply).unwrap().confirmation, replied.next)
}

#[test]
fn no_altered_record_opens_and_the_right_one_still_does() {
    let (mut alice, mut bob) = Pair::new().establish();
    let mut record = [&[0][..], b"sell 5 at 2,999.75", &[0; 16]].concat();
    alice.channel.seal(ContentType::Data, &mut record).unwrap();
    for mut altered in alterations(&record) {
        assert!(bob.channel.open(&mut altered, 0).is_err());
    }
    assert_eq!(bob.channel.open(&mut record, 0).map(support::text), Ok(b"sell 5 at 2,999.75".to_vec()));
}

#[test]
fn records_that_are_repeated_lost_swapped_or_reflected_do_not_open() {
    let (mut alice, mut bob) = Pair::new().establish();
    let mut seal = |text: &[u8]| {
        let mut record = [&[0], text, &[0; 16]].concat();
        alice.channel.seal(ContentType::Data, &mut record).unwrap();
        record
    };
    let (first, second) = (seal(b"first"), seal(b"second"));
    let fails = Error::PeerMisbehaved(PeerMisbehaved::DoesNotAuthenticate("record"));
    assert_eq!(bob.channel.open(&mut second.clone(), 0).err(), Some(fails), "lost or swapped");
    bob.channel.open(&mut first.clone(), 0).unwrap();
    assert_eq!(bob.channel.open(&mut first.clone(), 0).err(), Some(fails), "repeated");
    assert_eq!(alice.channel.open(&mut second.clone(), 0).err(), Some(fails), "reflected");
    bob.channel.open(&mut second.clone(), 0).unwrap();
}

#[test]
fn a_records_type_is_authenticated() {
    let (mut alice, mut bob) = Pair::new().establish();
    let mut record = vec![0; 17];
    alice.channel.seal(ContentType::Data, &mut record).unwrap();
    record[0] = ContentType::Close as u8;
    assert!(bob.channel.open(&mut record, 0).is_err());
}

#[test]
fn messages_of_one_session_mean_nothing_to_another() {
    let (one, other) = (Pair::new(), Pair { alice_now: support::NOW + 1, ..Pair::new() });
    let mut sent = one.hello();
    let peer = one.read_hello(&mut sent.hello).unwrap();
    let mut replied = one.accept(peer).unwrap();
    assert!(other.read_reply(other.hello().next, &mut replied.reply).is_err());
}

#[test]
fn a_peer_cannot_be_made_to_reserve_memory() {
    let pair = Pair::new();
    for kind in 0..=u8::MAX {
        let mut huge = vec![kind; 1 << 20];
        assert!(pair.read_hello(&mut huge).is_err());
        assert!(pair.read_reply(pair.hello().next, &mut huge).is_err());
    }
}
