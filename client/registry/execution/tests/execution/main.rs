//! Real bytecode over state that comes piece by piece.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod limits;
mod state;
mod world;
