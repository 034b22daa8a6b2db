//! k256: constant time, no C, no `std`.

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature as EcdsaSignature, SigningKey, VerifyingKey};
use k256::elliptic_curve::ecdh::diffie_hellman;
use k256::elliptic_curve::point::DecompressPoint;
use k256::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use k256::elliptic_curve::subtle::Choice;
use k256::{AffinePoint, NonZeroScalar, Sec1Point};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{SharedX, Signature};

/// Does nothing: k256 keeps no context to blind.
pub fn randomize_context(_seed: &[u8; 32]) {}

/// A secret scalar in `1..n`, erased when dropped.
pub struct Scalar {
    bytes: [u8; 32],
    scalar: NonZeroScalar,
}

impl Scalar {
    /// `None` if the bytes, big-endian, are 0, n or above.
    pub fn parse(bytes: &[u8; 32]) -> Option<Self> {
        let scalar = NonZeroScalar::from_repr((*bytes).into()).into_option()?;
        Some(Self { bytes: *bytes, scalar })
    }

    /// The scalar, big-endian.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The product with the base point.
    pub fn base_product(&self) -> Point {
        Point(k256::PublicKey::from_secret_scalar(&self.scalar))
    }

    /// The X coordinate of the product with a point.
    pub fn product_x(&self, point: &Point) -> SharedX {
        SharedX::from_bytes((*diffie_hellman(self.scalar, point.0.as_affine()).raw_secret_bytes()).into())
    }

    /// ECDSA with the nonce of RFC 6979, low s.
    pub fn sign_prehash(&self, digest: &[u8; 32]) -> Signature {
        let (signature, recovery) = SigningKey::from(self.scalar).sign_prehash_recoverable(digest);
        Signature::from_low_s(signature.to_bytes().into(), recovery.is_y_odd())
    }
}

impl Drop for Scalar {
    fn drop(&mut self) {
        self.bytes.zeroize();
        self.scalar.zeroize();
    }
}

impl ZeroizeOnDrop for Scalar {}

/// A point on the curve, not the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Point(k256::PublicKey);

impl Point {
    /// `None` if x is at or above the field prime, or the x of no point.
    pub fn decompress(x: &[u8; 32], odd: bool) -> Option<Self> {
        let affine = AffinePoint::decompress(&(*x).into(), Choice::from(u8::from(odd))).into_option()?;
        k256::PublicKey::from_affine(affine).ok().map(Self)
    }

    /// `None` if a coordinate is at or above the field prime, or the two are of no point.
    pub fn from_xy(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let encoded = Sec1Point::from_affine_coordinates(&(*x).into(), &(*y).into(), false);
        k256::PublicKey::from_sec1_point(&encoded).into_option().map(Self)
    }

    /// SEC 1, 2.3.3, compressed.
    pub fn compressed(&self) -> [u8; 33] {
        let mut bytes = [0; 33];
        bytes.copy_from_slice(self.0.to_sec1_point(true).as_bytes());
        bytes
    }

    /// Both coordinates, big-endian.
    pub fn xy(&self) -> ([u8; 32], [u8; 32]) {
        let encoded = self.0.to_sec1_point(false);
        let (mut x, mut y) = ([0; 32], [0; 32]);
        // A tag byte, then both coordinates, for every point but the identity.
        x.iter_mut().chain(&mut y).zip(encoded.as_bytes().iter().skip(1)).for_each(|(to, from)| *to = *from);
        (x, y)
    }

    /// Whether the holder of this point's secret signed the digest.
    pub fn verify_prehash(&self, digest: &[u8; 32], signature: &Signature) -> bool {
        EcdsaSignature::from_bytes(&(*signature.rs()).into())
            .is_ok_and(|signature| VerifyingKey::from(self.0).verify_prehash(digest, &signature).is_ok())
    }

    /// The signer's point. `None` if r is the x of no point, or the result is the identity.
    pub fn recover(digest: &[u8; 32], signature: &Signature) -> Option<Self> {
        let recovery = RecoveryId::new(signature.y_odd(), false);
        let signature = EcdsaSignature::from_bytes(&(*signature.rs()).into()).ok()?;
        let key = VerifyingKey::recover_from_prehash(digest, &signature, recovery).ok()?;
        Some(Self(key.into()))
    }
}
