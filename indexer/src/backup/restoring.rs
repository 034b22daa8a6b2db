//! A backup, read into a store that holds nothing of its registry.

use std::io::BufRead;

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_registry::RegistryAt;

use super::block_of;
use super::line::{FORMAT, Head, Line};
use crate::change::Block;
use crate::event::{Event, Place};
use crate::record::Missing;
use crate::store::{Advance, KeptBlock, StoreError, Tip, Touched, Writer};

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Of which registry.
    pub registry: RegistryAt,
    /// Up to which block.
    pub block: BlockNumHash,
    /// How many events.
    pub events: u64,
}

/// Why a backup is not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file cannot be read.
    #[error("the backup cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is no backup, or one of another version.
    #[error("line {line} is not what it should be: {detail}; this is no backup, or a damaged one")]
    Malformed {
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        detail: String,
    },
    /// It ends before its end.
    #[error(
        "the backup ends after {events} events without saying that it does: it was cut off; take another one"
    )]
    CutOff {
        /// How many there were.
        events: u64,
    },
    /// An event cannot follow the ones before.
    #[error("the backup leaves events out: {0}")]
    Missing(#[from] Missing),
    /// The store holds something of that registry.
    #[error("the store holds that registry up to block {tip}; forget it first, with reindex")]
    NotEmpty {
        /// Up to which block.
        tip: u64,
    },
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a backup into a store. Whatever goes wrong, the store holds nothing of the registry afterwards, unless it held
/// something before.
///
/// # Errors
/// [`RestoreError`].
pub async fn restore(backup: impl BufRead, writer: &mut dyn Writer) -> Result<Restored, RestoreError> {
    let mut reading = Reading { lines: backup.lines(), line: 0 };
    let head = reading.head()?;
    let registry = head.registry();
    if let Some(tip) = writer.tip(registry).await? {
        return Err(RestoreError::NotEmpty { tip: tip.block.number });
    }
    let outcome = Restoring { writer, registry, head, base: None, pending: Vec::new(), events: 0 };
    match outcome.run(reading).await {
        Ok(restored) => Ok(restored),
        Err((failure, writer)) => {
            writer.forget(registry).await?;
            Err(failure)
        }
    }
}

struct Reading<R> {
    lines: std::io::Lines<R>,
    line: u64,
}

struct Restoring<'a> {
    writer: &'a mut dyn Writer,
    registry: RegistryAt,
    head: Head,
    base: Option<BlockNumHash>,
    pending: Vec<Block>,
    events: u64,
}

impl<R: BufRead> Reading<R> {
    fn head(&mut self) -> Result<Head, RestoreError> {
        match self.next()? {
            Some(Line::Head(head)) if head.format == FORMAT => Ok(head),
            Some(Line::Head(head)) => Err(self.malformed(format!("format {}, not {FORMAT}", head.format))),
            Some(_) => Err(self.malformed("an index begins otherwise".into())),
            None => Err(RestoreError::CutOff { events: 0 }),
        }
    }

    fn next(&mut self) -> Result<Option<Line>, RestoreError> {
        let Some(text) = self.lines.next().transpose()? else { return Ok(None) };
        self.line += 1;
        serde_json::from_str(&text).map(Some).map_err(|error| self.malformed(error.to_string()))
    }

    const fn malformed(&self, detail: String) -> RestoreError {
        RestoreError::Malformed { line: self.line, detail }
    }
}

impl<'a> Restoring<'a> {
    async fn run<R: BufRead>(
        mut self,
        mut reading: Reading<R>,
    ) -> Result<Restored, (RestoreError, &'a mut dyn Writer)> {
        match self.read(&mut reading).await {
            Ok(restored) => Ok(restored),
            Err(failure) => Err((failure, self.writer)),
        }
    }

    async fn read<R: BufRead>(&mut self, reading: &mut Reading<R>) -> Result<Restored, RestoreError> {
        let mut last: Option<Place> = None;
        loop {
            match reading.next()? {
                Some(Line::Event(line)) => {
                    let event = Event::from(line);
                    let is_next = last.is_none_or(|last| last < event.place);
                    if !is_next || event.place.block > self.head.tip.number {
                        return Err(reading.malformed("an event out of order".into()));
                    }
                    last = Some(event.place);
                    self.take(event).await?;
                }
                Some(Line::End(end)) if end.events == self.events => break,
                Some(Line::End(end)) => {
                    return Err(reading.malformed(format!("{} events, not {}", self.events, end.events)));
                }
                Some(Line::Head(_)) => return Err(reading.malformed("a second head".into())),
                None => return Err(RestoreError::CutOff { events: self.events }),
            }
        }
        let block = block_of(&self.head.tip);
        self.store(block, self.head.tip.timestamp).await?;
        Ok(Restored { registry: self.registry, block, events: self.events })
    }

    async fn take(&mut self, event: Event) -> Result<(), RestoreError> {
        self.events += 1;
        let number = event.place.block;
        if let Some(last) = self.pending.last_mut().filter(|block| block.id.number == number) {
            last.events.push(event);
            return Ok(());
        }
        if self.pending.len() >= BLOCKS_AT_ONCE
            && let Some(last) = self.pending.last()
        {
            let (id, timestamp) = (last.id, last.timestamp);
            self.store(id, timestamp).await?;
        }
        // A backup has the hash of its last block alone: until that is stored, it is not whole anyway.
        let id = BlockNumHash { number, hash: B256::ZERO };
        self.pending.push(Block { id, timestamp: event.timestamp, events: vec![event] });
        Ok(())
    }

    async fn store(&mut self, block: BlockNumHash, timestamp: u64) -> Result<(), RestoreError> {
        let blocks = std::mem::take(&mut self.pending);
        let mut held = self.writer.held(self.registry, &Touched::by(&blocks)).await?;
        let changes = held.apply_all(&blocks)?;
        let tip = Tip { block, timestamp, finalized: block.number, told_through: self.head.told_through };
        let kept = vec![KeptBlock { block, timestamp }];
        self.writer.advance(self.registry, &Advance { base: self.base, tip, kept, changes }).await?;
        self.base = Some(block);
        Ok(())
    }
}

/// Blocks with events that are stored in one transaction.
const BLOCKS_AT_ONCE: usize = 2000;
