//! Whole rosters: what is good is registered, what is not is named, and nothing takes the rest down.

use std::time::Duration;

use countersign::protocol::{Address, Label};
use countersign::registry::consent::{SignedKey, SigningDomain};
use serde_json::{Value, json};

use crate::roster::{
    Roster, Trader, automine, good_roster, in_a_week, mine, now, registrations, row_of, transactions_of,
};
use crate::support::{ACCOUNTS, Anvil, Home};

const OWNER: &str = ACCOUNTS[0];
const SPONSOR: &str = ACCOUNTS[1];
const RIVAL: &str = ACCOUNTS[2];
pub(crate) const ONBOARD: [&str; 5] = ["onboard", "traders.csv", "--sponsor", SPONSOR, "--json"];

#[test]
fn sixty_rows_and_every_kind_of_trouble_among_them() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let mut traders: Vec<Trader> = (0..45).map(|_| Trader::new()).collect();
    let mut roster = Roster::new(&home);
    traders[0].label = Label::from_text("desk-7").unwrap();
    for trader in &traders {
        roster.add(trader, &trader.signed(in_a_week()));
    }
    let contract = contract(&anvil, 1, YES);
    roster.add(&contract, &contract.signed(in_a_week()));
    let trouble = add_trouble(&anvil, &home, &mut roster);
    roster.save();
    let total = 46 + trouble.len();
    assert!(total >= 60, "{total}");

    let rehearsed = home.run(&[&ONBOARD[..], &["--dry-run"]].concat());
    rehearsed.failed(8, "not_all_registered");
    let rows = rehearsed.lines_json();
    for trader in traders.iter().chain([&contract]) {
        assert_eq!(row_of(&rows, trader)["status"], "ready");
    }
    assert!(!home.path("traders.csv.journal").exists());
    // A rehearsal leaves the report of a real run alone.
    assert!(!home.path("traders.csv.report.csv").exists());
    assert!(home.path("traders.csv.dry-run.csv").exists());
    let before = transactions_of(&anvil, SPONSOR);
    let run = home.run(&[&ONBOARD[..], &["--batch", "20"]].concat());
    let failed = run.failed(8, "not_all_registered");
    assert!(failed["hint"].as_str().unwrap().contains("traders.csv.report.csv"), "{failed}");
    let rows = run.lines_json();
    assert_eq!(rows.len(), total);
    for trader in traders.iter().chain([&contract]) {
        let row = row_of(&rows, trader);
        assert_eq!((&row["status"], &row["version"]), (&"registered".into(), &1.into()), "{row}");
        assert!(row["gas"].as_u64().unwrap() > 30_000 && row["transaction"].is_string(), "{row}");
        assert_eq!(registrations(&anvil, trader), 1);
    }
    // Three batches of at most twenty, and the contract's own.
    assert_eq!(transactions_of(&anvil, SPONSOR) - before, 4);
    for (line, status, reason) in &trouble {
        let row = rows.iter().find(|row| row["row"] == *line).unwrap();
        assert_eq!(row["status"], *status, "{row}");
        assert!(row["reason"].as_str().unwrap().contains(reason), "{reason}: {row}");
    }
    let report = std::fs::read_to_string(home.path("traders.csv.report.csv")).unwrap();
    assert_eq!(report.lines().next(), Some("row,owner,label,status,reason,version,transaction,gas"));
    assert_eq!(report.lines().count(), total + 1);

    // Once more: this campaign's rows stay registered, and nothing is sent.
    let again = home.run(&ONBOARD).lines_json();
    let lasting =
        |row: &Value| ["row", "owner", "status", "transaction", "gas"].map(|name| row[name].clone());
    assert_eq!(again.iter().map(lasting).collect::<Vec<_>>(), rows.iter().map(lasting).collect::<Vec<_>>());
    assert_eq!(transactions_of(&anvil, SPONSOR) - before, 4);
    let people = home.run(&ONBOARD[..4]);
    assert!(people.stdout.contains("46 registered, 2 already"), "{}", people.stdout);
}

/// Adds rows that are not to be registered; gives for each its line, its status and words of its reason.
fn add_trouble(
    anvil: &Anvil,
    home: &Home,
    roster: &mut Roster<'_>,
) -> Vec<(u64, &'static str, &'static str)> {
    let mut expected = Vec::new();
    // Behind the header and 46 rows.
    let mut expect = |status, reason| expected.push((48 + expected.len() as u64, status, reason));
    let submit = |key: &SignedKey| {
        home.write(
            "first.json",
            &countersign::registry::consent::SignedDocument::from(key.clone()).to_json(),
        );
        home.run(&["submit", "first.json", "--sponsor", RIVAL, "--json"]).ok_json();
    };
    let week = in_a_week();
    let (same, other) = (Trader::new(), Trader::new());
    submit(&same.signed(week));
    roster.add(&same, &same.signed(week));
    expect("already", "registered before");
    // A document past its deadline says nothing of a key that is there.
    let in_time = Trader::new();
    submit(&in_time.signed(week));
    roster.add(&in_time, &in_time.signed(now() - 60));
    expect("already", "registered before");
    submit(&other.again().signed(week));
    roster.add(&other, &other.signed(week));
    expect("conflict", "another key");
    let trader = Trader::new();
    let mut forged = trader.signed(week);
    forged.possession = Trader::new().signed(week).possession;
    roster.add(&trader, &forged);
    expect("invalid", "identity key's signature");
    let mut unsigned = trader.signed(week);
    unsigned.owner_signature = Trader::new().signed(week).owner_signature;
    roster.add(&Trader::new(), &unsigned);
    expect("invalid", "signed for the owner");
    roster.add(&trader, &unsigned);
    // The row of the forged document has the same owner.
    expect("invalid", "stand in line");
    let (unwilling, late) = (Trader::new(), Trader::new());
    let mut unsigned = unwilling.signed(week);
    unsigned.owner_signature = Trader::new().signed(week).owner_signature;
    roster.add(&unwilling, &unsigned);
    expect("refused", "did not consent");
    roster.add(&late, &late.signed(now() - 60));
    expect("invalid", "was to be submitted until");
    let (elsewhere, registry) = (Trader::new(), countersign::registry::artifact::key_registry_address());
    roster.add(&elsewhere, &elsewhere.signed_for(SigningDomain::Chain { chain_id: 1, registry }, week));
    expect("invalid", "on chain 1");
    for (seed, code) in [(2, NO), (3, ALL_GAS), (4, REVERTS), (5, COSTLY)] {
        let contract = contract(anvil, seed, code);
        roster.add(&contract, &contract.signed(week));
        expect("refused", "");
    }
    roster.add_text(&Trader::new().shown(), "", "{\"document\": 1}");
    expect("invalid", "no signed document");
    let owner = Trader::new().shown();
    roster.add_line(&format!("{owner},,signed/missing.json"));
    expect("invalid", "cannot be read");
    roster.add_line(&format!("{owner},,signed"));
    expect("invalid", "stand in line");
    roster.add_line("0x1234,,signed/0.json");
    expect("invalid", "is no address");
    expected
}

/// An account with such code.
fn contract(anvil: &Anvil, seed: u8, code: &str) -> Trader {
    let owner = Address([seed; 20]);
    anvil.call("anvil_setCode", &json!([owner.to_string(), code]));
    Trader::contract(owner)
}

#[test]
fn a_row_that_goes_bad_on_its_way_holds_up_nobody() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let traders: Vec<Trader> = (0..3).map(|_| Trader::new()).collect();
    let hasty = Trader::new();
    let mut roster = Roster::new(&home);
    roster.add(&hasty, &hasty.signed(now() + 3_600));
    for trader in &traders {
        roster.add(trader, &trader.signed(in_a_week()));
    }
    roster.save();
    automine(&anvil, false);
    let mut running = home.start(&ONBOARD);
    crate::crash::wait_for_line(&home, "\"sent\"", 1);
    // Too late for one of them: the whole transaction fails in this block.
    anvil.call("evm_increaseTime", &json!([7_200]));
    mine(&anvil);
    automine(&anvil, true);
    let run = running.finish();
    run.failed(8, "not_all_registered");
    let rows = run.lines_json();
    assert_eq!(row_of(&rows, &hasty)["status"], "refused");
    assert!(row_of(&rows, &hasty)["reason"].as_str().unwrap().contains("was to be submitted until"));
    for trader in &traders {
        assert_eq!(row_of(&rows, trader)["status"], "registered");
        assert_eq!(registrations(&anvil, trader), 1);
    }
}

#[test]
fn rows_that_spoil_one_batch_after_another_hold_up_nobody() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let good: Vec<Trader> = (0..2).map(|_| Trader::new()).collect();
    let hasty: Vec<Trader> = (0..3).map(|_| Trader::new()).collect();
    let mut roster = Roster::new(&home);
    for (trader, hours) in hasty.iter().zip([1, 3, 5]) {
        roster.add(trader, &trader.signed(now() + hours * 3_600));
    }
    for trader in &good {
        roster.add(trader, &trader.signed(in_a_week()));
    }
    roster.save();
    automine(&anvil, false);
    let mut running = home.start(&ONBOARD);
    for attempt in 1..=3 {
        crate::crash::wait_for_line(&home, "\"sent\"", attempt);
        // Each time too late for one more of them.
        anvil.call("evm_increaseTime", &json!([7_200]));
        mine(&anvil);
    }
    automine(&anvil, true);
    mine(&anvil);
    let run = running.finish();
    run.failed(8, "not_all_registered");
    let rows = run.lines_json();
    for trader in &hasty {
        assert_eq!(row_of(&rows, trader)["status"], "refused");
    }
    for trader in &good {
        assert_eq!(row_of(&rows, trader)["status"], "registered");
    }
}

#[test]
fn who_was_faster_with_another_key_is_a_conflict() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let traders = good_roster(&home, 3);
    let rival = traders[1].again();
    let document = countersign::registry::consent::SignedDocument::from(rival.signed(in_a_week()));
    home.write("rival.json", &document.to_json());
    automine(&anvil, false);
    let mut faster = home.start(&["submit", "rival.json", "--sponsor", RIVAL, "--json"]);
    let pending = || anvil.call("txpool_status", &json!([]))["pending"].as_str().map(str::to_owned);
    wait(|| pending().as_deref() == Some("0x1"));
    let mut running = home.start(&ONBOARD);
    wait(|| pending().as_deref() == Some("0x2"));
    automine(&anvil, true);
    mine(&anvil);
    assert_eq!(faster.finish().code, 0);
    let run = running.finish();
    run.failed(8, "not_all_registered");
    let rows = run.lines_json();
    assert_eq!(row_of(&rows, &traders[1])["status"], "conflict");
    assert_eq!(row_of(&rows, &traders[0])["status"], "registered");
    assert_eq!(row_of(&rows, &traders[2])["status"], "registered");
}

#[test]
fn a_payer_without_ether_leaves_everything_as_it_was() {
    let anvil = Anvil::start();
    let home = Home::registered(&anvil, OWNER);
    let traders = good_roster(&home, 2);
    home.keygen("gas.json");
    let poor = [
        "onboard",
        "traders.csv",
        "--sponsor-keystore",
        "gas.json",
        "--sponsor-passphrase-file",
        "pw",
        "--json",
    ];
    let stopped = home.run(&poor);
    stopped.failed(8, "insufficient_funds");
    assert!(stopped.lines_json().iter().all(|row| row["status"] == "waiting"), "{}", stopped.stdout);
    let report = std::fs::read_to_string(home.path("traders.csv.report.csv")).unwrap();
    assert_eq!(report.matches(",waiting,").count(), 2, "{report}");
    assert_eq!(registrations(&anvil, &traders[0]), 0);
    let rows = home.run(&ONBOARD);
    assert_eq!(rows.code, 0, "{}", rows.stderr);
    assert!(rows.lines_json().iter().all(|row| row["status"] == "registered"));
    home.run(&["onboard", "traders.csv", "--json"]).failed(2, "usage");
    home.run(&["onboard", "missing.csv", "--sponsor", SPONSOR, "--json"]).failed(3, "configuration");
    home.run(&[&ONBOARD[..], &["--batch", "201"]].concat()).failed(2, "usage");
    let elsewhere = [&ONBOARD[..], &["--registry", OWNER]].concat();
    let journal = home.run(&elsewhere).failed(3, "configuration");
    assert!(journal["message"].as_str().unwrap().contains("traders.csv.journal"), "{journal}");
}

pub(crate) fn wait(mut met: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !met() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every call returns ERC-1271's magic value.
const YES: &str = "0x631626ba7e60e01b5f5260205ff3";
/// Every call returns zero.
const NO: &str = "0x5f5f5260205ff3";
/// Every call uses up its gas.
const ALL_GAS: &str = "0x5b5f56";
/// Every call uses some seven million gas, and agrees.
const COSTLY: &str = "0x620400005b600190038060045750631626ba7e60e01b5f5260205ff3";
/// Every call reverts.
const REVERTS: &str = "0x5f5ffd";
