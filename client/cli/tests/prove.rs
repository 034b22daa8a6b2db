//! Proofs that travel, by the command: made next to a real Anvil, checked without one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::{ACCOUNTS, Anvil, Home};

#[test]
fn a_proof_is_made_beside_a_node_and_checked_without_one() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, ACCOUNTS[0]);
    let made = home.run(&["prove", "record", ACCOUNTS[0], "--out", "a.json", "--json"]).ok_json();
    assert_eq!(
        (&made["out"], &made["status"], &made["version"]),
        (&"a.json".into(), &"active".into(), &1.into())
    );
    let size = std::fs::metadata(home.path("a.json")).unwrap().len();
    assert_eq!(made["bytes"], size);
    assert!(size < 16 << 10, "{size}");
    home.run(&["prove", "record", ACCOUNTS[0], "--out", "a.json", "--json"]).failed(1, "file_exists");
    let resolved = home.run(&["resolve", ACCOUNTS[0], "--json"]).ok_json();
    assert_eq!(made["public_key"], resolved["public_key"]);
    let printed = home.run(&["prove", "record", ACCOUNTS[0], "--json"]);
    assert_eq!(printed.ok_json()["document"], "countersign.record-proof");

    // Another machine: no configuration, no node.
    let away = Home::new();
    std::fs::copy(home.path("a.json"), away.path("a.json")).unwrap();
    let hash = made["proved_at"]["block_hash"].as_str().unwrap();
    let verify = ["verify", "a.json", "--block-hash", hash, "--json"];
    let verified = away.run(&verify).ok_json();
    for key in ["identity", "status", "version", "signer", "public_key", "anchored_at", "proved_at"] {
        assert_eq!(verified[key], made[key], "{key}");
    }
    assert_eq!(verified["block_trust"]["kind"], "you");
    let text = std::fs::read(home.path("a.json")).unwrap();
    let piped = away.run_with_input(&["verify", "-", "--block-hash", hash, "--json"], &text);
    assert_eq!(piped.ok_json()["identity"], made["identity"]);
    let people = away.run(&["verify", "a.json", "--block-hash", hash]);
    assert!(people.stdout.contains("by your word"), "{}", people.stdout);
    assert!(people.stderr.contains("nothing of later blocks"), "{}", people.stderr);

    away.run(&["verify", "a.json", "--json"]).failed(3, "configuration");
    let other = format!("0x{}", "11".repeat(32));
    let refused =
        away.run(&["verify", "a.json", "--block-hash", &other, "--json"]).failed(6, "block_not_trusted");
    assert!(refused["message"].as_str().unwrap().contains(hash), "{refused}");
    away.run(&["verify", "a.json", "--block-hash", hash, "--of", ACCOUNTS[1], "--json"])
        .failed(12, "record_proof_elsewhere");
    let registry = ["verify", "a.json", "--block-hash", hash, "--registry", ACCOUNTS[1], "--json"];
    away.run(&registry).failed(12, "record_proof_invalid");
    let chain = ["verify", "a.json", "--block-hash", hash, "--chain-id", "1", "--json"];
    away.run(&chain).failed(12, "record_proof_elsewhere");
    away.run(&["verify", "none.json", "--block-hash", hash, "--json"]).failed(12, "record_proof_unreadable");
    away.write("b.json", "{}");
    away.run(&["verify", "b.json", "--block-hash", hash, "--json"]).failed(12, "record_proof_malformed");
}

#[test]
fn ones_own_node_says_whether_the_block_is_there() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, ACCOUNTS[0]);
    home.run(&["prove", "record", ACCOUNTS[0], "--out", "a.json", "--json"]).ok_json();
    anvil.call("anvil_mine", &serde_json::json!(["0x3", "0x1"]));
    let verified = home.run(&["verify", "a.json", "--of", ACCOUNTS[0], "--json"]).ok_json();
    assert_eq!(verified["block_trust"]["kind"], "own_node");

    home.run(&["revoke", "--unlocked", "--reason", "superseded", "--yes", "--json"]).ok_json();
    // The old proof holds as it did, and the new one says what became of the key.
    home.run(&["verify", "a.json", "--json"]).ok_json();
    let known = ["--known-file", "known.sqlite", "--json"];
    home.run(&[&["verify", "a.json"], &known[..]].concat()).ok_json();
    home.run(&[&["resolve", ACCOUNTS[0]], &known[..]].concat()).failed(7, "revoked");
    let outdone = home.run(&[&["verify", "a.json"], &known[..]].concat()).failed(7, "superseded");
    assert!(outdone["message"].as_str().unwrap().contains("revoked (superseded)"), "{outdone}");
    home.run(&["verify", "a.json", "--max-age", "1h", "--json"]).ok_json();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    home.run(&["verify", "a.json", "--max-age", "0s", "--json"]).failed(6, "record_proof_too_old");
    let made = home.run(&["prove", "record", ACCOUNTS[0], "--out", "b.json", "--json"]).ok_json();
    assert_eq!(made["status"], "revoked");
    let refused = home.run(&["verify", "b.json", "--json"]);
    let refused = refused.failed(7, "revoked");
    assert!(refused["message"].as_str().unwrap().contains("superseded"), "{refused}");
    home.run(&["prove", "record", ACCOUNTS[1], "--out", "c.json", "--json"]).ok_json();
    home.run(&["verify", "c.json", "--json"]).failed(7, "not_registered");

    let number = made["proved_at"]["block_number"].as_u64().unwrap();
    let [at, through] = [(number - 1).to_string(), number.to_string()];
    let spanned =
        ["prove", "record", ACCOUNTS[0], "--at", &at, "--through", &through, "--out", "d.json", "--json"];
    assert_eq!(home.run(&spanned).ok_json()["status"], "active");
    let hash = made["proved_at"]["block_hash"].as_str().unwrap();
    assert_eq!(home.run(&["verify", "d.json", "--block-hash", hash, "--json"]).ok_json()["status"], "active");

    anvil.call("anvil_reorg", &serde_json::json!([2, []]));
    home.run(&["verify", "b.json", "--json"]).failed(6, "anchor_not_canonical");
}
