//! `NNhfs+psk0` with a ticket: a session without the static keys.
//!
//! ```text
//! byte  0      1         2       3         4                                                      end-32    end-16
//!       +------+---------+-------+---------+-----------------+--------------+--------------------+---------+---------+
//!       | type | version | suite | offered | Noise message 1 | ticket id 16 | sealed proposal 16+ | mac1    | mac2    |
//!       +------+---------+-------+---------+-----------------+--------------+--------------------+---------+---------+
//!         4
//! ```
//!
//! ```text
//! start ─► SentResume ────────────────────► AwaitingTicket ── the ticket of that id ─► AwaitingState: prove, then accept
//! ExpectReply ◄──── reply, reject, or "ticket unknown" ───────────────────────────────────┘
//! Completed ─────── confirmation ─────────► ExpectConfirmation
//! ```

mod initiator;
mod responder;

pub use initiator::{ExpectReply, SentResume, start};
pub use responder::{AwaitingState, AwaitingTicket, TICKET_UNKNOWN};

use crate::error::{ChainDisagrees, Error};
use crate::handshake::hello::Header;
use crate::hash::sha256;
use crate::key_schedule::{self, TICKET_ID};
use crate::labels;
use crate::secret::Secret32;
use crate::state::{Role, StateView};
use crate::suite::Suite;
use crate::symmetric::{RejectState, SymmetricState};
use crate::ticket::Ticket;

/// What the Noise handshake is about, in its prologue.
struct Prologue<'a> {
    header: &'a Header,
    id: &'a [u8; TICKET_ID],
    sealed_proposal: &'a [u8],
}

impl Prologue<'_> {
    fn open(&self, suite: Suite) -> SymmetricState {
        SymmetricState::new(suite.continued_name(), self.parts())
    }

    /// `ck = proposal_key`, `h = HASH(prologue)`: a responder that cannot agree has no other key.
    fn reject_state(&self, ticket: &Ticket) -> RejectState {
        RejectState::new(Secret32::copy_of(ticket.proposal_key.expose()), sha256(&self.parts()))
    }

    fn parts(&self) -> [&[u8]; 4] {
        [labels::RESUMPTION, self.header, self.id, self.sealed_proposal]
    }
}

fn psk(ticket: &Ticket, view: &StateView) -> Secret32 {
    key_schedule::state_psk(&view.state_hash(ticket.role()), &ticket.secret)
}

/// A ticket is about two records: any other, be it a later one of the same identity, is not what it vouches for.
fn check_records(ticket: &Ticket, view: &StateView) -> Result<(), Error> {
    for role in [Role::Initiator, Role::Responder] {
        let (key, party) = (view.key_of(role, ticket.role()), ticket.party(role));
        if key.identity() != party.identity || *key.record_hash() != party.record {
            return Err(ChainDisagrees::Record(role).into());
        }
    }
    Ok(())
}

/// What the sealed proposal is bound to besides its key.
fn associated_data(header: &Header, id: &[u8; TICKET_ID]) -> [u8; 4 + TICKET_ID] {
    let mut data = [0; 4 + TICKET_ID];
    data.iter_mut().zip(header.iter().chain(id)).for_each(|(to, from)| *to = *from);
    data
}

/// A ticket seals one proposal.
const PROPOSAL_NONCE: crate::aead::Nonce = [0; 12];
