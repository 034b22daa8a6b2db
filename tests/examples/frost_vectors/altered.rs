//! Signatures that are none.

use alloy::primitives::{B256, U256, keccak256};
use alloy::signers::k256::SecretKey;
use alloy::signers::k256::elliptic_curve::PrimeField as _;
use frost_secp256k1_evm::{Ciphersuite as _, Secp256K1Keccak256};
use serde_json::{Value, json};

use crate::quorum::{GroupKey, Signed};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Every alteration of a signature by each signer, and forgeries that no alteration gives.
pub(crate) fn all(signatures: &[Signed]) -> Fallible<Vec<Value>> {
    let mut refused = Vec::new();
    let mut previous = signatures.last().copied().ok_or("no signature to alter")?;
    for signed in signatures.iter().copied() {
        if signed.key.x != previous.key.x {
            refused.extend(alterations(signed, previous));
        }
        previous = signed;
    }
    refused.push((
        "z G - c P is infinity and R no point: neither has an address",
        both_nowhere(previous.digest)?,
    ));
    let unreachable = unreachable_key()?;
    refused.push((
        "x of at least the group order, and R no point",
        Signed { key: unreachable, rx: off_curve(), ..previous },
    ));
    refused.push(("x of at least the group order", Signed { key: unreachable, ..previous }));
    Ok(refused.into_iter().map(|(why, signed)| to_json(why, signed)).collect())
}

/// What becomes of a signature in other hands; `other` is one by another key.
fn alterations(signed: Signed, other: Signed) -> Vec<(&'static str, Signed)> {
    let Signed { digest, key, prefix, rx, z } = signed;
    let with_z = |z: U256| Signed { z: z.into(), ..signed };
    let with_key = |x, y| Signed { key: GroupKey { x, y }, ..signed };
    let negated_y: B256 = FIELD.wrapping_sub(key.y.into()).into();
    let greater_y =
        |step: u64| -> B256 { U256::from_be_bytes(key.y.0).add_mod(U256::from(step), FIELD).into() };
    vec![
        ("z + 1", with_z(U256::from_be_bytes(z.0).add_mod(U256::ONE, ORDER))),
        ("n - z", with_z(ORDER.wrapping_sub(z.into()))),
        ("z of another signature", Signed { z: other.z, ..signed }),
        ("z is zero", with_z(U256::ZERO)),
        ("z is the group order", with_z(ORDER)),
        ("z is all ones", with_z(U256::MAX)),
        ("the other R with this X", Signed { prefix: prefix ^ 1, ..signed }),
        ("R of another signature", Signed { prefix: other.prefix, rx: other.rx, ..signed }),
        ("R is zero", Signed { rx: B256::ZERO, ..signed }),
        ("R is no point", Signed { rx: off_curve(), ..signed }),
        ("R is the key", Signed { prefix: key.prefix(), rx: key.x, ..signed }),
        ("prefix 0", Signed { prefix: prefix & 1, ..signed }),
        ("prefix of an uncompressed point", Signed { prefix: 4 | prefix & 1, ..signed }),
        ("a recovery id as prefix", Signed { prefix: prefix + 25, ..signed }),
        ("another digest", Signed { digest: keccak256(digest), ..signed }),
        ("another key", Signed { key: other.key, ..signed }),
        ("the negated key", with_key(key.x, negated_y)),
        ("a key off the curve", with_key(key.x, greater_y(1))),
        // The challenge knows no more of Y than its parity.
        ("a key off the curve, of the same parity", with_key(key.x, greater_y(2))),
        ("no key", with_key(B256::ZERO, B256::ZERO)),
        (
            "nothing at all",
            Signed {
                digest,
                prefix: 2,
                rx: B256::ZERO,
                z: B256::ZERO,
                key: GroupKey { x: B256::ZERO, y: B256::ZERO },
            },
        ),
        ("x and z swapped", Signed { rx: z, z: rx, ..signed }),
    ]
}

/// Whoever has the private key d can make z = c d, so that z G - c P is no point. With an R that is none either, a
/// verifier that compares addresses without looking would find zero equal to zero.
fn both_nowhere(digest: B256) -> Fallible<Signed> {
    let secret = SecretKey::from_slice(keccak256("both nowhere").as_slice())?;
    let key = GroupKey::from_sec1(&secret.public_key().to_sec1_bytes())?;
    let (prefix, rx) = (2, off_curve());
    let preimage =
        [&[prefix][..], rx.as_slice(), &[key.prefix()], key.x.as_slice(), digest.as_slice()].concat();
    let z = Secp256K1Keccak256::H2(&preimage) * *secret.to_nonzero_scalar();
    Ok(Signed { digest, key, prefix, rx, z: B256::new(z.to_repr().into()) })
}

/// A point that no ECDSA signature can have as its R, so that `ecrecover` cannot reach it.
fn unreachable_key() -> Fallible<GroupKey> {
    let first: U256 = ORDER;
    (0..64)
        .map(|step| first + U256::from(step))
        .find_map(|x| GroupKey::from_sec1(&[&[2][..], &x.to_be_bytes::<32>()].concat()).ok())
        .ok_or_else(|| "no point among so many".into())
}

/// An X coordinate that no point has.
fn off_curve() -> B256 {
    B256::with_last_byte(5)
}

fn to_json(why: &str, signed: Signed) -> Value {
    let Signed { digest, key, prefix, rx, z } = signed;
    json!({ "why": why, "digest": digest, "x": key.x, "y": key.y, "prefix": prefix, "rx": rx, "z": z })
}

/// Order of the group (SEC 2, 2.4.1).
const ORDER: U256 =
    U256::from_limbs([0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, u64::MAX]);
/// Order of the field.
const FIELD: U256 = U256::from_limbs([0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX]);
