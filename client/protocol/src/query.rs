//! What both parties read on chain.

use alloc::sync::Arc;
use core::fmt;

use crate::eip712::keccak256;
use crate::identity::{Address, write_hex};

/// Most bytes of a view call's calldata: a selector and eight words.
pub const MAX_CALLDATA: usize = 4 + 8 * 32;

/// What to read on chain in order to value the instrument. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Query {
    /// One storage slot of a contract.
    StorageSlot {
        /// The contract.
        source: Address,
        /// The slot, a 32-byte big-endian number.
        slot: [u8; 32],
    },
    /// What a contract returns to a call, executed by each side for itself over the state that it proved (SPEC 2.1).
    ViewCall {
        /// The contract.
        source: Address,
        /// What it is called with.
        calldata: Calldata,
    },
}

/// The calldata of a view call: at most [`MAX_CALLDATA`] bytes, hashed once. Cheap to clone. Displays as `0x` and
/// hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Calldata {
    bytes: Arc<[u8]>,
    hash: [u8; 32],
}

/// More calldata than a query carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the calldata has {length} bytes, and a query carries at most {MAX_CALLDATA}; call something with fewer arguments"
)]
pub struct CalldataTooLong {
    /// How many there were.
    pub length: usize,
}

impl Query {
    /// The contract that is read.
    #[must_use]
    pub const fn source(&self) -> Address {
        match self {
            Self::StorageSlot { source, .. } | Self::ViewCall { source, .. } => *source,
        }
    }

    /// The kind, as a [`Reading`](crate::Reading) hashes and a proposal carries it.
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::StorageSlot { .. } => STORAGE_SLOT,
            Self::ViewCall { .. } => VIEW_CALL,
        }
    }

    /// The word that stands for what is read there: the slot, or the hash of the calldata.
    pub(crate) const fn subject(&self) -> &[u8; 32] {
        match self {
            Self::StorageSlot { slot, .. } => slot,
            Self::ViewCall { calldata, .. } => &calldata.hash,
        }
    }
}

impl Calldata {
    /// Takes the bytes and hashes them.
    ///
    /// # Errors
    /// [`CalldataTooLong`] over [`MAX_CALLDATA`].
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, CalldataTooLong> {
        let bytes = bytes.into();
        if bytes.len() > MAX_CALLDATA {
            return Err(CalldataTooLong { length: bytes.len() });
        }
        let hash = keccak256(&bytes);
        Ok(Self { bytes, hash })
    }

    /// The bytes: as a rule a selector and ABI-encoded arguments.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their Keccak-256, the subject of the reading.
    #[must_use]
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StorageSlot { source, slot } => {
                f.write_str("slot ")?;
                write_hex(f, slot)?;
                write!(f, " of {source}")
            }
            Self::ViewCall { source, calldata } => write!(f, "call {calldata} of {source}"),
        }
    }
}

impl fmt::Display for Calldata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.bytes)
    }
}

impl fmt::Debug for Calldata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Calldata({self})")
    }
}

/// The kind of a reading of a storage slot.
pub(crate) const STORAGE_SLOT: u8 = 0;
/// The kind of a reading of a view call.
pub(crate) const VIEW_CALL: u8 = 1;
