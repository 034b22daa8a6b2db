//! How fast a backfill is stored: figures to be read, not asserted.

use std::time::Instant;

use alloy::primitives::B256;
use countersign_indexer::change::{Change, ChangeSet, Effect, Held};
use countersign_indexer::event::{Event, EventKind, NewKey, Place};
use countersign_indexer::record::Record;
use countersign_indexer::store::{Advance, KeptBlock, Tip, Touched};
use countersign_protocol::{Address, Identity, Label, SignatureScheme};
use countersign_registry::RecordWord;

use crate::chain::{id, registry, time, word};
use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures: cargo test -p countersign-indexer --test store -- --ignored --nocapture pace"]
async fn pace_of_a_backfill_into_postgres() {
    backfill(Fixture::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures: cargo test -p countersign-indexer --test store -- --ignored --nocapture pace"]
async fn pace_of_a_backfill_into_a_folder() {
    backfill(Fixture::embedded().await).await;
}

async fn backfill(fixture: Fixture) {
    let (store, registry) = (fixture.store(), registry(1));
    let mut writer = store.lead().await.unwrap();
    let (mut tip, mut spent) = (None, std::time::Duration::ZERO);
    for stretch in 0..STRETCHES {
        let identities = (0..EVENTS).map(|number| identity(stretch * EVENTS + number)).collect();
        let touched = Touched { identities, appointments: Vec::new() };
        let begun = Instant::now();
        let held = writer.held(registry, &touched).await.unwrap();
        let asked = begun.elapsed();
        let advance = advance(stretch, tip, &touched, &held);
        let begun = Instant::now();
        writer.advance(registry, &advance).await.unwrap();
        spent += asked + begun.elapsed();
        tip = Some(advance.tip);
        if (stretch + 1) % 25 == 0 {
            let rate = (EVENTS * 25) as f64 / spent.as_secs_f64();
            println!("{} events: {rate:.0} events/s", (stretch + 1) * EVENTS);
            spent = std::time::Duration::ZERO;
        }
    }
}

/// Three events of four are about a new record, and one rotates an old one.
fn identity(number: u64) -> Identity {
    let of = if number % 4 == 3 { number / 2 / 4 * 4 } else { number };
    let label = Label(if of % 2 == 0 { [0; 32] } else { word(of % 1000).0 });
    Identity { owner: Address(word(of)[..20].try_into().unwrap()), label }
}

fn advance(stretch: u64, base: Option<Tip>, touched: &Touched, held: &Held) -> Advance {
    let mut held = held.clone();
    let changes = (0..).zip(&touched.identities).map(|(index, identity)| {
        let before = held.records.get(identity).copied();
        let version = before.map_or(1, |before| before.version() + 1);
        let key = key(*identity, version, stretch * EVENTS + index);
        let kind = if version == 1 { EventKind::Registered(key) } else { EventKind::Rotated(key) };
        let after = Record { word: key.word, x: key.x, pinned_x: B256::ZERO, bundle: B256::ZERO };
        held.records.insert(*identity, after);
        let place = Place { block: stretch + 1, log_index: u32::try_from(index).unwrap() };
        let timestamp = time(stretch + 1);
        let event = Event { place, timestamp, claimed_transaction: word(index / 3), kind };
        Change { event, effect: Effect::Record { identity: *identity, before, after } }
    });
    let (block, timestamp) = (id(stretch + 1, 0), time(stretch + 1));
    let changes = vec![ChangeSet { block, timestamp, changes: changes.collect() }];
    let tip = Tip { block, timestamp, finalized: stretch + 1, told_through: Some(stretch + 1) };
    let kept = vec![KeptBlock { block, timestamp }];
    Advance { base: base.map(|tip| tip.block), tip, kept, changes }
}

fn key(identity: Identity, version: u16, seed: u64) -> NewKey {
    let packed = RecordWord {
        signer: Address(word(seed)[..20].try_into().unwrap()),
        anchored_at: 1,
        valid_until: 0,
        version,
        scheme: SignatureScheme::Ecdsa,
        suite_floor: 0,
        revoked: None,
    };
    NewKey { identity, word: packed.pack(), x: word(seed ^ 1 << 60), is_pinned: false }
}

const EVENTS: u64 = 2000;
const STRETCHES: u64 = 100;
