//! A header with all of its fields, of which a [`ProvenHeader`] keeps those that proofs need.

use std::sync::Arc;

use alloy::consensus::Header;

use crate::proof::ProvenHeader;

/// A header whose hash was recomputed, and all of its fields. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct FullHeader {
    pub(crate) proven: ProvenHeader,
    pub(crate) full: Arc<Header>,
}

impl FullHeader {
    /// `proven` is what was recomputed of `full`.
    pub(crate) fn new(proven: ProvenHeader, full: Header) -> Self {
        Self { proven, full: Arc::new(full) }
    }

    /// Whether it takes no more room than headers do. Signers of some networks write what they like into one field.
    pub(crate) fn is_of_usual_size(&self) -> bool {
        self.full.extra_data.len() <= MAX_EXTRA_DATA
    }
}

/// Bytes. Ethereum allows 32; networks of known signers list them there, up to some hundred.
const MAX_EXTRA_DATA: usize = 8 << 10;
