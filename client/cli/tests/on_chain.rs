//! The command against a real Anvil: register, resolve, rotate, revoke, doctor.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::{ACCOUNTS, Anvil, Home};

#[test]
fn a_key_lives_and_dies() {
    let anvil = Anvil::start();
    let home = Home::new();
    let made = home.keygen("key.json");
    home.configure(&anvil, ACCOUNTS[0], "key.json");
    anvil.call("evm_mine", &serde_json::json!([]));

    home.run(&["resolve", ACCOUNTS[0], "--json"]).failed(3, "no_registry");
    let registered =
        home.run(&["register", "--unlocked", "--deploy", "--valid-for", "90days", "--json"]).ok_json();
    assert_eq!((&registered["change"], &registered["version"]), (&"registered".into(), &1.into()));
    assert_eq!(registered["signer"], made["signer"]);
    assert!(registered["gas_used"].as_u64().unwrap() < 120_000, "{registered}");

    let resolved = home.run(&["resolve", &format!("eip155:31337:{}", ACCOUNTS[0]), "--json"]).ok_json();
    assert_eq!((&resolved["public_key"], &resolved["status"]), (&made["public_key"], &"active".into()));
    assert_eq!((&resolved["pinned"], &resolved["suite_floor"]["level"]), (&true.into(), &1.into()));
    assert_eq!(resolved["head_trust"]["kind"], "own_node");
    assert!(resolved["valid_until"].as_u64().unwrap() > resolved["anchored_at"].as_u64().unwrap());
    assert_eq!(resolved["proved_at"]["block_hash"].as_str().unwrap().len(), 66);

    home.run(&["register", "--unlocked", "--json"]).failed(8, "already_registered");
    let rotate = [
        "rotate",
        "--unlocked",
        "--new-keystore",
        "new.json",
        "--light",
        "--passphrase-file",
        "pw",
        "--json",
    ];
    let rotated = home.run(&rotate).ok_json();
    assert_eq!((&rotated["change"], &rotated["version"]), (&"rotated".into(), &2.into()));
    assert!(home.path("key.json").exists() && home.path("new.json").exists());
    // Run again, as after a crash: it goes on with the key it finds, and the configured passphrase opens it.
    let again = home.run(&["rotate", "--unlocked", "--new-keystore", "new.json", "--json"]).ok_json();
    assert_eq!((&again["signer"], &again["version"]), (&rotated["signer"], &3.into()));

    home.run(&["revoke", "--unlocked", "--reason", "policy", "--json"]).failed(2, "usage");
    let revoked =
        home.run(&["revoke", "--unlocked", "--reason", "key-compromised", "--yes", "--json"]).ok_json();
    assert_eq!(revoked["reason"], "key compromised");
    let refused = home.run(&["resolve", ACCOUNTS[0], "--json"]).failed(7, "revoked");
    assert!(refused["message"].as_str().unwrap().contains("key compromised"), "{refused}");
    let reused = home.run(&["register", "--unlocked", "--keystore", "new.json", "--json"]);
    reused.failed(8, "key_revoked");
    assert_eq!(home.run(&["register", "--unlocked", "--json"]).ok_json()["version"], 4);
}

#[test]
fn labels_compact_records_and_expiry() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, ACCOUNTS[1]);
    let labelled = format!("{}#desk-7", ACCOUNTS[1]);
    home.run(&["resolve", &labelled, "--json"]).failed(7, "not_registered");
    let terms = ["--compact", "--suite-floor", "classical", "--valid-for", "1h"];
    let mut register = vec!["register", "--unlocked", "--owner", &labelled, "--json"];
    register.extend(terms);
    assert_eq!(home.run(&register).ok_json()["pinned"], false);
    let resolved = home.run(&["resolve", &labelled, "--json"]).ok_json();
    assert_eq!((&resolved["pinned"], &resolved["label"]), (&false.into(), &"desk-7".into()));
    assert_eq!(resolved["suite_floor"]["name"], "classical allowed");
    let people = home.run(&["resolve", &labelled]);
    for told in [
        "version",
        "scheme",
        "ecdsa",
        "status",
        "active",
        "anchored",
        "proved at",
        "your own node",
        "compact",
    ] {
        assert!(people.stdout.contains(told), "{told}: {}", people.stdout);
    }
    anvil.call("evm_increaseTime", &serde_json::json!([3601]));
    anvil.call("evm_mine", &serde_json::json!([]));
    home.write(
        "c.toml",
        &format!(
            "[chain]\nid = 31337\nendpoints = ['{}']\nown_node = true\n[policy]\nmax_clock_skew = '2h'\n",
            anvil.url
        ),
    );
    home.run(&["resolve", &labelled, "--json", "--config", "c.toml"]).failed(7, "expired");
}

#[test]
fn an_owner_with_its_own_keystore_pays_for_itself() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, ACCOUNTS[0]);
    // Any keystore holds an account; this one has no ether yet.
    let owner = home.keygen("owner.json")["signer"].as_str().unwrap().to_owned();
    let register = [
        "register",
        "--owner",
        &owner,
        "--owner-keystore",
        "owner.json",
        "--owner-passphrase-file",
        "pw",
        "--json",
    ];
    let poor = home.run(&register).failed(8, "insufficient_funds");
    assert!(poor["hint"].as_str().unwrap().contains(&owner), "{poor}");
    anvil.call("anvil_setBalance", &serde_json::json!([owner, "0xde0b6b3a7640000"]));
    anvil.call("evm_mine", &serde_json::json!([]));
    assert_eq!(home.run(&register).ok_json()["version"], 1);
    // The configured owner is another account than the one that would pay.
    let other = ["register", "--owner-keystore", "owner.json", "--owner-passphrase-file", "pw", "--json"];
    home.run(&other).failed(4, "other_account");
    // The node does not hold that account.
    let locked =
        home.run(&["revoke", "--reason", "policy", "--yes", "--owner", &owner, "--unlocked", "--json"]);
    locked.failed(8, "account_locked");
}

#[test]
fn keystores_that_do_not_open() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, ACCOUNTS[0]);
    home.write_private("wrong", "incorrect horse");
    let register = ["register", "--unlocked", "--passphrase-file", "wrong", "--json"];
    let wrong = home.run(&register).failed(4, "wrong_passphrase");
    assert!(wrong["message"].as_str().unwrap().contains("key.json"), "{wrong}");
    home.chmod("key.json", 0o644);
    let exposed = home.run(&["register", "--unlocked", "--json"]).failed(4, "keystore_exposed");
    assert!(exposed["message"].as_str().unwrap().contains("chmod 600"), "{exposed}");
    home.run(&["register", "--unlocked", "--keystore", "missing.json", "--json"]).failed(4, "keystore");
}

#[test]
fn nodes_that_disagree_or_are_elsewhere() {
    let (one, other) = (Anvil::start(), Anvil::start());
    let home = Home::registered(&one, ACCOUNTS[0]);
    // One block, unlike the first chain's.
    other.call("evm_increaseTime", &serde_json::json!([60]));
    other.call("evm_mine", &serde_json::json!([]));
    let both =
        ["resolve", ACCOUNTS[0], "--json", "--chain-id", "31337", "--rpc", &one.url, "--rpc", &other.url];
    home.run(&both).failed(6, "heads_disagree");
    let quorum =
        home.run(&["resolve", ACCOUNTS[0], "--json", "--rpc", &one.url, "--threshold", "1"]).ok_json();
    assert_eq!((&quorum["head_trust"]["agreed"], &quorum["head_trust"]["of"]), (&1.into(), &1.into()));
    let wrong =
        home.run(&["resolve", ACCOUNTS[0], "--json", "--chain-id", "1", "--rpc", &one.url, "--own-node"]);
    wrong.failed(3, "wrong_chain");
    let named = home.run(&["resolve", &format!("eip155:1:{}", ACCOUNTS[0]), "--json"]);
    named.failed(3, "configuration");
    let young = home.run(&["resolve", ACCOUNTS[0], "--json", "--policy", "mainnet"]);
    young.failed(7, "too_young");
}

#[test]
fn doctor_tells_what_works_and_what_does_not() {
    let mut anvil = Anvil::start();
    let home = Home::registered(&anvil, ACCOUNTS[0]);
    let healthy = home.run(&["doctor", "--json"]);
    assert_eq!(healthy.code, 0, "{}{}", healthy.stdout, healthy.stderr);
    let findings = healthy.lines_json();
    let status =
        |check: &str| findings.iter().find(|finding| finding["check"] == check).unwrap()["status"].clone();
    for check in ["config", "contacts", "keystore", "node", "clock", "proofs", "health", "head", "record"] {
        assert_eq!(status(check), "ok", "{check}");
    }
    let endpoint = |findings: &[serde_json::Value]| {
        findings.iter().find(|finding| finding["check"] == "health").unwrap()["endpoint"].clone()
    };
    let over_http = endpoint(&findings);
    assert!(over_http["latency_ms"].as_f64().unwrap() > 0.0, "{over_http}");
    assert_eq!(over_http["subscriptions"], false);
    let web_socket = anvil.url.replacen("http", "ws", 1);
    let over_web_socket =
        endpoint(&home.run(&["doctor", "--json", "--rpc", &web_socket, "--own-node"]).lines_json());
    assert_eq!(over_web_socket["subscriptions"], true);
    // Another key than the registered one, readable by all.
    home.keygen("other.json");
    let other = home.run(&["doctor", "--json", "--keystore", "other.json"]);
    other.failed(11, "unhealthy");
    assert!(other.stdout.contains("rotate"), "{}", other.stdout);
    home.chmod("other.json", 0o644);
    let exposed = home.run(&["doctor", "--keystore", "other.json"]);
    assert_eq!(exposed.code, 11);
    assert!(
        exposed.stdout.contains("fail  keystore") && exposed.stdout.contains("chmod 600"),
        "{}",
        exposed.stdout
    );
    anvil.kill();
    let dead = home.run(&["doctor", "--json"]);
    dead.failed(11, "unhealthy");
    let node = dead.lines_json().into_iter().find(|finding| finding["check"] == "node").unwrap();
    assert_eq!(node["status"], "fail");
}

#[test]
fn doctor_misses_the_registry_on_a_fresh_chain() {
    let anvil = Anvil::start();
    let home = Home::new();
    let examine = ["doctor", "--json", "--chain-id", "31337", "--rpc", &anvil.url, "--own-node"];
    // Anvil's block 0 has no state to prove anything in, which is no fault.
    let empty = home.run(&examine).lines_json();
    let proofs = empty.iter().find(|finding| finding["check"] == "proofs").unwrap();
    assert_eq!(proofs["status"], "warn", "{proofs}");
    anvil.call("evm_mine", &serde_json::json!([]));
    let fresh = home.run(&examine);
    fresh.failed(11, "unhealthy");
    let registry = fresh.lines_json().into_iter().find(|finding| finding["check"] == "registry").unwrap();
    assert!(registry["hint"].as_str().unwrap().contains("--deploy"), "{registry}");
}
