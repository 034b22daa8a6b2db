//! AES-256-GCM: ring where it is built in, the `aes-gcm` crate elsewhere. The bytes are the same.

use crate::secret::Secret32;

/// Length of the authentication tag in bytes.
pub(crate) const TAG: usize = 16;

/// A 96-bit nonce.
pub(crate) type Nonce = [u8; 12];

/// The ciphertext or its associated data was altered, or the key is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenFailed;

/// The Noise nonce of a counter: four zero bytes, then the counter, big-endian (Noise 12.4).
pub(crate) const fn counter_nonce(counter: u64) -> Nonce {
    let [a, b, c, d, e, f, g, h] = counter.to_be_bytes();
    [0, 0, 0, 0, a, b, c, d, e, f, g, h]
}

#[cfg(feature = "native")]
pub(crate) use native::AeadKey;
#[cfg(not(feature = "native"))]
pub(crate) use portable::AeadKey;

#[cfg(feature = "native")]
mod native {
    use alloc::boxed::Box;

    use ring::aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey};

    use super::{Nonce, OpenFailed, Secret32, TAG};
    use crate::dead_stack;

    /// An expanded key. Boxed, so that moving its owner copies no key.
    pub(crate) struct AeadKey(Box<LessSafeKey>);

    impl AeadKey {
        pub(crate) fn new(key: &Secret32) -> Self {
            Self(dead_stack::overwritten::<EXPANSION, _>(|| Box::new(expand(key.expose()))))
        }

        /// Encrypts in place and returns the tag.
        pub(crate) fn seal(&self, nonce: Nonce, ad: &[u8], text: &mut [u8]) -> [u8; TAG] {
            let nonce = ring::aead::Nonce::assume_unique_for_key(nonce);
            #[allow(clippy::expect_used)]
            let tag = self
                .0
                .seal_in_place_separate_tag(nonce, Aad::from(ad), text)
                .expect("ring refuses texts over 64 GiB alone, and no message reaches 64 KiB");
            let mut bytes = [0; TAG];
            bytes.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
            bytes
        }

        /// Checks `text || tag` and decrypts it in place. The last [`TAG`] bytes are left as they are.
        pub(crate) fn open(&self, nonce: Nonce, ad: &[u8], sealed: &mut [u8]) -> Result<(), OpenFailed> {
            let nonce = ring::aead::Nonce::assume_unique_for_key(nonce);
            self.0.open_in_place(nonce, Aad::from(ad), sealed).map(|_| ()).map_err(|_| OpenFailed)
        }
    }

    impl Drop for AeadKey {
        /// ring wipes no keys: overwrite the schedule with that of a public key.
        fn drop(&mut self) {
            *self.0 = expand(&[0; 32]);
            core::hint::black_box(&mut self.0);
        }
    }

    #[allow(clippy::expect_used)]
    fn expand(key: &[u8; 32]) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are an AES-256 key"))
    }

    /// More stack than an expansion uses, in bytes: some copies of an expanded key, of half a KiB each.
    const EXPANSION: usize = 8192;
}

#[cfg(any(test, not(feature = "native")))]
#[cfg_attr(feature = "native", allow(dead_code, reason = "tests cross-check the native backend with it"))]
mod portable {
    use alloc::boxed::Box;

    use aes_gcm::Aes256Gcm;
    use aes_gcm::aead::{AeadInOut, KeyInit, inout::InOutBuf};

    use super::{Nonce, OpenFailed, Secret32, TAG};

    /// An expanded key; `aes-gcm` wipes it.
    pub(crate) struct AeadKey(Box<Aes256Gcm>);

    impl AeadKey {
        pub(crate) fn new(key: &Secret32) -> Self {
            Self(Box::new(Aes256Gcm::new(key.expose().into())))
        }

        /// Encrypts in place and returns the tag.
        pub(crate) fn seal(&self, nonce: Nonce, ad: &[u8], text: &mut [u8]) -> [u8; TAG] {
            #[allow(clippy::expect_used)]
            let tag = self
                .0
                .encrypt_inout_detached(&nonce.into(), ad, InOutBuf::from(text))
                .expect("AES-GCM refuses texts over 64 GiB alone, and no message reaches 64 KiB");
            tag.into()
        }

        /// Checks `text || tag` and decrypts it in place. The last [`TAG`] bytes are left as they are.
        pub(crate) fn open(&self, nonce: Nonce, ad: &[u8], sealed: &mut [u8]) -> Result<(), OpenFailed> {
            let (text, tag) = sealed.split_last_chunk_mut::<TAG>().ok_or(OpenFailed)?;
            self.0
                .decrypt_inout_detached(&nonce.into(), ad, InOutBuf::from(text), &(*tag).into())
                .map_err(|_| OpenFailed)
        }
    }
}

#[cfg(test)]
mod wycheproof;

#[cfg(all(test, feature = "native"))]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_backends_make_and_take_the_same_bytes(
            key in any::<[u8; 32]>(), counter in any::<u64>(),
            ad in proptest::collection::vec(any::<u8>(), 0..40),
            text in proptest::collection::vec(any::<u8>(), 0..700),
        ) {
            let (key, nonce) = (Secret32::new(key), counter_nonce(counter));
            let (native, portable) = (native::AeadKey::new(&key), portable::AeadKey::new(&key));
            let (mut ours, mut theirs): (Vec<u8>, Vec<u8>) = (text.clone(), text.clone());
            let tag = native.seal(nonce, &ad, &mut ours);
            prop_assert_eq!(tag, portable.seal(nonce, &ad, &mut theirs));
            prop_assert_eq!(&ours, &theirs);
            ours.extend_from_slice(&tag);
            theirs.extend_from_slice(&tag);
            prop_assert_eq!(native.open(nonce, &ad, &mut theirs), Ok(()));
            prop_assert_eq!(portable.open(nonce, &ad, &mut ours), Ok(()));
            prop_assert_eq!(&ours, &theirs);
            prop_assert!(theirs.starts_with(&text));
        }
    }

    #[test]
    fn less_than_a_tag_does_not_open() {
        let key = Secret32::new([7; 32]);
        for length in 0..TAG {
            let mut short = alloc::vec![0; length];
            assert_eq!(native::AeadKey::new(&key).open([0; 12], &[], &mut short), Err(OpenFailed));
            assert_eq!(portable::AeadKey::new(&key).open([0; 12], &[], &mut short), Err(OpenFailed));
        }
    }
}
