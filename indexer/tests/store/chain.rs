//! Chains of registry events, all of which the contract could have emitted.

use alloy::eips::BlockNumHash;
use alloy::primitives::{B256, keccak256};
use countersign_indexer::change::{Block, Held, State, apply};
use countersign_indexer::event::{Appointment, Event, EventKind, NewKey, Place};
use countersign_indexer::record::Record;
use countersign_protocol::{Address, Identity, Label, SignatureScheme};
use countersign_registry::{RecordWord, RegistryAt, RevocationReason};

/// What is to happen: read as what the contract allows just then.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    pub who: u8,
    pub what: u8,
}

pub fn registry(number: u64) -> RegistryAt {
    RegistryAt { chain_id: 31_337 + number % 2, address: Address(word(number)[..20].try_into().unwrap()) }
}

pub fn owner(number: u8) -> Address {
    Address([number * 16 + 3; 20])
}

pub fn label(number: u8) -> Label {
    match number {
        0 => Label([0; 32]),
        _ => Label::from_text(&format!("desk-{number}")).unwrap(),
    }
}

pub fn identity(who: u8) -> Identity {
    Identity { owner: owner(who % OWNERS), label: label(who / OWNERS % LABELS) }
}

pub fn identities() -> impl Iterator<Item = Identity> {
    (0..OWNERS * LABELS).map(identity)
}

/// There are few, so that several records have the same.
pub fn signer(number: u64) -> Address {
    Address([u8::try_from(number % SIGNERS).unwrap() + 100; 20])
}

pub const OWNERS: u8 = 4;
pub const LABELS: u8 = 3;
pub const SIGNERS: u64 = 5;

/// A block's time, in Unix seconds.
pub const fn time(height: u64) -> u64 {
    1_700_000_000 + height * 12
}

/// The block at a height of one of the chains that could be.
pub fn id(height: u64, branch: u64) -> BlockNumHash {
    BlockNumHash { number: height, hash: word(height << 32 | branch << 1 | 1) }
}

/// A block in which this happens after what is held.
pub fn block(height: u64, branch: u64, choices: &[Choice], before: &Held) -> Block {
    let mut block = Block { id: id(height, branch), timestamp: time(height), events: Vec::new() };
    for (index, choice) in choices.iter().enumerate() {
        let mut held = before.clone();
        held.take(&apply(&block, before).unwrap());
        let kind = kind(*choice, height << 24 | branch << 8 | index as u64, time(height), &held);
        let place = Place { block: height, log_index: u32::try_from(index).unwrap() * 3 };
        let claimed_transaction = word(height << 40 | index as u64);
        block.events.push(Event { place, timestamp: time(height), claimed_transaction, kind });
    }
    block
}

fn kind(Choice { who, what }: Choice, seed: u64, time: u64, held: &Held) -> EventKind {
    if what % 8 == 7 {
        let appointment = Appointment { owner: owner(who % OWNERS), operator: owner(who / OWNERS % OWNERS) };
        return EventKind::OperatorSet { appointment, until: if what & 8 == 0 { 0 } else { time + 100 } };
    }
    let identity = identity(who);
    let record = held.record(&identity);
    match record.and_then(|record| Some((record, record.fields()?))) {
        None => EventKind::Registered(key(identity, 1, what, seed, time)),
        Some((_, RecordWord { version, revoked: Some(_), .. })) => {
            EventKind::Registered(key(identity, version + 1, what, seed, time))
        }
        Some((record, fields)) => current(identity, record, fields, what, seed, time),
    }
}

/// What can become of a record that is not revoked.
fn current(
    identity: Identity,
    record: Record,
    fields: RecordWord,
    what: u8,
    seed: u64,
    time: u64,
) -> EventKind {
    match what % 8 {
        0..=2 => EventKind::Rotated(key(identity, fields.version + 1, what, seed, time)),
        3 | 4 => {
            let revoked = Some(RevocationReason::from_code(what % 6));
            let valid_until = u32::try_from(time).unwrap();
            EventKind::Revoked { identity, word: RecordWord { revoked, valid_until, ..fields }.pack() }
        }
        5 if !record.is_pinned() => EventKind::Pinned { identity, version: fields.version, x: record.x },
        _ => {
            let bundle = if what & 8 == 0 { B256::ZERO } else { word(seed) };
            EventKind::BundleAnchored { identity, version: fields.version, bundle }
        }
    }
}

fn key(identity: Identity, version: u16, what: u8, seed: u64, time: u64) -> NewKey {
    let word_ = RecordWord {
        signer: signer(seed ^ u64::from(what)),
        anchored_at: time,
        valid_until: if what & 16 == 0 { 0 } else { u32::try_from(time).unwrap() + 30 },
        version,
        scheme: SignatureScheme::Ecdsa,
        suite_floor: what % 4,
        revoked: None,
    };
    NewKey { identity, word: word_.pack(), x: word(seed), is_pinned: what & 32 != 0 }
}

/// Some 32 bytes.
pub fn word(seed: u64) -> B256 {
    keccak256(seed.to_be_bytes())
}
