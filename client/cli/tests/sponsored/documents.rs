//! Registrations and certificates signed without a node, and submitted by anybody.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{ACCOUNTS, Anvil, Home, Ran};

const OWNER: &str = ACCOUNTS[0];
const SPONSOR: &str = ACCOUNTS[1];
const OTHER: &str = ACCOUNTS[2];

/// A home without any configuration, with an identity key and the owner's own keystore; gives the owner.
fn vault() -> (Home, String) {
    let home = Home::new();
    home.keygen("key.json");
    let owner = home.keygen("owner.json")["signer"].as_str().unwrap().to_owned();
    (home, owner)
}

/// Signs in a vault, on this chain unless told otherwise.
fn sign(vault: &Home, more: &[&str]) -> Ran {
    let sign = [
        "sign-registration",
        "--keystore",
        "key.json",
        "--passphrase-file",
        "pw",
        "--owner-keystore",
        "owner.json",
        "--owner-passphrase-file",
        "pw",
        "--json",
    ];
    vault.run(&[&sign[..], more].concat())
}

#[test]
fn a_registration_signed_in_a_vault_is_submitted_elsewhere() {
    let anvil = Anvil::start();
    let desk = Home::registered(&anvil, OWNER);
    let (vault, owner) = vault();
    let signed = sign(&vault, &["--chain-id", "31337", "--out", "signed.json"]).ok_json();
    assert_eq!((&signed["document"], &signed["version"]), (&"countersign.registration.v1".into(), &1.into()));
    assert_eq!((&signed["identity"], &signed["owner_key_signed"]), (&owner.clone().into(), &true.into()));
    sign(&vault, &["--chain-id", "31337", "--out", "signed.json"]).failed(1, "file_exists");
    let document = std::fs::read(vault.path("signed.json")).unwrap();

    let submit = |more: &[&str]| {
        let submit = ["submit", "-", "--sponsor", SPONSOR, "--json"];
        desk.run_with_input(&[&submit[..], more].concat(), &document)
    };
    let rehearsed = submit(&["--dry-run"]).ok_json();
    assert_eq!((&rehearsed["status"], rehearsed.get("transaction")), (&"would_succeed".into(), None));
    desk.run(&["resolve", &owner, "--json"]).failed(7, "not_registered");
    let submitted = submit(&[]).ok_json();
    assert_eq!((&submitted["status"], &submitted["paid_by"]), (&"submitted".into(), &SPONSOR.into()));
    assert_eq!(desk.run(&["resolve", &owner, "--json"]).ok_json()["signer"], signed["signer"]);
    submit(&[]).failed(8, "already_registered");

    // A rotation names the version that it makes.
    let rotation = ["--chain-id", "31337", "--rotation", "--valid-for", "90days", "--out", "rotation.json"];
    sign(&vault, &rotation).failed(2, "usage");
    sign(&vault, &[&rotation[..], &["--record-version", "3"]].concat()).ok_json();
    let file = vault.path("rotation.json");
    let late = ["submit", file.to_str().unwrap(), "--sponsor", SPONSOR, "--json"];
    let turn = desk.run(&late).failed(8, "out_of_turn");
    assert!(turn["hint"].as_str().unwrap().contains("--record-version"), "{turn}");
    std::fs::remove_file(&file).unwrap();
    sign(&vault, &[&rotation[..], &["--record-version", "2"]].concat()).ok_json();
    assert_eq!(desk.run(&late).ok_json()["document"], "countersign.rotation.v1");
    assert_eq!(desk.run(&["resolve", &owner, "--json"]).ok_json()["version"], 2);
}

#[test]
fn an_owner_signs_a_revocation_offline() {
    let anvil = Anvil::start();
    let desk = Home::registered(&anvil, OWNER);
    let (vault, owner) = vault();
    let registration = sign(&vault, &["--chain-id", "31337"]);
    let submit = ["submit", "-", "--sponsor", SPONSOR, "--json"];
    desk.run_with_input(&submit, registration.stdout.as_bytes()).ok_json();
    let revoke = |more: &[&str]| {
        let sign = ["sign-revocation", "--chain-id", "31337", "--reason", "policy", "--json"];
        let account = ["--owner-keystore", "owner.json", "--owner-passphrase-file", "pw"];
        vault.run(&[&sign[..], &account, more].concat())
    };
    let later = revoke(&["--record-version", "2"]);
    let unasked = desk.run_with_input(&submit, later.stdout.as_bytes());
    unasked.failed(8, "version_not_current");
    let now = revoke(&["--record-version", "1"]);
    assert_eq!(now.ok_json()["document"], "countersign.revocation.v1");
    // Nothing undoes it, so it is asked for.
    desk.run_with_input(&submit, now.stdout.as_bytes()).failed(2, "usage");
    let sure = [&submit[..], &["--yes"]].concat();
    let revoked = desk.run_with_input(&sure, now.stdout.as_bytes()).ok_json();
    assert_eq!((&revoked["reason"], &revoked["version"]), (&"policy".into(), &1.into()));
    desk.run(&["resolve", &owner, "--json"]).failed(7, "revoked");
    desk.run_with_input(&sure, now.stdout.as_bytes()).failed(8, "key_revoked");
    vault.run(&["sign-revocation", "--chain-id", "1", "--reason", "policy", "--json"]).failed(2, "usage");
}

#[test]
fn a_document_for_every_chain_is_good_on_this_one() {
    let anvil = Anvil::start();
    let desk = Home::registered(&anvil, OWNER);
    let (vault, owner) = vault();
    // Without --out the document itself is the result: with --json, on one line.
    let printed = sign(&vault, &["--every-chain", "--label", "desk-7"]);
    let document = printed.ok_json();
    assert_eq!((&document["everyChain"], &document["label"]), (&true.into(), &"desk-7".into()));
    assert!(printed.stdout.lines().count() == 1 && document.get("chainId").is_none(), "{document}");
    let submitted =
        desk.run_with_input(&["submit", "-", "--sponsor", SPONSOR, "--json"], printed.stdout.as_bytes());
    assert_eq!(submitted.ok_json()["chain_id"], json!(null));
    let resolved = desk.run(&["resolve", &format!("{owner}#desk-7"), "--json"]).ok_json();
    assert_eq!(resolved["version"], 1);
}

#[test]
fn an_owner_in_another_wallet_signs_what_is_printed() {
    let anvil = Anvil::start();
    let desk = Home::registered(&anvil, OWNER);
    let (vault, _) = vault();
    let print = ["sign-registration", "--owner", OTHER, "--chain-id", "31337", "--typed-data", "--json"];
    let key = ["--keystore", "key.json", "--passphrase-file", "pw"];
    let printed = vault.run(&[&print[..], &key].concat());
    let typed = printed.ok_json();
    vault.write("typed.json", &printed.stdout);
    // Anvil is the wallet.
    let signature = anvil.call("eth_signTypedData_v4", &json!([OTHER, typed]));
    let signature = signature.as_str().unwrap();
    let complete = |signature: &str, keystore: &str| {
        let about = ["sign-registration", "--owner", OTHER, "--chain-id", "31337"];
        let complete = [&about[..], &["--from", "typed.json", "--owner-signature", signature]].concat();
        let key = ["--keystore", keystore, "--passphrase-file", "pw", "--json"];
        vault.run(&[&complete[..], &key].concat())
    };
    let document = complete(signature, "key.json");
    document.ok_json();
    let submit = ["submit", "-", "--sponsor", SPONSOR, "--json"];
    let submitted = desk.run_with_input(&submit, document.stdout.as_bytes()).ok_json();
    assert_eq!((&submitted["identity"], &submitted["owner_key_signed"]), (&OTHER.into(), &true.into()));
    assert_eq!(desk.run(&["resolve", OTHER, "--json"]).ok_json()["version"], 1);

    vault.keygen("other.json");
    complete(signature, "other.json").failed(4, "other_key");
    // A contract's signature can only be checked on chain; nobody's is refused there.
    let foreign = complete("0x1234", "key.json");
    assert!(foreign.code == 0, "{}", foreign.stderr);
    let mut changed: Value = typed.clone();
    changed["message"]["deadline"] = 1.into();
    vault.write("typed.json", &changed.to_string());
    let late = complete(signature, "key.json");
    late.failed(12, "document_expired");
    changed["domain"]["name"] = "Another".into();
    vault.write("typed.json", &changed.to_string());
    complete(signature, "key.json").failed(12, "typed_data");
    let both = ["sign-registration", "--from", "typed.json", "--owner-signature", "0x", "--deadline", "1h"];
    vault.run(&[&both[..], &["--json"]].concat()).failed(2, "usage");
}

#[test]
fn documents_that_do_not_hold_are_refused_before_anything_is_asked() {
    let anvil = Anvil::start();
    let desk = Home::registered(&anvil, OWNER);
    let (vault, _) = vault();
    let document: Value = sign(&vault, &["--chain-id", "31337"]).ok_json();
    let submit = |document: &Value| {
        desk.write("d.json", &document.to_string());
        desk.run(&["submit", "d.json", "--sponsor", SPONSOR, "--json"])
    };
    let with = |field: &str, value: Value| {
        let mut changed = document.clone();
        changed[field] = value;
        submit(&changed)
    };
    with("version", 2.into()).failed(12, "document_signature");
    with("deadline", 1.into()).failed(12, "document_expired");
    with("registry", SPONSOR.into()).failed(12, "document_signature");
    with("surplus", 1.into()).failed(12, "document_malformed");
    with("document", "countersign.registration.v9".into()).failed(12, "document_malformed");
    // The key's signature holds, and the owner's does not: only the chain can tell.
    with("deadline", 4_000_000_000_u64.into()).failed(8, "owner_not_proven");
    let mainnet = sign(&vault, &["--chain-id", "1"]).ok_json();
    let elsewhere = submit(&mainnet).failed(12, "document_elsewhere");
    assert!(elsewhere["message"].as_str().unwrap().contains("d.json"), "{elsewhere}");
    let run = |file: &str| desk.run(&["submit", file, "--sponsor", SPONSOR, "--json"]);
    run("missing.json").failed(12, "document_unreadable");
    run(".").failed(12, "document_unreadable");
    run("key.json").failed(12, "document_malformed");
    desk.run(&["submit", "-", "-", "--sponsor", SPONSOR, "--json"]).failed(2, "usage");
    // One bad file, and the good one before it is not sent either.
    desk.write("good.json", &document.to_string());
    desk.run(&["submit", "good.json", "missing.json", "--sponsor", SPONSOR, "--json"])
        .failed(12, "document_unreadable");
    let owner = document["owner"].as_str().unwrap();
    desk.run(&["resolve", owner, "--json"]).failed(7, "not_registered");
}

#[test]
fn signing_needs_no_node_and_says_what_it_lacks() {
    let (vault, owner) = vault();
    let missing = sign(&vault, &[]).failed(3, "configuration");
    assert!(missing["hint"].as_str().unwrap().contains("--chain-id"), "{missing}");
    sign(&vault, &["--chain-id", "1", "--deadline", "2020-01-01T00:00:00Z"]).failed(2, "usage");
    sign(&vault, &["--chain-id", "1", "--owner", OWNER]).failed(4, "other_account");
    let nobody = vault.run(&["sign-registration", "--chain-id", "1", "--owner", OWNER, "--json"]);
    assert!(nobody.failed(2, "usage")["hint"].as_str().unwrap().contains("--typed-data"));
    let make = ["revocation-certificate", "make", "--keystore", "key.json", "--passphrase-file", "pw"];
    let named = format!("eip155:1:{owner}");
    let made = vault.run(&[&make[..], &["--owner", &named, "--json"]].concat()).ok_json();
    assert_eq!((&made["chain_id"], &made["out"]), (&1.into(), &"key.json.revocation.json".into()));
    let show = ["revocation-certificate", "show", "key.json.revocation.json", "--json"];
    assert_eq!(vault.run(&show).ok_json()["identity"], owner);
    sign(&vault, &["--chain-id", "1", "--out", "signed.json"]).ok_json();
    let wrong = vault.run(&["revocation-certificate", "show", "signed.json", "--json"]);
    wrong.failed(12, "document_malformed");
    // For people: what it is and what to do next.
    let people = vault.run(&["revocation-certificate", "show", "key.json.revocation.json"]);
    assert!(people.stdout.contains("registry 0x") && people.stdout.contains("no reason given"));
}

#[test]
fn a_full_disk_leaves_no_half_of_a_document() {
    let (vault, owner) = vault();
    let before = std::fs::read_dir(vault.path("")).unwrap().count();
    let make = ["revocation-certificate", "make", "--keystore", "key.json", "--passphrase-file", "pw"];
    let place = ["--owner", &owner, "--chain-id", "1", "--json"];
    let program = vault.command(&[&make[..], &place].concat());
    // A file size limit of zero fails the write as a full disk does, for any user and on any file system.
    let mut limited = Command::new("bash");
    limited.args(["-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" \"$@\""]).arg(program.get_program());
    limited.args(program.get_args()).current_dir(vault.path("")).env("HOME", vault.path(""));
    let run = Ran::from(limited.output().unwrap());
    let failed = run.failed(1, "output");
    assert!(failed["hint"].as_str().unwrap().contains("make room"), "{failed}");
    assert_eq!(std::fs::read_dir(vault.path("")).unwrap().count(), before);
}
