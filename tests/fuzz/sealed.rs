//! A fuzzer that is the peer: it holds the session's keys, and says what it likes.

use std::sync::LazyLock;

use countersign_protocol::{
    Anchor, Channel, Error, OpenedDatagram, Proposal, Received, Role, StateView, Suite,
};

use super::session_keys::SessionKeys;
use super::support::{self, Pair, initiator_ephemerals, responder_ephemerals};

pub(super) static KEYS: LazyLock<SessionKeys> = LazyLock::new(|| SessionKeys::of(&Pair::new()));

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
        [&[1, 0x16, 0, 0, 0, 1][..], &countersign_protocol::Reject::Busy.encode()].concat(),
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
    let refusal =
        |epoch: u8| [&[1, 0x16, 0, 0, 0, epoch][..], &countersign_protocol::Reject::Busy.encode()].concat();
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
    // source, slot and value of a reading, padding, message 1.
    let places =
        [0, 4, 12, 13, 33, 66, 67, 87, 126, 134, 135, 167, 187, 219, 251, 252, 253, 273, 305, 516, 517];
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

/// What the receiver waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Idle,
    /// The session's responder asked for a rotation: the reply, or the initiator's own request.
    Dropped,
    /// The session's initiator asked for a rotation: the reply, or a request that crossed its own.
    Crossed,
    /// The session's initiator asked for a state ticket.
    AskedForTicket,
    /// It considers a request.
    Considered,
    /// It has replied, and waits for the confirmation.
    Answered,
}

const PLACES: [Place; 6] =
    [Place::Idle, Place::Dropped, Place::Crossed, Place::AskedForTicket, Place::Considered, Place::Answered];

impl Place {
    fn of(byte: u8) -> Self {
        PLACES[usize::from(byte) % PLACES.len()]
    }

    /// Whose records are read.
    const fn sender(self) -> Role {
        match self {
            Self::Crossed | Self::AskedForTicket => Role::Responder,
            _ => Role::Initiator,
        }
    }

    /// The content of the one reply that begins the epoch that was asked for.
    fn honest_reply(self) -> Option<Vec<u8>> {
        let receiver = Receiver::waiting(self);
        let mut request = receiver.sent.as_ref()?.clone();
        let (mut peer, view) = end(self.sender());
        peer.open(&mut request, 0).unwrap();
        peer.agree(at_block_78(&view), responder_ephemerals()).unwrap();
        let reply = peer.next_outgoing().unwrap();
        Some(KEYS.content(self.sender(), receiver.number, &reply))
    }
}

struct Receiver {
    place: Place,
    channel: Channel,
    view: StateView,
    /// The number of the next record.
    number: u64,
    /// Its own request, where it made one.
    sent: Option<Vec<u8>>,
}

impl Receiver {
    fn waiting(place: Place) -> Self {
        let role = place.sender().other();
        let (mut channel, view) = end(role);
        // The initiator's first record was the confirmation of the handshake.
        let mut number = u64::from(place.sender() == Role::Initiator);
        let next = at_block_78(&view);
        let ephemerals = initiator_ephemerals(Suite::Hybrid);
        match place {
            Place::Idle => {}
            Place::Dropped | Place::Crossed => channel.request_rotation(next, ephemerals).unwrap(),
            Place::AskedForTicket => channel.request_state_ticket(next).unwrap(),
            Place::Considered | Place::Answered => {
                let request = honest_request(place.sender(), false);
                let mut record = KEYS.record(place.sender(), number, 0x14, &request);
                channel.open(&mut record, 0).unwrap();
                number += 1;
                if place == Place::Answered {
                    channel.agree(next, responder_ephemerals()).unwrap();
                    channel.next_outgoing().unwrap();
                }
            }
        }
        let sent = channel.next_outgoing();
        Self { place, channel, view, number, sent }
    }

    fn sender(&self) -> Role {
        self.place.sender()
    }

    /// A request that is read is of its form, and is agreed to only where an honest peer made it.
    fn check_request(mut self, record_type: u8, content: &[u8]) {
        assert_eq!(record_type, 0x14);
        let proposal = self.channel.requested().unwrap();
        let mut encoded = content[..5].to_vec();
        proposal.encode_into(&mut encoded);
        assert!(content.starts_with(&encoded), "one request has two encodings");
        assert!(encoded[0] < 2 && encoded[1..5] == [0, 0, 0, 1], "a request for no epoch that could follow");
        assert_eq!(
            *proposal,
            with_block_and_values_of(proposal),
            "a request that changes more than block and values"
        );
        if self.channel.agree(at_block_78(&self.view), responder_ephemerals()).is_ok() {
            let honest = honest_request(self.sender(), encoded[0] == 0);
            assert_eq!(content, honest, "an end agreed with a peer that does not know the keys of the epoch");
        }
    }
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

fn end(role: Role) -> (Channel, StateView) {
    let pair = Pair::new();
    let (alice, bob) = pair.establish();
    match role {
        Role::Initiator => (alice.channel, pair.alice_view),
        Role::Responder => (bob.channel, pair.bob_view),
    }
}

fn honest_request(from: Role, with_fresh_keys: bool) -> Vec<u8> {
    let (mut channel, view) = end(from);
    let view = at_block_78(&view);
    let requested: Result<(), Error> = if with_fresh_keys {
        channel.request_rotation(view, initiator_ephemerals(Suite::Hybrid))
    } else {
        channel.request_state_ticket(view)
    };
    requested.unwrap();
    KEYS.content(from, u64::from(from == Role::Initiator), &channel.next_outgoing().unwrap())
}

/// What an honest peer may propose at that block, with those values.
fn with_block_and_values_of(proposal: &Proposal) -> Proposal {
    let mut allowed = Proposal::decode(&honest_request(Role::Initiator, false)[PROPOSAL]).unwrap();
    let Anchor { block_number, block_hash, .. } = proposal.anchor;
    allowed.anchor = Anchor { block_number, block_hash, ..allowed.anchor };
    allowed.readings.iter_mut().zip(&proposal.readings).for_each(|(ours, theirs)| ours.value = theirs.value);
    allowed
}

fn at_block_78(view: &StateView) -> StateView {
    let anchor = countersign_protocol::Anchor { block_number: 78, ..support::anchor() };
    StateView::proven(anchor, *view.local(), *view.peer(), view.readings().to_vec()).unwrap()
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

/// Where the proposal of a request stands, with three readings.
const PROPOSAL: std::ops::Range<usize> = 5..517;

/// In place of what the receiver waits for: the first record of a session.
const FIRST_OF_ALL: u8 = 0xff;
