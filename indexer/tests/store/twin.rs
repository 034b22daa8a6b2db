//! A store beside a model of it, which keeps the chain and folds it from its beginning whenever it is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy::eips::BlockNumHash;
use countersign_indexer::change::{Block, Effect, Held, apply};
use countersign_indexer::event::{Appointment, EventKind};
use countersign_indexer::store::{
    Advance, Changed, Entry, KeptBlock, News, Rewind, Sequence, Store, StoreError, Stored, Tip, Touched,
    Writer,
};
use countersign_protocol::Identity;
use countersign_registry::RegistryAt;

use crate::chain::{self, Choice};

pub struct Twin {
    pub registry: RegistryAt,
    pub store: Arc<dyn Store>,
    pub writer: Box<dyn Writer>,
    pub model: Model,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub tip: Option<Tip>,
    pub newest: u64,
    /// Every event of the chain in its order, with its number; with none where its block has none.
    pub blocks: Vec<(Block, Vec<u64>)>,
    pub reorganisations: Vec<(u64, BlockNumHash)>,
    pub kept: Vec<KeptBlock>,
    /// How many chains there were.
    branch: u64,
}

/// What is vouched for, and what is final, of a stretch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vouched {
    pub finalized: u64,
    pub is_told: bool,
}

impl Twin {
    pub async fn new(store: Arc<dyn Store>, registry: RegistryAt) -> Self {
        let writer = store.lead().await.unwrap();
        let model = Model { newest: store.newest().await.unwrap().0, ..Model::default() };
        Self { registry, store, writer, model }
    }

    /// Adds blocks, one for each list of choices.
    pub async fn advance(&mut self, blocks: &[&[Choice]], vouched: Vouched) {
        let advance = self.next(blocks, vouched);
        self.writer.advance(self.registry, &advance).await.unwrap();
        self.model.advance(&advance, blocks.len());
    }

    /// What would add these blocks, made by way of what the store holds.
    pub fn next(&mut self, blocks: &[&[Choice]], vouched: Vouched) -> Advance {
        let mut held = self.model.state();
        let first = self.model.tip.map_or(FIRST, |tip| tip.block.number + 1);
        let mut made = Vec::new();
        for (choices, height) in blocks.iter().zip(first..) {
            let block = chain::block(height, self.model.branch, choices, &held);
            held.take(&apply(&block, &held).unwrap());
            made.push(block);
        }
        self.model.advance_to(&made, vouched)
    }

    pub async fn rewind(&mut self, to: KeptBlock) {
        let from = self.model.tip.unwrap().block;
        self.writer.rewind(self.registry, &Rewind { from, to }).await.unwrap();
        self.model.rewind(to);
    }

    pub async fn held(&mut self) -> Held {
        let owners = || (0..chain::OWNERS).map(chain::owner);
        let appointment = |owner| owners().map(move |operator| Appointment { owner, operator });
        let touched = Touched {
            identities: chain::identities().collect(),
            appointments: owners().flat_map(appointment).collect(),
        };
        self.writer.held(self.registry, &touched).await.unwrap()
    }

    pub async fn all(&self) -> Vec<News> {
        let filter = countersign_indexer::store::NewsFilter::All;
        self.store.news(self.registry, filter, Sequence(0), usize::MAX).await.unwrap().value
    }
}

impl Model {
    fn advance_to(&self, blocks: &[Block], vouched: Vouched) -> Advance {
        let last = blocks.last().unwrap();
        let told_before = self.tip.and_then(|tip| tip.told_through);
        let tip = Tip {
            block: last.id,
            timestamp: last.timestamp,
            finalized: vouched.finalized.min(last.id.number),
            told_through: if vouched.is_told { Some(last.id.number) } else { told_before },
        };
        let mut held = self.state();
        let mut changes = Vec::new();
        for block in blocks {
            let set = apply(block, &held).unwrap();
            held.take(&set);
            changes.push(set);
        }
        let kept = blocks.iter().map(|block| KeptBlock { block: block.id, timestamp: block.timestamp });
        let kept = kept.filter(|kept| kept.block.number > tip.finalized || kept.block == last.id).collect();
        Advance { base: self.tip.map(|tip| tip.block), tip, kept, changes }
    }

    pub fn advance(&mut self, advance: &Advance, blocks: usize) {
        assert_eq!(advance.changes.len(), blocks);
        for set in &advance.changes {
            let events: Vec<_> = set.changes.iter().map(|change| change.event.clone()).collect();
            let numbers = (self.newest + 1..).take(events.len()).collect();
            self.newest += events.len() as u64;
            self.blocks.push((Block { id: set.block, timestamp: set.timestamp, events }, numbers));
        }
        self.kept.extend(&advance.kept);
        let is_final = |kept: &&KeptBlock| kept.block.number <= advance.tip.finalized;
        if let Some(newest) = self.kept.iter().filter(is_final).map(|kept| kept.block.number).max() {
            self.kept.retain(|kept| kept.block.number >= newest);
        }
        self.tip = Some(advance.tip);
    }

    fn rewind(&mut self, to: KeptBlock) {
        let height = to.block.number;
        self.blocks.retain(|(block, _)| block.id.number <= height);
        self.kept.retain(|kept| kept.block.number <= height);
        self.newest += 1;
        self.reorganisations.push((self.newest, to.block));
        self.branch += 1;
        let tip = self.tip.unwrap();
        self.tip = Some(Tip {
            block: to.block,
            timestamp: to.timestamp,
            finalized: tip.finalized.min(height),
            told_through: tip.told_through.map(|told| told.min(height)),
        });
    }

    pub fn height(&self) -> u64 {
        self.tip.unwrap().block.number
    }

    pub fn state(&self) -> Held {
        let mut held = Held::default();
        for (block, _) in &self.blocks {
            held.take(&apply(block, &held).unwrap());
        }
        held
    }

    /// Every event of the chain, oldest first.
    pub fn events(&self) -> Vec<Stored> {
        let (mut held, mut last, mut events) = (Held::default(), BTreeMap::new(), Vec::new());
        for (block, numbers) in &self.blocks {
            let set = apply(block, &held).unwrap();
            held.take(&set);
            for (change, number) in set.changes.into_iter().zip(numbers) {
                let subject = match change.effect {
                    Effect::Record { identity, .. } => (identity.owner, identity.label.0.to_vec()),
                    Effect::Appointment { appointment, .. } => {
                        (appointment.owner, appointment.operator.0.to_vec())
                    }
                };
                let previous = last.insert(subject, Sequence(*number));
                events.push(Stored { sequence: Sequence(*number), previous, change });
            }
        }
        events
    }

    /// What is told to who asks only now.
    pub fn news(&self) -> Vec<News> {
        let reorganised =
            |(number, to): &(u64, BlockNumHash)| News::Reorganised { sequence: Sequence(*number), to: *to };
        let mut news: Vec<_> = self.events().into_iter().map(News::Event).collect();
        news.extend(self.reorganisations.iter().map(reorganised));
        news.sort_by_key(News::sequence);
        news
    }

    /// The records at the end of a block, by owner and label.
    pub fn entries_at(&self, height: u64) -> Vec<Entry> {
        let mut entries: BTreeMap<Identity, Entry> = BTreeMap::new();
        for Stored { sequence, change, .. } in self.events() {
            if let (Effect::Record { identity, after, .. }, true) =
                (change.effect, change.event.place.block <= height)
            {
                let (place, timestamp) = (change.event.place, change.event.timestamp);
                let changed = Changed { sequence, place, timestamp };
                entries.insert(identity, Entry { identity, record: after, changed });
            }
        }
        entries.into_values().collect()
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.entries_at(u64::MAX)
    }

    /// Newest first.
    pub fn history(&self, identity: Identity) -> Vec<Stored> {
        let mut history = self.events();
        history.retain(|stored| stored.change.event.kind.identity() == Some(identity));
        history.reverse();
        history
    }
}

pub fn is_revocation(news: &News) -> bool {
    match news {
        News::Event(stored) => matches!(stored.change.event.kind, EventKind::Revoked { .. }),
        News::Reorganised { .. } => true,
    }
}

pub fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable { .. }))
}

/// Below it, nothing is indexed.
pub const FIRST: u64 = 10;
