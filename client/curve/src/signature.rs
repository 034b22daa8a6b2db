//! An ECDSA signature as Ethereum writes it.

use core::fmt;

use crate::backend::active::Point;
use crate::{CurveError, PublicKey};

/// An ECDSA signature over a 32-byte digest: `r` in `1..n`, `s` in `1..=n/2` (EIP-2), and the parity of the nonce
/// point's y, from which the signer's key is recovered.
///
/// A nonce point whose x is at or above `n` cannot be expressed, as nowhere in Ethereum: 2^-127 of all signatures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    rs: [u8; 64],
    y_odd: bool,
}

impl Signature {
    /// Parses `r || s || v`, v 27 or 28.
    ///
    /// # Errors
    /// [`CurveError::BadRecoveryByte`], [`CurveError::SignatureOutOfRange`] or [`CurveError::HighS`].
    pub fn from_bytes_65(bytes: &[u8; 65]) -> Result<Self, CurveError> {
        let [rs @ .., v] = bytes;
        let y_odd = match v {
            27 => false,
            28 => true,
            _ => return Err(CurveError::BadRecoveryByte { v: *v }),
        };
        let (r, s) = rs.split_at(32);
        let in_range = |scalar: &[u8]| scalar > ZERO.as_slice() && scalar < ORDER.as_slice();
        if !in_range(r) || !in_range(s) {
            return Err(CurveError::SignatureOutOfRange);
        }
        if s > HALF_ORDER.as_slice() {
            return Err(CurveError::HighS);
        }
        Ok(Self { rs: *rs, y_odd })
    }

    /// `r || s || v`, v 27 or 28, as contracts and wallets exchange it.
    pub fn to_bytes_65(&self) -> [u8; 65] {
        let mut bytes = [27 + u8::from(self.y_odd); 65];
        bytes[..64].copy_from_slice(&self.rs);
        bytes
    }

    /// The key that made this signature over this digest. *Every* signature in range recovers to some key: the
    /// caller must compare the result with the key or the address it expects.
    ///
    /// # Errors
    /// [`CurveError::BadSignature`] if r is the x of no point or the recovered point is the identity.
    pub fn recover(&self, digest: &[u8; 32]) -> Result<PublicKey, CurveError> {
        Point::recover(digest, self).map(PublicKey::from_point).ok_or(CurveError::BadSignature)
    }

    /// For backends, whose signing gives a low s in range.
    pub(crate) fn from_low_s(rs: [u8; 64], y_odd: bool) -> Self {
        Self { rs, y_odd }
    }

    pub(crate) fn rs(&self) -> &[u8; 64] {
        &self.rs
    }

    pub(crate) fn y_odd(&self) -> bool {
        self.y_odd
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(0x")?;
        self.to_bytes_65().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

const ZERO: [u8; 32] = [0; 32];

/// The group order n (SEC 2, 2.4.1).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba,
    0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// floor(n / 2).
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d,
    0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_scalars_at_their_bounds_only() {
        for (r, s, expected) in [
            (ZERO, ONE, Err(CurveError::SignatureOutOfRange)),
            (ONE, ZERO, Err(CurveError::SignatureOutOfRange)),
            (ORDER, ONE, Err(CurveError::SignatureOutOfRange)),
            (ONE, ORDER, Err(CurveError::SignatureOutOfRange)),
            (ONE, last_changed(ORDER, -1), Err(CurveError::HighS)),
            (ONE, last_changed(HALF_ORDER, 1), Err(CurveError::HighS)),
            (last_changed(ORDER, -1), HALF_ORDER, Ok(())),
            (ONE, ONE, Ok(())),
        ] {
            assert_eq!(Signature::from_bytes_65(&joined(r, s, 27)).map(|_| ()), expected, "{r:x?} {s:x?}");
        }
    }

    #[test]
    fn takes_two_recovery_bytes_only() {
        for v in 0..=u8::MAX {
            let parsed = Signature::from_bytes_65(&joined(ONE, ONE, v));
            match v {
                27 | 28 => {
                    assert_eq!(parsed.map(|signature| signature.to_bytes_65()), Ok(joined(ONE, ONE, v)))
                }
                _ => assert_eq!(parsed, Err(CurveError::BadRecoveryByte { v })),
            }
        }
    }

    fn joined(r: [u8; 32], s: [u8; 32], v: u8) -> [u8; 65] {
        let mut bytes = [v; 65];
        bytes[..32].copy_from_slice(&r);
        bytes[32..64].copy_from_slice(&s);
        bytes
    }

    fn last_changed(mut scalar: [u8; 32], by: i8) -> [u8; 32] {
        scalar[31] = scalar[31].wrapping_add_signed(by);
        scalar
    }

    const ONE: [u8; 32] = last_of_zero(1);

    const fn last_of_zero(last: u8) -> [u8; 32] {
        let mut scalar = ZERO;
        scalar[31] = last;
        scalar
    }
}
