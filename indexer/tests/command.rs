//! The command, as an operator types it.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign-indexer"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("COUNTERSIGN_INDEXER_CONFIG")
        .env_remove("COUNTERSIGN_INDEXER_POSTGRES")
        .output()
        .unwrap()
}

/// How it failed: the exit code, and what it says for programs.
fn failure(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = run(folder, &[arguments, &["--json"]].concat());
    let text = String::from_utf8(output.stderr).unwrap();
    let error: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let code = output.status.code().unwrap();
    assert_eq!(error["error"]["exit_code"], code);
    (code, format!("{} {}", error["error"]["message"], error["error"]["hint"]))
}

#[test]
fn every_trouble_has_its_exit_code_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (code, told) = failure(here, &["run"]);
    assert!(code == 3 && told.contains("--rpc") && told.contains("[[registries]]"), "{told}");
    let (code, told) = failure(here, &["run", "--config", "none.toml"]);
    assert!(code == 3 && told.contains("none.toml"), "{told}");
    let (code, told) = failure(here, &["run", "--rpc", "http://127.0.0.1:1"]);
    assert!(code == 3 && told.contains("--own-node"), "{told}");
    std::fs::write(here.join("bad.toml"), "[[registries]]\nchain_id = 1\nendpoint = 'http://a'").unwrap();
    let (code, told) = failure(here, &["run", "--config", "bad.toml"]);
    assert!(code == 3 && told.contains("endpoint") && told.contains("indexer.example.toml"), "{told}");
    let own = ["--rpc", "http://127.0.0.1:1", "--own-node"];
    let (code, told) = failure(here, &[&["restore", "none.jsonl"][..], &own].concat());
    assert!(code == 3 && told.contains("none.jsonl"), "{told}");
    std::fs::write(here.join("cut.jsonl"), "").unwrap();
    let (code, told) = failure(here, &[&["restore", "cut.jsonl"][..], &own].concat());
    assert!(code == 13 && told.contains("cut off"), "{told}");
    let (code, told) = failure(here, &[&["verify-store"][..], &own].concat());
    assert!(code == 13 && told.contains("not indexed"), "{told}");
    let listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listening.local_addr().unwrap().to_string();
    let (code, told) = failure(here, &[&["run", "--listen", &taken][..], &own].concat());
    assert!(code == 1 && told.contains(&taken) && told.contains("--listen"), "{told}");
    assert_eq!(run(here, &["no-such-command"]).status.code(), Some(2));
}

#[test]
fn the_example_is_read_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("indexer.example.toml");
    std::fs::copy(&example, folder.path().join("indexer.toml")).unwrap();
    // It gets as far as the store, which knows nothing of that registry.
    let (code, told) = failure(folder.path(), &["verify-store", "--config", "indexer.toml"]);
    assert!(code == 13 && told.contains("not indexed"), "{told}");
    // What is commented out is right, too.
    let text = std::fs::read_to_string(&example).unwrap();
    let all: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| is_key(key)) => rest,
            _ => line,
        })
        .filter(|line| !line.starts_with("own_node") && !line.starts_with("postgres_file"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(folder.path().join("all.toml"), all.replace("threshold = 2", "threshold = 1")).unwrap();
    let (code, told) = failure(folder.path(), &["verify-store", "--config", "all.toml"]);
    assert!(code == 13 && told.contains("not indexed"), "{told}");
}

fn is_key(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_lowercase() || character == '_')
}

#[test]
fn help_tells_every_exit_code_and_shells_complete() {
    let folder = tempfile::tempdir().unwrap();
    let help = String::from_utf8(run(folder.path(), &["--help"]).stdout).unwrap();
    for code in [0, 1, 2, 3, 5, 6, 13, 130, 143] {
        assert!(help.contains(&format!("{code:>5}  ")), "{code}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(folder.path(), &["completions", shell]).stdout.len() > 1000, "{shell}");
    }
}
