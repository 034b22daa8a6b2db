//! A roster whose command is killed, or finds no room, or is started twice: one registration a row, and none paid twice.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::onboard::{ONBOARD, wait};
use crate::roster::{Trader, automine, good_roster, mine, registrations, transactions_of};
use crate::support::{ACCOUNTS, Anvil, Home, Ran, Running};

const OWNER: &str = ACCOUNTS[0];
const SPONSOR: &str = ACCOUNTS[1];
const BATCHED: [&str; 2] = ["--batch", "4"];

/// Waits until the journal holds so many lines with those words.
pub(crate) fn wait_for_line(home: &Home, words: &str, count: usize) {
    wait(|| journal(home).lines().filter(|line| line.contains(words)).count() >= count);
}

fn journal(home: &Home) -> String {
    std::fs::read_to_string(home.path("traders.csv.journal")).unwrap_or_default()
}

/// A roster of good rows on a chain of its own.
struct Campaign {
    home: Home,
    traders: Vec<Trader>,
    anvil: Anvil,
    /// How many transactions the sponsor had sent before it.
    before: u64,
}

impl Campaign {
    fn new(rows: usize) -> Self {
        let anvil = Anvil::start();
        let home = Home::registered(&anvil, OWNER);
        let traders = good_roster(&home, rows);
        let before = transactions_of(&anvil, SPONSOR);
        Self { home, traders, anvil, before }
    }

    fn start(&self) -> Running {
        self.home.start(&[&ONBOARD[..], &BATCHED].concat())
    }

    /// Started where nothing is mined, with the first transaction sent.
    fn start_pending(&self) -> Running {
        automine(&self.anvil, false);
        let running = self.start();
        wait_for_line(&self.home, "\"sent\"", 1);
        running
    }

    /// Mines what is pending, and at once whatever follows.
    fn mine_on(&self) {
        automine(&self.anvil, true);
        mine(&self.anvil);
    }

    /// Runs to the end, and checks that each row was registered by one of so many transactions.
    fn resume(&self, transactions: u64) -> Vec<Value> {
        let run = self.home.run(&[&ONBOARD[..], &BATCHED].concat());
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        let rows = run.lines_json();
        assert_eq!(rows.len(), self.traders.len());
        for (row, trader) in rows.iter().zip(&self.traders) {
            assert_eq!(row["owner"], trader.shown());
            assert_eq!(registrations(&self.anvil, trader), 1, "{row}");
        }
        assert_eq!(self.sent(), transactions, "{}", journal(&self.home));
        rows
    }

    /// How many transactions the sponsor has sent for it.
    fn sent(&self) -> u64 {
        transactions_of(&self.anvil, SPONSOR) - self.before
    }
}

fn kill(mut running: Running) {
    running.process.kill().unwrap();
    running.process.wait().unwrap();
}

fn all_registered(rows: &[Value]) {
    for row in rows {
        assert_eq!(row["status"], "registered", "{row}");
        assert!(row["gas"].as_u64().unwrap() > 30_000, "{row}");
    }
}

#[test]
fn killed_while_the_first_transaction_is_pending() {
    let campaign = Campaign::new(10);
    kill(campaign.start_pending());
    // It waits for that transaction, not for ever, and sends nothing meanwhile.
    let patient = campaign.home.run(&[&ONBOARD[..], &["--wait", "1s"]].concat()).failed(8, "not_included");
    assert!(patient["hint"].as_str().unwrap().contains("run the same command again"), "{patient}");
    assert_eq!(campaign.anvil.call("txpool_status", &json!([]))["pending"], "0x1");
    campaign.mine_on();
    all_registered(&campaign.resume(3));
}

#[test]
fn killed_between_two_transactions_and_by_one_that_was_mined_meanwhile() {
    let campaign = Campaign::new(10);
    let running = campaign.start_pending();
    mine(&campaign.anvil);
    wait_for_line(&campaign.home, "\"sent\"", 2);
    kill(running);
    mine(&campaign.anvil);
    automine(&campaign.anvil, true);
    all_registered(&campaign.resume(3));
}

#[test]
fn killed_in_the_middle_of_sending() {
    let campaign = Campaign::new(10);
    kill(campaign.start_pending());
    // As if the node had answered after the end: the intent is known, the hash is not. Then half a line.
    let text = journal(&campaign.home);
    let cut = text.find("{\"sent\"").unwrap();
    let torn = format!("{}{{\"sent\":{{\"id\":0,\"tr", &text[..cut]);
    campaign.home.write("traders.csv.journal", &torn);
    let mut running = campaign.start();
    std::thread::sleep(Duration::from_millis(500));
    assert!(running.process.try_wait().unwrap().is_none(), "it waits for the pending one");
    campaign.mine_on();
    assert_eq!(running.finish().code, 0);
    let rows = campaign.resume(3);
    // The rows of the transaction without a hash are there, and nobody can say by which one.
    let statuses: Vec<&Value> = rows.iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses[..4], [&Value::from("already"); 4]);
    assert_eq!(statuses[4..], [&Value::from("registered"); 6]);
}

#[test]
fn killed_before_sending() {
    let campaign = Campaign::new(5);
    // What a crash right after the first line of a transaction leaves.
    let registry = countersign::registry::artifact::key_registry_address();
    let registry = alloy::primitives::Address::new(registry.0).to_checksum(None);
    let head =
        json!({"journal": {"format": "countersign.onboard.v1", "chain_id": 31337, "registry": registry}});
    let rows = [campaign.traders[0].shown()];
    let intent = json!({"sending": {"id": 0, "payer": SPONSOR, "nonce": campaign.before, "rows": rows}});
    campaign.home.write("traders.csv.journal", &format!("{head}\n{intent}\n"));
    all_registered(&campaign.resume(2));
}

#[test]
fn given_up_for_gone_and_in_a_block_all_the_same() {
    let campaign = Campaign::new(5);
    all_registered(&campaign.resume(2));
    // As if the node had lost sight of the first transaction for a while.
    let gone = json!({"ended": {"id": 0, "end": {"outcome": "gone"}}}).to_string();
    let ended = |line: &str| line.contains("\"ended\"") && line.contains("\"id\":0");
    let lines: Vec<String> = journal(&campaign.home)
        .lines()
        .map(|line| if ended(line) { gone.clone() } else { line.to_owned() })
        .collect();
    assert!(lines.contains(&gone), "{lines:?}");
    campaign.home.write("traders.csv.journal", &(lines.join("\n") + "\n"));
    all_registered(&campaign.resume(2));
}

#[test]
fn killed_again_and_again_at_any_moment() {
    let campaign = Campaign::new(24);
    campaign.anvil.call("evm_setIntervalMining", &json!([1]));
    for turn in 0..8 {
        let running = campaign.start();
        std::thread::sleep(Duration::from_millis(120 + 170 * turn));
        kill(running);
    }
    campaign.mine_on();
    campaign.resume(6);
}

#[test]
fn two_at_once_are_one_too_many() {
    let campaign = Campaign::new(2);
    let mut running = campaign.start_pending();
    // By another name too.
    std::os::unix::fs::symlink("traders.csv", campaign.home.path("link.csv")).unwrap();
    for name in ["traders.csv", "link.csv"] {
        let second =
            campaign.home.run(&["onboard", name, "--sponsor", SPONSOR, "--json"]).failed(3, "configuration");
        assert!(second["message"].as_str().unwrap().contains("another countersign onboard"), "{second}");
    }
    campaign.mine_on();
    assert_eq!(running.finish().code, 0);
    campaign.resume(1);
}

#[test]
fn without_room_for_the_journal_nothing_is_sent() {
    let campaign = Campaign::new(2);
    limited(&campaign.home).failed(1, "output");
    assert_eq!(campaign.sent(), 0);
    // With room again it goes on from what is there; without room for the report, the old one stays whole.
    all_registered(&campaign.resume(1));
    let report = std::fs::read(campaign.home.path("traders.csv.report.csv")).unwrap();
    limited(&campaign.home).failed(1, "output");
    assert_eq!(std::fs::read(campaign.home.path("traders.csv.report.csv")).unwrap(), report);
    assert_eq!(campaign.sent(), 1);
}

/// A file size limit of zero fails a write as a full disk does, for any user and on any file system.
fn limited(home: &Home) -> Ran {
    let program = home.command(&ONBOARD);
    let mut limited = Command::new("bash");
    limited.args(["-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" \"$@\""]);
    limited.arg(program.get_program()).args(program.get_args()).current_dir(home.path(""));
    limited.env("HOME", home.path("")).env("XDG_CONFIG_HOME", home.path(".config"));
    Ran::from(limited.output().unwrap())
}
