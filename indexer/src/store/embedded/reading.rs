//! What is asked, as of one moment.

use std::ops::Bound;
use std::sync::Arc;

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::{Address, Identity};
use countersign_registry::RegistryAt;
use fjall::{Guard, Keyspace, Readable, Slice, Snapshot};

use super::encoding::{
    self, Head, Stands, appointment_key, block_of, damaged, identity_of, label_key, numbered_key, record_key,
    signer_key, unreadable,
};
use super::tables::{REGISTRY, Tables};
use crate::event::Appointment;
use crate::store::row::{Row, Standing, Subject, code, reorganised};
use crate::store::{
    Answer, Entry, KeptBlock, News, NewsFilter, Page, RecordQuery, Selection, Sequence, StoreError, Stored,
    Tip, page,
};

/// All tables as of one moment.
pub(super) struct Reading {
    tables: Arc<Tables>,
    snapshot: Snapshot,
}

/// One registry, as of one moment.
pub(super) struct RegistryReading<'a> {
    reading: &'a Reading,
    id: u32,
    tip: Tip,
}

impl Reading {
    pub(super) fn now(tables: Arc<Tables>) -> Self {
        let snapshot = tables.snapshot();
        Self { tables, snapshot }
    }

    pub(super) fn newest(&self) -> Result<u64, StoreError> {
        self.tables.newest(&self.snapshot)
    }

    pub(super) fn meta_number(&self, key: &[u8]) -> Result<Option<u64>, StoreError> {
        self.tables.meta_number(&self.snapshot, key)
    }

    pub(super) fn registries(&self) -> Result<Vec<(RegistryAt, Option<Tip>)>, StoreError> {
        let found = self.snapshot.prefix(&self.tables.meta, REGISTRY);
        found
            .map(|entry| {
                let (key, value) = entry.into_inner().map_err(unreadable)?;
                Ok((encoding::registry_of(&key)?, Stands::decode(&value)?.tip))
            })
            .collect()
    }

    pub(super) fn stands(&self, registry: RegistryAt) -> Result<Option<Stands>, StoreError> {
        let found = self.get(&self.tables.meta, encoding::registry_key(registry))?;
        found.map(|value| Stands::decode(&value)).transpose()
    }

    pub(super) fn of(&self, registry: RegistryAt) -> Result<RegistryReading<'_>, StoreError> {
        match self.stands(registry)? {
            Some(Stands { id, tip: Some(tip) }) => Ok(RegistryReading { reading: self, id, tip }),
            _ => Err(StoreError::NotIndexed(registry)),
        }
    }

    pub(super) fn event(&self, id: u32, sequence: u64) -> Result<Row, StoreError> {
        let found = self.get(&self.tables.events, numbered_key(id, sequence))?;
        let value = found.ok_or_else(|| damaged(&format!("event {sequence} is missing")))?;
        encoding::event_of(sequence, &value)
    }

    pub(super) fn head(&self, id: u32, identity: &Identity) -> Result<Option<Head>, StoreError> {
        let found = self.get(&self.tables.records, record_key(id, identity))?;
        found.map(|value| Head::decode(&value)).transpose()
    }

    /// The last event about an appointment.
    pub(super) fn appointed(&self, id: u32, appointment: &Appointment) -> Result<Option<u64>, StoreError> {
        let found = self.get(&self.tables.appointments, appointment_key(id, appointment))?;
        found.map(|value| encoding::number(&value)).transpose()
    }

    /// The blocks kept of a registry, oldest first.
    pub(super) fn kept_of(&self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError> {
        self.stands(registry)?.map_or_else(|| Ok(Vec::new()), |stands| self.kept(stands.id).collect())
    }

    pub(super) fn kept(&self, id: u32) -> impl Iterator<Item = Result<KeptBlock, StoreError>> {
        self.snapshot.prefix(&self.tables.kept, id.to_be_bytes()).map(kept_of)
    }

    /// What was told, the newest first, with its number.
    pub(super) fn backwards(&self, id: u32) -> impl Iterator<Item = Result<(u64, Slice), StoreError>> {
        self.snapshot.prefix(&self.tables.events, id.to_be_bytes()).rev().map(numbered)
    }

    fn get(&self, table: &Keyspace, key: impl AsRef<[u8]>) -> Result<Option<Slice>, StoreError> {
        self.snapshot.get(table, key).map_err(unreadable)
    }
}

impl RegistryReading<'_> {
    pub(super) const fn tip(&self) -> Tip {
        self.tip
    }

    pub(super) fn record(&self, identity: Identity) -> Result<Answer<Option<Entry>>, StoreError> {
        let head = self.reading.head(self.id, &identity)?;
        let entry = head.map(|head| self.event(head.sequence)?.entry()).transpose()?;
        Ok(self.answer(entry))
    }

    pub(super) fn record_at(
        &self,
        identity: Identity,
        block: u64,
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        if block > self.tip.block.number {
            return Err(StoreError::Ahead { asked: block, tip: self.tip.block.number });
        }
        let mut next = self.reading.head(self.id, &identity)?.map(|head| head.sequence);
        while let Some(sequence) = next {
            let row = self.event(sequence)?;
            if row.place.block <= block {
                return Ok(self.answer(Some(row.entry()?)));
            }
            next = row.previous;
        }
        Ok(self.answer(None))
    }

    pub(super) fn history(
        &self,
        identity: Identity,
        before: Option<Sequence>,
        limit: usize,
    ) -> Result<Answer<Vec<Stored>>, StoreError> {
        let mut next = self.start_of_history(identity, before)?;
        let mut history = Vec::new();
        while let (Some(row), true) = (next.take(), history.len() < limit) {
            next = row.previous.map(|previous| self.event(previous)).transpose()?;
            if before.is_none_or(|Sequence(before)| row.sequence < before) {
                history.push(row.stored(next.as_ref().map(|row| row.standing))?);
            }
        }
        Ok(self.answer(history))
    }

    pub(super) fn records(&self, query: &RecordQuery) -> Result<Answer<Page>, StoreError> {
        let entries = self.found(query)?.into_iter().map(|identity| {
            let head = self.reading.head(self.id, &identity)?;
            let head = head.ok_or_else(|| damaged("an index leads to no record"))?;
            self.event(head.sequence)?.entry()
        });
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(self.answer(page::of(entries, query, self.tip)))
    }

    pub(super) fn appointments(&self, owner: Address) -> Result<Answer<Vec<(Address, u64)>>, StoreError> {
        let prefix = [&self.id.to_be_bytes()[..], &owner.0].concat();
        let found = self.reading.snapshot.prefix(&self.reading.tables.appointments, prefix);
        let appointments = found.map(|entry| {
            let value = entry.value().map_err(unreadable)?;
            let row = self.event(encoding::number(&value)?)?;
            match (row.subject, row.standing) {
                (Subject::Appointment(appointment), Standing::Until(until)) => {
                    Ok((appointment.operator, until))
                }
                _ => Err(damaged("an appointment leads to no appointment")),
            }
        });
        Ok(self.answer(appointments.collect::<Result<_, _>>()?))
    }

    pub(super) fn news(
        &self,
        filter: NewsFilter,
        Sequence(after): Sequence,
        limit: usize,
    ) -> Result<Answer<Vec<News>>, StoreError> {
        let tables = &self.reading.tables;
        let table = match filter {
            NewsFilter::All => &tables.events,
            NewsFilter::Revocations => &tables.revocations,
        };
        let behind = Bound::Excluded(numbered_key(self.id, after));
        let last = Bound::Included(numbered_key(self.id, u64::MAX));
        let found = self.reading.snapshot.range(table, (behind, last)).take(limit);
        let news = found.map(|entry| {
            let (sequence, value) = numbered(entry)?;
            match filter {
                NewsFilter::All => self.told(sequence, &value),
                NewsFilter::Revocations => {
                    let found = self.reading.get(&tables.events, numbered_key(self.id, sequence))?;
                    self.told(sequence, &found.ok_or_else(|| damaged("a revocation leads to no event"))?)
                }
            }
        });
        Ok(self.answer(news.collect::<Result<_, _>>()?))
    }

    fn told(&self, sequence: u64, value: &[u8]) -> Result<News, StoreError> {
        if encoding::code_of(value)? == code::REORGANISED {
            return Ok(reorganised(sequence, encoding::reorganised_of(value)?));
        }
        let row = encoding::event_of(sequence, value)?;
        let before = row.previous.map(|previous| self.event(previous)).transpose()?;
        row.news(before.map(|before| before.standing))
    }

    /// Where history begins: at a number that is one of the record's, or at its newest.
    fn start_of_history(
        &self,
        identity: Identity,
        before: Option<Sequence>,
    ) -> Result<Option<Row>, StoreError> {
        if let Some(Sequence(before)) = before {
            let found = self.reading.get(&self.reading.tables.events, numbered_key(self.id, before))?;
            if let Some(value) =
                found.filter(|value| encoding::code_of(value).is_ok_and(|of| of != code::REORGANISED))
            {
                let row = encoding::event_of(before, &value)?;
                if row.subject == Subject::Record(identity) {
                    return Ok(Some(row));
                }
            }
        }
        let head = self.reading.head(self.id, &identity)?;
        head.map(|head| self.event(head.sequence)).transpose()
    }

    /// Whose records are asked for, in order.
    fn found(&self, query: &RecordQuery) -> Result<Vec<Identity>, StoreError> {
        let (tables, id) = (&self.reading.tables, self.id.to_be_bytes());
        let key = |after: &Identity| match query.selection {
            Selection::All | Selection::Owner(_) => record_key(self.id, after),
            Selection::Label(label) => label_key(self.id, &Identity { owner: after.owner, label }),
            Selection::Signer(signer) => signer_key(self.id, signer, after),
        };
        let (table, prefix) = match &query.selection {
            Selection::All => (&tables.records, id.to_vec()),
            Selection::Owner(owner) => (&tables.records, [&id[..], &owner.0].concat()),
            Selection::Label(label) => (&tables.by_label, [&id[..], &label.0].concat()),
            Selection::Signer(signer) => (&tables.by_signer, [&id[..], &signer.0].concat()),
        };
        let from = match query.after.as_ref().map(key) {
            Some(after) if after > prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix.clone()),
        };
        let mut found = Vec::new();
        for entry in self.reading.snapshot.range(table, (from, Bound::Unbounded)).take(page::looked_at(query))
        {
            let key = entry.key().map_err(unreadable)?;
            if !key.starts_with(&prefix) {
                break;
            }
            found.push(match query.selection {
                Selection::All | Selection::Owner(_) => identity_of(&key, 0)?,
                Selection::Signer(_) => identity_of(&key, 20)?,
                Selection::Label(_) => encoding::labelled_of(&key)?,
            });
        }
        Ok(found)
    }

    fn event(&self, sequence: u64) -> Result<Row, StoreError> {
        self.reading.event(self.id, sequence)
    }

    const fn answer<T>(&self, value: T) -> Answer<T> {
        Answer { tip: self.tip, value }
    }
}

fn kept_of(entry: Guard) -> Result<KeptBlock, StoreError> {
    let (number, value) = numbered(entry)?;
    let (hash, timestamp): (B256, u64) = block_of(&value)?;
    Ok(KeptBlock { block: BlockNumHash { number, hash }, timestamp })
}

fn numbered(entry: Guard) -> Result<(u64, Slice), StoreError> {
    let (key, value) = entry.into_inner().map_err(unreadable)?;
    Ok((encoding::number_of(&key)?, value))
}
