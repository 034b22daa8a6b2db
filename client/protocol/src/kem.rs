//! ML-KEM-768 (FIPS 203).

use alloc::boxed::Box;

use libcrux_ml_kem::mlkem768;

use crate::secret::Secret32;

/// Length of an encapsulation key in bytes.
pub(crate) const ENCAPSULATION_KEY: usize = 1184;

/// Length of a ciphertext in bytes.
pub(crate) const CIPHERTEXT: usize = 1088;

/// A single-use key pair.
pub(crate) struct KemKeyPair(Box<mlkem768::MlKem768KeyPair>);

impl KemKeyPair {
    /// From the seeds `d || z` (FIPS 203, 7.1).
    pub(crate) fn from_seed(seed: &[u8; 64]) -> Self {
        Self(Box::new(mlkem768::generate_key_pair(*seed)))
    }

    pub(crate) fn encapsulation_key(&self) -> &[u8; ENCAPSULATION_KEY] {
        self.0.pk()
    }

    /// The shared secret. A false ciphertext gives an unrelated one (implicit rejection, FIPS 203, 7.3).
    pub(crate) fn decapsulate(&self, ciphertext: [u8; CIPHERTEXT]) -> Secret32 {
        Secret32::new(mlkem768::decapsulate(self.0.private_key(), &ciphertext.into()))
    }
}

/// An encapsulation key that came over the wire.
pub(crate) struct EncapsulationKey(mlkem768::MlKem768PublicKey);

impl EncapsulationKey {
    /// `None` where a coefficient is not below the modulus (FIPS 203, 7.2).
    pub(crate) fn parse(bytes: [u8; ENCAPSULATION_KEY]) -> Option<Self> {
        let key = bytes.into();
        mlkem768::validate_public_key(&key).then_some(Self(key))
    }

    /// A ciphertext and the secret in it, from 32 bytes of randomness.
    pub(crate) fn encapsulate(&self, randomness: &Secret32) -> ([u8; CIPHERTEXT], Secret32) {
        let (ciphertext, secret) = mlkem768::encapsulate(&self.0, *randomness.expose());
        (*ciphertext.as_slice(), Secret32::new(secret))
    }
}
