//! The side that answers a resume.

use alloc::vec::Vec;

use super::{PROPOSAL_NONCE, Prologue, associated_data, check_records, psk};
use crate::aead::{AeadKey, TAG};
use crate::curve::PublicKey;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::handshake::continuation::{self, Freshness};
use crate::handshake::hello::{self, First, Header};
use crate::handshake::responder::{ExpectConfirmation, Refusal, SentReply};
use crate::handshake::{Established, ResponderEphemerals, floor, reply};
use crate::key_schedule::TICKET_ID;
use crate::proposal::Proposal;
use crate::reject::Reject;
use crate::state::{Role, StateView};
use crate::suite::{Suite, SuitePolicy};
use crate::ticket::Ticket;
use crate::wire;

/// The whole message that tells a dialler to come without its ticket. Sealed by nothing: there is no key.
pub const TICKET_UNKNOWN: [u8; 1] = [wire::TICKET_UNKNOWN];

/// A resume whose outside is in order; waits for the ticket that it names.
pub struct AwaitingTicket {
    resume: Resume,
}

/// Knows what the dialler proposes; waits for this side's own proof of it.
pub struct AwaitingState {
    resume: Resume,
    ticket: Ticket,
    proposal: Proposal,
}

struct Resume {
    header: Header,
    suite: Suite,
    noise_message: Vec<u8>,
    id: [u8; TICKET_ID],
    sealed_proposal: Vec<u8>,
}

impl AwaitingTicket {
    /// Checks what can be checked without a ticket. No curve operation is done before the proposal has opened.
    ///
    /// # Errors
    /// [`PeerMisbehaved`] and [`PeerIncompatible`](crate::PeerIncompatible), as for a hello, and where this side's policy
    /// refuses the suite: close the connection, or say [`TICKET_UNKNOWN`].
    pub fn read(message: &mut [u8], responder: &PublicKey, suites: SuitePolicy) -> Result<Self, Error> {
        let hello::Opened { header, suite, body } = hello::open(message, First::Resume, responder)?;
        floor::check_policy(suite, suites)?;
        let bad_length = PeerMisbehaved::BadLength { expected: "resume", length: body.len() };
        let first = continuation::first_length(Freshness::Ephemeral(suite));
        let (noise_message, rest) = body.split_at_checked(first).ok_or(bad_length)?;
        let (id, sealed_proposal) = rest.split_first_chunk().ok_or(bad_length)?;
        let (noise_message, sealed_proposal) = (noise_message.to_vec(), sealed_proposal.to_vec());
        Ok(Self { resume: Resume { header, suite, noise_message, id: *id, sealed_proposal } })
    }

    /// Which ticket to look for.
    #[must_use]
    pub const fn id(&self) -> [u8; TICKET_ID] {
        self.resume.id
    }

    /// Whether the ticket's bearer sent this: opens the proposal. Only if so is the ticket to be taken from where it is kept,
    /// and given to [`AwaitingState`] by [`open`](Self::open): whoever merely saw its id must not use it up.
    #[must_use]
    pub fn is_of(&self, ticket: &Ticket) -> bool {
        self.proposal(ticket).is_ok()
    }

    /// Opens the proposal with the ticket, which is used up.
    ///
    /// # Errors
    /// [`PeerMisbehaved`] where the ticket is another one, or the proposal malformed; say [`TICKET_UNKNOWN`].
    pub fn open(self, ticket: Ticket) -> Result<AwaitingState, Error> {
        let proposal = self.proposal(&ticket)?;
        Ok(AwaitingState { resume: self.resume, ticket, proposal })
    }

    fn proposal(&self, ticket: &Ticket) -> Result<Proposal, Error> {
        let Resume { header, suite, id, sealed_proposal, .. } = &self.resume;
        let fails = PeerMisbehaved::DoesNotAuthenticate("proposal");
        if ticket.role() != Role::Responder || ticket.id() != *id || ticket.suite() != *suite {
            return Err(fails.into());
        }
        let mut opened = sealed_proposal.clone();
        AeadKey::new(&ticket.proposal_key)
            .open(PROPOSAL_NONCE, &associated_data(header, id), &mut opened)
            .map_err(|_| fails)?;
        let (text, _) = opened.split_last_chunk::<TAG>().ok_or(fails)?;
        let proposal = Proposal::decode(text)?;
        let names_the_parties = proposal.timestamp_unix_ms == 0
            && proposal.initiator == ticket.party(Role::Initiator).identity
            && proposal.responder == ticket.party(Role::Responder).identity;
        if !names_the_parties {
            return Err(PeerMisbehaved::MalformedProposal("it is not of the ticket's parties").into());
        }
        Ok(proposal)
    }
}

impl AwaitingState {
    /// What the initiator proposes: its claims about the chain are to be proven before they are believed.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Agrees: `view` is this side's own proof of what the initiator proposes.
    ///
    /// # Errors
    /// [`Refusal`], with what differs, and the message that tells the initiator.
    pub fn accept(mut self, view: StateView, ephemerals: ResponderEphemerals) -> Result<SentReply, Refusal> {
        if let Err(error) = self.check_view(&view) {
            return Err(self.refuse(error));
        }
        let Resume { suite, .. } = self.resume;
        let mut noise_message = core::mem::take(&mut self.resume.noise_message);
        let mut reply = Vec::with_capacity(reply::length(suite));
        reply.push(wire::REPLY);
        let answered = continuation::answer(
            self.prologue().open(suite),
            &psk(&self.ticket, &view),
            Freshness::Ephemeral(suite),
            &mut noise_message,
            Some(ephemerals),
            &mut reply,
        );
        let split = answered.map_err(|error| self.refuse(error))?;
        let state_hash = view.state_hash(Role::Responder);
        let established = Established::after(split, Role::Responder, suite, state_hash, view);
        Ok(SentReply { reply, next: ExpectConfirmation { established } })
    }

    /// Refuses with a reason of the caller's: the message to send.
    #[must_use]
    pub fn reject(&self, reject: Reject) -> Vec<u8> {
        reply::seal_reject(reject, &self.prologue().reject_state(&self.ticket))
    }

    fn refuse(&self, error: Error) -> Refusal {
        Refusal { error, reject: error.as_reject().map(|reject| self.reject(reject)) }
    }

    fn check_view(&self, view: &StateView) -> Result<(), Error> {
        let is_of_this_proposal = view.local().identity() == self.proposal.responder
            && view.peer().identity() == self.proposal.initiator
            && view.queries().eq(self.proposal.queries());
        if !is_of_this_proposal {
            return Err(ApiMisuse::ViewOfOtherProposal.into());
        }
        check_records(&self.ticket, view)?;
        Ok(self.proposal.check_against(view, Role::Responder)?)
    }

    fn prologue(&self) -> Prologue<'_> {
        let Resume { header, id, sealed_proposal, .. } = &self.resume;
        Prologue { header, id, sealed_proposal }
    }
}
