//! After a session is dropped, none of its secrets is found in the process's memory; nor, while it lives, one that it no longer needs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod kem_memory;
mod reference;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use countersign_secrets::masked::Masked;
use countersign_secrets::session;
use reference::{Draws, Fresh, Secret, Until};

/// Which secrets were found at each stage, by name, and where.
type Found = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Stage after stage: what is no longer needed is nowhere, and what is needed is found, so that the search is known to see.
#[test]
fn secrets_live_no_longer_than_they_are_needed() {
    let secrets = secrets();
    let found = found(&secrets);
    for (stage, gone_since) in STAGES {
        let here = found.get(stage).cloned().unwrap_or_default();
        let left: Vec<_> = secrets
            .iter()
            .filter(|secret| gone_since.is_some_and(|since| secret.until <= since))
            .filter_map(|secret| Some((&secret.name, here.get(&secret.name)?)))
            .collect();
        assert!(left.is_empty(), "{stage}: {left:#?}");
    }
    for (stage, name) in ALIVE {
        assert!(secrets.iter().any(|secret| secret.name == *name), "{name} is a secret");
        assert!(
            found.get(*stage).is_some_and(|names| names.contains_key(*name)),
            "{stage}: the search sees {name}"
        );
    }
    assert!(secrets.len() > 500, "{} secrets", secrets.len());
}

/// The stages of the session, and what must be gone at each.
const STAGES: [(&str, Option<Until>); 6] = [
    ("dialled", None),
    ("established", Some(Until::Established)),
    ("rotated", Some(Until::Rotated)),
    ("rebound", Some(Until::Rebound)),
    ("resumed", Some(Until::Resumed)),
    ("dropped", Some(Until::Dropped)),
];

/// What must be found: one of each kind of secret, where it is needed.
const ALIVE: &[(&str, &str)] = &[
    ("dialled", "Alice's static key"),
    ("dialled", "Bob's static key"),
    ("dialled", "static-static product"),
    ("dialled", "handshake ephemeral of who begins"),
    ("dialled", "handshake ML-KEM seed z"),
    ("dialled", "handshake step 2, chaining key"),
    ("established", "handshake initiator's record key"),
    ("established", "handshake initiator's record key, round key 14"),
    ("established", "handshake responder's record key"),
    ("established", "handshake initiator's datagram key"),
    ("established", "handshake rotation secret"),
    ("established", "handshake datagram secret"),
    ("established", "first exporter secret"),
    ("established", "first resumption secret"),
    ("rotated", "first ticket secret"),
    ("rotated", "first proposal key"),
    ("rotated", "rotation initiator's record key"),
    ("rotated", "rotation rotation secret"),
    ("rebound", "state ticket responder's record key"),
    ("rebound", "first ticket secret"),
    ("resumed", "resumption responder's record key"),
    ("resumed", "next exporter secret"),
];

fn found(secrets: &[Secret]) -> Found {
    let halves: Vec<(&Secret, &[u8])> =
        secrets.iter().flat_map(|secret| secret.bytes.chunks(16).map(move |half| (secret, half))).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_forget"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for draw in draws().in_order() {
        writeln!(stdin, "draw {}", Masked::of(&draw)).unwrap();
    }
    for (_, half) in &halves {
        writeln!(stdin, "needle {}", Masked::of(half)).unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let mut found = Found::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let [stage, needle, region] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (secret, _) = halves[needle.parse::<usize>().unwrap()];
        let by_name = found.entry(stage.to_owned()).or_default();
        by_name.entry(secret.name.clone()).or_default().insert(region.to_owned());
    }
    found
}

/// By the reference, from what crossed the network in a session of this process with the same draws.
fn secrets() -> Vec<Secret> {
    let draws = draws();
    let mut queue = draws.in_order().into_iter();
    let mut wire = Vec::new();
    let draw = |out: &mut [u8]| out.copy_from_slice(&queue.next().unwrap());
    session::whole(draw, |_| (), |message| wire.push(message.to_vec()));
    reference::secrets(&draws, &wire, state_hashes())
}

fn state_hashes() -> [[u8; 32]; 4] {
    let Draws { alice_static, bob_static, .. } = draws();
    let public = [alice_static, bob_static]
        .map(|secret| countersign_protocol::curve::SecretKey::from_bytes(&secret).unwrap().public_key());
    [77, 78, 79, 80].map(|block| {
        session::Views::at(block, &public).alice.state_hash(countersign_protocol::Role::Initiator).0
    })
}

impl Draws {
    fn in_order(&self) -> Vec<Vec<u8>> {
        let mut draws = vec![self.alice_static.to_vec(), self.bob_static.to_vec()];
        for fresh in [&self.handshake, &self.rotation, &self.resumption] {
            draws.extend([
                fresh.alice.to_vec(),
                fresh.kem_seed.to_vec(),
                fresh.bob.to_vec(),
                fresh.encapsulation.to_vec(),
            ]);
        }
        draws
    }
}

fn draws() -> Draws {
    let fresh = |number: u8| Fresh {
        alice: drawn(number),
        kem_seed: [drawn(number + 1), drawn(number + 2)].concat().try_into().unwrap(),
        bob: drawn(number + 3),
        encapsulation: drawn(number + 4),
    };
    Draws {
        alice_static: drawn(1),
        bob_static: drawn(2),
        handshake: fresh(10),
        rotation: fresh(20),
        resumption: fresh(30),
    }
}

/// Looks random, so that nothing else in memory looks like it.
fn drawn(number: u8) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest([b"zeroization".as_slice(), &[number]].concat()).into()
}
