//! A store in memory, folded with `apply`: small, whole, and slow enough for nobody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use countersign_indexer::change::{ChangeSet, Effect, Held};
use countersign_indexer::event::Appointment;
use countersign_indexer::store::*;
use countersign_protocol::{Address, Identity};
use countersign_registry::RegistryAt;
use tokio::sync::watch;

/// A store in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    newest: watch::Sender<u64>,
    delay_ms: AtomicU64,
    is_lost: AtomicBool,
    asked: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    registries: HashMap<RegistryAt, Indexed>,
    newest: u64,
}

#[derive(Debug)]
struct Indexed {
    tip: Tip,
    kept: Vec<KeptBlock>,
    sets: Vec<ChangeSet>,
    held: Held,
    news: Vec<News>,
    last: HashMap<Subject, Sequence>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Record(Identity),
    Appointment(Appointment),
}

impl Memory {
    /// Every answer takes so long from now on.
    pub fn slow_down(&self, delay: Duration) {
        self.0.delay_ms.store(delay.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }

    /// Waits until it is asked for the first time after this was called.
    pub fn asked(&self) -> impl Future<Output = ()> + use<> {
        let mut asked = self.0.asked.subscribe();
        let before = *asked.borrow();
        async move {
            asked.wait_for(|asked| *asked > before).await.unwrap();
        }
    }

    /// Whether the connection to it is lost.
    pub fn lose(&self, is_lost: bool) {
        self.0.is_lost.store(is_lost, Ordering::SeqCst);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    async fn answer<T>(
        &self,
        registry: RegistryAt,
        value: impl FnOnce(&Indexed) -> Result<T, StoreError>,
    ) -> Result<Answer<T>, StoreError> {
        self.0.asked.send_modify(|asked| *asked += 1);
        let delay = self.0.delay_ms.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if self.0.is_lost.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable { detail: "secret-host:5432 refused".into() });
        }
        let state = self.state();
        let indexed = state.registries.get(&registry).ok_or(StoreError::NotIndexed(registry))?;
        Ok(Answer { tip: indexed.tip, value: value(indexed)? })
    }
}

fn sequence(news: &News) -> Sequence {
    match news {
        News::Event(stored) => stored.sequence,
        News::Reorganised { sequence, .. } => *sequence,
    }
}

fn subject(effect: &Effect) -> Subject {
    match *effect {
        Effect::Record { identity, .. } => Subject::Record(identity),
        Effect::Appointment { appointment, .. } => Subject::Appointment(appointment),
    }
}

impl Indexed {
    fn events(&self) -> impl DoubleEndedIterator<Item = &Stored> {
        self.news.iter().filter_map(|news| match news {
            News::Event(stored) => Some(stored),
            News::Reorganised { .. } => None,
        })
    }

    fn entry(&self, identity: Identity, through: u64) -> Option<Entry> {
        self.events().rev().find_map(|stored| match stored.change.effect {
            Effect::Record { identity: of, after, .. }
                if of == identity && stored.change.event.place.block <= through =>
            {
                let event = &stored.change.event;
                let changed =
                    Changed { sequence: stored.sequence, place: event.place, timestamp: event.timestamp };
                Some(Entry { identity, record: after, changed })
            }
            _ => None,
        })
    }

    fn page(&self, query: RecordQuery) -> Page {
        let mut identities: Vec<Identity> = self.held.records.keys().copied().collect();
        identities.sort();
        identities.retain(|identity| match query.selection {
            Selection::All => true,
            Selection::Owner(owner) => identity.owner == owner,
            Selection::Label(label) => identity.label == label,
            Selection::Signer(signer) => {
                self.held.records[identity].fields().is_some_and(|fields| fields.signer == signer)
            }
        });
        identities.retain(|identity| query.after.is_none_or(|after| *identity > after));
        let more = identities.len() > query.limit;
        identities.truncate(query.limit);
        let next = more.then(|| *identities.last().unwrap());
        let entries = identities.iter().filter_map(|identity| self.entry(*identity, u64::MAX));
        let worth = |entry: &Entry| {
            query.status.is_none_or(|status| entry.record.status_at(self.tip.timestamp) == status)
        };
        Page { entries: entries.filter(worth).collect(), next }
    }
}

#[async_trait]
impl Store for Memory {
    async fn lead(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(Box::new(MemoryWriter(self.clone())))
    }

    async fn registries(&self) -> Result<Vec<(RegistryAt, Option<Tip>)>, StoreError> {
        if self.0.is_lost.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable { detail: "secret-host:5432 refused".into() });
        }
        Ok(self.state().registries.iter().map(|(at, indexed)| (*at, Some(indexed.tip))).collect())
    }

    async fn tip(&self, registry: RegistryAt) -> Result<Tip, StoreError> {
        Ok(self.answer(registry, |_| Ok(())).await?.tip)
    }

    async fn kept(&self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError> {
        Ok(self.state().registries.get(&registry).map(|indexed| indexed.kept.clone()).unwrap_or_default())
    }

    async fn record(
        &self,
        registry: RegistryAt,
        identity: Identity,
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        self.answer(registry, |indexed| Ok(indexed.entry(identity, u64::MAX))).await
    }

    async fn record_at(
        &self,
        registry: RegistryAt,
        identity: Identity,
        block: u64,
    ) -> Result<Answer<Option<Entry>>, StoreError> {
        self.answer(registry, |indexed| match indexed.tip.block.number {
            tip if block > tip => Err(StoreError::Ahead { asked: block, tip }),
            _ => Ok(indexed.entry(identity, block)),
        })
        .await
    }

    async fn records(&self, registry: RegistryAt, query: RecordQuery) -> Result<Answer<Page>, StoreError> {
        self.answer(registry, |indexed| Ok(indexed.page(query))).await
    }

    async fn history(
        &self,
        registry: RegistryAt,
        identity: Identity,
        before: Option<Sequence>,
        limit: usize,
    ) -> Result<Answer<Vec<Stored>>, StoreError> {
        self.answer(registry, |indexed| {
            let about = |stored: &&Stored| subject(&stored.change.effect) == Subject::Record(identity);
            let older = |stored: &&Stored| before.is_none_or(|before| stored.sequence < before);
            Ok(indexed.events().rev().filter(about).filter(older).take(limit).cloned().collect())
        })
        .await
    }

    async fn appointments(
        &self,
        registry: RegistryAt,
        owner: Address,
    ) -> Result<Answer<Vec<(Address, u64)>>, StoreError> {
        self.answer(registry, |indexed| {
            let of_owner = indexed.held.appointments.iter().filter(|(of, _)| of.owner == owner);
            let mut ends: Vec<_> = of_owner.map(|(of, until)| (of.operator, *until)).collect();
            ends.sort();
            Ok(ends)
        })
        .await
    }

    async fn news(
        &self,
        registry: RegistryAt,
        filter: NewsFilter,
        after: Sequence,
        limit: usize,
    ) -> Result<Answer<Vec<News>>, StoreError> {
        self.answer(registry, |indexed| {
            let first = indexed.news.partition_point(|news| sequence(news) <= after);
            let wanted = |news: &&News| match (filter, news) {
                (NewsFilter::All, _) | (_, News::Reorganised { .. }) => true,
                (NewsFilter::Revocations, News::Event(stored)) => {
                    matches!(stored.change.event.kind, countersign_indexer::event::EventKind::Revoked { .. })
                }
            };
            Ok(indexed.news[first..].iter().filter(wanted).take(limit).cloned().collect())
        })
        .await
    }

    async fn newest(&self) -> Result<Sequence, StoreError> {
        Ok(Sequence(self.state().newest))
    }

    async fn changed_after(&self, sequence: Sequence) -> Result<(), StoreError> {
        let mut newest = self.0.newest.subscribe();
        newest.wait_for(|newest| *newest > sequence.0).await.unwrap();
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryWriter(Memory);

impl MemoryWriter {
    fn tell(&self) {
        let newest = self.0.state().newest;
        self.0.0.newest.send_replace(newest);
    }
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn tip(&mut self, registry: RegistryAt) -> Result<Option<Tip>, StoreError> {
        Ok(self.0.state().registries.get(&registry).map(|indexed| indexed.tip))
    }

    async fn kept(&mut self, registry: RegistryAt) -> Result<Vec<KeptBlock>, StoreError> {
        Ok(self.0.state().registries.get(&registry).map(|indexed| indexed.kept.clone()).unwrap_or_default())
    }

    async fn held(&mut self, registry: RegistryAt, _touched: &Touched) -> Result<Held, StoreError> {
        Ok(self.0.state().registries.get(&registry).map(|indexed| indexed.held.clone()).unwrap_or_default())
    }

    async fn advance(&mut self, registry: RegistryAt, advance: &Advance) -> Result<(), StoreError> {
        {
            let mut state = self.0.state();
            let State { registries, newest } = &mut *state;
            let stored = registries.get(&registry).map(|indexed| indexed.tip.block);
            if stored != advance.base {
                return Err(StoreError::Moved { stored, believed: advance.base });
            }
            let indexed = registries.entry(registry).or_insert_with(|| Indexed {
                tip: advance.tip,
                kept: Vec::new(),
                sets: Vec::new(),
                held: Held::default(),
                news: Vec::new(),
                last: HashMap::new(),
            });
            for set in &advance.changes {
                indexed.held.take(set);
                for change in &set.changes {
                    *newest += 1;
                    let sequence = Sequence(*newest);
                    let previous = indexed.last.insert(subject(&change.effect), sequence);
                    indexed.news.push(News::Event(Stored { sequence, previous, change: change.clone() }));
                }
            }
            indexed.sets.extend(advance.changes.iter().cloned());
            indexed.kept.extend(advance.kept.iter().copied());
            indexed.tip = advance.tip;
        }
        self.tell();
        Ok(())
    }

    async fn rewind(&mut self, registry: RegistryAt, rewind: &Rewind) -> Result<(), StoreError> {
        {
            let mut state = self.0.state();
            let State { registries, newest } = &mut *state;
            let indexed = registries.get_mut(&registry).ok_or(StoreError::NotIndexed(registry))?;
            let to = rewind.to.block;
            while indexed.sets.last().is_some_and(|set| set.block.number > to.number) {
                let set = indexed.sets.pop().unwrap();
                indexed.held.take_back(&set);
            }
            indexed.news.retain(|news| match news {
                News::Event(stored) => stored.change.event.place.block <= to.number,
                News::Reorganised { .. } => true,
            });
            let last = indexed.events().map(|stored| (subject(&stored.change.effect), stored.sequence));
            indexed.last = last.collect();
            *newest += 1;
            indexed.news.push(News::Reorganised { sequence: Sequence(*newest), to });
            indexed.kept.retain(|kept| kept.block.number <= to.number);
            indexed.tip = Tip { block: to, timestamp: rewind.to.timestamp, ..indexed.tip };
        }
        self.tell();
        Ok(())
    }

    async fn forget(&mut self, registry: RegistryAt) -> Result<(), StoreError> {
        self.0.state().registries.remove(&registry);
        Ok(())
    }
}
