//! `IKhfs+psk2` and `IKpsk2`: one struct per state, every step consumes the one before.

pub mod initiator;
pub mod responder;

mod ephemerals;
mod floor;
mod hello;
mod reply;

pub use ephemerals::{InitiatorEphemerals, ResponderEphemerals};

use alloc::vec::Vec;

use crate::channel::Channel;
use crate::curve::{PublicKey, SharedX};
use crate::custody::KeyAnswer;
use crate::error::{ApiMisuse, Error};
use crate::state::{Role, StateHash, StateView};
use crate::suite::Suite;
use crate::symmetric::SymmetricState;

/// A handshake that both sides have completed.
#[derive(Debug)]
pub struct Established {
    /// The channel.
    pub channel: Channel,
    /// What was agreed.
    pub summary: Summary,
}

/// What a completed handshake agreed on. Public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// This side's role.
    pub role: Role,
    /// The suite that was used.
    pub suite: Suite,
    /// The transcript hash: names this session, and is the same on both sides.
    pub handshake_hash: [u8; 32],
    /// The state hash: the same on both sides, or there would be no session.
    pub state_hash: StateHash,
    /// This side's proven view behind the state hash.
    pub view: StateView,
}

fn product(answer: KeyAnswer) -> Result<SharedX, Error> {
    match answer {
        KeyAnswer::SharedX(product) => Ok(product),
        KeyAnswer::Signature(_) => Err(ApiMisuse::WrongAnswer.into()),
    }
}

/// Token `e`, written.
fn write_ephemeral(symmetric: &mut SymmetricState, message: &mut Vec<u8>, public: &PublicKey) {
    let compressed = public.compressed();
    message.extend_from_slice(&compressed);
    symmetric.mix_ephemeral(&compressed);
}
