//! Why this side refuses a dialler, and what it says: the one place where errors become rejects.

use countersign_protocol::{Identity, Proposal, Query, Reject, Role};
use countersign_registry::ResolveError;

use crate::call::Call;
use crate::error::Error;

/// The cause, for this side, and the reject, for the dialler; `None` says nothing and closes.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) cause: Box<Error>,
    pub(crate) told: Option<Told>,
}

/// A reject, and the message that carries it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) reject: Reject,
    pub(crate) message: Vec<u8>,
}

impl Refusal {
    /// What to say to this dialler of an error.
    pub(crate) fn of(cause: Error, call: &Call) -> Self {
        let reject = reject_for(&cause, call.proposal(), Role::Responder);
        let told = reject.map(|reject| Told { reject, message: call.reject(reject) });
        Self { cause: Box::new(cause), told }
    }

    /// Where nothing can be said: there is no key yet to seal it with, or the dialler misbehaved.
    pub(crate) fn silent(cause: impl Into<Error>) -> Self {
        Self { cause: Box::new(cause.into()), told: None }
    }
}

/// The reject for this error, given what was proposed to this side.
pub(crate) fn reject_for(cause: &Error, proposal: &Proposal, own_role: Role) -> Option<Reject> {
    match cause {
        Error::Resolve(error) => Some(reject_unproven(error, proposal)),
        Error::Protocol(error) => error.as_reject(),
        Error::NotMyKey { .. } => Some(Reject::RecordDiffers { whose: own_role }),
        // Nothing was read, so no value differs: this side's choice is all that there is to tell.
        Error::OtherInstrument { .. } | Error::NotAdmitted { .. } => Some(Reject::Unwilling),
        Error::Replayed => Some(Reject::Replayed),
        Error::Busy { .. } | Error::TooManyAtOnce { .. } | Error::TooLate => Some(Reject::Busy),
        Error::Custody(_)
        | Error::CustodyTimeout { .. }
        | Error::NoReplayCache(_)
        | Error::NoRandomness(_) => Some(Reject::Unable),
        // The protocol has said it already; or no error of a responder.
        Error::Differs(_)
        | Error::Refused { .. }
        | Error::Transport(_)
        | Error::NoCookie
        | Error::TooFast { .. }
        | Error::NoDatagrams => None,
    }
}

/// What to tell a dialler whose proposal this side could not prove.
fn reject_unproven(error: &ResolveError, proposal: &Proposal) -> Reject {
    let of = |identity: &Identity, reject: Reject| match *identity == proposal.initiator {
        true => reject,
        // This side's own record: the initiator proved it active, this side proved otherwise.
        false => Reject::RecordDiffers { whose: Role::Responder },
    };
    match error {
        ResolveError::NotRegistered { identity, .. } => of(identity, Reject::NotRegistered),
        ResolveError::Revoked { identity, .. } => of(identity, Reject::Revoked),
        ResolveError::Expired { identity, .. } => of(identity, Reject::Expired),
        ResolveError::TooYoung { identity, .. } if *identity == proposal.initiator => Reject::TooYoung,
        ResolveError::KeyMismatch { identity, .. } | ResolveError::KeyNotPublished { identity, .. } => {
            of(identity, Reject::KeyMismatch)
        }
        // At a newer block both sides see the new key.
        ResolveError::Rotated { .. }
        | ResolveError::AnchorNotCanonical { .. }
        | ResolveError::StaleAnchor { .. }
        | ResolveError::TooDeep { .. } => Reject::StaleState,
        ResolveError::UnknownBlock { my_head, .. } => Reject::UnknownBlock { my_head: *my_head },
        ResolveError::WrongChain { endpoint: None, .. } => Reject::WrongChain,
        ResolveError::WrongRegistry { .. } => Reject::WrongRegistry,
        ResolveError::TooManyQueries { .. } => Reject::Unwilling,
        // This side's own trouble with its nodes, its configuration or its record; or nothing to read where the
        // initiator claims a value.
        _ => Reject::Unable,
    }
}

/// The first position at which the proposed queries are not this side's instrument.
pub(crate) fn other_instrument(proposal: &Proposal, instrument: &[Query]) -> Option<u8> {
    if proposal.queries().eq(instrument) {
        return None;
    }
    let common = proposal.queries().zip(instrument).take_while(|(theirs, ours)| theirs == ours).count();
    Some(as_position(common))
}

/// Positions are below [`MAX_READINGS`](countersign_protocol::MAX_READINGS).
pub(crate) fn as_position(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
