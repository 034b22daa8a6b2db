//! New epochs on the way: what this side requests, and what it is asked for.

use alloc::boxed::Box;

use super::content::RecordType;
use super::epoch::{self, Agreed, Considered, Kind, Link, Requested};
use super::{Channel, Received, Step};
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::handshake::{InitiatorEphemerals, ResponderEphemerals, continuation};
use crate::key_schedule::EpochSecrets;
use crate::proposal::Proposal;
use crate::reject::Reject;
use crate::state::{Role, StateView};
use crate::suite::Suite;
use crate::symmetric::Split;

impl Channel {
    /// Whether no new epoch is under way, so that this side may request one.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.step, Step::Idle)
    }

    /// Proposes an epoch with fresh ephemeral keys, at a newer view of the session's parties and queries.
    ///
    /// # Errors
    /// [`ApiMisuse::EpochUnderWay`], [`ApiMisuse::SessionOver`], [`ApiMisuse::EphemeralsOfOtherSuite`];
    /// [`ChainDisagrees`](crate::ChainDisagrees) where the view is of another record, or older than the session's.
    pub fn request_rotation(
        &mut self,
        view: StateView,
        ephemerals: InitiatorEphemerals,
    ) -> Result<(), Error> {
        self.request(Kind::Rotation, view, Some((self.suite, ephemerals)))
    }

    /// Proposes to bind the keys to a newer view, without a curve operation on either side.
    ///
    /// # Errors
    /// As [`request_rotation`](Self::request_rotation).
    pub fn request_state_ticket(&mut self, view: StateView) -> Result<(), Error> {
        self.request(Kind::StateTicket, view, None)
    }

    /// What the peer proposes and this side has not answered yet.
    #[must_use]
    pub fn requested(&self) -> Option<&Proposal> {
        match &self.step {
            Step::Considered(considered) => Some(&considered.proposal),
            _ => None,
        }
    }

    /// Whether what the peer proposes is a rotation, for which this side needs ephemeral keys.
    #[must_use]
    pub fn is_rotation_requested(&self) -> bool {
        matches!(&self.step, Step::Considered(considered) if considered.kind == Kind::Rotation)
    }

    /// As [`agree`](Self::agree), to a state ticket.
    ///
    /// # Errors
    /// As [`agree`](Self::agree); [`ApiMisuse::EphemeralsOfOtherSuite`] where it is a rotation, which stays unanswered.
    pub fn agree_to_state_ticket(&mut self, view: StateView) -> Result<(), Error> {
        if self.is_rotation_requested() {
            return Err(ApiMisuse::EphemeralsOfOtherSuite.into());
        }
        self.agree_with(view, None)
    }

    /// Agrees to the epoch that the peer proposes: `view` is this side's own proof of it. Where it cannot, it refuses, with
    /// the reason. A state ticket leaves the ephemerals unused.
    ///
    /// # Errors
    /// [`ApiMisuse::NothingRequested`]; [`ChainDisagrees`](crate::ChainDisagrees) with what differs, of which the peer is
    /// told; [`ChainDisagrees::NotConfirmed`](crate::ChainDisagrees::NotConfirmed) and [`PeerMisbehaved`], upon which to
    /// close the connection.
    pub fn agree(&mut self, view: StateView, ephemerals: ResponderEphemerals) -> Result<(), Error> {
        self.agree_with(view, Some(ephemerals))
    }

    fn agree_with(&mut self, view: StateView, ephemerals: Option<ResponderEphemerals>) -> Result<(), Error> {
        self.check_not_over()?;
        let step = core::mem::replace(&mut self.step, Step::Idle);
        let Step::Considered(considered) = step else {
            self.step = step;
            return Err(ApiMisuse::NothingRequested.into());
        };
        let epoch = considered.epoch;
        self.agree_to(*considered, view, ephemerals).inspect_err(|error| {
            if let Some(reject) = error.as_reject() {
                // What keeps a refusal from being said is reported by whatever is sent next.
                let _ = self.queue(RecordType::EpochRefusal, &epoch::refusal(epoch, reject));
            }
        })
    }

    /// Refuses the epoch that the peer proposes; the channel goes on in the present one.
    ///
    /// # Errors
    /// [`ApiMisuse::NothingRequested`], [`ApiMisuse::SessionOver`].
    pub fn refuse(&mut self, reject: Reject) -> Result<(), Error> {
        self.check_not_over()?;
        let Step::Considered(considered) = &self.step else {
            return Err(ApiMisuse::NothingRequested.into());
        };
        let content = epoch::refusal(considered.epoch, reject);
        self.step = Step::Idle;
        self.queue(RecordType::EpochRefusal, &content)
    }

    pub(super) fn open_confirmation<'a>(
        &mut self,
        record: &mut [u8],
        now_ms: u64,
    ) -> Result<Received<'a>, Error> {
        let Step::Answered { receiving, is_rotation } = &self.step else {
            return Err(PeerMisbehaved::UnexpectedRecord(RecordType::Confirmation as u8).into());
        };
        let mut receiver = self.receiver.continued(receiving);
        if !receiver.open(record)?.is_empty() {
            return Err(PeerMisbehaved::ExpectedConfirmation.into());
        }
        if *is_rotation {
            self.rotated_at_ms = Some(now_ms);
        }
        self.receiver = receiver;
        self.step = Step::Idle;
        self.lane.confirm(now_ms);
        Ok(Received::EpochBegun)
    }

    fn request(
        &mut self,
        kind: Kind,
        view: StateView,
        ephemerals: Option<(Suite, InitiatorEphemerals)>,
    ) -> Result<(), Error> {
        self.check_not_over()?;
        if !self.is_idle() {
            return Err(ApiMisuse::EpochUnderWay.into());
        }
        epoch::check_continues(&view, &self.agreed.view, self.role)?;
        let epoch = self.next_epoch()?;
        let mut content = epoch::request_prefix(kind, epoch, &view, self.role);
        let (symmetric, psk) = self.link().open(kind, self.role, &content, &view);
        let begun = continuation::begin(symmetric, &psk, ephemerals, &mut content)?;
        self.queue(RecordType::EpochRequest, &content)?;
        self.step = Step::Requested(Box::new(Requested { kind, epoch, view, begun, was_crossed: false }));
        Ok(())
    }

    pub(super) fn take_request<'a>(&mut self, content: &[u8]) -> Result<Received<'a>, Error> {
        let out_of_place = PeerMisbehaved::UnexpectedRecord(RecordType::EpochRequest as u8);
        let considered = Considered::read(content, self.next_epoch()?, self.suite)?;
        epoch::check_proposal(&considered.proposal, &self.agreed.view, self.role)?;
        match &mut self.step {
            Step::Idle => {}
            Step::Requested(requested) if self.role == Role::Initiator && !requested.was_crossed => {
                requested.was_crossed = true;
                return Ok(Received::Ignored);
            }
            Step::Requested(_) if self.role == Role::Responder => {}
            _ => return Err(out_of_place.into()),
        }
        self.step = Step::Considered(Box::new(considered));
        Ok(Received::EpochRequested)
    }

    fn agree_to(
        &mut self,
        considered: Considered,
        view: StateView,
        ephemerals: Option<ResponderEphemerals>,
    ) -> Result<(), Error> {
        epoch::check_continues(&view, &self.agreed.view, self.role)?;
        considered.proposal.check_against(&view, self.role)?;
        let (epoch, is_rotation) = (considered.epoch, considered.kind == Kind::Rotation);
        let (content, split) = considered.answer(&self.link(), &view, ephemerals)?;
        self.queue(RecordType::EpochReply, &content)?;
        let Split { initiator, responder, secrets, handshake_hash } = split;
        self.sender = self.sender.continued(&responder);
        self.step = Step::Answered { receiving: initiator, is_rotation };
        self.enter(epoch, view, secrets, handshake_hash);
        Ok(())
    }

    pub(super) fn take_reply<'a>(&mut self, content: &mut [u8], now_ms: u64) -> Result<Received<'a>, Error> {
        let Step::Requested(requested) = core::mem::replace(&mut self.step, Step::Idle) else {
            return Err(PeerMisbehaved::UnexpectedRecord(RecordType::EpochReply as u8).into());
        };
        let message = epoch::reply_message(content, &requested)?;
        let Requested { kind, epoch, view, begun, .. } = *requested;
        let Split { initiator, responder, secrets, handshake_hash } = begun.finish(message)?;
        self.receiver = self.receiver.continued(&responder);
        self.sender = self.sender.continued(&initiator);
        if kind == Kind::Rotation {
            self.rotated_at_ms = Some(now_ms);
        }
        self.enter(epoch, view, secrets, handshake_hash);
        self.lane.confirm(now_ms);
        let confirmation = self.confirm()?;
        self.outgoing.push_back(confirmation);
        Ok(Received::EpochBegun)
    }

    pub(super) fn take_refusal<'a>(&mut self, content: &[u8], now_ms: u64) -> Result<Received<'a>, Error> {
        let Step::Requested(requested) = &self.step else {
            return Err(PeerMisbehaved::UnexpectedRecord(RecordType::EpochRefusal as u8).into());
        };
        let reject = epoch::read_refusal(content, requested.epoch)?;
        self.step = Step::Idle;
        self.no_rotation_before_ms = now_ms.saturating_add(RETRY_MS);
        Ok(Received::EpochRefused(reject))
    }

    /// What the new epoch gives besides the keys of its records. What the one before had is wiped.
    fn enter(&mut self, epoch: u32, view: StateView, secrets: EpochSecrets, handshake_hash: [u8; 32]) {
        self.lane.prepare(epoch, &secrets.datagram);
        self.rotation_secret = secrets.rotation;
        self.handshake_hash = handshake_hash;
        self.agreed = Agreed { epoch, state_hash: view.state_hash(self.role), view };
    }

    fn link(&self) -> Link<'_> {
        let Self { handshake_hash: h, rotation_secret, suite, role, .. } = self;
        Link { h, rotation_secret, suite: *suite, role: *role }
    }

    fn next_epoch(&self) -> Result<u32, Error> {
        Ok(self.agreed.epoch.checked_add(1).ok_or(crate::Exhausted::Epochs)?)
    }
}

/// How long after a refusal a rotation may be due again.
const RETRY_MS: u64 = 5_000;
