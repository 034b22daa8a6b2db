//! Writers in processes of their own, which can be killed: this program again, with one of its tests.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use countersign_indexer::change::{Held, apply};
use countersign_indexer::store::{Advance, KeptBlock, Rewind, Store, Stored, Tip, Touched};

use crate::chain::{self, Choice, registry};
use crate::twin::FIRST;

pub struct Process {
    child: Child,
    said: BufReader<ChildStdout>,
    _folder: Option<tempfile::TempDir>,
}

impl Process {
    /// Runs a test that is only for this.
    pub fn of(test: &str, place: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said, _folder: None }
    }

    /// The same, on a file system of so many bytes that is gone with the process.
    #[cfg(target_os = "linux")]
    pub fn in_memory_of(test: &str, bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
            .arg(format!("mount -t tmpfs -o size={bytes} tmpfs \"$0\" && exec \"$@\""))
            .arg(folder.path())
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(PLACE, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs unshare(1)");
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said, _folder: Some(folder) }
    }

    /// Waits for a line that ends so; false where the process ended before.
    pub fn says(&mut self, ending: &str) -> bool {
        self.said.by_ref().lines().map_while(Result::ok).any(|line| line.ends_with(ending))
    }

    /// By SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn succeeds(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

/// Where the process that is run is to write.
pub fn place() -> String {
    std::env::var(PLACE).expect("this is run by other tests, in a process of its own")
}

/// Leads, and stores the one chain up to a height from wherever the store is, saying how far it is.
pub async fn write(store: Arc<dyn Store>, last: u64) {
    let mut writer = store.lead().await.unwrap();
    println!("leads");
    let kept = writer.kept(registry(1)).await.unwrap();
    if let [.., to, tip] = kept[..] {
        writer.rewind(registry(1), &Rewind { from: tip.block, to }).await.unwrap();
    }
    loop {
        let tip = writer.tip(registry(1)).await.unwrap();
        let height = tip.map_or(FIRST, |tip| tip.block.number + 1);
        if height > last {
            break;
        }
        let touched = Touched { identities: chain::identities().collect(), appointments: Vec::new() };
        let held = writer.held(registry(1), &touched).await.unwrap();
        let advance = advance(height, tip, &held);
        writer.advance(registry(1), &advance).await.unwrap();
        println!("stored");
    }
    println!("done");
}

fn advance(height: u64, tip: Option<Tip>, held: &Held) -> Advance {
    let block = chain::block(height, 0, &choices(height), held);
    let changes = vec![apply(&block, held).unwrap()];
    let (block, timestamp) = (block.id, block.timestamp);
    let next = Tip { block, timestamp, finalized: height.saturating_sub(5), told_through: None };
    let kept = vec![KeptBlock { block, timestamp }];
    Advance { base: tip.map(|tip| tip.block), tip: next, kept, changes }
}

/// What happens in a block of the one chain. What a record becomes depends on all that happened to it before.
fn choices(height: u64) -> Vec<Choice> {
    let seed = chain::word(height);
    let choice = |pair: &[u8]| Choice { who: pair[0], what: pair[1] % 7 };
    seed.chunks_exact(2).take(usize::from(seed[31] % 5)).map(choice).collect()
}

/// The store holds the one chain up to a height: no event twice, none missing.
pub async fn assert_whole(store: &dyn Store, last: u64) {
    let (mut held, mut expected) = (Held::default(), Vec::new());
    for height in FIRST..=last {
        let block = chain::block(height, 0, &choices(height), &held);
        let set = apply(&block, &held).unwrap();
        held.take(&set);
        expected.extend(set.changes);
    }
    let news =
        store.news(registry(1), countersign_indexer::store::NewsFilter::All, Default::default(), usize::MAX);
    let answer = news.await.unwrap();
    assert_eq!(answer.tip.block, chain::id(last, 0));
    assert!(answer.value.is_sorted_by(|a, b| a.sequence() < b.sequence()));
    let stored: Vec<Stored> = answer.value.into_iter().filter_map(event).collect();
    assert!(expected.len() > 100 || last < 100);
    assert_eq!(stored.iter().map(|stored| stored.change.clone()).collect::<Vec<_>>(), expected);
    for identity in chain::identities() {
        let entry = store.record(registry(1), identity).await.unwrap().value;
        assert_eq!(entry.map(|entry| entry.record), held.records.get(&identity).copied());
        let of = |stored: &&Stored| stored.change.event.kind.identity() == Some(identity);
        let history = store.history(registry(1), identity, None, usize::MAX).await.unwrap().value;
        assert!(history.iter().rev().eq(stored.iter().filter(of)));
    }
}

fn event(news: countersign_indexer::store::News) -> Option<Stored> {
    match news {
        countersign_indexer::store::News::Event(stored) => Some(stored),
        countersign_indexer::store::News::Reorganised { .. } => None,
    }
}

const PLACE: &str = "COUNTERSIGN_STORE_UNDER_TEST";
