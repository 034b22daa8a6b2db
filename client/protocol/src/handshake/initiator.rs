//! The side that dials.
//!
//! ```text
//! start ──► AwaitingStaticProduct ──answer──► SentHello { hello, next: ExpectReply }
//!                                                  │ read
//!                                                  ▼
//!                             AwaitingReplyProduct ──answer──► Completed { confirmation, established }
//! ```

use alloc::vec::Vec;

use crate::aead::TAG;
use crate::curve::PublicKey;
use crate::custody::{EcdhPurpose, KeyAnswer, KeyRequest};
use crate::error::{ApiMisuse, ChainDisagrees, Error, PeerMisbehaved};
use crate::handshake::ephemerals::{Ephemeral, InitiatorEphemerals};
use crate::handshake::hello::First;
use crate::handshake::{Established, floor, hello, product, read_reply_keys, reply, write_ephemeral};
use crate::kem::KemKeyPair;
use crate::key_schedule;
use crate::labels;
use crate::proposal::Proposal;
use crate::secret::Secret32;
use crate::state::{Role, StateView};
use crate::suite::{Suite, SuitePolicy};
use crate::symmetric::{RejectState, SymmetricState};
use crate::wire;

/// What a dial starts from.
#[derive(Clone, Debug)]
pub struct InitiatorParams {
    /// This side's proven view; its peer is whom to dial.
    pub view: StateView,
    /// Which suites to offer, and which to use.
    pub suites: SuitePolicy,
    /// The time by this side's clock, in Unix milliseconds.
    pub now_unix_ms: u64,
}

/// Waits for the static-static product.
pub struct AwaitingStaticProduct {
    common: Common,
    hello: Vec<u8>,
    now_unix_ms: u64,
}

/// A hello to send, and the state to continue with.
pub struct SentHello {
    /// To be sent as one message.
    pub hello: Vec<u8>,
    /// Reads the answer.
    pub next: ExpectReply,
}

/// Waits for the responder's reply or reject.
pub struct ExpectReply {
    common: Common,
    reject_state: RejectState,
}

/// Waits for the product of this side's static key with the responder's ephemeral key.
pub struct AwaitingReplyProduct {
    common: Common,
    responder_ephemeral: PublicKey,
    sealed_payload: [u8; TAG],
}

/// A completed handshake, once its confirmation is sent.
pub struct Completed {
    /// To be sent at once, as one message: the responder delivers nothing before it.
    pub confirmation: Vec<u8>,
    /// The channel and what was agreed.
    pub established: Established,
}

/// What every state of an initiator holds.
struct Common {
    symmetric: SymmetricState,
    suite: Suite,
    view: StateView,
    ephemeral: Ephemeral,
    kem: Option<KemKeyPair>,
}

/// Begins a handshake: Noise message 1 up to `s`.
///
/// # Errors
/// [`ApiMisuse::DialsItself`]; [`PeerIncompatible`](crate::PeerIncompatible) where the preferred suite
/// is below the floor of either record.
pub fn start(
    params: InitiatorParams,
    ephemerals: InitiatorEphemerals,
) -> Result<AwaitingStaticProduct, Error> {
    let InitiatorParams { view, suites, now_unix_ms } = params;
    let suite = suites.preferred();
    let (local, responder) = (*view.local().public_key(), *view.peer().public_key());
    if local == responder {
        return Err(ApiMisuse::DialsItself.into());
    }
    floor::check_policy(suite, suites)?;
    floor::check_records(suite, &view, Role::Initiator)?;

    let header = First::Hello.header(suite, suites);
    let mut symmetric = SymmetricState::new(suite.live_name(), [labels::PROLOGUE, &header]);
    symmetric.mix_hash(&responder.compressed());
    let mut hello = Vec::with_capacity(hello::MAX_HELLO);
    hello.extend_from_slice(&header);
    let InitiatorEphemerals { mut ephemeral, kem } = ephemerals;
    write_ephemeral(&mut symmetric, &mut hello, ephemeral.public());
    symmetric.mix_product(&ephemeral.product_with(&responder));
    if suite == Suite::Hybrid {
        let kem = kem.as_ref().ok_or(ApiMisuse::EphemeralsOfOtherSuite)?;
        let start = hello.len();
        hello.extend_from_slice(&kem.encapsulation_key());
        symmetric.encrypt_tail(&mut hello, start);
    }
    let start = hello.len();
    hello.extend_from_slice(&local.compressed());
    symmetric.encrypt_tail(&mut hello, start);

    Ok(AwaitingStaticProduct {
        common: Common { symmetric, suite, view, ephemeral, kem },
        hello,
        now_unix_ms,
    })
}

impl AwaitingStaticProduct {
    /// The product that is needed: this side's static key with the responder's. A cache may answer.
    #[must_use]
    pub fn request(&self) -> KeyRequest {
        let peer = *self.common.view.peer().public_key();
        KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, peer }
    }

    /// Completes Noise message 1 with the proposal.
    ///
    /// # Errors
    /// [`ApiMisuse::WrongAnswer`] where the answer is a signature.
    pub fn answer(self, answer: KeyAnswer) -> Result<SentHello, Error> {
        let Self { mut common, mut hello, now_unix_ms } = self;
        common.symmetric.mix_product(&product(answer)?);
        let start = hello.len();
        Proposal::of(&common.view, now_unix_ms).encode_into(&mut hello);
        common.symmetric.encrypt_tail(&mut hello, start);
        hello::append_macs(&mut hello, common.view.peer().public_key());
        let reject_state = common.symmetric.reject_state();
        Ok(SentHello { hello, next: ExpectReply { common, reject_state } })
    }
}

impl ExpectReply {
    /// Reads the answer, in place.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the responder's reason, said under a key that it alone shares with this
    /// side; [`PeerMisbehaved`] where it is neither a reply nor a reject of the responder that was dialled.
    pub fn read(self, message: &mut [u8]) -> Result<AwaitingReplyProduct, Error> {
        let length = message.len();
        match message.split_first_mut() {
            Some((&mut wire::REPLY, _)) if length != reply::length(self.common.suite) => {
                Err(PeerMisbehaved::BadLength { expected: "reply", length }.into())
            }
            Some((&mut wire::REPLY, noise_message)) => self.read_reply(noise_message),
            Some((&mut wire::REJECT, sealed)) => {
                Err(Error::Rejected(reply::open_reject(sealed, &self.reject_state)?))
            }
            Some((got, _)) => Err(PeerMisbehaved::UnexpectedMessage { expected: "reply", got: *got }.into()),
            None => Err(PeerMisbehaved::BadLength { expected: "reply", length }.into()),
        }
    }

    fn read_reply(self, noise_message: &mut [u8]) -> Result<AwaitingReplyProduct, Error> {
        let Self { mut common, .. } = self;
        let length = 1 + noise_message.len();
        let kem = common.kem.take();
        let read = read_reply_keys(&mut common.symmetric, &mut common.ephemeral, kem, noise_message)?;
        if let Some(secret) = read.kem_secret {
            common.symmetric.mix_chain(secret.expose());
        }
        let bad_length = PeerMisbehaved::BadLength { expected: "reply", length };
        let sealed_payload = *read.sealed_payload.first_chunk().ok_or(bad_length)?;
        Ok(AwaitingReplyProduct { common, responder_ephemeral: read.responder_ephemeral, sealed_payload })
    }
}

impl AwaitingReplyProduct {
    /// The product that is needed: this side's static key with the responder's ephemeral key.
    #[must_use]
    pub const fn request(&self) -> KeyRequest {
        KeyRequest::Ecdh { purpose: EcdhPurpose::EphemeralStatic, peer: self.responder_ephemeral }
    }

    /// Completes the handshake: the keys now depend on the state hash.
    ///
    /// # Errors
    /// [`ApiMisuse::WrongAnswer`]; [`ChainDisagrees::NotConfirmed`] where the responder's keys are not
    /// the same, be it that it holds another state or that someone altered the reply.
    pub fn answer(self, answer: KeyAnswer) -> Result<Completed, Error> {
        let Self { common: Common { mut symmetric, suite, view, .. }, mut sealed_payload, .. } = self;
        symmetric.mix_chain(product(answer)?.as_bytes());
        let state_hash = view.state_hash(Role::Initiator);
        symmetric.mix_psk(&key_schedule::state_psk(&state_hash, &Secret32::zeroed()));
        symmetric.decrypt(&mut sealed_payload).map_err(|_| ChainDisagrees::NotConfirmed)?;

        Completed::of(Established::after(symmetric.split(), Role::Initiator, suite, state_hash, view))
    }
}

impl Completed {
    pub(super) fn of(mut established: Established) -> Result<Self, Error> {
        Ok(Self { confirmation: established.channel.confirm()?, established })
    }
}
