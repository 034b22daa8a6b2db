//! Who calls, and what they propose: live, or with a ticket.

use countersign_protocol::handshake::responder::{self, AwaitingPeer, SentReply};
use countersign_protocol::resumption::AwaitingState;
use countersign_protocol::{Proposal, Reject, ResponderEphemerals, StateView};

use crate::examination::Taken;

/// A handshake whose proposal is known, and waits for this side's own proof of it.
pub(crate) enum Call {
    Live(Box<AwaitingPeer>),
    /// With a ticket, which is used up.
    Resumed(Box<AwaitingState>, Taken),
}

impl Call {
    /// What is to be proven.
    pub(crate) const fn proposal(&self) -> &Proposal {
        match self {
            Self::Live(peer) => peer.proposal(),
            Self::Resumed(peer, _) => peer.proposal(),
        }
    }

    /// The message that refuses it.
    pub(crate) fn reject(&self, reject: Reject) -> Vec<u8> {
        match self {
            Self::Live(peer) => peer.reject(reject),
            Self::Resumed(peer, _) => peer.reject(reject),
        }
    }

    /// The reply, or what differs.
    pub(crate) fn accept(
        self,
        view: StateView,
        ephemerals: ResponderEphemerals,
    ) -> Result<SentReply, responder::Refusal> {
        match self {
            Self::Live(peer) => peer.accept(view, ephemerals),
            Self::Resumed(peer, _) => peer.accept(view, ephemerals),
        }
    }
}
