//! What ECDH gives.

use alloc::boxed::Box;
use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The X coordinate of a shared point: 32 bytes, big-endian, secret, not uniformly random. Erased when dropped.
///
/// Boxed, so that moving it leaves no copy where it was.
pub struct SharedX(Box<[u8; 32]>);

impl SharedX {
    /// Takes the answer of a device that did the ECDH itself.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let mut boxed = Box::new([0; 32]);
        boxed.copy_from_slice(&bytes);
        bytes.zeroize();
        Self(boxed)
    }

    /// The coordinate, to be fed to a key derivation.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// For a backend to write into, so that no copy is left where the result was computed.
    #[cfg(feature = "native")]
    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}

impl Drop for SharedX {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for SharedX {}

impl fmt::Debug for SharedX {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedX(..)")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shared = SharedX::from_bytes([0x42; 32]);
        assert_eq!(format!("{shared:?} {shared:#?}"), "SharedX(..) SharedX(..)");
    }
}
