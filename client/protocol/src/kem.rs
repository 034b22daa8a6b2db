//! ML-KEM-768 (FIPS 203) by libcrux.
//!
//! A key pair is kept unpacked where the CPU allows it: decapsulation then expands no matrix again and
//! takes about half the time. The bytes are the same.

use alloc::boxed::Box;

use libcrux_ml_kem::mlkem768;

use crate::dead_stack;
use crate::secret::Secret32;

/// Length of an encapsulation key in bytes.
pub(crate) const ENCAPSULATION_KEY: usize = 1184;

/// Length of a ciphertext in bytes.
pub(crate) const CIPHERTEXT: usize = 1088;

/// A single-use key pair. Dropping it wipes the decapsulation key.
pub(crate) struct KemKeyPair(DecapsulationKey);

/// An encapsulation key that came over the wire.
pub(crate) struct EncapsulationKey(mlkem768::MlKem768PublicKey);

impl KemKeyPair {
    /// From the seeds `d || z` (FIPS 203, 7.1).
    pub(crate) fn from_seed(seed: &[u8; 64]) -> Self {
        Self(dead_stack::overwritten::<STACK, _>(|| DecapsulationKey::from_seed(seed)))
    }

    pub(crate) fn encapsulation_key(&self) -> [u8; ENCAPSULATION_KEY] {
        self.0.encapsulation_key()
    }

    /// The shared secret. A false ciphertext gives an unrelated one (implicit rejection, FIPS 203, 7.3).
    pub(crate) fn decapsulate(&self, ciphertext: [u8; CIPHERTEXT]) -> Secret32 {
        dead_stack::overwritten::<STACK, _>(|| Secret32::new(self.0.decapsulate(&ciphertext.into())))
    }
}

impl EncapsulationKey {
    /// `None` where a coefficient is not below the modulus (FIPS 203, 7.2).
    pub(crate) fn parse(bytes: [u8; ENCAPSULATION_KEY]) -> Option<Self> {
        let key = bytes.into();
        mlkem768::validate_public_key(&key).then_some(Self(key))
    }

    /// A ciphertext and the secret in it, from 32 bytes of randomness.
    pub(crate) fn encapsulate(&self, randomness: &Secret32) -> ([u8; CIPHERTEXT], Secret32) {
        dead_stack::overwritten::<STACK, _>(|| {
            let (ciphertext, secret) = mlkem768::encapsulate(&self.0, *randomness.expose());
            (*ciphertext.as_slice(), Secret32::new(secret))
        })
    }
}

enum DecapsulationKey {
    #[cfg(target_arch = "x86_64")]
    Unpacked(Box<mlkem768::avx2::unpacked::MlKem768KeyPairUnpacked>),
    Packed(Box<mlkem768::MlKem768KeyPair>),
}

impl DecapsulationKey {
    fn from_seed(seed: &[u8; 64]) -> Self {
        #[cfg(target_arch = "x86_64")]
        // libcrux's `avx2` functions do not ask the CPU themselves.
        if libcrux_platform::simd256_support() {
            let mut pair = Box::new(mlkem768::avx2::unpacked::init_key_pair());
            mlkem768::avx2::unpacked::generate_key_pair_mut(*seed, &mut pair);
            return Self::Unpacked(pair);
        }
        Self::packed(seed)
    }

    fn packed(seed: &[u8; 64]) -> Self {
        Self::Packed(Box::new(mlkem768::generate_key_pair(*seed)))
    }

    fn encapsulation_key(&self) -> [u8; ENCAPSULATION_KEY] {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Unpacked(pair) => {
                *mlkem768::avx2::unpacked::key_pair_serialized_public_key(pair).as_slice()
            }
            Self::Packed(pair) => *pair.pk(),
        }
    }

    fn decapsulate(&self, ciphertext: &mlkem768::MlKem768Ciphertext) -> [u8; 32] {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Unpacked(pair) => mlkem768::avx2::unpacked::decapsulate(pair, ciphertext),
            Self::Packed(pair) => mlkem768::decapsulate(pair.private_key(), ciphertext),
        }
    }
}

impl Drop for DecapsulationKey {
    /// libcrux wipes no keys: overwrite this one.
    fn drop(&mut self) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Unpacked(pair) => **pair = mlkem768::avx2::unpacked::init_key_pair(),
            Self::Packed(pair) => {
                let (zeros, public) = ([0; 2400].into(), (*pair.pk()).into());
                **pair = mlkem768::MlKem768KeyPair::from(zeros, public);
            }
        }
        core::hint::black_box(self);
    }
}

/// More stack than libcrux uses, in bytes.
const STACK: usize = 64 * 1024;

#[cfg(test)]
mod wycheproof;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packed_and_unpacked_keys_are_one_key(seed in any::<[u8; 32]>(), randomness in any::<[u8; 32]>()) {
            let mut seeds = [0; 64];
            seeds.iter_mut().zip(seed.iter().cycle()).for_each(|(to, from)| *to = *from);
            let fast = KemKeyPair::from_seed(&seeds);
            let packed = KemKeyPair(DecapsulationKey::packed(&seeds));
            prop_assert_eq!(fast.encapsulation_key(), packed.encapsulation_key());
            let key = EncapsulationKey::parse(fast.encapsulation_key()).unwrap();
            let (mut ciphertext, secret) = key.encapsulate(&Secret32::new(randomness));
            let (unpacked_secret, packed_secret) = (fast.decapsulate(ciphertext), packed.decapsulate(ciphertext));
            prop_assert_eq!(unpacked_secret.expose(), secret.expose());
            prop_assert_eq!(packed_secret.expose(), secret.expose());
            ciphertext[7] ^= 1;
            let rejected = fast.decapsulate(ciphertext);
            prop_assert_ne!(rejected.expose(), secret.expose());
            let rejected_too = packed.decapsulate(ciphertext);
            prop_assert_eq!(rejected.expose(), rejected_too.expose());
        }
    }

    #[test]
    fn a_coefficient_over_the_modulus_is_refused() {
        let mut key = KemKeyPair::from_seed(&[9; 64]).encapsulation_key();
        assert!(EncapsulationKey::parse(key).is_some());
        // The first two coefficients are 12 bits each: 0xfff is over q = 3329.
        key[0] = 0xff;
        key[1] |= 0x0f;
        assert!(EncapsulationKey::parse(key).is_none());
    }
}
