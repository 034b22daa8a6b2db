//! A deterministic simulator: whole sessions of two to four parties on a bad network and a moving chain, in virtual time.
//!
//! One seed is one world. It decides the latencies, the fragments and the cuts of streams, which datagrams are lost,
//! repeated or late, how far each node lags and whether a block is replaced, whose record is rotated, revoked or expires, who
//! crashes, whose clock is wrong, whose node lies, who is under load, who meddles with the bytes, and what the parties do
//! meanwhile: they talk without a pause, rotate, bind newer blocks, refuse, close one direction or both, come back with
//! tickets. After the storm comes fair weather, in which everything wanted must come about.
//!
//! What must hold is checked at every step, by an omniscient [`ledger`](ledger::Ledger) and by this simulator's own reading of
//! SPEC.md. It does *not* simulate proofs (a node's word is taken for one) or time that passes inside a step.
//!
//! ```text
//! scripts/simulate --seed 17      one seed, with its whole trace
//! scripts/simulate --seeds 100000 many, from 0
//! ```
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod answering;
mod chain;
mod connection;
mod datagrams;
mod defect;
mod dialling;
mod ends;
mod epochs;
mod figures;
mod fortune;
mod ledger;
mod party;
mod random;
mod run;
mod sessions;
mod streams;
mod trace;
mod weather;
mod world;

use std::time::Instant;

use defect::Defect;
use figures::Figures;
use run::{Outcome, from_environment, run_all, simulate};

#[test]
fn seeded_sessions_hold_through_all_weathers() {
    let (first, count) = from_environment();
    let began = Instant::now();
    let total = run_all(first, count);
    println!("{count} seeds in {:.1} s: {total}", began.elapsed().as_secs_f32());
    if count >= ENOUGH_SEEDS {
        for (name, number) in total.named() {
            assert!(number > 0, "{count} seeds without any {name}: they show nothing about them");
        }
    }
}

#[test]
fn a_seed_gives_the_same_trace_byte_for_byte() {
    let mut hashes = std::collections::BTreeSet::new();
    for seed in 0..REPEATED_SEEDS {
        let [one, other]: [Outcome; 2] =
            [(); 2].map(|()| simulate(seed, None, false).unwrap_or_else(|failure| panic!("{failure}")));
        assert_eq!(one, other, "seed {seed}");
        hashes.insert(one.trace);
    }
    assert_eq!(hashes.len() as u64, REPEATED_SEEDS, "different seeds are different worlds");
}

/// Where the network, a party or the simulator itself does wrong, the run ends with the reason.
#[test]
#[cfg_attr(
    not(feature = "native"),
    ignore = "about the simulator, which is the same: the faster backends show it"
)]
fn what_goes_wrong_is_found_out() {
    for (defect, expected) in [
        (Defect::AltersRecords, "holds an honest peer for dishonest"),
        (Defect::MixesSessions, "holds an honest peer for dishonest"),
        (Defect::LosesRecords, "holds an honest peer for dishonest"),
        (Defect::DeliversTwice, "message"),
        (Defect::DeliversDatagramsTwice, "was delivered twice"),
        (Defect::IgnoresRevocation, "seals though its head shows"),
        (Defect::IgnoresAge, "ms old"),
        (Defect::IgnoresRequests, "ms of fair weather for an answer"),
        (Defect::NeglectsHalfClosed, "ms of fair weather"),
        (Defect::TalksAfterClose, "seals data after its close"),
        (Defect::KeepsTickets, "a ticket is honoured"),
        (Defect::BelievesLies, "readings that are not the chain's"),
        (Defect::LeavesSilently, "never learned why"),
    ] {
        let found = (0..MOST_TRIES).find_map(|seed| simulate(seed, Some(defect), false).err());
        let failure = found.unwrap_or_else(|| panic!("{defect:?} went unnoticed in {MOST_TRIES} seeds"));
        assert!(failure.to_string().contains(expected), "{defect:?} was found out as: {failure}");
    }
}

#[test]
fn a_failure_says_how_to_see_it_again() {
    let found = (0..20).find_map(|seed| simulate(seed, Some(Defect::AltersRecords), false).err());
    let text = found.unwrap().to_string();
    assert!(
        text.contains("scripts/simulate --seed ") && text.contains("step ") && text.contains(" s  "),
        "{text}"
    );
}

#[test]
fn figures_add_up() {
    let mut total = Figures { steps: 1, sessions: 2, ..Figures::default() };
    total += Figures { steps: 3, ..Figures::default() };
    assert_eq!((total.steps, total.sessions), (4, 2));
    assert!(total.to_string().starts_with("4 steps, 0 virtual seconds, 2 sessions"));
}

/// With so many seeds nothing that the simulator can do remains undone.
const ENOUGH_SEEDS: u64 = 300;
const REPEATED_SEEDS: u64 = 12;
/// Seeds in which a defect must show.
const MOST_TRIES: u64 = 2_000;
