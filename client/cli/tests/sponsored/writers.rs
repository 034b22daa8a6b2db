//! Who may write a record, and who pays: sponsors, operators, certificates, bundles.

use serde_json::json;

use crate::support::{ACCOUNTS, Anvil, Home};

const OWNER: &str = ACCOUNTS[0];
const SPONSOR: &str = ACCOUNTS[1];
const OPERATOR: &str = ACCOUNTS[2];

#[test]
fn a_sponsor_pays_and_the_owner_only_signs() {
    let anvil = Anvil::start();
    let home = Home::new();
    home.keygen("key.json");
    home.configure(&anvil, OWNER, "key.json");
    let sponsored = ["--unlocked", "--sponsor", SPONSOR, "--json"];
    let run = |arguments: &[&str]| home.run(&[arguments, &sponsored].concat());
    let registered = run(&["register", "--deploy"]).ok_json();
    assert_eq!((&registered["change"], &registered["version"]), (&"registered".into(), &1.into()));
    assert_eq!(registered["paid_by"], SPONSOR);
    let before = anvil.call("eth_getTransactionCount", &json!([OWNER, "latest"]));
    let rotated =
        run(&["rotate", "--new-keystore", "new.json", "--light", "--passphrase-file", "pw"]).ok_json();
    assert_eq!((&rotated["version"], &rotated["paid_by"]), (&2.into(), &SPONSOR.into()));
    let revoked = run(&["revoke", "--reason", "superseded", "--yes"]).ok_json();
    assert_eq!((&revoked["reason"], &revoked["paid_by"]), (&"superseded".into(), &SPONSOR.into()));
    assert_eq!(anvil.call("eth_getTransactionCount", &json!([OWNER, "latest"])), before);
    home.run(&["resolve", OWNER, "--json"]).failed(7, "revoked");
}

#[test]
fn an_owner_without_ether_is_registered_by_a_sponsors_keystore() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let owner = home.keygen("owner.json")["signer"].as_str().unwrap().to_owned();
    let sponsor = home.keygen("gas.json")["signer"].as_str().unwrap().to_owned();
    let register = [
        "register",
        "--owner",
        &owner,
        "--owner-keystore",
        "owner.json",
        "--owner-passphrase-file",
        "pw",
        "--sponsor-keystore",
        "gas.json",
        "--sponsor-passphrase-file",
        "pw",
        "--json",
    ];
    let poor = home.run(&register).failed(8, "insufficient_funds");
    assert!(poor["hint"].as_str().unwrap().contains(&sponsor), "{poor}");
    anvil.call("anvil_setBalance", &json!([sponsor, "0xde0b6b3a7640000"]));
    let registered = home.run(&register).ok_json();
    assert_eq!((&registered["version"], &registered["paid_by"]), (&1.into(), &sponsor.into()));
    // The other's keystore where the owner's belongs.
    let swapped =
        ["register", "--owner", &owner, "--owner-keystore", "gas.json", "--owner-passphrase-file", "pw"];
    let other = home.run(&[&swapped[..], &["--json"]].concat()).failed(4, "other_account");
    assert!(other["hint"].as_str().unwrap().contains("--sponsor-keystore"), "{other}");
    let nobody = home.run(&["register", "--json"]).failed(2, "usage");
    assert!(nobody["hint"].as_str().unwrap().contains("--owner-keystore"), "{nobody}");
    home.run(&["revoke", "--reason", "policy", "--sponsor", SPONSOR, "--sponsor-keystore", "x", "--json"])
        .failed(2, "usage");
}

#[test]
fn an_operator_acts_until_its_time_is_over() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let show = ["operator", "show", OPERATOR, "--json"];
    assert_eq!(home.run(&show).ok_json()["status"], "none");
    let acting = ["--operator", "--sponsor", OPERATOR, "--json"];
    let act = |arguments: &[&str]| home.run(&[arguments, &acting].concat());
    let rotate = ["rotate", "--new-keystore", "new.json", "--light", "--passphrase-file", "pw"];
    let idle = act(&rotate).failed(8, "no_operator");
    assert!(idle["hint"].as_str().unwrap().contains("countersign operator set"), "{idle}");
    assert!(!home.path("new.json").exists(), "nothing is made for nothing");

    let set = home.run(&["operator", "set", OPERATOR, "--for", "1h", "--unlocked", "--json"]).ok_json();
    assert_eq!((&set["status"], &set["owner"]), (&"live".into(), &OWNER.into()));
    assert_eq!(home.run(&show).ok_json()["until"], set["until"]);
    let rotated = act(&rotate).ok_json();
    assert_eq!((&rotated["version"], &rotated["paid_by"]), (&2.into(), &OPERATOR.into()));
    let labelled = format!("{OWNER}#agent-3");
    assert_eq!(act(&["register", "--owner", &labelled]).ok_json()["version"], 1);
    act(&["bundle", "anchor", "--hash", &format!("0x{:064x}", 7)]).ok_json();
    act(&["revoke", "--owner", &labelled, "--reason", "policy", "--yes"]).ok_json();
    home.keygen("third.json");
    let back = act(&["register", "--owner", &labelled, "--keystore", "third.json"]);
    back.failed(8, "only_owner_reactivates");

    let ended = home.run(&["operator", "end", OPERATOR, "--unlocked", "--json"]).ok_json();
    assert_eq!((&ended["status"], &ended["until"]), (&"ended".into(), &json!(null)));
    act(&rotate).failed(8, "no_operator");
    let past = ["operator", "set", OPERATOR, "--until", "2020-01-01T00:00:00Z", "--unlocked", "--json"];
    assert!(home.run(&past).failed(2, "usage")["hint"].as_str().unwrap().contains("operator end"));
    home.run(&["operator", "set", OPERATOR, "--unlocked", "--json"]).failed(2, "usage");
}

#[test]
fn a_bundle_is_anchored_by_its_keccak_and_cleared() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    home.write("bundle.bin", "");
    let anchored = home.run(&["bundle", "anchor", "bundle.bin", "--unlocked", "--json"]).ok_json();
    // Keccak-256 of nothing.
    let empty = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert_eq!((&anchored["change"], &anchored["bundle_hash"]), (&"anchored".into(), &empty.into()));
    let cleared = home.run(&["bundle", "clear", "--unlocked", "--json"]).ok_json();
    assert_eq!((&cleared["change"], &cleared["bundle_hash"]), (&"cleared".into(), &json!(null)));
    home.run(&["bundle", "anchor", "missing.bin", "--unlocked", "--json"]).failed(3, "configuration");
    home.run(&["bundle", "anchor", "--unlocked", "--json"]).failed(2, "usage");
    let sponsored = ["bundle", "anchor", "bundle.bin", "--unlocked", "--sponsor", SPONSOR, "--json"];
    assert!(home.run(&sponsored).failed(2, "usage")["hint"].as_str().unwrap().contains("--operator"));
    let nobody = format!("{OWNER}#nobody");
    home.run(&["bundle", "anchor", "bundle.bin", "--owner", &nobody, "--unlocked", "--json"])
        .failed(8, "not_registered");
}

#[test]
fn a_certificate_ends_a_key_whoever_publishes_it() {
    use std::os::unix::fs::PermissionsExt;
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let made =
        home.run(&["revocation-certificate", "make", "--reason", "key-compromised", "--json"]).ok_json();
    assert_eq!((&made["identity"], &made["chain_id"]), (&OWNER.into(), &31337.into()));
    let path = home.path("key.json.revocation.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    home.run(&["revocation-certificate", "make", "--json"]).failed(1, "file_exists");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let certificate = path.to_str().unwrap();
    let shown = home.run(&["revocation-certificate", "show", certificate, "--json"]).ok_json();
    assert_eq!((&shown["signer"], &shown["reason"]), (&made["signer"], &"key compromised".into()));
    assert_eq!(shown["document"], "countersign.revocation-certificate.v1");
    let publish = ["revocation-certificate", "publish", certificate, "--json"];
    let nobody_pays = home.run(&[&publish[..], &["--yes"]].concat()).failed(2, "usage");
    assert!(nobody_pays["hint"].as_str().unwrap().contains("--sponsor"), "{nobody_pays}");
    let paid = [&publish[..], &["--sponsor", SPONSOR]].concat();
    home.run(&paid).failed(2, "usage");
    let sure = [&paid[..], &["--yes"]].concat();
    let published = home.run(&sure).ok_json();
    assert_eq!((&published["change"], &published["paid_by"]), (&"revoked".into(), &SPONSOR.into()));
    home.run(&["resolve", OWNER, "--json"]).failed(7, "revoked");
    home.run(&sure).failed(8, "key_revoked");
}

#[test]
fn a_certificate_of_another_key_ends_nothing() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    home.keygen("other.json");
    let make =
        ["revocation-certificate", "make", "--keystore", "other.json", "--out", "c.json", "--every-chain"];
    assert_eq!(home.run(&[&make[..], &["--json"]].concat()).ok_json()["chain_id"], json!(null));
    let publish = ["revocation-certificate", "publish", "c.json", "--sponsor", SPONSOR, "--yes", "--json"];
    let refused = home.run(&publish).failed(8, "certificate_not_proven");
    assert!(refused["hint"].as_str().unwrap().contains("show"), "{refused}");
    assert_eq!(home.run(&["resolve", OWNER, "--json"]).ok_json()["status"], "active");
}
