//! Noise's symmetric state (Noise 5.2), the one engine under every pattern.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::aead::{AeadKey, OpenFailed, TAG, counter_nonce};
use crate::curve::SharedX;
use crate::key_schedule;
use crate::secret::Secret32;
use crate::suite::Suite;

/// Chaining key, transcript hash and the current cipher key with its counter.
pub(crate) struct SymmetricState {
    ck: Secret32,
    h: [u8; 32],
    key: Secret32,
    counter: u64,
}

impl SymmetricState {
    /// `h = HASH(name)`, `ck = h`, then the prologue: the names of both suites are over 32 bytes long.
    pub(crate) fn new(suite: Suite, prologue: &[&[u8]]) -> Self {
        let h: [u8; 32] = Sha256::digest(suite.noise_name()).into();
        let mut state = Self { ck: Secret32::new(h), h, key: Secret32::zeroed(), counter: 0 };
        state.mix_hash_parts(prologue);
        state
    }

    pub(crate) fn mix_hash(&mut self, data: &[u8]) {
        self.mix_hash_parts(&[data]);
    }

    /// `ck, key = HKDF(ck, ikm)`.
    pub(crate) fn mix_key(&mut self, ikm: &[u8]) {
        (self.ck, self.key) = key_schedule::noise_hkdf2(&self.ck, ikm);
        self.counter = 0;
    }

    pub(crate) fn mix_product(&mut self, product: &SharedX) {
        self.mix_key(product.as_bytes());
    }

    /// Token `e` of a handshake with a PSK: the key is mixed into `h` and `ck` (Noise 9.2).
    pub(crate) fn mix_ephemeral(&mut self, compressed: &[u8; 33]) {
        self.mix_hash(compressed);
        self.mix_key(compressed);
    }

    /// `ck, temp, key = HKDF(ck, psk)`, `h = HASH(h || temp)` (Noise 9.1).
    pub(crate) fn mix_psk(&mut self, psk: &Secret32) {
        let (ck, temp, key) = key_schedule::noise_hkdf3(&self.ck, psk.expose());
        self.mix_hash(temp.expose());
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

    /// `temp1, temp2 = HKDF(ck, "")`: the keys of initiator to responder and back.
    pub(crate) fn split(&self) -> (Secret32, Secret32) {
        key_schedule::noise_hkdf2(&self.ck, &[])
    }

    pub(crate) fn reject_key(&self) -> Secret32 {
        key_schedule::reject_key(&self.ck, &self.h)
    }

    pub(crate) fn exporter_secret(&self) -> Secret32 {
        key_schedule::exporter_secret(&self.ck, &self.h)
    }

    /// The transcript hash. Public.
    pub(crate) const fn hash(&self) -> &[u8; 32] {
        &self.h
    }

    fn mix_hash_parts(&mut self, parts: &[&[u8]]) {
        let mut hash = Sha256::new_with_prefix(self.h);
        parts.iter().for_each(|part| hash.update(part));
        self.h = hash.finalize().into();
    }
}
