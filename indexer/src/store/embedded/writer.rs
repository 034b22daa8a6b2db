//! The one that writes.

mod change;

use std::sync::Arc;

use async_trait::async_trait;
use countersign_registry::RegistryAt;
use tokio::sync::OwnedMutexGuard;

use self::change::Changing;
use super::blocking;
use super::files::Files;
use super::reading::Reading;
use crate::change::Held;
use crate::store::row::Standing;
use crate::store::{Advance, KeptBlock, Rewind, StoreError, Tip, Touched, Writer};

#[derive(Debug)]
pub(super) struct EmbeddedWriter {
    files: Arc<Files>,
    /// Held by whatever is still being written too, when this is dropped meanwhile.
    leading: Arc<OwnedMutexGuard<()>>,
}

impl EmbeddedWriter {
    pub(super) async fn elected(files: Arc<Files>) -> Result<Self, StoreError> {
        let leading = Arc::new(files.elected().await);
        let writer = Self { files, leading };
        writer.work(change::sweep).await?;
        Ok(writer)
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reading) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.work(move |files| read(&Reading::now(files.writable()?))).await
    }

    async fn change(
        &self,
        registry: RegistryAt,
        change: impl FnOnce(&mut Changing) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.work(move |files| {
            let mut changing = Changing::begin(files.writable()?, registry)?;
            change(&mut changing)?;
            changing.commit(files)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (files, leading) = (self.files.clone(), self.leading.clone());
        blocking(move || {
            let done = work(&files);
            drop(leading);
            done
        })
        .await
    }
}

#[async_trait]
impl Writer for EmbeddedWriter {
    async fn tip(&mut self, registry: RegistryAt) -> Result<Option<Tip>, StoreError> {
        self.read(move |reading| Ok(reading.stands(registry)?.and_then(|stands| stands.tip))).await
    }

    async fn kept(&mut self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError> {
        self.read(move |reading| reading.kept_of(registry)).await
    }

    async fn held(&mut self, registry: RegistryAt, touched: &Touched) -> Result<Held, StoreError> {
        let touched = touched.clone();
        self.read(move |reading| held(reading, registry, &touched)).await
    }

    async fn advance(&mut self, registry: RegistryAt, advance: &Advance) -> Result<(), StoreError> {
        let advance = advance.clone();
        self.change(registry, move |change| change.advance(&advance)).await
    }

    async fn rewind(&mut self, registry: RegistryAt, rewind: &Rewind) -> Result<(), StoreError> {
        let rewind = rewind.clone();
        self.change(registry, move |change| change.rewind(&rewind)).await
    }

    async fn forget(&mut self, registry: RegistryAt) -> Result<(), StoreError> {
        self.change(registry, Changing::forget).await?;
        self.work(change::sweep).await
    }
}

fn held(reading: &Reading, registry: RegistryAt, touched: &Touched) -> Result<Held, StoreError> {
    let mut held = Held::default();
    let Some(stands) = reading.stands(registry)? else { return Ok(held) };
    for identity in &touched.identities {
        let Some(head) = reading.head(stands.id, identity)? else { continue };
        if let Standing::Record(record) = reading.event(stands.id, head.sequence)?.standing {
            held.records.insert(*identity, record);
        }
    }
    for appointment in &touched.appointments {
        let Some(sequence) = reading.appointed(stands.id, appointment)? else { continue };
        if let Standing::Until(until) = reading.event(stands.id, sequence)?.standing {
            held.appointments.insert(*appointment, until);
        }
    }
    Ok(held)
}
