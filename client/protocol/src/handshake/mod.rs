//! `IKhfs+psk2` for live sessions, `NNhfs+psk0` for what continues one: one struct per state, every step consumes the one
//! before.

pub mod initiator;
pub mod responder;
pub mod resumption;

pub(crate) mod continuation;
mod ephemerals;
mod floor;
pub(crate) mod hello;
mod reply;

pub use ephemerals::{InitiatorEphemerals, ResponderEphemerals};
pub use hello::{First, first_message};

use alloc::vec::Vec;

use crate::aead::TAG;
use crate::channel::Channel;
use crate::curve::{PublicKey, SharedX};
use crate::custody::KeyAnswer;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::handshake::ephemerals::Ephemeral;
use crate::kem::{CIPHERTEXT, EncapsulationKey, KemKeyPair};
use crate::secret::Secret32;
use crate::state::{Role, StateHash, StateView};
use crate::suite::Suite;
use crate::symmetric::{Split, SymmetricState};

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

impl Established {
    /// What both sides hold once the last message has opened.
    fn after(split: Split, role: Role, suite: Suite, state_hash: StateHash, view: StateView) -> Self {
        let handshake_hash = split.handshake_hash;
        let channel = Channel::after(split, role, suite, state_hash, view.clone());
        Self { channel, summary: Summary { role, suite, handshake_hash, state_hash, view } }
    }
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

/// What a reply carries before its payload, as the initiator reads it.
struct ReplyKeys<'a> {
    responder_ephemeral: PublicKey,
    /// Not mixed yet.
    kem_secret: Option<Secret32>,
    sealed_payload: &'a mut [u8],
}

/// Tokens `e, ee, ekem1`, read. The KEM's secret is left to be mixed.
fn read_reply_keys<'a>(
    symmetric: &mut SymmetricState,
    ephemeral: &mut Ephemeral,
    kem: Option<KemKeyPair>,
    message: &'a mut [u8],
) -> Result<ReplyKeys<'a>, Error> {
    let bad_length = PeerMisbehaved::BadLength { expected: "reply", length: message.len() };
    let (e, mut sealed) = message.split_first_chunk_mut::<POINT>().ok_or(bad_length)?;
    let responder_ephemeral = PublicKey::from_compressed(e)
        .map_err(|_| PeerMisbehaved::InvalidPoint("responder's ephemeral key"))?;
    symmetric.mix_ephemeral(e);
    symmetric.mix_product(&ephemeral.product_with(&responder_ephemeral));
    let mut kem_secret = None;
    if let Some(kem) = kem {
        let ciphertext = sealed.split_off_mut(..CIPHERTEXT + TAG).ok_or(bad_length)?;
        let opened = symmetric.decrypt(ciphertext);
        let opened = opened.map_err(|_| PeerMisbehaved::DoesNotAuthenticate("KEM ciphertext"))?;
        let ciphertext = opened.first_chunk::<CIPHERTEXT>().ok_or(bad_length)?;
        kem_secret = Some(kem.decapsulate(*ciphertext));
    }
    Ok(ReplyKeys { responder_ephemeral, kem_secret, sealed_payload: sealed })
}

/// Tokens `e, ee, ekem1`, written. The KEM's secret is left to be mixed. `kem` is the initiator's encapsulation key and the
/// randomness for it.
fn write_reply_keys(
    symmetric: &mut SymmetricState,
    reply: &mut Vec<u8>,
    ephemeral: &mut Ephemeral,
    initiator_ephemeral: &PublicKey,
    kem: Option<(&EncapsulationKey, &Secret32)>,
) -> Option<Secret32> {
    write_ephemeral(symmetric, reply, ephemeral.public());
    symmetric.mix_product(&ephemeral.product_with(initiator_ephemeral));
    let (key, randomness) = kem?;
    let (ciphertext, secret) = key.encapsulate(randomness);
    let start = reply.len();
    reply.extend_from_slice(&ciphertext);
    symmetric.encrypt_tail(reply, start);
    Some(secret)
}

/// Length of a compressed point in bytes.
const POINT: usize = 33;
