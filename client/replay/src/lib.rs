//! Which hellos were answered, so that none is answered twice.
#![forbid(unsafe_code)]

mod memory;

pub use memory::{NotEntered, ReplayWindow};
