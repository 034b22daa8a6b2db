//! Who calls, and what they propose: live, or with a ticket.

use countersign_protocol::handshake::responder::{self, AwaitingPeer, SentReply};
use countersign_protocol::resumption::AwaitingState;
use countersign_protocol::{Proposal, Reject, ResponderEphemerals, StateView};

/// A handshake whose proposal is known, and waits for this side's own proof of it.
pub(crate) trait Called: Sized {
    /// What is to be proven.
    fn proposal(&self) -> &Proposal;

    /// The message that refuses it.
    fn reject(&self, reject: Reject) -> Vec<u8>;

    /// The reply, or what differs.
    fn accept(
        self,
        view: StateView,
        ephemerals: ResponderEphemerals,
    ) -> Result<SentReply, responder::Refusal>;
}

impl Called for AwaitingPeer {
    fn proposal(&self) -> &Proposal {
        self.proposal()
    }

    fn reject(&self, reject: Reject) -> Vec<u8> {
        self.reject(reject)
    }

    fn accept(
        self,
        view: StateView,
        ephemerals: ResponderEphemerals,
    ) -> Result<SentReply, responder::Refusal> {
        self.accept(view, ephemerals)
    }
}

impl Called for AwaitingState {
    fn proposal(&self) -> &Proposal {
        self.proposal()
    }

    fn reject(&self, reject: Reject) -> Vec<u8> {
        self.reject(reject)
    }

    fn accept(
        self,
        view: StateView,
        ephemerals: ResponderEphemerals,
    ) -> Result<SentReply, responder::Refusal> {
        self.accept(view, ephemerals)
    }
}
