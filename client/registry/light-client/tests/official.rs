//! The official test vectors of the sync protocol (consensus-spec-tests, `light_client/sync`), and what becomes of them
//! when they are changed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic, missing_docs)]

mod case;

use alloy_primitives::B256;
use case::{Case, Step};
use countersign_light_client::{Activation, Bootstrap, Fork, LightClient, Network, Preset, Refusal, Update};

#[test]
fn every_step_of_every_case_does_what_it_must() {
    let mut checked = 0;
    for (name, fork) in CASES {
        let case = Case::read(name);
        let mut client = case.begin(fork, network(fork));
        for (position, step) in case.steps.iter().enumerate() {
            take(&case, fork, &mut client, step);
            for (header, wanted) in
                [(client.finalized(), &step.finalized), (client.optimistic(), &step.optimistic)]
            {
                assert_eq!(header.slot(), wanted.slot, "{name} step {position}");
                assert_eq!(header.beacon_root(), wanted.beacon_root, "{name} step {position}");
                assert_eq!(header.execution_root(), Some(wanted.execution_root), "{name} step {position}");
                checked += 3;
            }
        }
    }
    // Ten steps of two cases, and three assertions on each of two headers.
    assert_eq!(checked, 2 * 10 * 2 * 3);
}

/// 256 bits in turn would take minutes: one bit of each byte, another one from byte to byte.
#[test]
fn every_changed_byte_of_an_update_is_refused() {
    for (name, fork) in CASES {
        let case = Case::read(name);
        let client = case.begin(fork, network(fork));
        let Step { update: Some(update), slot, .. } = &case.steps[0] else { panic!("an update comes first") };
        let honest = case.bytes(update);
        let read = |bytes: &[u8]| Update::from_ssz(Preset::Minimal, fork, bytes);
        let accepts =
            |bytes: &[u8]| read(bytes).is_ok_and(|update| client.clone().process(update, *slot).is_ok());
        assert!(accepts(&honest));
        let mut changed = honest.clone();
        for position in 0..honest.len() {
            changed[position] ^= 1 << (position % 8);
            assert!(!accepts(&changed), "{name}: byte {position} of {}", honest.len());
            changed[position] = honest[position];
        }
        for length in [0, 1, honest.len() - 1] {
            assert!(!accepts(&honest[..length]));
        }
    }
}

#[test]
fn every_changed_byte_of_a_bootstrap_is_refused() {
    for (name, fork) in CASES {
        let case = Case::read(name);
        let honest = case.bytes("bootstrap");
        let accepts = |bytes: &[u8]| {
            let bootstrap = Bootstrap::from_ssz(Preset::Minimal, fork, bytes);
            bootstrap.is_ok_and(|sent| LightClient::begin(network(fork), case.trusted, sent).is_ok())
        };
        assert!(accepts(&honest));
        let mut changed = honest.clone();
        for position in 0..honest.len() {
            changed[position] ^= 1 << (position % 8);
            assert!(!accepts(&changed), "{name}: byte {position} of {}", honest.len());
            changed[position] = honest[position];
        }
    }
}

#[test]
fn another_chain_or_fork_signs_otherwise() {
    for (name, fork) in CASES {
        let case = Case::read(name);
        let root = network(fork).genesis_validators_root();
        let signature = Err(Refusal::Signature { participants: 32 });
        for other in [built(fork, B256::repeat_byte(7), version(fork)), built(fork, root, [9, 9, 9, 9])] {
            let mut client = case.begin(fork, other);
            assert_eq!(client.process(case.update(fork, 0), case.steps[0].slot), signature);
        }
    }
}

#[test]
fn a_checkpoint_that_is_not_the_bootstraps_is_refused() {
    let case = Case::read("electra");
    let bootstrap = Bootstrap::from_ssz(Preset::Minimal, Fork::Electra, &case.bytes("bootstrap")).unwrap();
    let trusted = B256::repeat_byte(1);
    let outcome = LightClient::begin(network(Fork::Electra), trusted, bootstrap).map(|_| ());
    assert_eq!(outcome, Err(Refusal::OtherBlock { trusted, got: case.trusted }));
}

#[test]
fn an_old_update_says_nothing_new() {
    let (case, fork) = (Case::read("electra"), Fork::Electra);
    let mut client = case.begin(fork, network(fork));
    for step in &case.steps[..6] {
        take(&case, fork, &mut client, step);
    }
    let outcome = client.process(case.update(fork, 4), 281);
    assert_eq!(outcome, Err(Refusal::Irrelevant { attested: 130, finalized: 130 }));
}

#[test]
fn an_update_of_a_period_whose_committee_is_unknown_is_refused() {
    let (case, fork) = (Case::read("electra"), Fork::Electra);
    let mut client = case.begin(fork, network(fork));
    let last = case.steps.len() - 1;
    let outcome = client.process(case.update(fork, last), 281);
    assert_eq!(outcome, Err(Refusal::UnknownPeriod { signed: 4, known: 0, next_known: false }));
    assert_eq!(client.wanted_period(), 0);
    take(&case, fork, &mut client, &case.steps[0]);
    let outcome = client.process(case.update(fork, last), 281);
    assert_eq!(outcome, Err(Refusal::UnknownPeriod { signed: 4, known: 0, next_known: true }));
    assert_eq!(client.wanted_period(), 1);
}

#[test]
fn an_update_from_the_future_is_refused() {
    let (case, fork) = (Case::read("deneb"), Fork::Deneb);
    let mut client = case.begin(fork, network(fork));
    let outcome = client.process(case.update(fork, 0), 40);
    assert_eq!(outcome, Err(Refusal::FromTheFuture { signature_slot: 41, now: 40 }));
}

#[test]
fn a_network_that_begins_later_takes_nothing_older() {
    let case = Case::read("electra");
    let forks = vec![Activation { fork: Fork::Electra, epoch: 3, version: version(Fork::Electra) }];
    let later = Network::new(Preset::Minimal, 0, B256::ZERO, 6, forks).unwrap();
    let bootstrap = Bootstrap::from_ssz(Preset::Minimal, Fork::Electra, &case.bytes("bootstrap")).unwrap();
    let slot = bootstrap.header().slot();
    let outcome = LightClient::begin(later, case.trusted, bootstrap).map(|_| ());
    assert_eq!(outcome, Err(Refusal::BeforeFirstFork { slot }));
}

fn take(case: &Case, fork: Fork, client: &mut LightClient, step: &Step) {
    match &step.update {
        Some(name) => {
            let update = Update::from_ssz(Preset::Minimal, fork, &case.bytes(name)).unwrap();
            client.process(update, step.slot).expect("an official update");
        }
        None => {
            assert!(client.force_update(step.slot).unwrap());
        }
    }
}

fn network(fork: Fork) -> Network {
    built(fork, Case::genesis_validators_root(), version(fork))
}

fn built(fork: Fork, genesis_validators_root: B256, version: [u8; 4]) -> Network {
    let forks = vec![Activation { fork, epoch: 0, version }];
    Network::new(Preset::Minimal, 1_578_009_900, genesis_validators_root, 6, forks).unwrap()
}

/// `DENEB_FORK_VERSION` and `ELECTRA_FORK_VERSION` of the cases' `config.yaml`.
fn version(fork: Fork) -> [u8; 4] {
    match fork {
        Fork::Deneb => [4, 0, 0, 1],
        _ => [5, 0, 0, 1],
    }
}

const CASES: [(&str, Fork); 2] = [("deneb", Fork::Deneb), ("electra", Fork::Electra)];
