//! listen and connect, as two processes over TCP, on a real Anvil.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{ACCOUNTS, Anvil, Home, Ran, Running};

/// A chain with two registered traders.
struct Market {
    anvil: Anvil,
    alice: Home,
    bob: Home,
}

impl Market {
    fn open() -> Self {
        let anvil = Anvil::start();
        let alice = Home::registered(&anvil, ACCOUNTS[1]);
        let bob = Home::registered(&anvil, ACCOUNTS[2]);
        Self { anvil, alice, bob }
    }

    /// Bob, listening at a free port; gives where.
    fn bob_listens(&self, more: &[&str]) -> (Running, String) {
        let mut arguments = vec!["listen", "--bind", "127.0.0.1:0", "--json"];
        arguments.extend(more);
        let mut bob = self.bob.start(&arguments);
        let at = bob.event("listening")["address"].as_str().unwrap().to_owned();
        (bob, at)
    }

    fn alice_connects(&self, at: &str, input: &[u8]) -> Ran {
        self.alice.run_with_input(&["connect", ACCOUNTS[2], "--at", at, "--json"], input)
    }
}

fn events(ran: &Ran) -> Vec<serde_json::Value> {
    ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_order_goes_through() {
    let market = Market::open();
    let instrument = market.anvil.instrument();
    let (mut bob, at) = market.bob_listens(&["--once", "--instrument", &instrument]);
    let connect = ["connect", ACCOUNTS[2], "--at", &at, "--json", "--instrument", &instrument];
    let alice = market.alice.run_with_input(&connect, b"order\n");
    assert_eq!(alice.code, 0, "{}", alice.stderr);
    let (ours, theirs) = (events(&alice), bob.event("session"));
    assert_eq!(ours[0]["state_hash"], theirs["state_hash"]);
    assert_eq!((&ours[0]["suite"], &theirs["peer"]), (&"hybrid".into(), &ACCOUNTS[1].into()));
    assert!(ours[0]["readings"][0]["value"].as_str().unwrap().ends_with("2a"), "{}", ours[0]);
    assert_eq!((&ours[1]["event"], &ours[1]["sent"]), (&"closed".into(), &6.into()));
    assert_eq!(bob.event("closed")["received"], 6);
    let bob = bob.finish();
    assert_eq!((bob.code, bob.stdout.as_str()), (0, "order\n"));
}

#[test]
fn both_directions_carry_all_their_bytes_whichever_closes_first() {
    let market = Market::open();
    let big: Vec<u8> = (0..3_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let file = market.bob.path("big");
    std::fs::write(&file, &big).unwrap();
    let listen = ["listen", "--bind", "127.0.0.1:0", "--json", "--once"];
    let mut command = market.bob.command(&listen);
    let mut process = command.stdin(std::fs::File::open(&file).unwrap()).spawn().unwrap();
    let mut stderr = std::io::BufReader::new(process.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    let at =
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["address"].as_str().unwrap().to_owned();
    let mut received = Vec::new();
    let mut stdout = process.stdout.take().unwrap();
    let reader = std::thread::spawn(move || stdout.read_to_end(&mut received).map(|_| received));

    // Alice says nothing at all, and so closes at once: Bob's file still comes whole.
    let mut alice = market.alice.command(&["connect", ACCOUNTS[2], "--at", &at, "--json"]);
    let alice = alice.output().unwrap();
    assert!(alice.status.success(), "{}", String::from_utf8_lossy(&alice.stderr));
    assert!(alice.stdout == big, "{} bytes", alice.stdout.len());
    assert!(process.wait().unwrap().success());
    assert!(reader.join().unwrap().unwrap().is_empty());

    // And the other way round, large.
    let (mut bob, at) = market.bob_listens(&["--once"]);
    let mut stdout = bob.process.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut received = Vec::new();
        stdout.read_to_end(&mut received).map(|_| received)
    });
    assert_eq!(market.alice_connects(&at, &big).code, 0);
    assert!(reader.join().unwrap().unwrap() == big);
    assert_eq!(bob.finish().code, 0);
}

#[test]
fn a_listener_serves_one_after_another_and_refuses_without_ending() {
    let market = Market::open();
    let (mut bob, at) = market.bob_listens(&["--allow", ACCOUNTS[1]]);
    for order in ["first\n", "second\n"] {
        assert_eq!(market.alice_connects(&at, order.as_bytes()).code, 0);
        bob.event("session");
        bob.event("closed");
    }
    // A registered stranger.
    let carol = Home::registered(&market.anvil, ACCOUNTS[0]);
    let refused = carol.run(&["connect", ACCOUNTS[2], "--at", &at, "--json"]);
    refused.failed(9, "refused_unwilling");
    assert_eq!(bob.event("refused")["initiator"], ACCOUNTS[0]);
    // By a contact's name.
    market.alice.run(&["contacts", "add", "bob", ACCOUNTS[2], "--at", &at]);
    assert_eq!(market.alice.run_with_input(&["connect", "bob", "--json"], b"third\n").code, 0);
    bob.event("session");
    bob.event("closed");
    bob.signal("-INT");
    let bob = bob.finish();
    assert_eq!(bob.code, 130);
    assert_eq!(bob.stdout, "first\nsecond\nthird\n");
    assert!(bob.stderr.contains("\"kind\":\"interrupted\""), "{}", bob.stderr);
}

#[test]
fn instruments_that_differ_are_refused_on_both_sides() {
    let market = Market::open();
    let (mine, yours) = (market.anvil.instrument(), market.anvil.instrument());
    let (mut bob, at) = market.bob_listens(&["--instrument", &mine]);
    let connect = ["connect", ACCOUNTS[2], "--at", &at, "--json", "--instrument", &yours];
    // Nothing was valued, so nothing differs: the one side does not want what the other names.
    let refused = market.alice.run(&connect).failed(9, "refused_unwilling");
    assert!(refused["hint"].as_str().unwrap().contains("--instrument"), "{refused}");
    assert!(bob.event("refused")["message"].as_str().unwrap().contains("instrument"));
}

#[test]
fn a_revoked_key_opens_nothing() {
    let market = Market::open();
    let (mut bob, at) = market.bob_listens(&[]);
    let revoked = market.alice.run(&["revoke", "--unlocked", "--reason", "superseded", "--yes"]);
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    let refused = market.alice_connects(&at, b"");
    assert_eq!(refused.code, 7, "{}", refused.stderr);
    assert_eq!(refused.error_json()["kind"], "revoked");
    bob.signal("-TERM");
    assert_eq!(bob.finish().code, 143);
}

#[test]
fn another_key_than_the_registered_one_is_told_before_anything_is_sent() {
    let market = Market::open();
    market.alice.keygen("other.json");
    let (_bob, at) = market.bob_listens(&[]);
    let other =
        market.alice.run(&["connect", ACCOUNTS[2], "--at", &at, "--json", "--keystore", "other.json"]);
    other.failed(7, "not_my_key");
}

#[test]
fn peers_that_are_not_there_or_go_away() {
    let market = Market::open();
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    market.alice_connects(&dead, b"").failed(10, "peer_unreachable");
    market.alice.run(&["connect", ACCOUNTS[2], "--json"]).failed(2, "usage");

    let mut bob = market.bob.start_with_input(&["listen", "--bind", "127.0.0.1:0", "--json"]);
    let at = bob.event("listening")["address"].as_str().unwrap().to_owned();
    let taken = market.bob.run(&["listen", "--bind", &at, "--json"]).failed(10, "port_in_use");
    assert!(taken["message"].as_str().unwrap().contains(&at), "{taken}");

    // Bob is killed in the middle of a session.
    let mut alice = market.alice.command(&["connect", ACCOUNTS[2], "--at", &at, "--json"]);
    let mut alice = alice.stdin(Stdio::piped()).spawn().unwrap();
    // Held open to the end: its close would end the session.
    let mut input = alice.stdin.take().unwrap();
    input.write_all(b"hello\n").unwrap();
    bob.event("session");
    let mut hello = [0; 6];
    bob.process.stdout.as_mut().unwrap().read_exact(&mut hello).unwrap();
    bob.signal("-KILL");
    let ended = Ran::from(alice.wait_with_output().unwrap());
    ended.failed(10, "peer_gone");
}

#[test]
fn an_interrupt_closes_the_session_so_that_the_peer_knows() {
    let market = Market::open();
    let (mut bob, at) = market.bob_listens(&["--once"]);
    let connect = ["connect", ACCOUNTS[2], "--at", &at, "--json"];
    let mut command = market.alice.command(&connect);
    let mut alice = command.stdin(Stdio::piped()).spawn().unwrap();
    // Held open to the end: its close would end the session.
    let mut input = alice.stdin.take().unwrap();
    input.write_all(b"hello\n").unwrap();
    let mut hello = [0; 6];
    bob.process.stdout.as_mut().unwrap().read_exact(&mut hello).unwrap();
    let began = Instant::now();
    let id = alice.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let alice = Ran::from(alice.wait_with_output().unwrap());
    alice.failed(130, "interrupted");
    // Bob saw an authenticated close, not a cut.
    bob.event("session");
    assert_eq!(bob.event("closed")["received"], 6);
    assert_eq!(bob.finish().code, 0);
    assert!(began.elapsed() < Duration::from_secs(5));
}

/// Both sides of a session that is held open.
fn open_session(market: &Market, more: &[&str]) -> (Running, Running) {
    let mut listen = vec!["listen", "--bind", "127.0.0.1:0", "--json", "--once"];
    listen.extend(more);
    let mut bob = market.bob.start_with_input(&listen);
    let at = bob.event("listening")["address"].as_str().unwrap().to_owned();
    let mut connect = vec!["connect", ACCOUNTS[2], "--at", &at, "--json"];
    connect.extend(more);
    let mut alice = market.alice.start_with_input(&connect);
    alice.event("session");
    assert_eq!(bob.event("session")["resumed"], false);
    (alice, bob)
}

#[test]
fn keys_are_renewed_while_two_processes_talk() {
    let market = Market::open();
    let (mut alice, mut bob) = open_session(&market, &["--rotate-after", "2s", "--padding", "full"]);
    for epoch in 1..3 {
        let (ours, theirs) = (alice.event("epoch"), bob.event("epoch"));
        assert_eq!((&ours["epoch"], &theirs["epoch"]), (&epoch.into(), &epoch.into()));
        assert_eq!(ours["state_hash"], theirs["state_hash"]);
        let order = format!("order under {epoch}\n");
        alice.process.stdin.as_mut().unwrap().write_all(order.as_bytes()).unwrap();
        let mut received = vec![0; order.len()];
        bob.process.stdout.as_mut().unwrap().read_exact(&mut received).unwrap();
        assert_eq!(received, order.as_bytes());
    }
    drop((alice.process.stdin.take(), bob.process.stdin.take()));
    assert_eq!((alice.finish().code, bob.finish().code), (0, 0));
}

#[test]
fn a_revocation_on_chain_ends_the_session_of_both_with_its_reason() {
    let market = Market::open();
    let (mut alice, mut bob) = open_session(&market, &[]);
    let revoked = market.alice.run(&["revoke", "--unlocked", "--reason", "policy", "--yes", "--json"]);
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    for side in [alice.finish(), bob.finish()] {
        let failure = side.failed(9, "ended_revoked");
        assert!(failure["message"].as_str().unwrap().contains("initiator"), "{failure}");
    }
}

#[test]
fn a_revoked_dialler_ends_its_session_and_not_the_listener() {
    let market = Market::open();
    let (mut bob, at) = market.bob_listens(&[]);
    let mut alice = market.alice.start_with_input(&["connect", ACCOUNTS[2], "--at", &at, "--json"]);
    alice.event("session");
    bob.event("session");
    market.alice.run(&["revoke", "--unlocked", "--reason", "policy", "--yes", "--json"]).ok_json();
    alice.finish().failed(9, "ended_revoked");
    assert_eq!(bob.event("broken")["kind"], "ended_revoked");
    let carol = Home::registered(&market.anvil, ACCOUNTS[0]);
    let order = carol.run_with_input(&["connect", ACCOUNTS[2], "--at", &at, "--json"], b"order\n");
    assert_eq!(order.code, 0, "{}", order.stderr);
}

#[test]
fn a_settings_mistake_is_named() {
    let home = Home::new();
    home.run(&["listen", "--rotate-after", "1s", "--json"]).failed(2, "usage");
    home.run(&["listen", "--ticket-lifetime", "2h", "--json"]).failed(2, "usage");
    home.run(&["listen", "--padding", "much", "--json"]).failed(2, "usage");
}
