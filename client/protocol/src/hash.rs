//! SHA-256, HMAC and HKDF: ring where it is built in, RustCrypto's crates elsewhere. The bytes are the same.
use crate::dead_stack;

#[cfg(feature = "native")]
use native as active;
#[cfg(not(feature = "native"))]
use portable as active;

pub(crate) use active::sha256;

pub(crate) fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = [0; 32];
    dead_stack::overwritten::<STACK, _>(|| mac = active::hmac(key, text));
    mac
}

/// RFC 5869 whole. False, with nothing written, over [`MAX_EXPANDED`] bytes.
pub(crate) fn hkdf(salt: &[u8], ikm: &[u8], info: &[&[u8]], out: &mut [u8]) -> bool {
    dead_stack::overwritten::<STACK, _>(|| active::hkdf(salt, ikm, info, out))
}

/// RFC 5869, 2.3 alone.
pub(crate) fn hkdf_expand(prk: &[u8; 32], info: &[&[u8]], out: &mut [u8]) -> bool {
    dead_stack::overwritten::<STACK, _>(|| active::hkdf_expand(prk, info, out))
}

/// Most that HKDF-SHA256 gives, in bytes (RFC 5869, 2.3).
pub(crate) const MAX_EXPANDED: usize = 255 * 32;

/// More stack than any of them uses, in bytes.
const STACK: usize = 4096;

#[cfg(feature = "native")]
mod native {
    use ring::digest::{Context, SHA256};
    use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
    use ring::hmac::{HMAC_SHA256, Key};

    use super::MAX_EXPANDED;

    pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        parts.iter().for_each(|part| context.update(part));
        copied(context.finish().as_ref())
    }

    pub(crate) fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
        copied(ring::hmac::sign(&Key::new(HMAC_SHA256, key), text).as_ref())
    }

    /// RFC 5869 whole. False, with nothing written, over [`MAX_EXPANDED`] bytes.
    pub(crate) fn hkdf(salt: &[u8], ikm: &[u8], info: &[&[u8]], out: &mut [u8]) -> bool {
        expand(&Salt::new(HKDF_SHA256, salt).extract(ikm), info, out)
    }

    /// RFC 5869, 2.3 alone.
    pub(crate) fn hkdf_expand(prk: &[u8; 32], info: &[&[u8]], out: &mut [u8]) -> bool {
        expand(&Prk::new_less_safe(HKDF_SHA256, prk), info, out)
    }

    fn expand(prk: &Prk, info: &[&[u8]], out: &mut [u8]) -> bool {
        out.len() <= MAX_EXPANDED
            && prk.expand(info, Length(out.len())).is_ok_and(|okm| okm.fill(out).is_ok())
    }

    struct Length(usize);

    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    fn copied(digest: &[u8]) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
        bytes
    }
}

#[cfg(any(test, not(feature = "native")))]
#[cfg_attr(feature = "native", allow(dead_code, reason = "tests cross-check the native backend with it"))]
mod portable {
    use hkdf::Hkdf;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::{Digest, Sha256};

    use super::MAX_EXPANDED;

    pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }

    #[allow(clippy::expect_used)]
    pub(crate) fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
        let hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        hmac.chain_update(text).finalize().into_bytes().into()
    }

    /// RFC 5869 whole. False, with nothing written, over [`MAX_EXPANDED`] bytes.
    pub(crate) fn hkdf(salt: &[u8], ikm: &[u8], info: &[&[u8]], out: &mut [u8]) -> bool {
        out.len() <= MAX_EXPANDED && Hkdf::<Sha256>::new(Some(salt), ikm).expand_multi_info(info, out).is_ok()
    }

    /// RFC 5869, 2.3 alone.
    pub(crate) fn hkdf_expand(prk: &[u8; 32], info: &[&[u8]], out: &mut [u8]) -> bool {
        out.len() <= MAX_EXPANDED
            && Hkdf::<Sha256>::from_prk(prk).is_ok_and(|hkdf| hkdf.expand_multi_info(info, out).is_ok())
    }
}

#[cfg(test)]
mod wycheproof;

#[cfg(all(test, feature = "native"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_backends_derive_the_same_bytes(
            key in proptest::collection::vec(any::<u8>(), 0..150),
            prk in any::<[u8; 32]>(),
            text in proptest::collection::vec(any::<u8>(), 0..300),
            length in 0..200_usize,
        ) {
            let parts: [&[u8]; 2] = [&key, &text];
            prop_assert_eq!(native::sha256(&parts), portable::sha256(&parts));
            prop_assert_eq!(native::hmac(&key, &text), portable::hmac(&key, &text));
            let (mut ours, mut theirs) = (alloc::vec![0; length], alloc::vec![0; length]);
            prop_assert!(native::hkdf(&key, &text, &parts, &mut ours));
            prop_assert!(portable::hkdf(&key, &text, &parts, &mut theirs));
            prop_assert_eq!(&ours, &theirs);
            prop_assert!(native::hkdf_expand(&prk, &parts, &mut ours));
            prop_assert!(portable::hkdf_expand(&prk, &parts, &mut theirs));
            prop_assert_eq!(&ours, &theirs);
        }
    }

    #[test]
    fn no_backend_expands_too_far() {
        let mut out = alloc::vec![7; MAX_EXPANDED + 1];
        assert!(!native::hkdf(b"", b"", &[], &mut out) && !portable::hkdf(b"", b"", &[], &mut out));
        assert!(!native::hkdf_expand(&[1; 32], &[], &mut out));
        assert!(!portable::hkdf_expand(&[1; 32], &[], &mut out));
        assert!(out.iter().all(|byte| *byte == 7));
        out.pop();
        assert!(native::hkdf(b"", b"", &[], &mut out) && portable::hkdf(b"", b"", &[], &mut out));
    }
}
