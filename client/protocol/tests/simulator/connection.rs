//! A stream between two parties, and what stands at either end of it.

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Channel, Cookie, Limits, PeerKey, Role, Suite, initiator, responder, resumption};

use crate::chain::BlockId;

/// Reliable and in order until it is cut. Side 0 dialled, side 1 answers.
pub(crate) struct Connection {
    pub(crate) want: usize,
    pub(crate) sides: [Side; 2],
    pub(crate) is_cut: bool,
    /// Somebody other than the two parties dialled, or altered what they said.
    pub(crate) is_hostile: bool,
    /// Whether the responder has given a cookie on it.
    pub(crate) has_cookie: bool,
    /// When what goes to each side has arrived.
    pub(crate) arrived_by: [u64; 2],
    pub(crate) session: Option<usize>,
}

pub(crate) struct Side {
    pub(crate) party: usize,
    pub(crate) stage: Stage,
    pub(crate) inbox: Vec<u8>,
}

/// How far a side has come.
pub(crate) enum Stage {
    Listening,
    Dialled(Box<Dialled>),
    /// The responder's proof is under way.
    Proving(Box<Proving>),
    Confirming(Box<Confirming>),
    Live(Box<Live>),
    Gone,
}

pub(crate) struct Dialled {
    /// What was sent first, to be sent again with a cookie.
    pub(crate) message: Vec<u8>,
    pub(crate) next: Next,
    pub(crate) responder: PublicKey,
    pub(crate) cookie: Option<Cookie>,
    pub(crate) from: Origin,
    /// Whether the dial is one after `UnknownBlock` or `StaleState`.
    pub(crate) is_retry: bool,
    pub(crate) block: BlockId,
    pub(crate) queries: usize,
}

pub(crate) enum Next {
    Reply(initiator::ExpectReply),
    Resumed(resumption::ExpectReply),
}

#[allow(clippy::large_enum_variant, reason = "always in a box")]
pub(crate) enum Proving {
    Hello(responder::AwaitingPeer),
    Resume(resumption::AwaitingState, Resumed),
}

pub(crate) struct Confirming {
    pub(crate) next: responder::ExpectConfirmation,
    pub(crate) from: Origin,
}

/// What a session comes from.
#[derive(Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "handed on a few times for each session")]
pub(crate) enum Origin {
    Live,
    Ticket(Resumed),
}

/// What is known of the session that a ticket comes from.
#[derive(Clone, Copy)]
pub(crate) struct Resumed {
    pub(crate) id: [u8; 16],
    /// By role.
    pub(crate) keys: [PeerKey; 2],
    pub(crate) live_at_ms: u64,
}

/// One side of an established session.
pub(crate) struct Live {
    pub(crate) channel: Channel,
    pub(crate) role: Role,
    pub(crate) suite: Suite,
    pub(crate) peer: usize,
    pub(crate) session: usize,
    pub(crate) limits: Limits,
    pub(crate) since: u64,
    /// By this simulator's own account of SPEC 7: when this side began to receive under the last fresh keys.
    pub(crate) renewed_at: u64,
    /// Application records under the present key to send with.
    pub(crate) records: u64,
    /// And their sealed bytes.
    pub(crate) bytes: u64,
    /// Until when the datagram keys of the epoch before are there (SPEC 9).
    pub(crate) keys_kept_until: u64,
    /// The epoch that was examined last.
    pub(crate) seen_epoch: Option<u32>,
    pub(crate) upkeep_at: u64,
    /// When the channel first wanted the rotation that it wants.
    pub(crate) wanted_at: Option<u64>,
    /// What this side has requested and is not answered.
    pub(crate) requested: Option<Asked>,
    /// Whether what the peer requests, or this side has agreed to, is a rotation.
    pub(crate) considered: Option<bool>,
    /// The peer's head, where it refused for want of a block.
    pub(crate) propose_at_most: Option<u64>,
    /// The beginning of a message.
    pub(crate) partial: Vec<u8>,
    pub(crate) has_closed: bool,
    pub(crate) peer_has_closed: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) at: u64,
    pub(crate) is_rotation: bool,
}

impl Connection {
    pub(crate) fn live(&mut self, side: usize) -> Option<&mut Live> {
        match &mut self.sides[side].stage {
            Stage::Live(live) => Some(live),
            _ => None,
        }
    }

    pub(crate) fn is_live(&self, side: usize) -> bool {
        matches!(self.sides[side].stage, Stage::Live(_))
    }

    pub(crate) fn is_gone(&self, side: usize) -> bool {
        matches!(self.sides[side].stage, Stage::Gone)
    }
}

impl Live {
    pub(crate) fn is_half_closed(&self) -> bool {
        self.has_closed != self.peer_has_closed
    }

    pub(crate) fn is_over(&self) -> bool {
        self.has_closed && self.peer_has_closed
    }
}

pub(crate) const fn role(side: usize) -> Role {
    if side == 0 { Role::Initiator } else { Role::Responder }
}

/// The messages of a stream's bytes so far, each after its length.
pub(crate) fn next_message(inbox: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes([*inbox.first()?, *inbox.get(1)?]));
    if inbox.len() < 2 + length {
        return None;
    }
    let rest = inbox.split_off(2 + length);
    let framed = std::mem::replace(inbox, rest);
    Some(framed[2..].to_vec())
}
