//! Noise's symmetric state (Noise 5.2), the one engine under every pattern.

use alloc::vec::Vec;

use crate::aead::{AeadKey, OpenFailed, TAG, counter_nonce};
use crate::curve::SharedX;
use crate::dead_stack;
use crate::hash::sha256;
use crate::key_schedule::{EpochSecrets, RejectKeys, noise_hkdf, reject_keys};
use crate::secret::Secret32;

/// Chaining key, transcript hash and the current cipher key with its counter.
pub(crate) struct SymmetricState {
    ck: Secret32,
    h: [u8; 32],
    key: Secret32,
    counter: u64,
}

/// What opens and seals a reject: a secret that both sides hold, and a hash of what is refused.
pub(crate) struct RejectState {
    ck: Secret32,
    h: [u8; 32],
}

/// The secrets at the end of a handshake, by the roles in that handshake.
pub(crate) struct Split {
    /// Key of what the initiator sends.
    pub(crate) initiator: Secret32,
    /// Key of what the responder sends.
    pub(crate) responder: Secret32,
    /// What everything else is derived from.
    pub(crate) secrets: EpochSecrets,
    /// The handshake hash. Public.
    pub(crate) handshake_hash: [u8; 32],
}

impl SymmetricState {
    /// `h = HASH(name)`, `ck = h`, then the prologue, in at most four parts: every name is over 32 bytes long.
    pub(crate) fn new<const PARTS: usize>(name: &[u8], prologue: [&[u8]; PARTS]) -> Self {
        const { assert!(PARTS < 5, "a prologue has at most four parts") };
        let h = sha256(&[name]);
        let mut parts: [&[u8]; 5] = [&h, &[], &[], &[], &[]];
        parts.iter_mut().skip(1).zip(prologue).for_each(|(to, part)| *to = part);
        Self { ck: Secret32::new(h), h: sha256(&parts), key: Secret32::zeroed(), counter: 0 }
    }

    pub(crate) fn mix_hash(&mut self, data: &[u8]) {
        self.h = sha256(&[&self.h, data]);
    }

    /// `MixKey`: `ck, key = HKDF(ck, ikm)`.
    pub(crate) fn mix_key(&mut self, ikm: &[u8]) {
        [self.ck, self.key] = noise_hkdf(&self.ck, ikm);
        self.counter = 0;
    }

    /// `MixKey` of a token that another `MixKey` follows at once: the cipher key between them would never be used.
    pub(crate) fn mix_chain(&mut self, ikm: &[u8]) {
        [self.ck] = noise_hkdf(&self.ck, ikm);
    }

    pub(crate) fn mix_product(&mut self, product: &SharedX) {
        self.mix_key(product.as_bytes());
    }

    /// Token `e` of a handshake with a PSK: the key is mixed into `h` and `ck` (Noise 9.2). A DH token follows.
    pub(crate) fn mix_ephemeral(&mut self, compressed: &[u8; 33]) {
        self.mix_hash(compressed);
        self.mix_chain(compressed);
    }

    /// As [`mix_ephemeral`](Self::mix_ephemeral), where something that is encrypted follows.
    pub(crate) fn mix_first_ephemeral(&mut self, compressed: &[u8; 33]) {
        self.mix_hash(compressed);
        self.mix_key(compressed);
    }

    /// `ck, temp, key = HKDF(ck, psk)`, `h = HASH(h || temp)` (Noise 9.1).
    pub(crate) fn mix_psk(&mut self, psk: &Secret32) {
        let [ck, temp, key] = noise_hkdf(&self.ck, psk.expose());
        dead_stack::overwritten::<1024, _>(|| self.mix_hash(temp.expose()));
        (self.ck, self.key, self.counter) = (ck, key, 0);
    }

    /// Encrypts everything in `message` from `start` on, in place, and appends the tag.
    pub(crate) fn encrypt_tail(&mut self, message: &mut Vec<u8>, start: usize) {
        let Some(text) = message.get_mut(start..) else { return };
        let tag = AeadKey::new(&self.key).seal(counter_nonce(self.counter), &self.h, text);
        self.counter += 1;
        message.extend_from_slice(&tag);
        self.mix_hash(message.get(start..).unwrap_or_default());
    }

    /// Decrypts `text || tag` in place and returns the text.
    pub(crate) fn decrypt<'a>(&mut self, sealed: &'a mut [u8]) -> Result<&'a mut [u8], OpenFailed> {
        let ad = self.h;
        // The transcript takes the ciphertext, which opening in place destroys.
        self.mix_hash(sealed);
        AeadKey::new(&self.key).open(counter_nonce(self.counter), &ad, sealed)?;
        self.counter += 1;
        sealed.split_last_chunk_mut::<TAG>().map(|(text, _)| text).ok_or(OpenFailed)
    }

    /// What a reject at this point of the handshake is sealed with.
    pub(crate) fn reject_state(&self) -> RejectState {
        RejectState::new(Secret32::copy_of(self.ck.expose()), self.h)
    }

    /// `initiator, responder, epoch = HKDF(ck, "")`: the first two are Noise's `Split`.
    pub(crate) fn split(self) -> Split {
        let [initiator, responder, epoch] = noise_hkdf(&self.ck, &[]);
        let secrets = EpochSecrets::derive(&epoch, &self.h);
        Split { initiator, responder, secrets, handshake_hash: self.h }
    }
}

impl RejectState {
    pub(crate) const fn new(ck: Secret32, h: [u8; 32]) -> Self {
        Self { ck, h }
    }

    pub(crate) fn keys(&self) -> RejectKeys {
        reject_keys(&self.ck, &self.h)
    }

    pub(crate) const fn associated_data(&self) -> &[u8; 32] {
        &self.h
    }
}
