//! The command against a real Anvil, where one signs and another pays: sponsors, operators, signed documents,
//! certificates, and whole rosters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod crash;
mod documents;
mod onboard;
mod roster;
mod writers;
