//! One change of a registry: a transaction that is rolled back unless it is committed.

use std::collections::{BTreeMap, HashMap};

use alloy::eips::BlockNumHash;
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::RegistryAt;
use deadpool_postgres::Transaction;
use tokio_postgres::Row as Columns;
use tokio_postgres::types::ToSql;

use super::super::columns::{Reading, damaged};
use super::super::listening::CHANNEL;
use super::super::server::fault;
use super::super::writing;
use super::copy;
use crate::event::Appointment;
use crate::store::batch::{self, Batch};
use crate::store::row::Subject;
use crate::store::{Advance, KeptBlock, Rewind, StoreError, Tip};

pub(super) struct Changing<'a> {
    change: Transaction<'a>,
    registry: RegistryAt,
    /// The registry's number, where it has one.
    id: Option<i32>,
    tip: Option<Tip>,
    /// The newest number, before and after.
    stored: u64,
    newest: u64,
}

/// Subjects in columns.
#[derive(Default)]
struct Split<'a> {
    records: (Vec<&'a [u8]>, Vec<&'a [u8]>),
    appointments: (Vec<&'a [u8]>, Vec<&'a [u8]>),
}

impl<'a> Changing<'a> {
    pub(super) async fn begin(change: Transaction<'a>, registry: RegistryAt) -> Result<Self, StoreError> {
        let mut begun = Self { change, registry, id: None, tip: None, stored: 0, newest: 0 };
        let (chain, address) = (registry.chain_id.cast_signed(), &registry.address.0[..]);
        let rows = begun.rows(writing::STANDS, &[&chain, &address]).await?;
        let mut reading = Reading::new(rows.first().ok_or_else(|| damaged("no newest number"))?);
        begun.stored = reading.number()?;
        begun.newest = begun.stored;
        begun.id = reading.take()?;
        begun.tip = reading.tip()?;
        Ok(begun)
    }

    pub(super) async fn advance(&mut self, advance: &Advance) -> Result<(), StoreError> {
        batch::check(self.tip.map(|tip| tip.block), advance.base)?;
        let id = match self.id {
            Some(id) => id,
            None => self.new_registry().await?,
        };
        let continued = self.last_of(id, &batch::continued(advance)).await?;
        let batch = Batch::new(advance, self.newest, &continued)?;
        if let Some(last) = batch.rows.last() {
            self.newest = last.sequence;
            copy::events(&self.change, id, &batch.rows).await?;
            self.lead_to(id, &batch).await?;
        }
        self.keep(id, &advance.kept, advance.tip.finalized).await?;
        self.set_tip(id, advance.tip).await
    }

    pub(super) async fn rewind(&mut self, rewind: &Rewind) -> Result<(), StoreError> {
        batch::check(self.tip.map(|tip| tip.block), Some(rewind.from))?;
        let (Some(id), Some(tip)) = (self.id, self.tip) else { return Ok(()) };
        let height = rewind.to.block.number.cast_signed();
        let there = self.rows(writing::KEPT_AT, &[&id, &height]).await?;
        let there = there.first().map(|columns| Reading::new(columns).kept()).transpose()?;
        batch::check_kept(there, rewind)?;
        let rows = self.rows(writing::UNDO_EVENTS, &[&id, &height]).await?;
        let undone =
            rows.iter().map(|columns| Reading::new(columns).undone()).collect::<Result<Vec<_>, _>>()?;
        self.uncover(id, batch::uncovered(undone)).await?;
        self.execute(writing::UNKEEP, &[&id, &height]).await?;
        self.tell_reorganised(id, rewind.to).await?;
        self.set_tip(id, batch::rewound(tip, rewind.to)).await
    }

    pub(super) async fn forget(&mut self) -> Result<(), StoreError> {
        let (Some(id), Some(_)) = (self.id, self.tip) else { return Ok(()) };
        for statement in writing::FORGET {
            self.execute(statement, &[&id]).await?;
        }
        self.tell_reorganised(id, KeptBlock { block: BlockNumHash::default(), timestamp: 0 }).await
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        if self.newest != self.stored {
            let newest = self.newest.cast_signed();
            self.execute(writing::SET_NEWEST, &[&newest]).await?;
            self.execute(writing::NOTIFY, &[&CHANNEL, &self.newest.to_string()]).await?;
        }
        self.change.commit().await.map_err(fault)
    }

    async fn new_registry(&self) -> Result<i32, StoreError> {
        let (chain, address) = (self.registry.chain_id.cast_signed(), &self.registry.address.0[..]);
        let rows = self.rows(writing::NEW_REGISTRY, &[&chain, &address]).await?;
        Reading::new(rows.first().ok_or_else(|| damaged("a registry of no number"))?).take()
    }

    /// The last events about these, which there are.
    async fn last_of(&self, id: i32, subjects: &[Subject]) -> Result<HashMap<Subject, u64>, StoreError> {
        let Split { records, appointments } = Split::of(subjects);
        let mut last = HashMap::with_capacity(subjects.len());
        if !records.0.is_empty() {
            for columns in self.rows(writing::LAST_OF_RECORDS, &[&id, &records.0, &records.1]).await? {
                let mut reading = Reading::new(&columns);
                last.insert(Subject::Record(reading.identity()?), reading.number()?);
            }
        }
        if !appointments.0.is_empty() {
            let parameters: &[&(dyn ToSql + Sync)] = &[&id, &appointments.0, &appointments.1];
            for columns in self.rows(writing::LAST_OF_APPOINTMENTS, parameters).await? {
                let mut reading = Reading::new(&columns);
                last.insert(Subject::Appointment(reading.appointment()?), reading.number()?);
            }
        }
        Ok(last)
    }

    /// Lets every subject lead to its last event.
    async fn lead_to(&self, id: i32, batch: &Batch) -> Result<(), StoreError> {
        copy::records(&self.change, id, batch).await?;
        let mut changed = Vec::new();
        let mut appointments = Vec::new();
        for (subject, last) in &batch.last {
            match (subject, last.signer) {
                (Subject::Record(_), _) if last.is_first => {}
                (Subject::Record(identity), Some(signer)) => changed.push((*identity, signer, last.sequence)),
                (Subject::Record(_), None) => return Err(damaged("a record without a key")),
                (Subject::Appointment(appointment), _) => appointments.push((*appointment, last.sequence)),
            }
        }
        self.update_records(id, &changed).await?;
        self.set_appointments(id, &appointments).await
    }

    /// Lets every subject lead to what stood below, and drops those of which nothing did.
    async fn uncover(&self, id: i32, uncovered: BTreeMap<Subject, Option<u64>>) -> Result<(), StoreError> {
        let gone: Vec<_> = uncovered.iter().filter(|(_, below)| below.is_none()).map(|(of, _)| *of).collect();
        let Split { records, appointments } = Split::of(&gone);
        self.execute(writing::DELETE_RECORDS, &[&id, &records.0, &records.1]).await?;
        self.execute(writing::DELETE_APPOINTMENTS, &[&id, &appointments.0, &appointments.1]).await?;
        let signers = self.signers(id, uncovered.values().flatten().copied().collect()).await?;
        let (mut back, mut reappointed) = (Vec::new(), Vec::new());
        for (subject, below) in uncovered {
            match (subject, below) {
                (_, None) => {}
                (Subject::Appointment(appointment), Some(sequence)) => {
                    reappointed.push((appointment, sequence))
                }
                (Subject::Record(identity), Some(sequence)) => {
                    let signer = signers.get(&sequence).ok_or_else(|| damaged("a record without a key"))?;
                    back.push((identity, *signer, sequence));
                }
            }
        }
        self.update_records(id, &back).await?;
        self.set_appointments(id, &reappointed).await
    }

    /// The keys' addresses in the records that these events left.
    async fn signers(&self, id: i32, sequences: Vec<u64>) -> Result<HashMap<u64, Address>, StoreError> {
        let sequences: Vec<i64> = sequences.into_iter().map(u64::cast_signed).collect();
        let mut signers = HashMap::with_capacity(sequences.len());
        for columns in self.rows(writing::LEFT, &[&id, &sequences]).await? {
            let mut reading = Reading::new(&columns);
            let sequence = reading.number()?;
            signers
                .extend(reading.standing()?.and_then(|left| left.signer()).map(|signer| (sequence, signer)));
        }
        Ok(signers)
    }

    async fn update_records(&self, id: i32, changed: &[(Identity, Address, u64)]) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        let owners: Vec<&[u8]> = changed.iter().map(|(identity, ..)| &identity.owner.0[..]).collect();
        let labels: Vec<&[u8]> = changed.iter().map(|(identity, ..)| &identity.label.0[..]).collect();
        let signers: Vec<&[u8]> = changed.iter().map(|(_, signer, _)| &signer.0[..]).collect();
        let sequences: Vec<i64> = changed.iter().map(|(_, _, sequence)| sequence.cast_signed()).collect();
        self.execute(writing::UPDATE_RECORDS, &[&id, &owners, &labels, &signers, &sequences]).await
    }

    async fn set_appointments(&self, id: i32, set: &[(Appointment, u64)]) -> Result<(), StoreError> {
        if set.is_empty() {
            return Ok(());
        }
        let owners: Vec<&[u8]> = set.iter().map(|(appointment, _)| &appointment.owner.0[..]).collect();
        let operators: Vec<&[u8]> = set.iter().map(|(appointment, _)| &appointment.operator.0[..]).collect();
        let sequences: Vec<i64> = set.iter().map(|(_, sequence)| sequence.cast_signed()).collect();
        self.execute(writing::SET_APPOINTMENTS, &[&id, &owners, &operators, &sequences]).await
    }

    async fn keep(&self, id: i32, kept: &[KeptBlock], finalized: u64) -> Result<(), StoreError> {
        let numbers: Vec<i64> = kept.iter().map(|kept| kept.block.number.cast_signed()).collect();
        let hashes: Vec<&[u8]> = kept.iter().map(|kept| kept.block.hash.as_slice()).collect();
        let times: Vec<i64> = kept.iter().map(|kept| kept.timestamp.cast_signed()).collect();
        self.execute(writing::KEEP, &[&id, &numbers, &hashes, &times]).await?;
        self.execute(writing::PRUNE, &[&id, &finalized.cast_signed()]).await
    }

    async fn tell_reorganised(&mut self, id: i32, to: KeptBlock) -> Result<(), StoreError> {
        self.newest += 1;
        let (number, hash) = (to.block.number.cast_signed(), to.block.hash.as_slice());
        let parameters: &[&(dyn ToSql + Sync)] =
            &[&id, &self.newest.cast_signed(), &number, &hash, &to.timestamp.cast_signed()];
        self.execute(writing::TELL_REORGANISED, parameters).await
    }

    async fn set_tip(&self, id: i32, tip: Tip) -> Result<(), StoreError> {
        let (number, hash) = (tip.block.number.cast_signed(), tip.block.hash.as_slice());
        let (time, finalized) = (tip.timestamp.cast_signed(), tip.finalized.cast_signed());
        let told = tip.told_through.map(u64::cast_signed);
        self.execute(writing::SET_TIP, &[&id, &number, &hash, &time, &finalized, &told]).await
    }

    async fn rows(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Columns>, StoreError> {
        let statement = self.change.prepare_cached(statement).await.map_err(fault)?;
        self.change.query(&statement, parameters).await.map_err(fault)
    }

    async fn execute(&self, statement: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<(), StoreError> {
        self.rows(statement, parameters).await.map(|_| ())
    }
}

impl<'a> Split<'a> {
    fn of(subjects: &'a [Subject]) -> Self {
        let mut split = Self::default();
        for subject in subjects {
            let ((owners, names), owner, name): (_, &[u8; 20], &[u8]) = match subject {
                Subject::Record(Identity { owner, label: Label(label) }) => {
                    (&mut split.records, &owner.0, label)
                }
                Subject::Appointment(Appointment { owner, operator: Address(operator) }) => {
                    (&mut split.appointments, &owner.0, operator)
                }
            };
            owners.push(owner);
            names.push(name);
        }
        split
    }
}
