//! The side that dials, with a ticket.

use alloc::vec::Vec;

use super::{PROPOSAL_NONCE, Prologue, associated_data, check_records, psk};
use crate::aead::AeadKey;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::handshake::continuation::{self, Begun};
use crate::handshake::hello::{self, First};
use crate::handshake::initiator::Completed;
use crate::handshake::{Established, InitiatorEphemerals, floor, reply};
use crate::proposal::Proposal;
use crate::state::{Role, StateView};
use crate::suite::{Suite, SuitePolicy};
use crate::symmetric::RejectState;
use crate::ticket::Ticket;
use crate::wire;

/// A resume to send, and the state to continue with.
pub struct SentResume {
    /// To be sent as one message.
    pub resume: Vec<u8>,
    /// Reads the answer.
    pub next: ExpectReply,
}

/// Waits for the responder's reply, its reject, or its word that it does not know the ticket.
pub struct ExpectReply {
    begun: Begun,
    reject_state: RejectState,
    suite: Suite,
    view: StateView,
}

/// Begins a resumption; the ticket is used up, whatever comes of it.
///
/// `view` is this side's proven view, with its own identity and the responder that the ticket is about, and with whatever
/// the new session is to value.
///
/// # Errors
/// [`ChainDisagrees::Record`](crate::ChainDisagrees::Record) where either record has changed since;
/// [`PeerIncompatible`](crate::PeerIncompatible) where this side's policy refuses the ticket's suite by now;
/// [`ApiMisuse::TicketOfOtherRole`], [`ApiMisuse::EphemeralsOfOtherSuite`]. In every case dial live.
pub fn start(
    ticket: Ticket,
    view: StateView,
    suites: SuitePolicy,
    ephemerals: InitiatorEphemerals,
) -> Result<SentResume, Error> {
    if ticket.role() != Role::Initiator {
        return Err(ApiMisuse::TicketOfOtherRole.into());
    }
    let (suite, id) = (ticket.suite(), ticket.id());
    floor::check_policy(suite, suites)?;
    check_records(&ticket, &view)?;

    let header = First::Resume.header(suite, suites);
    let mut sealed_proposal = Vec::new();
    Proposal::within(&view, Role::Initiator).encode_into(&mut sealed_proposal);
    let key = AeadKey::new(&ticket.proposal_key);
    let tag = key.seal(PROPOSAL_NONCE, &associated_data(&header, &id), &mut sealed_proposal);
    sealed_proposal.extend_from_slice(&tag);

    let prologue = Prologue { header: &header, id: &id, sealed_proposal: &sealed_proposal };
    let mut resume = Vec::with_capacity(hello::MAX_HELLO);
    resume.extend_from_slice(&header);
    let psk = psk(&ticket, &view);
    let begun = continuation::begin(prologue.open(suite), &psk, Some((suite, ephemerals)), &mut resume)?;
    let reject_state = prologue.reject_state(&ticket);
    resume.extend_from_slice(&id);
    resume.extend_from_slice(&sealed_proposal);
    hello::append_macs(&mut resume, view.peer().public_key());
    Ok(SentResume { resume, next: ExpectReply { begun, reject_state, suite, view } })
}

impl ExpectReply {
    /// Reads the answer, in place.
    ///
    /// # Errors
    /// [`Error::TicketUnknown`], upon which a hello may follow on the same connection; [`Error::Rejected`] with the
    /// responder's reason; [`ChainDisagrees::NotConfirmed`](crate::ChainDisagrees::NotConfirmed) and [`PeerMisbehaved`].
    pub fn read(self, message: &mut [u8]) -> Result<Completed, Error> {
        let length = message.len();
        let bad_length = PeerMisbehaved::BadLength { expected: "reply", length };
        match message.split_first_mut() {
            Some((&mut wire::REPLY, _)) if length != reply::length(self.suite) => Err(bad_length.into()),
            Some((&mut wire::REPLY, noise_message)) => self.complete(noise_message),
            Some((&mut wire::REJECT, sealed)) => {
                Err(Error::Rejected(reply::open_reject(sealed, &self.reject_state)?))
            }
            Some((&mut wire::TICKET_UNKNOWN, [])) => Err(Error::TicketUnknown),
            Some((got, _)) => Err(PeerMisbehaved::UnexpectedMessage { expected: "reply", got: *got }.into()),
            None => Err(bad_length.into()),
        }
    }

    fn complete(self, noise_message: &mut [u8]) -> Result<Completed, Error> {
        let Self { begun, suite, view, .. } = self;
        let split = begun.finish(noise_message)?;
        let state_hash = view.state_hash(Role::Initiator);
        Completed::of(Established::after(split, Role::Initiator, suite, state_hash, view))
    }
}
