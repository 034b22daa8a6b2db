//! The journal beside a roster: what was sent is on disk before anything waits for it.
//!
//! One JSON object a line, appended and flushed to disk, never changed. A transaction leaves three of them: that it is
//! about to be sent, with the payer's nonce, so that even a crash in the middle of sending is known of; its hash; and what
//! became of it. The file is locked while a command works on the roster.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::whole_file;

/// The open journal.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    next: u64,
}

/// What earlier runs left.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// Every transaction, in the order of sending.
    pub(super) transactions: Vec<Sending>,
}

/// A transaction and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sending {
    id: u64,
    pub(super) payer: String,
    pub(super) nonce: u64,
    /// The identities in it, as they are shown.
    pub(super) rows: Vec<String>,
    pub(super) transaction: Option<String>,
    pub(super) end: Option<End>,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(super) enum End {
    /// A block holds it, and it succeeded.
    Included { block_number: u64, gas_used: u64 },
    /// A block holds it, and it did nothing.
    Reverted,
    /// It never will be in a block: it was not sent, or another one took its nonce.
    Gone,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Journal { format: String, chain_id: u64, registry: String },
    Sending { id: u64, payer: String, nonce: u64, rows: Vec<String> },
    Sent { id: u64, transaction: String },
    Ended { id: u64, end: End },
}

impl Journal {
    /// Opens or makes the journal of a roster, and reads what is in it.
    pub(super) fn open(roster: &Path, chain_id: u64, registry: &str) -> Result<(Self, Past), Failure> {
        let path = beside(roster, ".journal");
        let fault = |error: std::io::Error| whole_file::not_written(&path, &error);
        let mut options = File::options();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(fault)?;
        file.try_lock().map_err(|refused| match refused {
            TryLockError::WouldBlock => busy(roster),
            TryLockError::Error(error) => fault(error),
        })?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(fault)?;
        // What a crash or a full disk cut off was never acted upon.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64).map_err(fault)?;
            file.seek(SeekFrom::End(0)).map_err(fault)?;
        }
        let lines = text.get(..whole).unwrap_or_default();
        let mut journal = Self { file, path, next: 0 };
        let head = Line::Journal { format: FORMAT.into(), chain_id, registry: registry.into() };
        if lines.is_empty() {
            journal.append(&head)?;
            whole_file::sync_folder(&journal.path)?;
            return Ok((journal, Past::default()));
        }
        let past = read(lines, &head).map_err(|what| damaged(&journal.path, &what))?;
        journal.next = past.transactions.len() as u64;
        Ok((journal, past))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A transaction is about to be sent. To be called, and to have succeeded, before it is.
    pub(super) fn sending(
        &mut self,
        payer: String,
        nonce: u64,
        rows: Vec<String>,
    ) -> Result<Sending, Failure> {
        let id = self.next;
        self.append(&Line::Sending { id, payer: payer.clone(), nonce, rows: rows.clone() })?;
        self.next += 1;
        Ok(Sending { id, payer, nonce, rows, transaction: None, end: None })
    }

    /// It was sent, and this is its hash.
    pub(super) fn sent(&mut self, sending: &mut Sending, transaction: String) -> Result<(), Failure> {
        self.append(&Line::Sent { id: sending.id, transaction: transaction.clone() })?;
        sending.transaction = Some(transaction);
        Ok(())
    }

    /// What became of it.
    pub(super) fn ended(&mut self, sending: &mut Sending, end: End) -> Result<(), Failure> {
        self.append(&Line::Ended { id: sending.id, end: end.clone() })?;
        sending.end = Some(end);
        Ok(())
    }

    fn append(&mut self, line: &Line) -> Result<(), Failure> {
        let failed = |error: std::io::Error| whole_file::not_written(&self.path, &error);
        let mut text = serde_json::to_string(line).map_err(|error| failed(error.into()))?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(failed)?;
        self.file.sync_data().map_err(failed)
    }
}

/// A file beside the roster, named after it.
pub(super) fn beside(roster: &Path, suffix: &str) -> PathBuf {
    let mut name = roster.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn read(lines: &str, expected: &Line) -> Result<Past, String> {
    let mut past = Past::default();
    for (index, text) in lines.lines().enumerate() {
        let line: Line =
            serde_json::from_str(text).map_err(|error| format!("line {}: {error}", index + 1))?;
        if index == 0 {
            same_campaign(&line, expected)?;
            continue;
        }
        past.add(line).ok_or_else(|| format!("line {} follows from none before", index + 1))?;
    }
    Ok(past)
}

fn same_campaign(found: &Line, expected: &Line) -> Result<(), String> {
    let Line::Journal { format, chain_id, registry } = found else {
        return Err("the first line is no journal's".into());
    };
    let Line::Journal { format: known, chain_id: chain, registry: here } = expected else { return Ok(()) };
    if format != known {
        return Err(format!("its format is {format:?}, and this program writes {known:?}"));
    }
    if (chain_id, registry) != (chain, here) {
        return Err(format!(
            "it is of chain {chain_id}, registry {registry}, and this is chain {chain}, registry {here}"
        ));
    }
    Ok(())
}

impl Past {
    fn add(&mut self, line: Line) -> Option<()> {
        match line {
            Line::Journal { .. } => return None,
            Line::Sending { id, payer, nonce, rows } => {
                if id != self.transactions.len() as u64 {
                    return None;
                }
                self.transactions.push(Sending { id, payer, nonce, rows, transaction: None, end: None });
            }
            Line::Sent { id, transaction } => self.of(id)?.transaction = Some(transaction),
            Line::Ended { id, end } => self.of(id)?.end = Some(end),
        }
        Some(())
    }

    fn of(&mut self, id: u64) -> Option<&mut Sending> {
        self.transactions.get_mut(usize::try_from(id).ok()?)
    }
}

fn busy(roster: &Path) -> Failure {
    let message = format!("another countersign onboard is at work on {}", roster.display());
    Failure::configuration(message).hint("wait for it to end")
}

fn damaged(path: &Path, what: &str) -> Failure {
    Failure::configuration(format!("the journal {}: {what}", path.display())).hint(
        "look at it; once none of its transactions is pending it can be moved away, for nothing is ever registered twice",
    )
}

const FORMAT: &str = "countersign.onboard.v1";

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const REGISTRY: &str = "0x1111111111111111111111111111111111111111";

    fn open(roster: &Path) -> Result<(Journal, Past), Failure> {
        Journal::open(roster, 31337, REGISTRY)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let roster = folder.path().join("traders.csv");
        let (mut journal, past) = open(&roster).unwrap();
        assert_eq!(past, Past::default());
        let mut first = journal.sending("0xpayer".into(), 7, vec!["0xa".into(), "0xb".into()]).unwrap();
        journal.sent(&mut first, "0xhash".into()).unwrap();
        journal.ended(&mut first, End::Included { block_number: 3, gas_used: 100 }).unwrap();
        let second = journal.sending("0xpayer".into(), 8, vec!["0xc".into()]).unwrap();
        drop(journal);
        let (_journal, past) = open(&roster).unwrap();
        assert_eq!(past.transactions, [first, second]);
    }

    #[test]
    fn only_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let roster = folder.path().join("traders.csv");
        let held = open(&roster).unwrap();
        assert!(open(&roster).unwrap_err().message().contains("another countersign onboard"));
        drop(held);
        open(&roster).unwrap();
    }

    #[test]
    fn a_line_that_a_crash_cut_off_never_was() {
        let folder = tempfile::tempdir().unwrap();
        let roster = folder.path().join("traders.csv");
        let (mut journal, _) = open(&roster).unwrap();
        journal.sending("0xpayer".into(), 7, vec!["0xa".into()]).unwrap();
        let path = journal.path().to_owned();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, whole.get(..cut).unwrap()).unwrap();
            let (mut journal, past) = open(&roster).unwrap();
            assert!(past.transactions.is_empty());
            journal.sending("0xpayer".into(), 7, vec!["0xa".into()]).unwrap();
            drop(journal);
            assert_eq!(std::fs::read(&path).unwrap(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn another_journal_and_a_damaged_one_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let roster = folder.path().join("traders.csv");
        let (journal, _) = open(&roster).unwrap();
        let path = journal.path().to_owned();
        drop(journal);
        let other = Journal::open(&roster, 1, REGISTRY).unwrap_err();
        assert!(other.message().contains("it is of chain 31337"), "{}", other.message());
        let head = std::fs::read_to_string(&path).unwrap();
        for (lines, expected) in [
            ("nonsense\n", "line 2"),
            ("{\"sent\":{\"id\":0,\"transaction\":\"0x\"}}\n", "follows from none"),
            ("{\"sending\":{\"id\":1,\"payer\":\"\",\"nonce\":0,\"rows\":[]}}\n", "follows from none"),
        ] {
            std::fs::write(&path, format!("{head}{lines}")).unwrap();
            let failure = open(&roster).unwrap_err();
            assert!(failure.message().contains(expected), "{}", failure.message());
        }
    }
}
