//! A fuzzer that is the peer: it holds the session's keys, and says what it likes.

use countersign_protocol::{OpenedDatagram, Received, Reject, Role};

use super::receiver::{KEYS, PLACES, Place, Receiver, end, honest_request};
use super::support::Pair;

/// A record that the peer sealed. The first byte chooses what the receiver waits for, the second is the record's own, the
/// rest its content.
pub fn record(data: &[u8]) {
    let [place, first_byte, content @ ..] = data else { return };
    if *place == FIRST_OF_ALL {
        return first_record(*first_byte, content);
    }
    let mut receiver = Receiver::waiting(Place::of(*place));
    let record = KEYS.record(receiver.sender(), receiver.number, *first_byte, content);
    let received = receiver.channel.open(&mut record.clone(), 0).map(Said::from);
    let Ok(said) = received else { return };
    let (record_type, content) = without_padding(*first_byte, content);
    match said {
        Said::Data { content: taken, ends_message } => {
            let expected = if ends_message { 0x10 } else { 0x11 };
            assert_eq!((record_type, content), (expected, &taken[..]));
        }
        Said::Close => assert_eq!((record_type, content), (0x12, &[][..])),
        Said::Aborted => {
            assert!(record_type == 0x17 && matches!(content, [1..=3, 0 | 1] | [4 | 5, 0]), "no abort");
        }
        Said::Refused(text) => {
            assert_eq!((record_type, content), (0x16, &[&[0, 0, 0, 1][..], &text].concat()[..]));
        }
        Said::Requested => receiver.check_request(record_type, content),
        Said::Ignored => {
            assert!(record_type == 0x14 && matches!(receiver.place, Place::Crossed | Place::AskedForTicket));
        }
        Said::Begun => {
            let honest = receiver.place.honest_reply().unwrap();
            assert_eq!(
                (record_type, content),
                (0x15, &honest[..]),
                "an epoch began that the peer does not have"
            );
        }
    }
}

/// What the initiator seals as its first record: anything but a confirmation ends the session.
fn first_record(first_byte: u8, content: &[u8]) {
    let pair = Pair::new();
    let peer = pair.read_hello(&mut pair.hello().hello).unwrap();
    let expecting = pair.accept(peer).ok().unwrap().next;
    let mut record = KEYS.record(Role::Initiator, 0, first_byte, content);
    if expecting.read(&mut record).is_ok() {
        assert!(first_byte == 0x13 && content.is_empty(), "a session began without a confirmation");
    }
}

/// A datagram that the peer sealed: its first byte, the last two of its number, its content.
pub fn datagram(data: &[u8]) {
    let [first_byte, high, low, content @ ..] = data else { return };
    let number = u64::from(u16::from_be_bytes([*high, *low]));
    let mut datagram = KEYS.datagram(Role::Initiator, number, *first_byte, content);
    let (_, mut bob) = Pair::new().establish();
    let Ok(OpenedDatagram { number: taken, content: opened, .. }) =
        bob.channel.open_datagram(&mut datagram, 0)
    else {
        return;
    };
    assert_eq!(taken, number);
    match (first_byte, content) {
        (0x20, content) => assert_eq!(opened, content),
        (0x21, [high, low, padded @ ..]) => {
            assert_eq!(opened, &padded[..usize::from(u16::from_be_bytes([*high, *low]))]);
        }
        _ => panic!("no datagram has this form"),
    }
}

/// What an honest peer says, in every place.
pub fn honest_records() -> Vec<Vec<u8>> {
    let mut inputs = vec![
        vec![0, 0x10, 7, 7],
        vec![0, 0x11],
        vec![0, 0x12],
        vec![FIRST_OF_ALL, 0x13],
        vec![0, 0x17, 3, 1],
        vec![0, 0x1f, 0x10, 0, 1, 7, 0, 0],
        [&[1, 0x16, 0, 0, 0, 1][..], &Reject::Busy.encode()].concat(),
    ];
    for (index, place) in PLACES.into_iter().enumerate() {
        let index = u8::try_from(index).unwrap();
        if let Some(reply) = place.honest_reply() {
            inputs.push([&[index, 0x15][..], &reply].concat());
        }
        let mut asks = |request: Vec<u8>| {
            let length = u16::try_from(request.len()).unwrap().to_be_bytes();
            inputs.push([&[index, 0x14][..], &request].concat());
            inputs.push([&[index, 0x1f, 0x14][..], &length, &request, &[0; 9]].concat());
        };
        if matches!(place, Place::Idle | Place::Dropped | Place::Crossed | Place::AskedForTicket) {
            asks(honest_request(place.sender(), true));
            asks(honest_request(place.sender(), false));
        }
    }
    inputs
}

/// Records of the right form, each with one thing changed.
pub fn altered_records() -> Vec<Vec<u8>> {
    let mut inputs = altered_requests();
    for (index, place) in PLACES.into_iter().enumerate() {
        let Some(reply) = place.honest_reply() else { continue };
        // Kind, epoch, message 2, its last byte.
        for changed in [0, 1, 4, 5, reply.len() - 1] {
            let mut content = reply.clone();
            content[changed] ^= 1;
            inputs.push([&[u8::try_from(index).unwrap(), 0x15][..], &content].concat());
        }
    }
    let refusal = |epoch: u8| [&[1, 0x16, 0, 0, 0, epoch][..], &Reject::Busy.encode()].concat();
    inputs.extend([refusal(0), refusal(2), [&refusal(1)[..], &[0]].concat()]);
    inputs.extend([
        vec![0, 0x12, 7],
        vec![0, 0x1f, 0x12, 0, 1, 7],
        vec![0, 0x1f, 0x10, 0, 1],
        vec![0, 0x17, 1, 2],
    ]);
    inputs.extend([vec![FIRST_OF_ALL, 0x13, 7], vec![FIRST_OF_ALL, 0x10], vec![FIRST_OF_ALL, 0x12]]);
    inputs
}

fn altered_requests() -> Vec<Vec<u8>> {
    // Kind, epoch, time, both owners and labels, version, chain, height, block, registry, both records, count, kind,
    // source, slot and value of a reading, padding, message 1; kind, subject, value, length and calldata of the call.
    let places = [
        0, 4, 12, 13, 33, 66, 67, 87, 126, 134, 135, 167, 187, 219, 251, 252, 253, 273, 305, 516, 517, 422,
        443, 475, 508, 509,
    ];
    let request = honest_request(Role::Initiator, false);
    let mut inputs: Vec<_> = places
        .into_iter()
        .map(|place| {
            let mut content = request.clone();
            content[place] ^= 1;
            [&[0, 0x14][..], &content].concat()
        })
        .collect();
    inputs.push([&[0, 0x14][..], &request[..request.len() - 1]].concat());
    inputs
}

pub fn honest_datagrams() -> Vec<Vec<u8>> {
    let (mut alice, mut datagram) = (end(Role::Initiator).0, Vec::new());
    alice.append_datagram(&[7, 7], &mut datagram).unwrap();
    assert_eq!(
        datagram,
        KEYS.datagram(Role::Initiator, 0, 0x20, &[7, 7]),
        "these are not the session's keys"
    );
    vec![vec![0x20, 0, 0, 7, 7], vec![0x21, 1, 1, 0, 1, 7, 0, 0]]
}

/// What became of a record, without its buffer.
enum Said {
    Data { content: Vec<u8>, ends_message: bool },
    Close,
    Aborted,
    Requested,
    Begun,
    Refused([u8; 16]),
    Ignored,
}

impl From<Received<'_>> for Said {
    fn from(received: Received<'_>) -> Self {
        match received {
            Received::Data { content, ends_message } => {
                Self::Data { content: content.to_vec(), ends_message }
            }
            Received::Close => Self::Close,
            Received::Aborted(_) => Self::Aborted,
            Received::EpochRequested => Self::Requested,
            Received::EpochBegun => Self::Begun,
            Received::EpochRefused(reject) => Self::Refused(reject.encode()),
            Received::Ignored => Self::Ignored,
        }
    }
}

fn without_padding(first_byte: u8, content: &[u8]) -> (u8, &[u8]) {
    match (first_byte, content) {
        (0x1f, [inner, high, low, rest @ ..]) => {
            (*inner, &rest[..usize::from(u16::from_be_bytes([*high, *low]))])
        }
        (0x1f, _) => panic!("a padded record without its head was read"),
        _ => (first_byte, content),
    }
}

/// In place of what the receiver waits for: the first record of a session.
const FIRST_OF_ALL: u8 = 0xff;
