//! The side that answers. It learns who dials in the middle of the handshake, and proves that before it answers.
//!
//! ```text
//! ExpectHello ──read──► AwaitingHelloProduct ──answer──► AwaitingStaticProduct ──answer──► AwaitingPeer
//!                                                                                             │
//!                                            reject ◄── proposal: prove it at its anchor ─────┤
//!                                                                                             │ accept
//!                                           Established ◄──read── ExpectConfirmation ◄── SentReply
//! ```

use alloc::vec::Vec;

use crate::aead::TAG;
use crate::curve::PublicKey;
use crate::custody::{EcdhPurpose, KeyAnswer, KeyRequest};
use crate::error::{ApiMisuse, ChainDisagrees, Error, PeerIncompatible, PeerMisbehaved};
use crate::handshake::ephemerals::ResponderEphemerals;
use crate::handshake::hello::First;
use crate::handshake::{Established, POINT, floor, hello, product, reply, write_reply_keys};
use crate::identity::Identity;
use crate::kem::{ENCAPSULATION_KEY, EncapsulationKey};
use crate::key_schedule;
use crate::labels;
use crate::proposal::Proposal;
use crate::reject::Reject;
use crate::secret::Secret32;
use crate::state::{Role, StateView};
use crate::suite::{Suite, SuitePolicy};
use crate::symmetric::SymmetricState;
use crate::wire;

/// What a responder answers as.
#[derive(Clone, Debug)]
pub struct ResponderParams {
    /// The identity that answers.
    pub identity: Identity,
    /// Its static key.
    pub public_key: PublicKey,
    /// Which suites it answers.
    pub suites: SuitePolicy,
    /// The time by this side's clock, in Unix milliseconds.
    pub now_unix_ms: u64,
    /// How far the initiator's clock may be off, in milliseconds.
    pub max_clock_skew_ms: u64,
}

/// Waits for a hello.
pub struct ExpectHello {
    params: ResponderParams,
}

/// Waits for the product of this side's static key with the initiator's ephemeral key.
pub struct AwaitingHelloProduct {
    params: ResponderParams,
    transcript: Transcript,
    /// Noise message 1 after `e`.
    sealed: Vec<u8>,
}

/// Waits for the static-static product.
pub struct AwaitingStaticProduct {
    params: ResponderParams,
    transcript: Transcript,
    initiator: PublicKey,
    sealed_proposal: Vec<u8>,
}

/// Knows who dials and what they propose; waits for this side's own proof of it.
pub struct AwaitingPeer {
    params: ResponderParams,
    transcript: Transcript,
    initiator: PublicKey,
    proposal: Proposal,
}

/// A reply to send, and the state to continue with.
pub struct SentReply {
    /// To be sent as one message.
    pub reply: Vec<u8>,
    /// Reads the initiator's confirmation.
    pub next: ExpectConfirmation,
}

/// A refusal: why, and what to tell the initiator.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub error: Error,
    /// To be sent as one message, where there is something to tell.
    pub reject: Option<Vec<u8>>,
}

/// Waits for the initiator's first record, which shows that it holds the same keys and so the same state.
pub struct ExpectConfirmation {
    /// Given out once it is confirmed.
    pub(super) established: Established,
}

struct Transcript {
    symmetric: SymmetricState,
    suite: Suite,
    initiator_ephemeral: PublicKey,
    encapsulation_key: Option<EncapsulationKey>,
}

impl ExpectHello {
    /// Begins to answer.
    #[must_use]
    pub const fn new(params: ResponderParams) -> Self {
        Self { params }
    }

    /// Checks what can be checked without a curve operation, then takes the initiator's ephemeral key.
    ///
    /// # Errors
    /// [`PeerMisbehaved`] and [`PeerIncompatible`]; there is nothing to answer, close the connection.
    pub fn read(self, message: &mut [u8]) -> Result<AwaitingHelloProduct, Error> {
        let Self { params } = self;
        let hello::Opened { header, suite, body } = hello::open(message, First::Hello, &params.public_key)?;
        let bad_length = PeerMisbehaved::BadLength { expected: "hello", length: body.len() };
        let (e, sealed) = body.split_first_chunk::<POINT>().ok_or(bad_length)?;
        let initiator_ephemeral = PublicKey::from_compressed(e)
            .map_err(|_| PeerMisbehaved::InvalidPoint("initiator's ephemeral key"))?;
        let mut symmetric = SymmetricState::new(suite.live_name(), [labels::PROLOGUE, &header]);
        symmetric.mix_hash(&params.public_key.compressed());
        symmetric.mix_ephemeral(e);
        let transcript = Transcript { symmetric, suite, initiator_ephemeral, encapsulation_key: None };
        Ok(AwaitingHelloProduct { params, transcript, sealed: sealed.to_vec() })
    }
}

impl AwaitingHelloProduct {
    /// The product that is needed: this side's static key with the initiator's ephemeral key.
    #[must_use]
    pub const fn request(&self) -> KeyRequest {
        KeyRequest::Ecdh { purpose: EcdhPurpose::EphemeralStatic, peer: self.transcript.initiator_ephemeral }
    }

    /// Opens the initiator's encapsulation key and static key.
    ///
    /// # Errors
    /// [`ApiMisuse::WrongAnswer`]; [`PeerMisbehaved`], upon which to close the connection.
    pub fn answer(self, answer: KeyAnswer) -> Result<AwaitingStaticProduct, Error> {
        let Self { params, mut transcript, mut sealed } = self;
        transcript.symmetric.mix_product(&product(answer)?);
        let mut rest = sealed.as_mut_slice();
        if transcript.suite == Suite::Hybrid {
            let key = transcript.open::<ENCAPSULATION_KEY>(&mut rest, "encapsulation key")?;
            let key = EncapsulationKey::parse(key).ok_or(PeerMisbehaved::InvalidEncapsulationKey)?;
            transcript.encapsulation_key = Some(key);
        }
        let s = transcript.open::<POINT>(&mut rest, "initiator's static key")?;
        let initiator = PublicKey::from_compressed(&s)
            .map_err(|_| PeerMisbehaved::InvalidPoint("initiator's static key"))?;
        let sealed_proposal = rest.to_vec();
        Ok(AwaitingStaticProduct { params, transcript, initiator, sealed_proposal })
    }
}

impl AwaitingStaticProduct {
    /// The product that is needed: this side's static key with the initiator's. A cache may answer.
    #[must_use]
    pub const fn request(&self) -> KeyRequest {
        KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, peer: self.initiator }
    }

    /// Opens the proposal, which authenticates the initiator's static key.
    ///
    /// # Errors
    /// [`ApiMisuse::WrongAnswer`]; [`PeerMisbehaved`] and [`PeerIncompatible`], upon which to close the connection.
    pub fn answer(self, answer: KeyAnswer) -> Result<AwaitingPeer, Error> {
        let Self { params, mut transcript, initiator, mut sealed_proposal } = self;
        transcript.symmetric.mix_product(&product(answer)?);
        let opened = transcript.symmetric.decrypt(&mut sealed_proposal);
        let opened = opened.map_err(|_| PeerMisbehaved::DoesNotAuthenticate("proposal"))?;
        let proposal = Proposal::decode(opened)?;
        Ok(AwaitingPeer { params, transcript, initiator, proposal })
    }
}

impl AwaitingPeer {
    /// What the initiator proposes. Authenticated as coming from whoever holds [`AwaitingPeer::initiator_key`];
    /// its claims about the chain are to be proven before they are believed.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// The static key that the initiator used: a hint for resolving a compact record.
    #[must_use]
    pub const fn initiator_key(&self) -> &PublicKey {
        &self.initiator
    }

    /// The initiator's ephemeral key, which names this hello and no other: what to remember against replays.
    #[must_use]
    pub const fn initiator_ephemeral(&self) -> &PublicKey {
        &self.transcript.initiator_ephemeral
    }

    /// Checks what needs no proof: whom the initiator dialled, its clock, and its suite against this side's policy.
    /// Worth asking before any RPC.
    ///
    /// # Errors
    /// [`ChainDisagrees::Responder`], [`PeerIncompatible::ClockSkew`] and [`PeerIncompatible::SuiteTooLow`].
    pub fn check(&self) -> Result<(), Error> {
        if self.proposal.responder != self.params.identity {
            return Err(ChainDisagrees::Responder.into());
        }
        let skew_ms = self.proposal.timestamp_unix_ms.abs_diff(self.params.now_unix_ms);
        if skew_ms > self.params.max_clock_skew_ms {
            return Err(PeerIncompatible::ClockSkew { skew_ms }.into());
        }
        floor::check_policy(self.transcript.suite, self.params.suites)
    }

    /// Agrees: `view` is this side's own proof of what the initiator proposes.
    ///
    /// # Errors
    /// [`Refusal`], with what differs, and the message that tells the initiator.
    pub fn accept(self, view: StateView, ephemerals: ResponderEphemerals) -> Result<SentReply, Refusal> {
        if let Err(error) = self.check().and_then(|()| self.check_view(&view)) {
            return Err(self.refuse(error));
        }
        let Self { transcript, initiator, .. } = self;
        let Transcript { mut symmetric, suite, initiator_ephemeral, encapsulation_key } = transcript;
        let ResponderEphemerals { mut ephemeral, encapsulation } = ephemerals;
        let mut reply = Vec::with_capacity(reply::length(suite));
        reply.push(wire::REPLY);
        let kem_secret = write_reply_keys(
            &mut symmetric,
            &mut reply,
            &mut ephemeral,
            &initiator_ephemeral,
            encapsulation_key.as_ref().map(|key| (key, &encapsulation)),
        );
        if let Some(secret) = kem_secret {
            symmetric.mix_chain(secret.expose());
        }
        symmetric.mix_chain(ephemeral.product_with(&initiator).as_bytes());
        let state_hash = view.state_hash(Role::Responder);
        symmetric.mix_psk(&key_schedule::state_psk(&state_hash, &Secret32::zeroed()));
        let start = reply.len();
        symmetric.encrypt_tail(&mut reply, start);

        let established = Established::after(symmetric.split(), Role::Responder, suite, state_hash, view);
        Ok(SentReply { reply, next: ExpectConfirmation { established } })
    }

    /// Refuses with a reason of the caller's: the message to send.
    #[must_use]
    pub fn reject(&self, reject: Reject) -> Vec<u8> {
        reply::seal_reject(reject, &self.transcript.symmetric.reject_state())
    }

    fn refuse(&self, error: Error) -> Refusal {
        Refusal { error, reject: error.as_reject().map(|reject| self.reject(reject)) }
    }

    fn check_view(&self, view: &StateView) -> Result<(), Error> {
        let (local, peer) = (view.local(), view.peer());
        let is_of_this_proposal = *local.public_key() == self.params.public_key
            && local.identity() == self.params.identity
            && peer.identity() == self.proposal.initiator
            && view.queries().eq(self.proposal.queries());
        if !is_of_this_proposal {
            return Err(ApiMisuse::ViewOfOtherProposal.into());
        }
        floor::check_records(self.transcript.suite, view, Role::Responder)?;
        if *peer.public_key() != self.initiator {
            return Err(ChainDisagrees::InitiatorKey.into());
        }
        Ok(self.proposal.check_against(view, Role::Responder)?)
    }
}

impl ExpectConfirmation {
    /// Reads the initiator's first record. Only now is there a channel: nothing is sent to, or believed
    /// of, a party that has not shown the same keys.
    ///
    /// # Errors
    /// [`PeerMisbehaved`] where the record does not open or is no confirmation.
    pub fn read(self, message: &mut [u8]) -> Result<Established, Error> {
        let Self { mut established } = self;
        established.channel.read_confirmation(message)?;
        Ok(established)
    }
}

impl Transcript {
    /// Opens the next sealed part of the hello, `N` bytes long.
    fn open<const N: usize>(
        &mut self,
        rest: &mut &mut [u8],
        part: &'static str,
    ) -> Result<[u8; N], PeerMisbehaved> {
        let fails = PeerMisbehaved::DoesNotAuthenticate(part);
        let sealed = rest.split_off_mut(..N + TAG).ok_or(fails)?;
        let opened = self.symmetric.decrypt(sealed).map_err(|_| fails)?;
        opened.first_chunk().copied().ok_or(fails)
    }
}
