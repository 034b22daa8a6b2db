//! The end of a session that reads what a fuzzer seals, wherever it may stand.

use std::ops::Range;
use std::sync::LazyLock;

use countersign_protocol::{Anchor, Channel, Error, Proposal, Role, StateView, Suite};

use super::session_keys::SessionKeys;
use super::support::{self, Pair, initiator_ephemerals, responder_ephemerals};

pub(super) static KEYS: LazyLock<SessionKeys> = LazyLock::new(|| SessionKeys::of(&Pair::new()));

/// What the receiver waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
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

pub(super) const PLACES: [Place; 6] =
    [Place::Idle, Place::Dropped, Place::Crossed, Place::AskedForTicket, Place::Considered, Place::Answered];

impl Place {
    pub(super) fn of(byte: u8) -> Self {
        PLACES[usize::from(byte) % PLACES.len()]
    }

    /// Whose records are read.
    pub(super) const fn sender(self) -> Role {
        match self {
            Self::Crossed | Self::AskedForTicket => Role::Responder,
            _ => Role::Initiator,
        }
    }

    /// The content of the one reply that begins the epoch that was asked for.
    pub(super) fn honest_reply(self) -> Option<Vec<u8>> {
        let receiver = Receiver::waiting(self);
        let mut request = receiver.sent.as_ref()?.clone();
        let (mut peer, view) = end(self.sender());
        peer.open(&mut request, 0).unwrap();
        peer.agree(at_block_78(&view), responder_ephemerals()).unwrap();
        let reply = peer.next_outgoing().unwrap();
        Some(KEYS.content(self.sender(), receiver.number, &reply))
    }
}

pub(super) struct Receiver {
    pub(super) place: Place,
    pub(super) channel: Channel,
    view: StateView,
    /// The number of the next record.
    pub(super) number: u64,
    /// Its own request, where it made one.
    sent: Option<Vec<u8>>,
}

impl Receiver {
    pub(super) fn waiting(place: Place) -> Self {
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

    pub(super) fn sender(&self) -> Role {
        self.place.sender()
    }

    /// A request that is read is of its form, and is agreed to only where an honest peer made it.
    pub(super) fn check_request(mut self, record_type: u8, content: &[u8]) {
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

pub(super) fn end(role: Role) -> (Channel, StateView) {
    let pair = Pair::new();
    let (alice, bob) = pair.establish();
    match role {
        Role::Initiator => (alice.channel, pair.alice_view),
        Role::Responder => (bob.channel, pair.bob_view),
    }
}

pub(super) fn honest_request(from: Role, with_fresh_keys: bool) -> Vec<u8> {
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

/// Where the proposal of a request stands, with three readings: two words and a call of four bytes.
const PROPOSAL: Range<usize> = 5..517;
