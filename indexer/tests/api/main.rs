//! The API over real HTTP, on a store in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod conditional;
mod documentation;
mod errors;
mod identifiers;
mod lists;
mod memory;
mod operations;
mod records;
mod serving;
mod streams;
mod world;
