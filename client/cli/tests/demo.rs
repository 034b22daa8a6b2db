//! The demonstration, as anyone runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;

use support::{Home, Ran, anvil_path};

#[test]
fn it_tells_the_whole_story() {
    let home = Home::new();
    let run = home.run(&["demo", "--json", "--anvil", anvil_path().to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let steps = run.lines_json();
    let names: Vec<&str> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    let expected = [
        "start_chain",
        "deploy_registry",
        "deploy_instrument",
        "make_keys",
        "register_alice",
        "register_bob",
        "resolve_bob",
        "resolve_alice",
        "handshake",
        "trade",
        "rotate_bob",
        "new_session",
        "revoke_alice",
        "refused",
        "end",
    ];
    assert_eq!(names, expected);
    let handshake = &steps[8];
    let (alice, bob) =
        (handshake["alices_state"].as_str().unwrap(), handshake["bobs_state"].as_str().unwrap());
    assert!(alice.len() == 66 && bob.starts_with(alice), "{handshake}");
    assert!(steps[13]["alice_is_told"].as_str().unwrap().contains("revoked"));
    assert!(steps[13]["bob_proved"].as_str().unwrap().contains("key compromised"));
    assert_eq!(steps[14]["ok"], true);
    // What the help promises.
    let took = steps[14]["millis"].as_f64().unwrap();
    assert!(took < 20_000.0, "the whole story took {took} ms");
}

#[test]
fn it_reads_well_and_leaves_nothing() {
    let home = Home::new();
    std::fs::create_dir(home.path("tmp")).unwrap();
    let mut command = home.command(&["demo", "--anvil", anvil_path().to_str().unwrap()]);
    let run = Ran::from(command.env("TMPDIR", home.path("tmp")).output().unwrap());
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains(" 1  Start a chain of its own") && run.stdout.contains("Done: 14 steps in "),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains('\u{1b}'), "no colour off a terminal");
    assert_eq!(std::fs::read_dir(home.path("tmp")).unwrap().count(), 0);
}

#[test]
fn an_interrupt_takes_the_chain_and_the_files_along() {
    let home = Home::new();
    std::fs::create_dir(home.path("tmp")).unwrap();
    let mut command = home.command(&["demo", "--json", "--anvil", anvil_path().to_str().unwrap()]);
    let mut demo = command.env("TMPDIR", home.path("tmp")).spawn().unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(demo.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    let children: Vec<String> = all_children(demo.id());
    assert!(!children.is_empty(), "Anvil runs as a child");
    assert!(
        std::process::Command::new("kill").args(["-INT", &demo.id().to_string()]).status().unwrap().success()
    );
    Ran::from(demo.wait_with_output().unwrap()).failed(130, "interrupted");
    assert_eq!(std::fs::read_dir(home.path("tmp")).unwrap().count(), 0);
    for child in children {
        // Gone, or a zombie that init has yet to collect.
        let status = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        assert!(status.is_empty() || status.contains(") Z "), "{status}");
    }
}

#[test]
fn the_pinned_anvil_comes_before_the_one_on_the_path() {
    let home = Home::new();
    let install = |folder: &str| {
        std::fs::create_dir_all(home.path(folder)).unwrap();
        home.write(&format!("{folder}/anvil"), "#!/bin/sh\nexit 1\n");
        home.chmod(&format!("{folder}/anvil"), 0o755);
        home.path(folder).join("anvil").display().to_string()
    };
    let (pinned, on_path) = (install("node_modules/@foundry-rs/anvil-any-cpu/bin"), install("bin"));
    // Far from the repository, whose own pinned tools would be found too.
    let program = home.path("countersign");
    std::fs::copy(env!("CARGO_BIN_EXE_countersign"), &program).unwrap();
    let started = |variable: Option<&str>| {
        let mut command = std::process::Command::new(&program);
        command.args(["demo", "--json"]).current_dir(home.path("")).env("HOME", home.path(""));
        command.env("PATH", home.path("bin")).env_remove("ANVIL");
        command.envs(variable.map(|value| ("ANVIL", value)));
        Ran::from(command.output().unwrap()).failed(5, "anvil_failed")["message"].to_string()
    };
    assert!(started(None).contains(&pinned), "{}", started(None));
    assert!(started(Some("/does/not/exist")).contains("/does/not/exist"));
    std::fs::remove_dir_all(home.path("node_modules")).unwrap();
    assert!(started(None).contains(&on_path), "{}", started(None));
}

#[test]
fn a_chain_that_does_not_start_is_told() {
    let home = Home::new();
    home.run(&["demo", "--json", "--anvil", "/bin/false"]).failed(5, "anvil_failed");
    home.run(&["demo", "--json", "--anvil", "/does/not/exist"]).failed(5, "anvil_failed");
}

/// The children of every thread of a process: any of them may have started one.
fn all_children(process: u32) -> Vec<String> {
    let tasks = std::fs::read_dir(Path::new("/proc").join(process.to_string()).join("task")).unwrap();
    let children =
        |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
    tasks
        .flat_map(|task| children(task.unwrap()).split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}
