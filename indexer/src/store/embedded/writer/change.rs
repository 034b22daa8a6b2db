//! One change of a registry: a batch that is all written, or not at all.

use std::collections::HashMap;
use std::sync::Arc;

use alloy::eips::BlockNumHash;
use countersign_protocol::Identity;
use countersign_registry::RegistryAt;
use fjall::{OwnedWriteBatch as WriteBatch, Readable};

use super::super::encoding::{
    self, Head, Stands, appointment_key, block_value, damaged, event_value, forgotten_key, label_key,
    numbered_key, record_key, registry_key, signer_key, unreadable,
};
use super::super::files::Files;
use super::super::reading::Reading;
use super::super::tables::{FORGOTTEN, NEWEST, NEXT_REGISTRY, Tables};
use crate::store::batch::{self, Batch, Last};
use crate::store::row::{Row, Subject, code};
use crate::store::{Advance, KeptBlock, Rewind, StoreError};

pub(super) struct Changing {
    tables: Arc<Tables>,
    reading: Reading,
    batch: WriteBatch,
    registry: RegistryAt,
    stands: Option<Stands>,
    newest: u64,
}

/// What is stored of some records and appointments: the numbers of their last events, and the records' heads.
struct LastOf {
    last: HashMap<Subject, u64>,
    heads: HashMap<Identity, Head>,
}

impl Changing {
    pub(super) fn begin(tables: Arc<Tables>, registry: RegistryAt) -> Result<Self, StoreError> {
        let reading = Reading::now(tables.clone());
        let (stands, newest) = (reading.stands(registry)?, reading.newest()?);
        let batch = tables.batch();
        Ok(Self { tables, reading, batch, registry, stands, newest })
    }

    pub(super) fn advance(&mut self, advance: &Advance) -> Result<(), StoreError> {
        let tip = self.stands.and_then(|stands| stands.tip);
        batch::check(tip.map(|tip| tip.block), advance.base)?;
        let id = match self.stands {
            Some(stands) => stands.id,
            None => self.new_registry()?,
        };
        let LastOf { last: stored, heads } = self.last_of(id, &batch::continued(advance))?;
        let batch = Batch::new(advance, self.newest, &stored)?;
        for row in &batch.rows {
            self.tell(id, row);
        }
        for (subject, last) in &batch.last {
            self.lead_to(id, subject, last, &heads)?;
        }
        self.newest = batch.rows.last().map_or(self.newest, |last| last.sequence);
        self.keep(id, &advance.kept, advance.tip.finalized)?;
        self.stands = Some(Stands { id, tip: Some(advance.tip) });
        Ok(())
    }

    pub(super) fn rewind(&mut self, rewind: &Rewind) -> Result<(), StoreError> {
        let tip = self.stands.and_then(|stands| stands.tip);
        batch::check(tip.map(|tip| tip.block), Some(rewind.from))?;
        let (Some(Stands { id, .. }), Some(tip)) = (self.stands, tip) else { return Ok(()) };
        let height = rewind.to.block.number;
        let kept = self.reading.kept(id).collect::<Result<Vec<_>, _>>()?;
        batch::check_kept(kept.iter().find(|kept| kept.block.number == height).copied(), rewind)?;
        for gone in kept.iter().filter(|kept| kept.block.number > height) {
            self.batch.remove(&self.tables.kept, numbered_key(id, gone.block.number));
        }
        let undone = self.undo_events(id, height)?;
        for (subject, below) in batch::uncovered(undone) {
            self.uncover(id, &subject, below)?;
        }
        self.tell_reorganised(id, rewind.to.block);
        self.stands = Some(Stands { id, tip: Some(batch::rewound(tip, rewind.to)) });
        Ok(())
    }

    /// Goes on under another number, so that dropping what was takes no part in this.
    pub(super) fn forget(&mut self) -> Result<(), StoreError> {
        let Some(Stands { id, tip: Some(_) }) = self.stands else { return Ok(()) };
        self.batch.insert(&self.tables.meta, forgotten_key(id), b"");
        let id = self.new_registry()?;
        self.tell_reorganised(id, BlockNumHash::default());
        self.stands = Some(Stands { id, tip: None });
        Ok(())
    }

    pub(super) fn commit(mut self, files: &Files) -> Result<(), StoreError> {
        let Some(stands) = self.stands else { return Ok(()) };
        self.batch.insert(&self.tables.meta, NEWEST, self.newest.to_be_bytes());
        self.batch.insert(&self.tables.meta, registry_key(self.registry), stands.encode());
        files.write(&self.tables, self.batch, self.newest)
    }

    fn new_registry(&mut self) -> Result<u32, StoreError> {
        let number = self.reading.meta_number(NEXT_REGISTRY)?.unwrap_or_default();
        self.batch.insert(&self.tables.meta, NEXT_REGISTRY, (number + 1).to_be_bytes());
        u32::try_from(number).map_err(|_| damaged("there are too many registries"))
    }

    fn last_of(&self, id: u32, subjects: &[Subject]) -> Result<LastOf, StoreError> {
        let (mut last, mut heads) = (HashMap::with_capacity(subjects.len()), HashMap::new());
        for subject in subjects {
            match subject {
                Subject::Record(identity) => {
                    if let Some(head) = self.reading.head(id, identity)? {
                        last.insert(*subject, head.sequence);
                        heads.insert(*identity, head);
                    }
                }
                Subject::Appointment(appointment) => {
                    last.extend(
                        self.reading.appointed(id, appointment)?.map(|sequence| (*subject, sequence)),
                    );
                }
            }
        }
        Ok(LastOf { last, heads })
    }

    fn tell(&mut self, id: u32, row: &Row) {
        let key = numbered_key(id, row.sequence);
        self.batch.insert(&self.tables.events, key, event_value(row));
        if row.code == code::REVOKED {
            self.batch.insert(&self.tables.revocations, key, b"");
        }
    }

    fn tell_reorganised(&mut self, id: u32, to: BlockNumHash) {
        self.newest += 1;
        let key = numbered_key(id, self.newest);
        let value = encoding::reorganised_value(code::REORGANISED, to);
        self.batch.insert(&self.tables.events, key, value);
        self.batch.insert(&self.tables.revocations, key, b"");
    }

    /// Lets a subject lead to its last event.
    fn lead_to(
        &mut self,
        id: u32,
        subject: &Subject,
        last: &Last,
        heads: &HashMap<Identity, Head>,
    ) -> Result<(), StoreError> {
        match subject {
            Subject::Record(identity) => {
                let signer = last.signer.ok_or_else(|| damaged("a record has no key"))?;
                self.set_head(id, identity, heads.get(identity), Head { sequence: last.sequence, signer });
            }
            Subject::Appointment(appointment) => {
                let key = appointment_key(id, appointment);
                self.batch.insert(&self.tables.appointments, key, last.sequence.to_be_bytes());
            }
        }
        Ok(())
    }

    fn set_head(&mut self, id: u32, identity: &Identity, old: Option<&Head>, new: Head) {
        self.batch.insert(&self.tables.records, record_key(id, identity), new.encode());
        if old.is_none() {
            self.batch.insert(&self.tables.by_label, label_key(id, identity), b"");
        }
        // Within a batch one key may be written only once: which of two would win is not said.
        if old.map(|old| old.signer) != Some(new.signer) {
            if let Some(old) = old {
                self.batch.remove(&self.tables.by_signer, signer_key(id, old.signer, identity));
            }
            self.batch.insert(&self.tables.by_signer, signer_key(id, new.signer, identity), b"");
        }
    }

    /// Events are stored in the order of the chain, so those above a height are the newest.
    fn undo_events(&mut self, id: u32, height: u64) -> Result<Vec<(Subject, u64, Option<u64>)>, StoreError> {
        let mut undone = Vec::new();
        for told in self.reading.backwards(id) {
            let (sequence, value) = told?;
            if encoding::code_of(&value)? == code::REORGANISED {
                continue;
            }
            let row = encoding::event_of(sequence, &value)?;
            if row.place.block <= height {
                break;
            }
            self.batch.remove(&self.tables.events, numbered_key(id, sequence));
            if row.code == code::REVOKED {
                self.batch.remove(&self.tables.revocations, numbered_key(id, sequence));
            }
            undone.push((row.subject, sequence, row.previous));
        }
        Ok(undone)
    }

    /// Lets a subject lead to what stood below, or drops it where nothing did.
    fn uncover(&mut self, id: u32, subject: &Subject, below: Option<u64>) -> Result<(), StoreError> {
        match (subject, below) {
            (Subject::Record(identity), Some(sequence)) => {
                let signer = self.reading.event(id, sequence)?.standing.signer();
                let signer = signer.ok_or_else(|| damaged("a record has no key"))?;
                let old = self.reading.head(id, identity)?;
                self.set_head(id, identity, old.as_ref(), Head { sequence, signer });
            }
            (Subject::Record(identity), None) => {
                if let Some(old) = self.reading.head(id, identity)? {
                    self.batch.remove(&self.tables.by_signer, signer_key(id, old.signer, identity));
                }
                self.batch.remove(&self.tables.records, record_key(id, identity));
                self.batch.remove(&self.tables.by_label, label_key(id, identity));
            }
            (Subject::Appointment(appointment), Some(sequence)) => {
                let key = appointment_key(id, appointment);
                self.batch.insert(&self.tables.appointments, key, sequence.to_be_bytes());
            }
            (Subject::Appointment(appointment), None) => {
                self.batch.remove(&self.tables.appointments, appointment_key(id, appointment));
            }
        }
        Ok(())
    }

    /// Keeps these blocks, and drops those below the newest that is final.
    fn keep(&mut self, id: u32, kept: &[KeptBlock], finalized: u64) -> Result<(), StoreError> {
        let before = self.reading.kept(id).collect::<Result<Vec<_>, _>>()?;
        let numbers = before.iter().chain(kept).map(|kept| kept.block.number);
        let lowest = numbers.filter(|number| *number <= finalized).max().unwrap_or_default();
        for gone in before.iter().filter(|before| before.block.number < lowest) {
            self.batch.remove(&self.tables.kept, numbered_key(id, gone.block.number));
        }
        for KeptBlock { block, timestamp } in kept.iter().filter(|kept| kept.block.number >= lowest) {
            self.batch.insert(
                &self.tables.kept,
                numbered_key(id, block.number),
                block_value(block.hash, *timestamp),
            );
        }
        Ok(())
    }
}

/// Drops what is left of registries that were forgotten, also by a process that died while it did.
pub(super) fn sweep(files: &Files) -> Result<(), StoreError> {
    let tables = files.writable()?;
    let forgotten = tables.snapshot().prefix(&tables.meta, FORGOTTEN);
    for entry in forgotten {
        let key = entry.key().map_err(unreadable)?;
        let prefix = encoding::forgotten_of(&key)?.to_be_bytes();
        let of = [
            &tables.records,
            &tables.by_label,
            &tables.by_signer,
            &tables.appointments,
            &tables.kept,
            &tables.revocations,
            &tables.events,
        ];
        for table in of {
            let mut batch = tables.batch();
            for entry in tables.snapshot().prefix(table, prefix) {
                batch.remove(table, entry.key().map_err(unreadable)?);
                if batch.len() >= SWEPT_AT_ONCE {
                    files.rewrite(std::mem::replace(&mut batch, tables.batch()))?;
                }
            }
            files.rewrite(batch)?;
        }
        let mut last = tables.batch();
        last.remove(&tables.meta, key);
        files.rewrite(last)?;
    }
    Ok(())
}

const SWEPT_AT_ONCE: usize = 10_000;
