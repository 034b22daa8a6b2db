//! An index in PostgreSQL, from version 14: many readers on any machines, and one writer among those who would.
//!
//! - Who leads holds an advisory lock of the database on the very connection that it writes through: with the connection
//!   it loses the lock, so nobody writes who does not hold it. When it dies, the server lets the next one lead.
//! - TLS is spoken where the connection string has `sslmode=require`, and then the server's certificate has to lead to one
//!   of the system's roots. Otherwise nothing is encrypted.
//! - `pg_dump --schema=countersign_index` is its backup, also while it is written; `pg_restore` or `psql` brings it back.

mod columns;
mod listening;
mod reading;
mod schema;
mod server;
mod tls;
mod writer;
mod writing;

use std::time::Duration;

use async_trait::async_trait;
use countersign_protocol::{Address, Identity};
use countersign_registry::RegistryAt;
use deadpool_postgres::{Object, Pool};
use tokio_postgres::Row as Columns;
use tokio_postgres::types::ToSql;

use self::columns::Reading;
use self::listening::Listening;
use self::server::{Server, fault, pool_fault};
use super::row::{Row, Standing, Subject};
use super::{
    Answer, Entry, KeptBlock, News, NewsFilter, Page, RecordQuery, Selection, Sequence, Store, StoreError,
    Stored, Tip, Writer, page,
};

/// An index in a PostgreSQL database, in the schema `countersign_index`.
#[derive(Debug)]
pub struct PostgresStore {
    server: Server,
    readers: Pool,
    listening: Listening,
}

impl PostgresStore {
    /// Connects, and makes the tables where they are missing.
    ///
    /// `address` is a connection string (`postgresql://user:password@host/database?sslmode=require`), which is told to
    /// nobody. `readers` connections at most serve what is asked; one more listens, and one more writes after
    /// [`lead`](Store::lead).
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`], [`StoreError::Unavailable`], and [`StoreError::Format`] where a newer program made
    /// the tables.
    pub async fn connect(address: &str, readers: usize) -> Result<Self, StoreError> {
        let server = Server::parse(address)?;
        schema::bring_up_to_date(&mut server.writing().await?).await?;
        let listening = Listening::start(server.clone());
        Ok(Self { readers: server.pool(readers)?, server, listening })
    }

    async fn rows(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Columns>, StoreError> {
        let client = self.readers.get().await.map_err(pool_fault)?;
        let answer = async {
            let statement = client.prepare_cached(statement).await?;
            client.query(&statement, parameters).await
        };
        match tokio::time::timeout(ANSWERING, answer).await {
            Ok(answer) => answer.map_err(fault),
            Err(_) => {
                // The next one would wait behind what this one asked.
                drop(Object::take(client));
                Err(StoreError::Unavailable { detail: format!("no answer within {ANSWERING:?}") })
            }
        }
    }

    /// What `value` reads of each row, and the tip.
    async fn answer<T>(
        &self,
        registry: RegistryAt,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
        value: impl Fn(&mut Reading<'_>) -> Result<Option<T>, StoreError>,
    ) -> Result<Answer<Vec<T>>, StoreError> {
        let (chain, address) = (registry.chain_id.cast_signed(), &registry.address.0[..]);
        let parameters: Vec<&(dyn ToSql + Sync)> =
            [&chain as _, &address as _].into_iter().chain(parameters.iter().copied()).collect();
        let mut answer = None;
        for columns in self.rows(statement, &parameters).await? {
            let mut reading = Reading::new(&columns);
            let tip = reading.tip()?.ok_or(StoreError::NotIndexed(registry))?;
            let Answer { value: values, .. } = answer.get_or_insert(Answer { tip, value: Vec::new() });
            values.extend(value(&mut reading)?);
        }
        answer.ok_or(StoreError::NotIndexed(registry))
    }

    async fn entry(
        &self,
        registry: RegistryAt,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        let Answer { tip, value } =
            self.answer(registry, statement, parameters, |reading| reading.row()).await?;
        let entry = value.first().map(Row::entry).transpose()?;
        Ok(Answer { tip, value: entry })
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn lead(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(Box::new(writer::PostgresWriter::elected(self.server.writing().await?).await?))
    }

    async fn registries(&self) -> Result<Vec<(RegistryAt, Option<Tip>)>, StoreError> {
        let rows = self.rows(reading::REGISTRIES, &[]).await?;
        let registry = |columns: &Columns| {
            let mut reading = Reading::new(columns);
            Ok((reading.registry()?, reading.tip()?))
        };
        rows.iter().map(registry).collect()
    }

    async fn tip(&self, registry: RegistryAt) -> Result<Tip, StoreError> {
        self.answer(registry, reading::TIP, &[], |_| Ok(None::<()>)).await.map(|answer| answer.tip)
    }

    async fn kept(&self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError> {
        let (chain, address) = (registry.chain_id.cast_signed(), &registry.address.0[..]);
        let rows = self.rows(writing::KEPT, &[&chain, &address]).await?;
        rows.iter().map(|columns| Reading::new(columns).kept()).collect()
    }

    async fn record(
        &self,
        registry: RegistryAt,
        Identity { owner, label }: Identity,
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        self.entry(registry, reading::RECORD, &[&&owner.0[..], &&label.0[..]]).await
    }

    async fn record_at(
        &self,
        registry: RegistryAt,
        Identity { owner, label }: Identity,
        block: u64,
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        let height = i64::try_from(block).unwrap_or(i64::MAX);
        let answer =
            self.entry(registry, reading::RECORD_AT, &[&&owner.0[..], &&label.0[..], &height]).await?;
        match answer.tip.block.number {
            tip if block > tip => Err(StoreError::Ahead { asked: block, tip }),
            _ => Ok(answer),
        }
    }

    async fn records(&self, registry: RegistryAt, query: RecordQuery) -> Result<Answer<Page>, StoreError> {
        // No bytes come before any owner.
        let (owner, label) =
            query.after.as_ref().map_or((&[][..], &[][..]), |after| (&after.owner.0, &after.label.0));
        let limit = count(page::looked_at(&query));
        let (statement, of) = match &query.selection {
            Selection::All => (reading::ALL, None),
            Selection::Owner(of) => (reading::OF_OWNER, Some(&of.0[..])),
            Selection::Signer(of) => (reading::OF_SIGNER, Some(&of.0[..])),
            Selection::Label(of) => (reading::UNDER_LABEL, Some(&of.0[..])),
        };
        let parameters: &[&(dyn ToSql + Sync)] = match (&query.selection, &of) {
            (Selection::Label(_), of) => &[&owner, of, &limit],
            (_, None) => &[&owner, &label, &limit],
            (_, of) => &[&owner, &label, &limit, of],
        };
        let entry = |reading: &mut Reading<'_>| reading.row()?.map(|row| row.entry()).transpose();
        let Answer { tip, value: mut entries } = self.answer(registry, statement, parameters, entry).await?;
        entries.sort_unstable_by_key(|entry| entry.identity);
        Ok(Answer { tip, value: page::of(entries, &query, tip) })
    }

    async fn history(
        &self,
        registry: RegistryAt,
        Identity { owner, label }: Identity,
        before: Option<Sequence>,
        limit: usize,
    ) -> Result<Answer<Vec<Stored>>, StoreError> {
        let before = before.map_or(i64::MAX, number);
        let stored = |reading: &mut Reading<'_>| match reading.row()? {
            None => Ok(None),
            Some(row) => row.stored(reading.standing()?).map(Some),
        };
        let parameters: &[&(dyn ToSql + Sync)] = &[&&owner.0[..], &&label.0[..], &before, &count(limit)];
        let mut answer = self.answer(registry, reading::HISTORY, parameters, stored).await?;
        answer.value.sort_unstable_by_key(|stored| std::cmp::Reverse(stored.sequence));
        Ok(answer)
    }

    async fn appointments(
        &self,
        registry: RegistryAt,
        owner: Address,
    ) -> Result<Answer<Vec<(Address, u64)>>, StoreError> {
        let appointment = |reading: &mut Reading<'_>| {
            Ok(reading.row()?.and_then(|row| match (row.subject, row.standing) {
                (Subject::Appointment(appointment), Standing::Until(until)) => {
                    Some((appointment.operator, until))
                }
                _ => None,
            }))
        };
        let mut answer = self.answer(registry, reading::APPOINTMENTS, &[&&owner.0[..]], appointment).await?;
        answer.value.sort_unstable();
        Ok(answer)
    }

    async fn news(
        &self,
        registry: RegistryAt,
        filter: NewsFilter,
        after: Sequence,
        limit: usize,
    ) -> Result<Answer<Vec<News>>, StoreError> {
        let statement = match filter {
            NewsFilter::All => reading::NEWS,
            NewsFilter::Revocations => reading::REVOCATIONS,
        };
        let parameters: &[&(dyn ToSql + Sync)] = &[&number(after), &count(limit)];
        let mut answer = self.answer(registry, statement, parameters, |reading| reading.news()).await?;
        answer.value.sort_unstable_by_key(News::sequence);
        Ok(answer)
    }

    async fn newest(&self) -> Result<Sequence, StoreError> {
        let rows = self.rows(reading::NEWEST, &[]).await?;
        let columns = rows.first().ok_or_else(|| columns::damaged("no newest number"))?;
        Reading::new(columns).number().map(Sequence)
    }

    async fn changed_after(&self, sequence: Sequence) -> Result<(), StoreError> {
        self.listening.past(sequence).await
    }
}

/// A number, which is none that is stored where it does not fit.
fn number(Sequence(sequence): Sequence) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Every query is bounded by its limit, or by how often one record changed.
const ANSWERING: Duration = Duration::from_secs(30);
