//! The one that writes, through the connection that holds the lock.

mod change;
mod copy;

use async_trait::async_trait;
use countersign_registry::RegistryAt;
use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row as Columns;
use tokio_postgres::types::ToSql;

use self::change::Changing;
use super::columns::Reading;
use super::schema::WRITER;
use super::server::fault;
use super::writing;
use crate::change::Held;
use crate::store::row::Standing;
use crate::store::{Advance, KeptBlock, Rewind, StoreError, Tip, Touched, Writer};

/// Ends, and lets the next one lead, when it is dropped.
#[derive(Debug)]
pub(super) struct PostgresWriter {
    client: ClientWrapper,
}

impl PostgresWriter {
    /// Waits for the lock for as long as another one has it.
    pub(super) async fn elected(client: ClientWrapper) -> Result<Self, StoreError> {
        client.execute("SELECT pg_advisory_lock($1)", &[&WRITER]).await.map_err(fault)?;
        Ok(Self { client })
    }

    async fn rows(
        &self,
        registry: RegistryAt,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Columns>, StoreError> {
        let (chain, address) = (registry.chain_id.cast_signed(), &registry.address.0[..]);
        let parameters: Vec<&(dyn ToSql + Sync)> =
            [&chain as _, &address as _].into_iter().chain(parameters.iter().copied()).collect();
        let statement = self.client.prepare_cached(statement).await.map_err(fault)?;
        self.client.query(&statement, &parameters).await.map_err(fault)
    }

    async fn change(&mut self, registry: RegistryAt) -> Result<Changing<'_>, StoreError> {
        Changing::begin(self.client.transaction().await.map_err(fault)?, registry).await
    }
}

#[async_trait]
impl Writer for PostgresWriter {
    async fn tip(&mut self, registry: RegistryAt) -> Result<Option<Tip>, StoreError> {
        let rows = self.rows(registry, super::reading::TIP, &[]).await?;
        rows.first().map_or(Ok(None), |columns| Reading::new(columns).tip())
    }

    async fn kept(&mut self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError> {
        let rows = self.rows(registry, writing::KEPT, &[]).await?;
        rows.iter().map(|columns| Reading::new(columns).kept()).collect()
    }

    async fn held(&mut self, registry: RegistryAt, touched: &Touched) -> Result<Held, StoreError> {
        let mut held = Held::default();
        if !touched.identities.is_empty() {
            let owners: Vec<&[u8]> =
                touched.identities.iter().map(|identity| &identity.owner.0[..]).collect();
            let labels: Vec<&[u8]> =
                touched.identities.iter().map(|identity| &identity.label.0[..]).collect();
            for columns in self.rows(registry, writing::HELD_RECORDS, &[&owners, &labels]).await? {
                let mut reading = Reading::new(&columns);
                let identity = reading.identity()?;
                if let Some(Standing::Record(record)) = reading.standing()? {
                    held.records.insert(identity, record);
                }
            }
        }
        if !touched.appointments.is_empty() {
            let of = &touched.appointments;
            let owners: Vec<&[u8]> = of.iter().map(|appointment| &appointment.owner.0[..]).collect();
            let operators: Vec<&[u8]> = of.iter().map(|appointment| &appointment.operator.0[..]).collect();
            for columns in self.rows(registry, writing::HELD_APPOINTMENTS, &[&owners, &operators]).await? {
                let mut reading = Reading::new(&columns);
                let appointment = reading.appointment()?;
                if let Some(Standing::Until(until)) = reading.standing()? {
                    held.appointments.insert(appointment, until);
                }
            }
        }
        Ok(held)
    }

    async fn advance(&mut self, registry: RegistryAt, advance: &Advance) -> Result<(), StoreError> {
        let mut change = self.change(registry).await?;
        change.advance(advance).await?;
        change.commit().await
    }

    async fn rewind(&mut self, registry: RegistryAt, rewind: &Rewind) -> Result<(), StoreError> {
        let mut change = self.change(registry).await?;
        change.rewind(rewind).await?;
        change.commit().await
    }

    async fn forget(&mut self, registry: RegistryAt) -> Result<(), StoreError> {
        let mut change = self.change(registry).await?;
        change.forget().await?;
        change.commit().await
    }
}
