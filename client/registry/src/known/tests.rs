//! The known records by themselves: what they keep, and what they refuse to open.

use std::fs;
use std::path::PathBuf;

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::{Address, SignatureScheme};
use tempfile::TempDir;

use super::*;
use crate::error::ResolveError;
use crate::memory::{Past, Shown};
use crate::proof::ProvenRecord;
use crate::word::{RecordWord, RevocationReason};

const HERE: RegistryAt = RegistryAt { chain_id: 31337, address: Address([9; 20]) };
const ALICE: Identity = Identity::of(Address([1; 20]));
const BOB: Identity = Identity::of(Address([2; 20]));

fn block(number: u64) -> BlockNumHash {
    BlockNumHash { number, hash: B256::with_last_byte(number.to_le_bytes()[0]) }
}

fn seen(version: u16, is_revoked: bool, number: u64) -> Seen {
    let revoked = is_revoked.then_some(RevocationReason::KeyCompromised);
    Seen { version, signer: Address([version.to_le_bytes()[0]; 20]), revoked, block: block(number) }
}

fn batch(number: u64, records: &[(Identity, Seen)]) -> Batch {
    Batch {
        registry: HERE,
        block: block(number),
        timestamp: 1_000 + number,
        records: records.into(),
        now: 5_000,
    }
}

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("known.sqlite")
    }

    fn open(&self) -> KnownRecords {
        KnownRecords::open(&self.file()).unwrap()
    }

    fn refusal(&self) -> KnownError {
        KnownRecords::open(&self.file()).unwrap_err()
    }
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart() {
    let place = Place::new();
    let known = place.open();
    known.keep(batch(7, &[(ALICE, seen(1, false, 7)), (BOB, seen(3, true, 7))])).await.unwrap();
    drop(known);
    let known = place.open();
    let recalled = known.recall(HERE, vec![ALICE, BOB, Identity::of(Address([3; 20]))]).await.unwrap();
    assert_eq!(recalled.highest, 7);
    assert_eq!(recalled.records, [Some(seen(1, false, 7)), Some(seen(3, true, 7)), None]);
    let elsewhere = RegistryAt { chain_id: 1, ..HERE };
    let recalled = known.recall(elsewhere, vec![ALICE]).await.unwrap();
    assert_eq!((recalled.highest, recalled.records), (0, vec![None]));
}

#[tokio::test]
async fn the_file_has_the_last_word_on_the_rules() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    one.keep(batch(8, &[(ALICE, seen(1, true, 8))])).await.unwrap();
    let kept = other.keep(batch(9, &[(ALICE, seen(1, false, 9)), (BOB, seen(1, false, 9))])).await.unwrap();
    assert_eq!(kept.records, [Err(Contradiction::Rewound { seen: seen(1, true, 8) }), Ok(seen(1, false, 9))]);
    let kept = other.keep(batch(7, &[(ALICE, seen(1, false, 7))])).await.unwrap();
    assert_eq!(kept.records, [Err(Contradiction::Outdated { seen: seen(1, true, 8) })]);
    assert_eq!(kept.highest, 9);
    let recalled = one.recall(HERE, vec![ALICE, BOB]).await.unwrap();
    assert_eq!(
        (recalled.highest, recalled.records),
        (9, vec![Some(seen(1, true, 8)), Some(seen(1, false, 9))])
    );
}

#[tokio::test]
async fn only_changes_of_records_begin_a_generation() {
    let known = KnownRecords::in_memory().unwrap();
    let kept = known.keep(batch(1, &[(ALICE, seen(1, false, 1))])).await.unwrap();
    assert_eq!(kept.generation, kept.generation_before + 1);
    let kept = known.keep(batch(2, &[(ALICE, seen(1, false, 2))])).await.unwrap();
    assert_eq!(kept.generation, kept.generation_before);
    let before = kept.generation;
    known.forget(&ALICE, None).unwrap();
    assert_eq!(known.recall(HERE, vec![ALICE]).await.unwrap().generation, before + 1);
}

#[tokio::test]
async fn a_newer_block_beside_an_unchanged_record_is_written_at_the_end_at_the_latest() {
    let place = Place::new();
    let known = place.open();
    known.keep(batch(1, &[(ALICE, seen(1, false, 1)), (BOB, seen(2, false, 1))])).await.unwrap();
    known.refresh(HERE, ALICE, seen(1, false, 6), 6_000);
    // Says something else than what is known, so it is no refreshment.
    known.refresh(HERE, BOB, seen(1, false, 6), 6_000);
    drop(known);
    let records = place.open().records().unwrap();
    let of = |identity| *records.iter().find(|record| record.identity == identity).unwrap();
    assert_eq!((of(ALICE).seen, of(ALICE).first_proven_at), (seen(1, false, 6), 5_000));
    assert_eq!(of(ALICE).last_proven_at, 6_000);
    assert_eq!(of(BOB).seen, seen(2, false, 1));
}

#[tokio::test]
async fn many_at_once_are_all_kept() {
    let place = Place::new();
    let known = place.open();
    let identity = |number: u8| Identity::of(Address([number; 20]));
    let tasks: Vec<_> = (1..=100)
        .map(|number| {
            let known = known.clone();
            tokio::spawn(async move {
                known.keep(batch(number.into(), &[(identity(number), seen(1, false, number.into()))])).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    drop(known);
    let known = place.open();
    assert_eq!(known.records().unwrap().len(), 100);
    assert_eq!(known.heads().unwrap().first().unwrap().block, block(100));
    known.check().unwrap();
}

#[tokio::test]
async fn an_incident_that_repeats_is_counted() {
    let known = KnownRecords::in_memory().unwrap();
    let endpoint = "https://user:secret@node.example/key".parse().unwrap();
    let record = |number| Rollback::Record {
        identity: ALICE,
        known: seen(2, false, 8),
        shown: seen(1, false, number),
    };
    for rollback in [record(9), record(10), Rollback::Head { known: 8, shown: block(3) }] {
        known.note(Incident::now(HERE, rollback, &[&endpoint])).await.unwrap();
    }
    let mut incidents = known.incidents().unwrap();
    incidents.sort_by_key(|incident| incident.times);
    let [head, of_alice] = &*incidents else { panic!("{incidents:?}") };
    assert_eq!((head.rollback, head.times), (Rollback::Head { known: 8, shown: block(3) }, 1));
    assert_eq!((of_alice.rollback, of_alice.times), (record(10), 2));
    assert_eq!(of_alice.endpoints, ["https://node.example/…"]);
}

#[tokio::test]
async fn what_is_forgotten_is_forgotten_where_it_was_meant() {
    let known = KnownRecords::in_memory().unwrap();
    known.keep(batch(8, &[(ALICE, seen(2, false, 8)), (BOB, seen(1, false, 8))])).await.unwrap();
    let elsewhere = RegistryAt { chain_id: 1, ..HERE };
    let there = Batch { registry: elsewhere, ..batch(9, &[(ALICE, seen(1, false, 9))]) };
    known.keep(there).await.unwrap();
    let shown = seen(1, false, 9);
    let rollback = Rollback::Record { identity: ALICE, known: seen(2, false, 8), shown };
    known.note(Incident::now(HERE, rollback, &[])).await.unwrap();
    assert_eq!(known.forget(&ALICE, Some(31337)).unwrap(), 1);
    assert_eq!((known.records().unwrap().len(), known.incidents().unwrap().len()), (2, 0));
    assert_eq!(known.heads().unwrap().len(), 2);
    assert_eq!(known.forget_all(Some(1)).unwrap(), 1);
    assert_eq!(known.heads().unwrap().first().unwrap().registry, HERE);
    assert_eq!(known.forget_all(None).unwrap(), 1);
    assert_eq!((known.records().unwrap().len(), known.heads().unwrap().len()), (0, 0));
}

#[tokio::test]
async fn the_ring_survives_and_is_one_chain() {
    let place = Place::new();
    let known = place.open();
    let chain = |fork: u8, from: u64, to: u64, mut parent: B256| -> Vec<Header> {
        (from..=to)
            .map(|number| {
                let header = Header {
                    number,
                    parent_hash: parent,
                    extra_data: vec![fork].into(),
                    ..Header::default()
                };
                parent = header.hash_slow();
                header
            })
            .collect()
    };
    let first = chain(0, 1, 10, B256::ZERO);
    known.keep_ring(31337, 0, first.clone(), 8);
    // A fork from block 7 on.
    let parent = first.iter().find(|header| header.number == 6).unwrap().hash_slow();
    let other = chain(1, 7, 9, parent);
    known.keep_ring(31337, 6, other.clone(), 8);
    drop(known);
    let ring = place.open().ring(31337).await.unwrap();
    let expected: Vec<_> =
        first.iter().skip(2).take(4).chain(&other).map(|header| header.hash_slow()).collect();
    assert_eq!(ring.iter().map(|header| header.block().hash).collect::<Vec<_>>(), expected);
    assert!(place.open().ring(1).await.unwrap().is_empty());
    // Without its middle the older part says nothing.
    let known = place.open();
    known.0.store.write(|connection| connection.execute("DELETE FROM ring WHERE number = 5", [])).unwrap();
    assert_eq!(known.ring(31337).await.unwrap().first().unwrap().block().number, 6);
}

#[tokio::test]
async fn a_full_disk_is_told_and_costs_nothing_that_was_kept() {
    let place = Place::new();
    let known = place.open();
    known.keep(batch(1, &[(ALICE, seen(1, false, 1))])).await.unwrap();
    known.0.store.limit_pages(1);
    let many: Vec<_> =
        (1..=255).map(|number| (Identity::of(Address([number; 20])), seen(1, false, 2))).collect();
    let error = known.keep(batch(2, &many)).await.unwrap_err();
    assert!(matches!(error, KnownError::Full { .. }), "{error:?}");
    drop(known);
    let known = place.open();
    assert_eq!(known.heads().unwrap().first().unwrap().block, block(1));
    known.keep(batch(2, &many)).await.unwrap();
    assert_eq!(known.records().unwrap().len(), 255);
}

#[tokio::test]
async fn where_nothing_can_be_kept_nothing_is_acted_on() {
    let place = Place::new();
    let known = place.open();
    let past = Past::of(HERE);
    past.keep_in(known.clone()).unwrap();
    let header = |number| {
        let header = Header { number, ..Header::default() };
        ProvenHeader::recompute(&header, header.hash_slow()).unwrap()
    };
    past.advance(Shown { head: &header(7), by: &[] }, &[]).await.unwrap();
    assert_eq!(past.highest().await.unwrap(), 7);
    known.0.store.write(|connection| connection.execute("DROP TABLE heads", [])).unwrap();
    let unread = past.highest().await;
    assert!(matches!(unread, Err(ResolveError::Known(KnownError::Io { .. }))), "{unread:?}");
    let unwritten = past.advance(Shown { head: &header(8), by: &[] }, &[]).await;
    assert!(matches!(unwritten, Err(ResolveError::Known(KnownError::Io { .. }))), "{unwritten:?}");
    assert_eq!(past.highest_here(), 7);
}

#[tokio::test]
async fn what_another_process_proves_is_seen_in_a_moment() {
    let place = Place::new();
    let [here, there] = [(), ()].map(|()| {
        let past = Past::of(HERE);
        past.keep_in(place.open()).unwrap();
        past
    });
    let header = |number| {
        let header = Header { number, ..Header::default() };
        ProvenHeader::recompute(&header, header.hash_slow()).unwrap()
    };
    let record = |revoked| {
        let word = RecordWord {
            signer: Address([1; 20]),
            anchored_at: 1,
            valid_until: 0,
            version: 1,
            scheme: SignatureScheme::Ecdsa,
            suite_floor: 0,
            revoked,
        };
        ProvenRecord::stored(ALICE, word)
    };
    let (active, revoked) = (record(None), record(Some(RevocationReason::Policy)));
    let at_7 = header(7);
    here.advance(Shown { head: &at_7, by: &[] }, &[(ALICE, Some(&active))]).await.unwrap();
    let said = Seen::of(Some(&active), &at_7);
    assert!(!here.contradicts(&ALICE, said));
    there.advance(Shown { head: &header(9), by: &[] }, &[(ALICE, Some(&revoked))]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    assert!(here.contradicts(&ALICE, said), "it is revoked");
    assert_eq!(here.highest_here(), 9);
    // The same where it first hears of it by way of a head of its own.
    here.advance(Shown { head: &header(10), by: &[] }, &[]).await.unwrap();
    assert!(here.contradicts(&ALICE, said));
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let place = Place::new();
    let text = "not a database, but long enough to be looked at as one".repeat(40);
    fs::write(place.file(), &text).unwrap();
    make_private(&place.file());
    assert!(matches!(place.refusal(), KnownError::NotKnownRecords { .. }), "{:?}", place.refusal());
    assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
    fs::remove_file(place.file()).unwrap();
    let foreign = rusqlite::Connection::open(place.file()).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(foreign);
    make_private(&place.file());
    assert!(matches!(place.refusal(), KnownError::NotKnownRecords { .. }));
}

#[test]
fn a_later_format_is_left_alone() {
    let place = Place::new();
    let known = place.open();
    known.0.store.write(|connection| connection.pragma_update(None, "user_version", 99)).unwrap();
    drop(known);
    let error = place.refusal();
    assert!(matches!(error, KnownError::Newer { found: 99, readable: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    use std::io::{Seek, SeekFrom, Write};
    let place = Place::new();
    let known = place.open();
    let many: Vec<_> =
        (1..=200).map(|number| (Identity::of(Address([number; 20])), seen(1, false, 2))).collect();
    known.keep(batch(2, &many)).await.unwrap();
    drop(known);
    let mut file = fs::OpenOptions::new().write(true).open(place.file()).unwrap();
    let length = file.metadata().unwrap().len();
    // All pages but the first, which holds the schema.
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(length - 4096).unwrap()]).unwrap();
    drop(file);
    let error = match KnownRecords::open(&place.file()) {
        Ok(known) => known.records().unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, KnownError::Damaged { .. }), "{error:?}");
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_file_and_what_stands_beside_it_are_private() {
        let place = Place::new();
        let file = place.folder.path().join("new/deep/known.sqlite");
        let known = KnownRecords::open(&file).unwrap();
        known.forget_all(None).unwrap();
        let folder = file.parent().unwrap();
        assert_eq!((mode(folder), mode(folder.parent().unwrap())), (0o700, 0o700));
        let beside: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(beside.len() > 1, "{beside:?}");
        assert!(beside.iter().all(|path| mode(path) == 0o600), "{beside:?}");
    }

    #[test]
    fn what_others_may_change_is_refused() {
        let place = Place::new();
        drop(place.open());
        for open in [0o620, 0o602, 0o640, 0o604] {
            chmod(&place.file(), open);
            let error = place.refusal();
            assert!(
                matches!(error, KnownError::Exposed { mode, wanted: 0o600, .. } if mode == open),
                "{error:?}"
            );
        }
        chmod(&place.file(), 0o400);
        assert!(matches!(place.refusal(), KnownError::ReadOnly { .. }));
        chmod(&place.file(), 0o600);
        for open in [0o720, 0o702, 0o777] {
            chmod(place.folder.path(), open);
            let error = place.refusal();
            assert!(
                matches!(error, KnownError::Exposed { mode, wanted: 0o700, .. } if mode == open),
                "{error:?}"
            );
        }
        chmod(place.folder.path(), 0o700);
        drop(place.open());
    }

    #[test]
    fn a_link_or_a_folder_is_no_file() {
        let place = Place::new();
        let elsewhere = place.folder.path().join("elsewhere");
        symlink(&elsewhere, place.file()).unwrap();
        assert!(matches!(place.refusal(), KnownError::NotAFile { .. }));
        assert!(!elsewhere.exists());
        fs::remove_file(place.file()).unwrap();
        fs::create_dir(place.file()).unwrap();
        assert!(matches!(place.refusal(), KnownError::NotAFile { .. }));
    }

    #[test]
    fn a_folder_that_is_reached_by_a_link_is_fine() {
        let place = Place::new();
        let link = place.folder.path().join("link");
        let real = place.folder.path().join("real");
        fs::create_dir(&real).unwrap();
        chmod(&real, 0o700);
        symlink(&real, &link).unwrap();
        let known = KnownRecords::open(&link.join("known.sqlite")).unwrap();
        assert_eq!(known.path().unwrap(), fs::canonicalize(&real).unwrap().join("known.sqlite"));
    }
}

fn make_private(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    #[cfg(not(unix))]
    let _ = path;
}
