//! Replays what the fuzzers found and were given (`tests/fuzz/corpus`) through the fuzz targets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, unreachable_pub, missing_docs)]

#[path = "../../../tests/fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn no_committed_input_breaks_a_target() {
    std::thread::scope(|scope| {
        for target in targets::all() {
            scope.spawn(move || replay(&target));
        }
    });
}

fn replay(targets::Target { name, run, honest }: &targets::Target) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(name);
    let inputs: Vec<Vec<u8>> =
        fs::read_dir(corpus).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    for message in honest {
        assert!(
            inputs.contains(message),
            "the corpus of {name} lacks an honest message; write it with `cargo test --test corpora -- --ignored`"
        );
    }
    inputs.iter().for_each(|input| run(input));
}

/// Writes the honest messages into the corpora, after a change of the protocol.
#[test]
#[ignore = "writes files"]
fn write_the_honest_messages() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
    for targets::Target { name, honest, .. } in targets::all() {
        fs::create_dir_all(corpus.join(name)).unwrap();
        for (number, message) in honest.iter().enumerate() {
            fs::write(corpus.join(name).join(format!("honest-{number}")), message).unwrap();
        }
    }
}
