//! Each backend held against the other: same bytes out, same inputs refused.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use countersign_curve::backend::{native, portable};
use countersign_curve::{PublicKey, Signature};
use proptest::prelude::*;

proptest! {
    #[test]
    fn scalars_are_taken_alike(bytes in scalar_bytes()) {
        let (native, portable) = (native::Scalar::parse(&bytes), portable::Scalar::parse(&bytes));
        prop_assert_eq!(native.is_some(), in_scalar_range(&bytes));
        prop_assert_eq!(native.as_ref().map(native::Scalar::as_bytes), portable.as_ref().map(portable::Scalar::as_bytes));
    }

    #[test]
    fn base_products_are_equal(bytes in valid_scalar()) {
        let (native, portable) = scalars(&bytes);
        prop_assert_eq!(native.base_product().compressed(), portable.base_product().compressed());
        prop_assert_eq!(native.base_product().xy(), portable.base_product().xy());
    }

    #[test]
    fn shared_coordinates_are_equal(mine in valid_scalar(), theirs in valid_scalar()) {
        let (native, portable) = scalars(&mine);
        let (their_native, their_portable) = scalars(&theirs);
        let shared = *native.product_x(&their_native.base_product()).as_bytes();
        prop_assert_eq!(shared, *portable.product_x(&their_portable.base_product()).as_bytes());
        prop_assert_eq!(shared, *their_native.product_x(&native.base_product()).as_bytes());
    }

    #[test]
    fn shared_coordinate_ignores_the_sign_of_the_point(mine in valid_scalar(), theirs in valid_scalar()) {
        let (native, portable) = scalars(&mine);
        let (x, y) = scalars(&theirs).0.base_product().xy();
        for odd in [false, true] {
            let point = native::Point::decompress(&x, odd).unwrap();
            prop_assert_eq!(point.xy().1 == y, odd == (y[31] & 1 == 1));
            let shared = *native.product_x(&point).as_bytes();
            let same_x = native::Point::from_xy(&x, &y).unwrap();
            prop_assert_eq!(shared, *native.product_x(&same_x).as_bytes());
            let point = portable::Point::decompress(&x, odd).unwrap();
            prop_assert_eq!(shared, *portable.product_x(&point).as_bytes());
        }
    }

    #[test]
    fn points_are_taken_alike(x in coordinate(), y in coordinate(), odd in any::<bool>()) {
        let (native, portable) = (native::Point::decompress(&x, odd), portable::Point::decompress(&x, odd));
        prop_assert_eq!(native.map(|point| point.xy()), portable.map(|point| point.xy()));
        let (native, portable) = (native::Point::from_xy(&x, &y), portable::Point::from_xy(&x, &y));
        prop_assert_eq!(native.map(|point| point.xy()), portable.map(|point| point.xy()));
    }

    #[test]
    fn points_survive_their_encodings(bytes in valid_scalar()) {
        let key = countersign_curve::SecretKey::from_bytes(&bytes).unwrap().public_key();
        let (x, y) = key.xy();
        prop_assert_eq!(PublicKey::from_compressed(&key.compressed()), Ok(key));
        prop_assert_eq!(PublicKey::from_uncompressed_xy(&x, &y), Ok(key));
        prop_assert_eq!(PublicKey::from_x_with_parity(&x, y[31] & 1 == 1), Ok(key));
        prop_assert_ne!(PublicKey::from_x_with_parity(&x, y[31] & 1 == 0), Ok(key));
    }

    #[test]
    fn signatures_are_equal_and_hold(bytes in valid_scalar(), digest in digest(), seed: [u8; 32]) {
        native::randomize_context(&seed);
        portable::randomize_context(&seed);
        let (native, portable) = scalars(&bytes);
        let signature = native.sign_prehash(&digest);
        prop_assert_eq!(signature, portable.sign_prehash(&digest));
        prop_assert_eq!(Signature::from_bytes_65(&signature.to_bytes_65()), Ok(signature));
        prop_assert!(native.base_product().verify_prehash(&digest, &signature));
        prop_assert!(portable.base_product().verify_prehash(&digest, &signature));
        let key = native.base_product().compressed();
        prop_assert_eq!(native::Point::recover(&digest, &signature).map(|point| point.compressed()), Some(key));
        prop_assert_eq!(portable::Point::recover(&digest, &signature).map(|point| point.compressed()), Some(key));
    }

    #[test]
    fn altered_signatures_are_judged_alike(
        bytes in valid_scalar(), digest in digest(), at in 0..65_usize, flip in 1..=u8::MAX
    ) {
        let (native, portable) = scalars(&bytes);
        let mut altered = native.sign_prehash(&digest).to_bytes_65();
        altered[at] ^= flip;
        if at == 64 {
            altered[at] = 55 - (altered[at] ^ flip);
        }
        let Ok(altered) = Signature::from_bytes_65(&altered) else { return Ok(()) };
        let holds = native.base_product().verify_prehash(&digest, &altered);
        prop_assert_eq!(holds, at == 64, "only the parity is outside of what verification covers");
        prop_assert_eq!(holds, portable.base_product().verify_prehash(&digest, &altered));
        let recovered = native::Point::recover(&digest, &altered).map(|point| point.compressed());
        prop_assert_ne!(recovered, Some(native.base_product().compressed()));
        prop_assert_eq!(recovered, portable::Point::recover(&digest, &altered).map(|point| point.compressed()));
    }

    #[test]
    fn any_scalars_recover_alike(r in scalar_bytes(), s in scalar_bytes(), odd in any::<bool>(), digest in digest()) {
        let mut bytes = [27 + u8::from(odd); 65];
        bytes[..32].copy_from_slice(&r);
        bytes[32..64].copy_from_slice(&s);
        let Ok(signature) = Signature::from_bytes_65(&bytes) else { return Ok(()) };
        let native = native::Point::recover(&digest, &signature).map(|point| point.compressed());
        let portable = portable::Point::recover(&digest, &signature).map(|point| point.compressed());
        prop_assert_eq!(native, portable);
    }
}

#[test]
fn every_thread_has_its_own_context() {
    let expected = scalars(&[7; 32]).0.base_product().compressed();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || {
                native::randomize_context(&[seed; 32]);
                assert_eq!(scalars(&[7; 32]).0.base_product().compressed(), expected);
            });
        }
    });
}

fn scalars(bytes: &[u8; 32]) -> (native::Scalar, portable::Scalar) {
    (native::Scalar::parse(bytes).unwrap(), portable::Scalar::parse(bytes).unwrap())
}

/// Anything, and values around the bounds: 0, 1, 2, n-1, n, n+1, the highest.
fn scalar_bytes() -> impl Strategy<Value = [u8; 32]> {
    let edges = [
        [0; 32],
        moved([0; 32], 1),
        moved([0; 32], 2),
        moved(order(), -1),
        order(),
        moved(order(), 1),
        [0xff; 32],
    ];
    prop_oneof![3 => any::<[u8; 32]>(), 2 => prop::sample::select(edges.to_vec())]
}

fn valid_scalar() -> impl Strategy<Value = [u8; 32]> {
    scalar_bytes().prop_filter("in 1..n", in_scalar_range)
}

fn in_scalar_range(bytes: &[u8; 32]) -> bool {
    *bytes != [0; 32] && *bytes < order()
}

/// Anything, values around the field prime and the identity's zeros, and the base point's coordinates.
fn coordinate() -> impl Strategy<Value = [u8; 32]> {
    let (x, y) = scalars(&moved([0; 32], 1)).0.base_product().xy();
    let edges =
        [[0; 32], moved([0; 32], 1), moved(prime(), -1), prime(), moved(prime(), 1), [0xff; 32], x, y];
    prop_oneof![2 => any::<[u8; 32]>(), 3 => prop::sample::select(edges.to_vec())]
}

/// Anything, and digests that the order reduces.
fn digest() -> impl Strategy<Value = [u8; 32]> {
    let edges = [[0; 32], moved(order(), -1), order(), moved(order(), 1), [0xff; 32]];
    prop_oneof![3 => any::<[u8; 32]>(), 1 => prop::sample::select(edges.to_vec())]
}

fn moved(mut bytes: [u8; 32], by: i8) -> [u8; 32] {
    bytes[31] = bytes[31].wrapping_add_signed(by);
    bytes
}

fn order() -> [u8; 32] {
    hex::decode(ORDER).unwrap().try_into().unwrap()
}

fn prime() -> [u8; 32] {
    hex::decode(PRIME).unwrap().try_into().unwrap()
}

const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const PRIME: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
