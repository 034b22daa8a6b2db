//! What was proven before, and is never gone back from.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use alloy::eips::BlockNumHash;
use countersign_protocol::Identity;

use super::cache::Cache;
use crate::acceptance::unix_now;
use crate::endpoint::Endpoint;
use crate::error::{ResolveError, StaleHead};
use crate::known::{Batch, Contradiction, Incident, Kept, KnownRecords, RegistryAt, Rollback, Seen};
use crate::proof::{ProvenHeader, ProvenRecord};

/// The highest block, and what records said. With [`KnownRecords`] it is the cache in front of them: it holds only what
/// they keep already, so nothing is accepted that a restart would lose. Without, it ends with the process.
#[derive(Debug)]
pub(crate) struct Past {
    registry: RegistryAt,
    known: OnceLock<KnownRecords>,
    cache: Mutex<Cache>,
    highest: AtomicU64,
}

/// A head that was agreed on, and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) head: &'a ProvenHeader,
    pub(crate) by: &'a [&'a Endpoint],
}

/// What one batch of records comes to, before anything is kept.
#[derive(Debug, Default)]
struct Comparison {
    verdicts: Vec<Result<(), Contradiction>>,
    /// Which of them say what is not known yet.
    new: Vec<usize>,
}

impl Past {
    pub(crate) fn of(registry: RegistryAt) -> Self {
        Self { registry, known: OnceLock::new(), cache: Mutex::default(), highest: AtomicU64::new(0) }
    }

    /// From here on what is proven is kept there too. The first one given stays. Blocks.
    ///
    /// # Errors
    /// [`ResolveError::Known`] where it cannot be read.
    pub(crate) fn keep_in(&self, known: KnownRecords) -> Result<(), ResolveError> {
        let highest = known.highest(self.registry)?;
        if self.known.set(known).is_ok() {
            self.highest.fetch_max(highest, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The highest block that this process knows to be proven; 0 before the first.
    pub(crate) fn highest_here(&self) -> u64 {
        self.highest.load(Ordering::Relaxed)
    }

    /// What survives this process, where anything does.
    pub(crate) fn known(&self) -> Option<&KnownRecords> {
        self.known.get()
    }

    /// The highest block proven so far, by any process that keeps what it proves in the same place; 0 before the first.
    ///
    /// # Errors
    /// [`ResolveError::Known`] where that place cannot be read.
    pub(crate) async fn highest(&self) -> Result<u64, ResolveError> {
        let Some(known) = self.known.get() else { return Ok(self.highest.load(Ordering::Relaxed)) };
        let recalled = known.recall(self.registry, Vec::new()).await?;
        self.cache().recall(recalled.generation, []);
        self.highest.fetch_max(recalled.highest, Ordering::Relaxed);
        Ok(recalled.highest)
    }

    /// Holds what was just proven against what was proven before, and remembers it: once this returns, a restart loses
    /// none of it. What changes nothing costs no write. One verdict for each record.
    ///
    /// A verdict is [`ResolveError::RecordRewound`] where the version fell, the record vanished, or a revocation was
    /// undone without a new version: the contract does none of these. It is [`ResolveError::StaleHead`] where the head
    /// is the older of the two: of proofs made at once, the one at the older block may be done last.
    ///
    /// # Errors
    /// [`ResolveError::Known`] where it cannot be kept; then none of it may be acted on.
    pub(crate) async fn advance(
        &self,
        shown: Shown<'_>,
        records: &[(Identity, Option<&ProvenRecord>)],
    ) -> Result<Vec<Result<(), ResolveError>>, ResolveError> {
        let said: Vec<_> =
            records.iter().map(|(identity, record)| (*identity, Seen::of(*record, shown.head))).collect();
        let outcomes = match self.known.get() {
            Some(known) => self.advance_known(known, shown.head, &said).await?,
            None => self.advance_alone(shown.head, &said),
        };
        let mut verdicts = Vec::with_capacity(outcomes.len());
        for ((identity, said), outcome) in said.into_iter().zip(outcomes) {
            verdicts.push(match outcome {
                Ok(()) => Ok(()),
                Err(contradiction) => Err(self.refuse(identity, said, contradiction, shown.by).await),
            });
        }
        Ok(verdicts)
    }

    /// Whether something was proven of an identity that what is said of it does not follow, by this process or, a moment
    /// ago at the latest, by another that keeps what it proves in the same place. So it is too where nothing is kept of a
    /// record: whoever asks then proves it anew.
    pub(crate) fn contradicts(&self, identity: &Identity, said: Seen) -> bool {
        match self.latest(identity) {
            Some(seen) => seen.followed_by(said).is_err(),
            None => said.version > 0 && self.known.get().is_some(),
        }
    }

    /// What was proven last of an identity. Waits for nobody, and hardly for the disk: now and then one row is read of a
    /// file that is open, which costs less than to have another thread do it.
    fn latest(&self, identity: &Identity) -> Option<Seen> {
        let (cached, is_aged) = {
            let cache = self.cache();
            (cache.find(identity), cache.is_aged())
        };
        let known = self.known.get().filter(|_| is_aged || cached.is_none());
        let Some(known) = known else { return cached };
        match known.glance(self.registry, *identity) {
            Ok(Some(recalled)) => {
                self.highest.fetch_max(recalled.highest, Ordering::Relaxed);
                let mut cache = self.cache();
                cache.recall(recalled.generation, [*identity].into_iter().zip(recalled.records));
                cache.find(identity)
            }
            // Somebody reads just now: the next look is this one's.
            Ok(None) => cached,
            Err(error) => {
                tracing::error!(%error, "what was proven before is not known, and nothing is served from memory");
                None
            }
        }
    }

    /// Keeps that a chain's head was refused: it lies further below the highest than endpoints of one chain differ.
    pub(crate) async fn note_head(&self, known: u64, shown: BlockNumHash, by: &[&Endpoint]) {
        self.note(Rollback::Head { known, shown }, by).await;
    }

    fn advance_alone(
        &self,
        head: &ProvenHeader,
        records: &[(Identity, Seen)],
    ) -> Vec<Result<(), Contradiction>> {
        self.highest.fetch_max(head.block().number, Ordering::Relaxed);
        let mut cache = self.cache();
        let follow = |(identity, said): &(Identity, Seen)| {
            let now = cache.find(identity).map_or(Ok(*said), |before| before.followed_by(*said))?;
            cache.learn(*identity, now);
            Ok(())
        };
        records.iter().map(follow).collect()
    }

    async fn advance_known(
        &self,
        known: &KnownRecords,
        head: &ProvenHeader,
        records: &[(Identity, Seen)],
    ) -> Result<Vec<Result<(), Contradiction>>, ResolveError> {
        self.read_missing(known, records).await?;
        let Comparison { mut verdicts, new } = self.compare(known, records);
        let block = head.block();
        if new.is_empty() && block.number <= self.highest.load(Ordering::Relaxed) {
            return Ok(verdicts);
        }
        let records: Vec<_> = new.iter().filter_map(|position| records.get(*position).copied()).collect();
        let identities: Vec<_> = records.iter().map(|(identity, _)| *identity).collect();
        let (registry, timestamp, now) = (self.registry, head.timestamp(), unix_now());
        let kept = known.keep(Batch { registry, block, timestamp, records, now }).await?;
        for (position, outcome) in new.iter().zip(&kept.records) {
            if let Some(verdict) = verdicts.get_mut(*position) {
                *verdict = outcome.map(drop);
            }
        }
        self.take_over(&identities, &kept);
        Ok(verdicts)
    }

    /// Reads what is known of identities that the cache does not hold.
    async fn read_missing(
        &self,
        known: &KnownRecords,
        records: &[(Identity, Seen)],
    ) -> Result<(), ResolveError> {
        let missing: Vec<_> = {
            let cache = self.cache();
            let absent = |identity: &&Identity| cache.find(identity).is_none();
            records.iter().map(|(identity, _)| identity).filter(absent).copied().collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let recalled = known.recall(self.registry, missing.clone()).await?;
        self.cache().recall(recalled.generation, missing.into_iter().zip(recalled.records));
        Ok(())
    }

    fn compare(&self, known: &KnownRecords, records: &[(Identity, Seen)]) -> Comparison {
        let mut cache = self.cache();
        let mut comparison = Comparison::default();
        for (position, (identity, said)) in records.iter().enumerate() {
            let before = cache.find(identity);
            let now = before.map_or(Ok(*said), |before| before.followed_by(*said));
            comparison.verdicts.push(now.map(drop));
            let Ok(now) = now else { continue };
            match before {
                Some(before) if !before.says_the_same_as(&now) => comparison.new.push(position),
                None if said.version > 0 => comparison.new.push(position),
                Some(before) if before.block != now.block => {
                    cache.learn(*identity, now);
                    known.refresh(self.registry, *identity, now, unix_now());
                }
                _ => {}
            }
        }
        comparison
    }

    /// What is kept by now may be counted on.
    fn take_over(&self, identities: &[Identity], kept: &Kept) {
        self.highest.fetch_max(kept.highest, Ordering::Relaxed);
        let known = kept.records.iter().map(|outcome| match outcome {
            Ok(seen) | Err(Contradiction::Outdated { seen } | Contradiction::Rewound { seen }) => *seen,
        });
        self.cache().take_over(kept, identities.iter().copied().zip(known));
    }

    async fn refuse(
        &self,
        identity: Identity,
        said: Seen,
        contradiction: Contradiction,
        by: &[&Endpoint],
    ) -> ResolveError {
        let number = said.block.number;
        match contradiction {
            Contradiction::Outdated { seen } => {
                let why = StaleHead::BehindProven { proven: seen.block.number };
                ResolveError::StaleHead { number, why }
            }
            Contradiction::Rewound { seen } => {
                self.note(Rollback::Record { identity, known: seen, shown: said }, by).await;
                let (seen, got) = (seen.version, said.version);
                ResolveError::RecordRewound { identity, seen, got, block: number }
            }
        }
    }

    async fn note(&self, rollback: Rollback, by: &[&Endpoint]) {
        let Some(known) = self.known.get() else { return };
        if let Err(error) = known.note(Incident::now(self.registry, rollback, by)).await {
            // It is refused all the same.
            tracing::error!(%error, "a rollback was refused, and that could not be written down");
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
