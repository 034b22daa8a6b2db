//! The Countersign handshake and channel.
#![no_std]
extern crate alloc;

pub use countersign_curve as curve;

mod custody;
mod eip712;
mod identity;
mod peer;
mod record;
mod state;

pub use custody::{EcdhPurpose, KeyAnswer, KeyRequest};
pub use identity::{Address, AddressError, Identity, Label, LabelError};
pub use peer::{KeyMismatch, PeerKey};
pub use record::{RegistryRecord, SignatureScheme};
pub use state::{Anchor, MAX_READINGS, Query, Reading, Role, StateHash, StateView, TooManyReadings};
