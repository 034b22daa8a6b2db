//! The key under AES-128-CTR and a Keccak-256 tag, as version 3 has it.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use sha3::{Digest, Keccak256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::KeystoreError;
use super::kdf::DerivedKey;

/// An encrypted secret key with what authenticates it.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) iv: [u8; 16],
    /// 1 to 32 bytes: some tools drop the leading zeros of a key before they encrypt it.
    pub(super) ciphertext: Vec<u8>,
    pub(super) mac: [u8; 32],
}

impl Sealed {
    pub(super) fn seal(derived: &DerivedKey, secret: &[u8; 32]) -> Result<Self, KeystoreError> {
        let mut iv = [0; 16];
        getrandom::fill(&mut iv).map_err(KeystoreError::NoRandomness)?;
        let mut ciphertext = secret.to_vec();
        apply_keystream(derived, &iv, &mut ciphertext);
        let mac = mac(derived, &ciphertext);
        Ok(Self { iv, ciphertext, mac })
    }

    /// Checks the tag, then decrypts and restores leading zeros.
    pub(super) fn open(&self, derived: &DerivedKey) -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
        if !bool::from(mac(derived, &self.ciphertext).ct_eq(&self.mac)) {
            return Err(KeystoreError::WrongPassphrase);
        }
        let mut secret = Zeroizing::new([0; 32]);
        let length = self.ciphertext.len();
        let tail = secret.len().checked_sub(length).and_then(|leading| secret.get_mut(leading..));
        let tail = tail.ok_or(KeystoreError::NotAKey)?;
        tail.copy_from_slice(&self.ciphertext);
        apply_keystream(derived, &self.iv, tail);
        Ok(secret)
    }
}

/// `aes-128-ctr(derived[0..16], iv)`.
fn apply_keystream(derived: &DerivedKey, iv: &[u8; 16], bytes: &mut [u8]) {
    let [key, _] = &**derived;
    Ctr128BE::<Aes128>::new(key.into(), iv.into()).apply_keystream(bytes);
}

/// `keccak256(derived[16..32] || ciphertext)`.
fn mac(derived: &DerivedKey, ciphertext: &[u8]) -> [u8; 32] {
    let [_, key] = &**derived;
    Keccak256::new().chain_update(key).chain_update(ciphertext).finalize().into()
}
