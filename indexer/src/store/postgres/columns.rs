//! Rows of the tables, column by column.

use alloy::eips::BlockNumHash;
use alloy::primitives::B256;
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::RegistryAt;
use tokio_postgres::Row as Columns;
use tokio_postgres::types::FromSql;

use super::server::fault;
use crate::event::{Appointment, Place};
use crate::record::Record;
use crate::store::row::{Row, Standing, Subject, code, reorganised};
use crate::store::{KeptBlock, News, StoreError, Tip};

/// What [`Reading::tip`] reads, of `registries r`.
macro_rules! tip_columns {
    () => {
        "r.tip, r.hash, r.time, r.finalized, r.told_through"
    };
}

/// What [`Reading::row`] reads, of `events e`.
macro_rules! event_columns {
    () => {
        "e.kind, e.sequence, e.previous, e.block, e.log_index, e.time, e.transaction, e.owner, e.name, \
         e.word, e.x, e.pinned_x, e.bundle, e.until"
    };
}

/// What [`Reading::standing`] reads, of `events b`.
macro_rules! before_columns {
    () => {
        "b.word, b.x, b.pinned_x, b.bundle, b.until"
    };
}

pub(super) use {before_columns, event_columns, tip_columns};

/// Reads a row from left to right.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    columns: &'a Columns,
    next: usize,
}

impl<'a> Reading<'a> {
    pub(super) const fn new(columns: &'a Columns) -> Self {
        Self { columns, next: 0 }
    }

    pub(super) fn take<T: FromSql<'a>>(&mut self) -> Result<T, StoreError> {
        let column = self.next;
        self.next += 1;
        self.columns.try_get(column).map_err(fault)
    }

    pub(super) fn number(&mut self) -> Result<u64, StoreError> {
        self.take::<i64>().map(i64::cast_unsigned)
    }

    pub(super) fn maybe_number(&mut self) -> Result<Option<u64>, StoreError> {
        Ok(self.take::<Option<i64>>()?.map(i64::cast_unsigned))
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.take::<&[u8]>()?.try_into().map_err(|_| damaged("bytes of another length than they have"))
    }

    pub(super) fn block(&mut self) -> Result<BlockNumHash, StoreError> {
        Ok(BlockNumHash { number: self.number()?, hash: B256::from(self.bytes()?) })
    }

    pub(super) fn registry(&mut self) -> Result<RegistryAt, StoreError> {
        Ok(RegistryAt { chain_id: self.number()?, address: Address(self.bytes()?) })
    }

    pub(super) fn identity(&mut self) -> Result<Identity, StoreError> {
        Ok(Identity { owner: Address(self.bytes()?), label: Label(self.bytes()?) })
    }

    pub(super) fn appointment(&mut self) -> Result<Appointment, StoreError> {
        Ok(Appointment { owner: Address(self.bytes()?), operator: Address(self.bytes()?) })
    }

    pub(super) fn kept(&mut self) -> Result<KeptBlock, StoreError> {
        Ok(KeptBlock { block: self.block()?, timestamp: self.number()? })
    }

    /// About what an event was, its number, and the one before it.
    pub(super) fn undone(&mut self) -> Result<(Subject, u64, Option<u64>), StoreError> {
        Ok((self.subject()?, self.number()?, self.maybe_number()?))
    }

    /// `None` where nothing is stored of the registry.
    pub(super) fn tip(&mut self) -> Result<Option<Tip>, StoreError> {
        if self.peek::<i64>()?.is_none() {
            self.next += TIP;
            return Ok(None);
        }
        Ok(Some(Tip {
            block: self.block()?,
            timestamp: self.number()?,
            finalized: self.number()?,
            told_through: self.maybe_number()?,
        }))
    }

    /// `None` where the row has no event.
    pub(super) fn row(&mut self) -> Result<Option<Row>, StoreError> {
        if self.peek::<i16>()?.is_none() {
            self.next += EVENT;
            return Ok(None);
        }
        let kind = u8::try_from(self.take::<i16>()?).map_err(|_| damaged("an event of no kind"))?;
        let (sequence, previous) = (self.number()?, self.maybe_number()?);
        let place = Place { block: self.number()?, log_index: self.take::<i32>()?.cast_unsigned() };
        let (timestamp, transaction) = (self.number()?, B256::from(self.bytes()?));
        let subject = self.subject()?;
        let standing = self.standing()?.ok_or_else(|| damaged("an event that left nothing"))?;
        Ok(Some(Row { sequence, previous, code: kind, place, timestamp, transaction, subject, standing }))
    }

    /// An event with what stood before it, or a reorganisation; `None` where the row has neither.
    pub(super) fn news(&mut self) -> Result<Option<News>, StoreError> {
        if self.peek::<i16>()? == Some(code::REORGANISED.into()) {
            self.next += 1;
            let (sequence, _, number) = (self.number()?, self.maybe_number()?, self.number()?);
            let (_, _) = (self.take::<i32>()?, self.number()?);
            return Ok(Some(reorganised(sequence, BlockNumHash { number, hash: B256::from(self.bytes()?) })));
        }
        self.row()?.map(|row| row.news(self.standing()?)).transpose()
    }

    /// `None` where the row has none.
    pub(super) fn standing(&mut self) -> Result<Option<Standing>, StoreError> {
        if self.peek::<&[u8]>()?.is_none() {
            self.next += STANDING - 1;
            return Ok(self.maybe_number()?.map(Standing::Until));
        }
        let (word, x) = (B256::from(self.bytes()?), B256::from(self.bytes()?));
        let pinned_x = self.take::<Option<&[u8]>>()?.map_or(Ok(B256::ZERO), |pinned| match pinned {
            SAME_AS_X => Ok(x),
            other => word_of(other),
        })?;
        let bundle = self.take::<Option<&[u8]>>()?.map_or(Ok(B256::ZERO), word_of)?;
        self.next += 1;
        Ok(Some(Standing::Record(Record { word, x, pinned_x, bundle })))
    }

    fn subject(&mut self) -> Result<Subject, StoreError> {
        let owner = Address(self.bytes()?);
        let name: &[u8] = self.take()?;
        if let Ok(label) = name.try_into() {
            return Ok(Subject::Record(Identity { owner, label: Label(label) }));
        }
        let operator = name.try_into().map_err(|_| damaged("an event about nothing"))?;
        Ok(Subject::Appointment(Appointment { owner, operator: Address(operator) }))
    }

    fn peek<T: FromSql<'a>>(&self) -> Result<Option<T>, StoreError> {
        self.columns.try_get(self.next).map_err(fault)
    }
}

/// How a pinned coordinate is stored: most are the key's own.
pub(super) fn pinned_column(record: &Record) -> Option<&[u8]> {
    match record.pinned_x {
        zero if zero.is_zero() => None,
        same if same == record.x => Some(SAME_AS_X),
        _ => Some(record.pinned_x.as_slice()),
    }
}

/// How a hash is stored that is mostly zero.
pub(super) fn sparse_column(hash: &B256) -> Option<&[u8]> {
    (!hash.is_zero()).then_some(hash.as_slice())
}

fn word_of(bytes: &[u8]) -> Result<B256, StoreError> {
    B256::try_from(bytes).map_err(|_| damaged("a word that has not 32 bytes"))
}

pub(super) fn damaged(detail: &str) -> StoreError {
    StoreError::Damaged { detail: format!("the tables have {detail}") }
}

const SAME_AS_X: &[u8] = &[];

/// How many columns each takes.
const TIP: usize = 5;
const EVENT: usize = 14;
const STANDING: usize = 5;
