//! What was proven before: listed, shown, refused to be gone back from, forgotten.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{ACCOUNTS, Anvil, Home, Ran};

/// A chain with one record, and a home that keeps what it proves.
struct Scene {
    anvil: Anvil,
    home: Home,
}

impl Scene {
    fn set() -> Self {
        let anvil = Anvil::start();
        let home = Home::registered(&anvil, ACCOUNTS[0]);
        Self { anvil, home }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.home.run(&[arguments, &["--json", "--known-file", "state/known.sqlite"]].concat())
    }

    fn resolve(&self) -> Ran {
        self.run(&["resolve", ACCOUNTS[0]])
    }

    /// The chain as it was some blocks ago, and longer than before.
    fn replay(&self, blocks: u64) {
        self.anvil.call("anvil_rollback", &json!([blocks]));
        self.anvil.call("anvil_mine", &json!([blocks + 1]));
    }

    fn mine(&self) {
        self.anvil.call("evm_mine", &json!([]));
    }
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

#[test]
fn a_revocation_outlives_the_process_that_saw_it() {
    let scene = Scene::set();
    let resolved = scene.resolve().ok_json();
    let revoked = scene.home.run(&["revoke", "--unlocked", "--reason", "policy", "--yes"]);
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    scene.resolve().failed(7, "revoked");
    scene.replay(1);
    let refused = scene.resolve().failed(6, "record_rewound");
    assert_eq!(refused["hint"], format!("countersign known show '{}'", ACCOUNTS[0]));
    scene.resolve().failed(6, "record_rewound");
    // As the hint says.
    let shown = scene.run(&["known", "show", ACCOUNTS[0]]);
    let lines = shown.lines_json();
    let [record] = &*of_kind(&lines, "record") else { panic!("{lines:?}") };
    assert_eq!((&record["version"], &record["signer"]), (&json!(1), &resolved["signer"]));
    assert_eq!((&record["status"], &record["incidents"]), (&json!("revoked: policy"), &json!(1)));
    let [incident] = &*of_kind(&lines, "incident") else { panic!("{lines:?}") };
    assert_eq!((&incident["shown"]["status"], &incident["times"]), (&json!("active"), &json!(2)));
    assert_eq!(incident["endpoints"], json!([scene.anvil.url]));
    let list = scene.run(&["known", "list"]).lines_json();
    assert_eq!(of_kind(&list, "record")[0]["incidents"], 1);
}

#[test]
fn an_older_block_is_refused_after_a_restart() {
    let scene = Scene::set();
    scene.mine();
    scene.resolve().ok_json();
    scene.anvil.call("anvil_rollback", &json!([1]));
    let refused = scene.resolve().failed(6, "stale_head");
    assert!(refused["hint"].as_str().unwrap().contains("countersign known list"), "{refused}");
    let list = scene.run(&["known", "list"]).lines_json();
    let [chain] = &*of_kind(&list, "chain") else { panic!("{list:?}") };
    assert_eq!(chain["incidents"], 1);
    let [incident] = &*of_kind(&list, "incident") else { panic!("{list:?}") };
    let below = incident["known"]["block_number"].as_u64().unwrap() - 1;
    assert_eq!((&incident["identity"], &incident["shown"]["block_number"]), (&Value::Null, &json!(below)));
    // With a memory of its own each process believes it.
    let alone = scene.home.run(&["resolve", ACCOUNTS[0], "--json", "--known-file", "none"]);
    alone.ok_json();
}

#[test]
fn whoever_is_forgotten_begins_anew() {
    let scene = Scene::set();
    scene.resolve().ok_json();
    scene.home.keygen("new.json");
    let rotated = scene.home.run(&["rotate", "--unlocked", "--new-keystore", "new.json"]);
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    assert_eq!(scene.resolve().ok_json()["version"], 2);
    scene.replay(1);
    scene.resolve().failed(6, "record_rewound");
    let asked = scene.run(&["known", "forget", ACCOUNTS[0]]).failed(2, "usage");
    assert_eq!(asked["hint"], "add --yes");
    scene.resolve().failed(6, "record_rewound");
    let forgotten = scene.run(&["known", "forget", ACCOUNTS[0], "--yes"]).ok_json();
    assert_eq!(forgotten["forgotten"], 1);
    assert_eq!(scene.resolve().ok_json()["version"], 1);
    // The block stays, and only goes with everything.
    scene.anvil.call("anvil_rollback", &json!([1]));
    scene.resolve().failed(6, "stale_head");
    assert_eq!(
        scene.run(&["known", "forget", "--all", "--chain-id", "1", "--yes"]).ok_json()["forgotten"],
        0
    );
    scene.resolve().failed(6, "stale_head");
    assert_eq!(scene.run(&["known", "forget", "--all", "--yes"]).ok_json()["forgotten"], 1);
    scene.resolve().ok_json();
}

#[test]
fn nobody_known_is_said_and_no_file_is_made() {
    let home = Home::new();
    home.run(&["known", "show", ACCOUNTS[0], "--json"]).failed(3, "not_known");
    home.run(&["known", "forget", ACCOUNTS[0], "--yes", "--json"]).failed(3, "not_known");
    let list = home.run(&["known", "list", "--json"]);
    assert_eq!((list.code, list.stdout.as_str()), (0, ""));
    assert_eq!(home.run(&["known", "forget", "--all", "--yes", "--json"]).ok_json()["forgotten"], 0);
    assert!(!home.path(".local").exists());
    home.run(&["known", "list", "--known-file", "none", "--json"]).failed(3, "configuration");
    assert_eq!(home.run(&["known", "forget"]).code, 2);
}

#[test]
fn a_development_chain_keeps_nothing_unless_a_file_is_named() {
    let scene = Scene::set();
    scene.home.run(&["resolve", ACCOUNTS[0], "--json"]).ok_json();
    assert!(!scene.home.path(".local").exists());
    let mut named = scene.home.command(&["resolve", ACCOUNTS[0], "--json"]);
    named.env("COUNTERSIGN_KNOWN_FILE", "by-environment.sqlite");
    Ran::from(named.output().unwrap()).ok_json();
    assert!(scene.home.path("by-environment.sqlite").exists());
}

#[test]
fn a_file_that_cannot_be_relied_on_stops_everything() {
    let scene = Scene::set();
    scene.resolve().ok_json();
    scene.home.chmod("state/known.sqlite", 0o666);
    let refused = scene.resolve().failed(3, "known_records");
    assert!(refused["message"].as_str().unwrap().contains("chmod 600"), "{refused}");
    let finding = |scene: &Scene| {
        let lines = scene.run(&["doctor"]).lines_json();
        lines.into_iter().find(|line| line["check"] == "known").unwrap()
    };
    assert_eq!(finding(&scene)["status"], "fail");
    scene.home.chmod("state/known.sqlite", 0o600);
    let healthy = finding(&scene);
    assert_eq!(healthy["status"], "ok", "{healthy}");
    assert!(healthy["detail"].as_str().unwrap().starts_with("1 records in "), "{healthy}");
    scene.home.write("state/known.sqlite", &"garbage ".repeat(1000));
    scene.resolve().failed(3, "known_records");
    assert_eq!(finding(&scene)["status"], "fail");
}
