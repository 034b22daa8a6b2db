//! What is wrong around a store: no server, no room, no right to it.

use std::sync::Arc;
use std::time::Duration;

use countersign_indexer::store::embedded::EmbeddedStore;
use countersign_indexer::store::postgres::PostgresStore;
use countersign_indexer::store::{Sequence, Store, StoreError};
use tokio::time::timeout;

use crate::chain::{Choice, identity, registry};
use crate::compare::compare;
use crate::fixture::{CACHE, Fixture};
use crate::process::{Process, place};
use crate::server::{Server, execute, server};
use crate::twin::{Twin, Vouched, is_unavailable};

const EVENT: &[&[Choice]] = &[&[Choice { who: 1, what: 0 }]];

#[tokio::test]
async fn a_server_that_stopped_is_unavailable_until_it_is_back() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let store = Arc::new(PostgresStore::connect(&server.database().await, 4).await.unwrap());
    let mut twin = Twin::new(store.clone(), registry(1)).await;
    twin.advance(EVENT, Vouched::default()).await;
    let newest = store.newest().await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.changed_after(newest).await }
    });
    server.order("stop");
    assert!(is_unavailable(&store.record(registry(1), identity(1)).await));
    assert!(is_unavailable(&store.tip(registry(1)).await));
    assert!(is_unavailable(&store.lead().await));
    let advance = twin.next(EVENT, Vouched::default());
    assert!(is_unavailable(&twin.writer.advance(registry(1), &advance).await));
    server.order("start");
    store.record(registry(1), identity(1)).await.unwrap();
    // With its connection it lost the lock: another may have written since.
    assert!(is_unavailable(&twin.writer.advance(registry(1), &advance).await));
    twin.writer = timeout(PATIENCE, store.lead()).await.unwrap().unwrap();
    compare(&mut twin).await;
    twin.advance(EVENT, Vouched::default()).await;
    compare(&mut twin).await;
    timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_is_cut_is_one_failure_and_no_more() {
    let address = server().database().await;
    let store = Arc::new(PostgresStore::connect(&address, 1).await.unwrap());
    let mut twin = Twin::new(store.clone(), registry(1)).await;
    twin.advance(EVENT, Vouched::default()).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE pid <> pg_backend_pid() AND datname = current_database()";
    execute(&address, cut).await;
    let advance = twin.next(EVENT, Vouched::default());
    assert!(is_unavailable(&twin.writer.advance(registry(1), &advance).await));
    let _ = store.tip(registry(1)).await;
    twin.writer = timeout(PATIENCE, store.lead()).await.unwrap().unwrap();
    twin.advance(EVENT, Vouched::default()).await;
    compare(&mut twin).await;
}

/// The server says so itself here, since filling its disk takes one of its own; what becomes of it then is the same.
#[tokio::test]
async fn a_server_without_room_is_full_and_goes_on_with_the_same_writer() {
    let address = server().database().await;
    let store = Arc::new(PostgresStore::connect(&address, 2).await.unwrap());
    let mut twin = Twin::new(store, registry(1)).await;
    twin.advance(EVENT, Vouched::default()).await;
    execute(&address, FULL).await;
    let advance = twin.next(EVENT, Vouched::default());
    for _ in 0..2 {
        let refused = twin.writer.advance(registry(1), &advance).await;
        assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
    }
    compare(&mut twin).await;
    execute(&address, "DROP TRIGGER no_room ON countersign_index.events").await;
    twin.advance(EVENT, Vouched::default()).await;
    compare(&mut twin).await;
}

const FULL: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$; \
     CREATE TRIGGER no_room BEFORE INSERT ON countersign_index.events \
     FOR EACH ROW EXECUTE FUNCTION full_disk()";

/// On a small file system in memory, mounted in a name space of its own.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_without_room_is_full_and_goes_on_with_the_same_writer() {
    let mut process = Process::in_memory_of("outage::fills_a_disk", 160 << 20);
    assert!(process.says("done"), "this test needs unshare(1), with the right to mount");
    process.succeeds();
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn fills_a_disk() {
    let folder = std::path::PathBuf::from(place());
    let store = Arc::new(EmbeddedStore::open(&folder.join("index"), CACHE).await.unwrap());
    let mut twin = Twin::new(store.clone(), registry(1)).await;
    twin.advance(EVENT, Vouched::default()).await;
    let ballast = folder.join("ballast");
    for _ in 0..2 {
        assert!(
            std::io::copy(&mut std::io::repeat(1), &mut std::fs::File::create(&ballast).unwrap()).is_err()
        );
        let many: Vec<_> = (0..200).map(|number| Choice { who: number, what: 0 }).collect();
        let failure = loop {
            let advance = twin.next(&[&many], Vouched::default());
            match twin.writer.advance(registry(1), &advance).await {
                Ok(()) => twin.model.advance(&advance, 1),
                Err(failure) => break failure,
            }
        };
        assert!(matches!(failure, StoreError::Full { .. }), "{failure:?}");
        assert_eq!(store.tip(registry(1)).await.unwrap(), twin.model.tip.unwrap());
        let again = twin.writer.tip(registry(1)).await;
        assert!(matches!(again, Err(StoreError::Full { .. })) || again.is_ok(), "{again:?}");
        std::fs::remove_file(&ballast).unwrap();
        assert_eq!(twin.writer.tip(registry(1)).await.unwrap(), twin.model.tip);
        twin.advance(EVENT, Vouched::default()).await;
        compare(&mut twin).await;
    }
    println!("done");
}

#[tokio::test]
async fn a_password_is_in_no_message() {
    let secret = "correct-horse";
    for address in [
        format!("postgresql://someone:{secret}@127.0.0.1:1/index"),
        format!("host=127.0.0.1 port=1 user=someone password={secret}"),
        format!("postgresql://someone:{secret}@127.0.0.1:99999999/index"),
        format!("host=127.0.0.1 port={secret}"),
        format!("password={secret} {secret}"),
        secret.to_string(),
    ] {
        let failure = PostgresStore::connect(&address, 1).await.unwrap_err();
        assert!(!format!("{failure} {failure:?}").contains(secret), "{failure}");
    }
    let Fixture::Postgres { address, .. } = Fixture::postgres().await else { unreachable!() };
    let store = PostgresStore::connect(&format!("{address} password={secret}"), 1).await.unwrap();
    let writer = store.lead().await.unwrap();
    assert!(!format!("{store:?} {writer:?}").contains(secret));
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_left_alone() {
    let address = server().database().await;
    drop(PostgresStore::connect(&address, 1).await.unwrap());
    execute(&address, "UPDATE countersign_index.store SET format = 99").await;
    let refused = PostgresStore::connect(&address, 1).await;
    assert!(matches!(refused, Err(StoreError::Format { found: 99, known: 1 })), "{refused:?}");
}

#[tokio::test]
async fn many_at_once_make_the_tables_once() {
    let address = server().database().await;
    let connect = || {
        tokio::spawn({
            let address = address.clone();
            async move { PostgresStore::connect(&address, 1).await.unwrap().newest().await.unwrap() }
        })
    };
    for store in [connect(), connect(), connect(), connect()] {
        assert_eq!(store.await.unwrap(), Sequence(0));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("of/the/index");
    EmbeddedStore::open(&place, CACHE).await.unwrap();
    assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
}

const PATIENCE: Duration = Duration::from_secs(20);
