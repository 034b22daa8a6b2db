//! Single-use keys, made ahead of time where latency counts.

use zeroize::Zeroizing;

use crate::curve::{PublicKey, SecretKey, SharedX};
use crate::kem::KemKeyPair;
use crate::secret::Secret32;
use crate::suite::Suite;

/// What an initiator uses once: an ephemeral key, and for the hybrid suite a KEM key pair.
pub struct InitiatorEphemerals {
    pub(super) ephemeral: Ephemeral,
    pub(super) kem: Option<KemKeyPair>,
}

/// What a responder uses once: an ephemeral key, and the randomness of one encapsulation.
pub struct ResponderEphemerals {
    pub(super) ephemeral: Ephemeral,
    pub(super) encapsulation: Secret32,
}

pub(super) struct Ephemeral {
    secret: SecretKey,
    public: PublicKey,
    /// The product with one static key, computed ahead of time.
    product: Option<(PublicKey, SharedX)>,
}

impl InitiatorEphemerals {
    /// Makes new ones for a handshake of that suite. `fill` fills a buffer with secure randomness.
    ///
    /// # Errors
    /// What `fill` returns.
    pub fn generate<E>(suite: Suite, mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let ephemeral = Ephemeral::generate(&mut fill)?;
        let kem = match suite {
            Suite::Classical => None,
            Suite::Hybrid => {
                let mut seed = Zeroizing::new([0; 64]);
                fill(seed.as_mut())?;
                Some(KemKeyPair::from_seed(&seed))
            }
        };
        Ok(Self { ephemeral, kem })
    }

    /// Computes the ephemeral-static product with a known responder now instead of while dialling.
    #[must_use]
    pub fn for_responder(mut self, responder: &PublicKey) -> Self {
        self.ephemeral.prepare(responder);
        self
    }
}

impl ResponderEphemerals {
    /// Makes new ones. `fill` fills a buffer with secure randomness.
    ///
    /// # Errors
    /// What `fill` returns.
    pub fn generate<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let ephemeral = Ephemeral::generate(&mut fill)?;
        let mut encapsulation = Secret32::zeroed();
        fill(encapsulation.expose_mut())?;
        Ok(Self { ephemeral, encapsulation })
    }

    /// Computes the ephemeral-static product with a known initiator now instead of while answering.
    #[must_use]
    pub fn for_initiator(mut self, initiator: &PublicKey) -> Self {
        self.ephemeral.prepare(initiator);
        self
    }
}

impl Ephemeral {
    fn generate<E>(fill: &mut impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            fill(bytes.as_mut())?;
            // All but 2^-128 of the 32-byte strings are scalars.
            if let Ok(secret) = SecretKey::from_bytes(&bytes) {
                let public = secret.public_key();
                return Ok(Self { secret, public, product: None });
            }
        }
    }

    fn prepare(&mut self, peer: &PublicKey) {
        self.product = Some((*peer, self.secret.ecdh_x(peer)));
    }

    pub(super) const fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn product_with(&mut self, peer: &PublicKey) -> SharedX {
        // A product prepared for another peer stays: the responder asks for `ee` before `se`.
        match self.product.take_if(|(prepared_for, _)| prepared_for == peer) {
            Some((_, product)) => product,
            None => self.secret.ecdh_x(peer),
        }
    }
}
