//! Keys for the application.

use core::fmt;

use crate::error::{ApiMisuse, Error};
use crate::key_schedule;
use crate::secret::Secret32;

/// Derives keys for the application from the session, the same through all its epochs. Dropping it wipes its secret.
pub struct Exporter {
    secret: Secret32,
    handshake_hash: [u8; 32],
}

impl Exporter {
    pub(crate) const fn new(secret: Secret32, handshake_hash: [u8; 32]) -> Self {
        Self { secret, handshake_hash }
    }

    /// Fills `out` with a key for the application, the same on both sides: for channel binding in its own
    /// signed quotes, or for keys of its own.
    ///
    /// # Errors
    /// [`ApiMisuse::ExportTooLong`] where `out` is over 8,160 bytes or `label` over 65,535.
    pub fn export(&self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let fits = key_schedule::export(&self.secret, &self.handshake_hash, label, context, out);
        if fits { Ok(()) } else { Err(ApiMisuse::ExportTooLong.into()) }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let exporter = Exporter::new(Secret32::new([0xab; 32]), [0; 32]);
        assert_eq!(alloc::format!("{exporter:?}"), "Exporter(..)");
    }
}
