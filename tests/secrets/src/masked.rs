//! Secrets in a disguise, so that those who look for them hold no copy.

use core::fmt;

/// Bytes under a mask.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Masked(Vec<u8>);

impl Masked {
    /// Disguises these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.iter().zip(mask()).map(|(byte, mask)| byte ^ mask).collect())
    }

    /// From what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    /// Where that is no hexadecimal.
    pub fn from_hex(text: &str) -> Result<Self, hex::FromHexError> {
        hex::decode(text).map(Self)
    }

    /// Writes the secret, and nowhere else.
    ///
    /// # Panics
    /// Where `out` has another length.
    pub fn reveal_into(&self, out: &mut [u8]) {
        assert_eq!(self.0.len(), out.len(), "a secret goes where it fits");
        out.iter_mut().zip(&self.0).zip(mask()).for_each(|((to, byte), mask)| *to = byte ^ mask);
    }

    /// Whether `bytes` begins with the secret.
    #[must_use]
    pub fn begins(&self, bytes: &[u8]) -> bool {
        bytes.len() >= self.0.len()
            && bytes.iter().zip(&self.0).zip(mask()).all(|((byte, masked), mask)| byte ^ mask == *masked)
    }

    /// The first two bytes of the secret.
    #[must_use]
    pub fn first_two(&self) -> Option<u16> {
        let mut mask = mask();
        let mut next = |byte: &u8| mask.next().map(|mask| byte ^ mask);
        Some(u16::from_be_bytes([next(self.0.first()?)?, next(self.0.get(1)?)?]))
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// Never constant, so that a secret under HMAC's pads is not one under the mask.
fn mask() -> impl Iterator<Item = u8> {
    (0_u8..=u8::MAX).cycle().map(|position| position.wrapping_mul(167).wrapping_add(89))
}
