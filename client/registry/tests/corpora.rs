//! Replays what the fuzzers found and were given (`tests/fuzz/corpus`) through the targets for what nodes send.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, unreachable_pub, missing_docs)]

#[path = "../../../tests/fuzz/chain_targets.rs"]
mod targets;

#[test]
fn no_committed_input_breaks_a_target() {
    targets::corpus::replay(targets::all());
}

/// Writes the honest messages into the corpora, after a change of a format.
#[test]
#[ignore = "writes files"]
fn write_the_honest_messages() {
    targets::corpus::write_honest(targets::all());
}
