//! A target with its corpus, and how `cargo test` replays it.

use std::fs;
use std::path::{Path, PathBuf};

/// A target, and the honest messages that start its corpus.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    pub honest: Vec<Vec<u8>>,
}

/// Runs every committed input of each target, the honest ones among them.
pub fn replay(targets: Vec<Target>) {
    std::thread::scope(|scope| {
        for Target { name, run, honest } in targets {
            scope.spawn(move || {
                let inputs: Vec<Vec<u8>> = fs::read_dir(folder(name))
                    .unwrap()
                    .map(|entry| fs::read(entry.unwrap().path()).unwrap())
                    .collect();
                for message in &honest {
                    assert!(
                        inputs.contains(message),
                        "the corpus of {name} lacks an honest message; write it with `cargo test --test corpora -- --ignored`"
                    );
                }
                inputs.iter().for_each(|input| run(input));
            });
        }
    });
}

/// Writes the honest messages into the corpora.
pub fn write_honest(targets: Vec<Target>) {
    for Target { name, honest, .. } in targets {
        fs::create_dir_all(folder(name)).unwrap();
        for (number, message) in honest.iter().enumerate() {
            fs::write(folder(name).join(format!("honest-{number}")), message).unwrap();
        }
    }
}

/// The crates that replay lie two folders deep.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(name)
}
