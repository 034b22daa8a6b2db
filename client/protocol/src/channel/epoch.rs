//! New epochs on a running channel: rotation and state tickets.
//!
//! ```text
//! EpochRequest   kind 1 | epoch u32 | proposal | message 1        kind 0: rotation, 1: state ticket
//! EpochReply     kind 1 | epoch u32 | message 2
//! EpochRefusal   epoch u32 | reject text 16
//! ```

use alloc::vec::Vec;

use crate::error::{ChainDisagrees, Error, PeerMisbehaved};
use crate::handshake::continuation::{self, Begun, Freshness};
use crate::key_schedule;
use crate::labels;
use crate::proposal::{MAX_PROPOSAL, PADDING, Proposal};
use crate::reject::Reject;
use crate::secret::Secret32;
use crate::state::{Role, StateHash, StateView};
use crate::suite::Suite;
use crate::symmetric::SymmetricState;
use crate::wire::Reader;

/// What the present epoch rests on. Public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Counts from 0, the handshake's.
    pub epoch: u32,
    /// The same on both sides.
    pub state_hash: StateHash,
    /// This side's proven view behind it.
    pub view: StateView,
}

/// How an epoch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rotation = 0,
    StateTicket = 1,
}

/// This side's request, under way.
pub(super) struct Requested {
    pub(super) kind: Kind,
    pub(super) epoch: u32,
    pub(super) view: StateView,
    pub(super) begun: Begun,
    /// Whether the peer's request has crossed it.
    pub(super) was_crossed: bool,
}

/// The peer's request, waiting for this side's proof.
pub(super) struct Considered {
    pub(super) kind: Kind,
    pub(super) epoch: u32,
    pub(super) proposal: Proposal,
    /// Everything before message 1.
    prefix: Vec<u8>,
    message: Vec<u8>,
}

/// What a new epoch continues.
pub(super) struct Link<'a> {
    pub(super) h: &'a [u8; 32],
    pub(super) rotation_secret: &'a Secret32,
    pub(super) suite: Suite,
    /// This side's role in the session.
    pub(super) role: Role,
}

impl Kind {
    pub(super) const fn freshness(self, suite: Suite) -> Freshness {
        match self {
            Self::Rotation => Freshness::Ephemeral(suite),
            Self::StateTicket => Freshness::PskAlone,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Rotation),
            1 => Some(Self::StateTicket),
            _ => None,
        }
    }

    const fn noise_name(self, suite: Suite) -> &'static [u8] {
        match self {
            Self::Rotation => suite.continued_name(),
            Self::StateTicket => labels::STATE_TICKET,
        }
    }
}

impl Link<'_> {
    /// The symmetric state before message 1, and the PSK.
    pub(super) fn open(
        &self,
        kind: Kind,
        beginner: Role,
        prefix: &[u8],
        view: &StateView,
    ) -> (SymmetricState, Secret32) {
        let prologue = [labels::ROTATION, self.h.as_slice(), &[beginner.byte()], prefix];
        let psk = key_schedule::state_psk(&view.state_hash(self.role), self.rotation_secret);
        (SymmetricState::new(kind.noise_name(self.suite), prologue), psk)
    }
}

impl Considered {
    /// Reads a request for that epoch.
    pub(super) fn read(content: &[u8], expected: u32, suite: Suite) -> Result<Self, Error> {
        let (kind, epoch) = read_head(content, "epoch request")?;
        if epoch != expected {
            return Err(PeerMisbehaved::UnexpectedEpoch { epoch }.into());
        }
        let malformed = PeerMisbehaved::BadLength { expected: "epoch request", length: content.len() };
        let message_starts =
            content.len().checked_sub(continuation::first_length(kind.freshness(suite))).ok_or(malformed)?;
        let (prefix, message) = content.split_at_checked(message_starts).ok_or(malformed)?;
        let proposal = prefix.get(HEAD..).ok_or(malformed)?;
        if !(PADDING..=MAX_PROPOSAL).contains(&proposal.len()) {
            return Err(malformed.into());
        }
        let proposal = Proposal::decode(proposal)?;
        Ok(Self { kind, epoch, proposal, prefix: prefix.to_vec(), message: message.to_vec() })
    }

    /// Message 1 is read against this side's own view; the reply's content.
    pub(super) fn answer(
        mut self,
        link: &Link<'_>,
        view: &StateView,
        ephemerals: Option<crate::ResponderEphemerals>,
    ) -> Result<(Vec<u8>, crate::symmetric::Split), Error> {
        let (symmetric, psk) = link.open(self.kind, link.role.other(), &self.prefix, view);
        let mut content = head(self.kind, self.epoch).to_vec();
        let freshness = self.kind.freshness(link.suite);
        let split =
            continuation::answer(symmetric, &psk, freshness, &mut self.message, ephemerals, &mut content)?;
        Ok((content, split))
    }
}

/// Everything of a request before message 1.
pub(super) fn request_prefix(kind: Kind, epoch: u32, view: &StateView, role: Role) -> Vec<u8> {
    let mut prefix = head(kind, epoch).to_vec();
    Proposal::within(view, role).encode_into(&mut prefix);
    prefix
}

/// Message 2 of a reply to that request.
pub(super) fn reply_message<'a>(
    content: &'a mut [u8],
    requested: &Requested,
) -> Result<&'a mut [u8], PeerMisbehaved> {
    let (kind, epoch) = read_head(content, "epoch reply")?;
    if kind != requested.kind || epoch != requested.epoch {
        return Err(PeerMisbehaved::UnexpectedEpoch { epoch });
    }
    content.get_mut(HEAD..).ok_or(PeerMisbehaved::MalformedEpoch("epoch reply"))
}

pub(super) fn refusal(epoch: u32, reject: Reject) -> Vec<u8> {
    let mut content = epoch.to_be_bytes().to_vec();
    content.extend_from_slice(&reject.encode());
    content
}

pub(super) fn read_refusal(content: &[u8], requested: u32) -> Result<Reject, PeerMisbehaved> {
    let malformed = PeerMisbehaved::MalformedEpoch("epoch refusal");
    let (epoch, text) = content.split_first_chunk().ok_or(malformed)?;
    let epoch = u32::from_be_bytes(*epoch);
    if epoch != requested {
        return Err(PeerMisbehaved::UnexpectedEpoch { epoch });
    }
    let text = text.try_into().map_err(|_| malformed)?;
    Reject::decode(text).ok_or(PeerMisbehaved::MalformedReject)
}

/// Whether that view can carry the session on: its parties, its registry and its queries, and no older block.
pub(super) fn check_continues(view: &StateView, session: &StateView, role: Role) -> Result<(), Error> {
    let (ours, theirs) = (view.anchor(), session.anchor());
    if ours.chain_id != theirs.chain_id {
        return Err(ChainDisagrees::Chain { theirs: theirs.chain_id, ours: ours.chain_id }.into());
    }
    if ours.registry != theirs.registry {
        return Err(ChainDisagrees::Registry.into());
    }
    for whose in [Role::Initiator, Role::Responder] {
        if view.key_of(whose, role) != session.key_of(whose, role) {
            return Err(ChainDisagrees::Record(whose).into());
        }
    }
    if !view.queries().eq(session.queries()) {
        return Err(crate::ApiMisuse::ViewOfOtherProposal.into());
    }
    if ours.block_number < theirs.block_number {
        return Err(ChainDisagrees::OlderBlock.into());
    }
    Ok(())
}

/// Whether a request proposes what section 7 allows: another block and other values, and nothing else.
pub(super) fn check_proposal(
    proposal: &Proposal,
    session: &StateView,
    role: Role,
) -> Result<(), PeerMisbehaved> {
    let expected = Proposal::within(session, role);
    let is_same = proposal.timestamp_unix_ms == 0
        && proposal.initiator == expected.initiator
        && proposal.initiator_version == expected.initiator_version
        && proposal.responder == expected.responder
        && proposal.anchor.chain_id == expected.anchor.chain_id
        && proposal.anchor.registry == expected.anchor.registry
        && proposal.initiator_record == expected.initiator_record
        && proposal.responder_record == expected.responder_record
        && proposal.queries().eq(expected.queries());
    if is_same { Ok(()) } else { Err(PeerMisbehaved::MalformedEpoch("epoch request")) }
}

const fn head(kind: Kind, epoch: u32) -> [u8; HEAD] {
    let [a, b, c, d] = epoch.to_be_bytes();
    [kind as u8, a, b, c, d]
}

fn read_head(content: &[u8], what: &'static str) -> Result<(Kind, u32), PeerMisbehaved> {
    let malformed = PeerMisbehaved::MalformedEpoch(what);
    let mut reader = Reader::over(content);
    let kind = reader.u8().and_then(Kind::from_byte).ok_or(malformed)?;
    let epoch = reader.array().map(u32::from_be_bytes).ok_or(malformed)?;
    Ok((kind, epoch))
}

/// Bytes before the proposal.
const HEAD: usize = 5;
