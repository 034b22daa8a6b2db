//! What lets a session be opened again without the static keys.

use core::fmt;

use crate::identity::Identity;
use crate::key_schedule::{TICKET_ID, TicketSecrets};
use crate::secret::Secret32;
use crate::state::{Role, StateView};
use crate::suite::Suite;

/// A ticket of one session, the same on both sides, to be used once and in the same roles. Dropping it wipes it.
///
/// It dies when either record changes, which the handshake that uses it enforces; its age is for its keeper to watch.
pub struct Ticket {
    pub(crate) secret: Secret32,
    pub(crate) proposal_key: Secret32,
    id: [u8; TICKET_ID],
    suite: Suite,
    role: Role,
    local: Party,
    peer: Party,
}

/// Whose record, and its hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) identity: Identity,
    pub(crate) record: [u8; 32],
}

impl Ticket {
    pub(crate) fn of(secrets: TicketSecrets, suite: Suite, role: Role, view: &StateView) -> Self {
        let TicketSecrets { secret, proposal_key, id } = secrets;
        let party = |key: &crate::PeerKey| Party { identity: key.identity(), record: *key.record_hash() };
        Self { secret, proposal_key, id, suite, role, local: party(view.local()), peer: party(view.peer()) }
    }

    /// What names it on the wire. Public, and of no use without the ticket.
    #[must_use]
    pub const fn id(&self) -> [u8; TICKET_ID] {
        self.id
    }

    /// This side's role, in the session that it comes from and in the one that it opens.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The suite, of both sessions.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// With whom.
    #[must_use]
    pub const fn peer(&self) -> Identity {
        self.peer.identity
    }

    pub(crate) const fn party(&self, role: Role) -> &Party {
        match (role, self.role) {
            (Role::Initiator, Role::Initiator) | (Role::Responder, Role::Responder) => &self.local,
            _ => &self.peer,
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket {{ peer: {}, role: {:?}, .. }}", self.peer.identity, self.role)
    }
}
