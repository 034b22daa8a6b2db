//! Writers that are killed at any instant.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_indexer::store::embedded::EmbeddedStore;
use countersign_indexer::store::postgres::PostgresStore;
use countersign_indexer::store::{Sequence, Store, StoreError};

use crate::chain::word;
use crate::fixture::CACHE;
use crate::process::{Process, assert_whole, place, write};
use crate::server::server;

#[tokio::test]
async fn the_next_one_leads_when_the_leader_is_killed() {
    let address = server().database().await;
    let reader = PostgresStore::connect(&address, 2).await.unwrap();
    let mut first = Process::of(POSTGRES_WRITER, &address);
    assert!(first.says("leads"));
    reader.changed_after(Sequence(20)).await.unwrap();
    let mut next = Process::of(POSTGRES_WRITER, &address);
    for _ in 0..3 {
        // Whoever would lead does not, while another one does.
        reader.changed_after(Sequence(reader.newest().await.unwrap().0 + 20)).await.unwrap();
        first.kill();
        assert!(next.says("leads"));
        first = std::mem::replace(&mut next, Process::of(POSTGRES_WRITER, &address));
    }
    assert!(first.says("done"));
    first.succeeds();
    assert!(next.says("done"));
    next.succeeds();
    assert_whole(&reader, POSTGRES_HEIGHT).await;
}

#[tokio::test]
async fn the_embedded_store_keeps_all_it_took_when_its_process_is_killed_at_any_instant() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("index");
    let mut kills = 0;
    for round in 0..200 {
        let mut process = Process::of(EMBEDDED_WRITER, place.to_str().unwrap());
        if !process.says("stored") {
            process.succeeds();
            break;
        }
        std::thread::sleep(Duration::from_micros(u64::from(word(round)[0]) * 150));
        process.kill();
        kills += 1;
        if kills % 16 == 0 {
            assert_whole_so_far(&place).await;
        }
        if kills == 32 {
            let mut last = Process::of(EMBEDDED_WRITER, place.to_str().unwrap());
            assert!(last.says("done"));
            last.succeeds();
            break;
        }
    }
    assert_eq!(kills, 32, "the chain is too short for the kills");
    let store = EmbeddedStore::open(&place, CACHE).await.unwrap();
    assert_whole(&store, EMBEDDED_HEIGHT).await;
}

async fn assert_whole_so_far(place: &Path) {
    let store = EmbeddedStore::open(place, CACHE).await.unwrap();
    let height = store.tip(crate::chain::registry(1)).await.unwrap().block.number;
    assert_whole(&store, height).await;
}

#[tokio::test]
async fn another_process_cannot_open_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("index");
    let mut process = Process::of(EMBEDDED_WRITER, place.to_str().unwrap());
    assert!(process.says("leads"));
    assert!(matches!(EmbeddedStore::open(&place, CACHE).await, Err(StoreError::Busy)));
    process.kill();
    EmbeddedStore::open(&place, CACHE).await.unwrap();
}

#[tokio::test]
#[ignore = "run by the tests above, in a process of its own"]
async fn writes_to_postgres() {
    write(Arc::new(PostgresStore::connect(&place(), 2).await.unwrap()), POSTGRES_HEIGHT).await;
}

#[tokio::test]
#[ignore = "run by the tests above, in a process of its own"]
async fn writes_to_a_folder() {
    let store = EmbeddedStore::open(Path::new(&place()), CACHE).await.unwrap();
    write(Arc::new(store), EMBEDDED_HEIGHT).await;
}

const POSTGRES_WRITER: &str = "killing::writes_to_postgres";
const EMBEDDED_WRITER: &str = "killing::writes_to_a_folder";

/// More than is stored until the last is killed.
const POSTGRES_HEIGHT: u64 = 800;
const EMBEDDED_HEIGHT: u64 = 400;
