//! What the end-to-end tests share. Panics are the way a test fails.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc
)]

pub mod beacon;
pub mod by_hand;
pub mod chain;
pub mod followed;
pub mod indexed;
pub mod instruments;
pub mod proxy;
pub mod switch;
pub mod trader;
pub mod wallet;
