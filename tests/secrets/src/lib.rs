//! What becomes of secrets, on a whole session with secrets of our own choice.
//!
//! `forget` (a program of this crate) runs a session, drops it, and looks for its secrets in its own memory;
//! `tests/zeroization.rs` tells it what to look for. `steered` runs the paths that secrets take under valgrind, for
//! `scripts/constant-time`.
#![allow(clippy::expect_used, clippy::panic, reason = "programs of tests: what goes wrong fails the test")]

pub mod masked;
pub mod memcheck;
pub mod memory;
pub mod session;
