//! Whether a store holds what its chain says: recomputed into another store, block by proven block, and compared.

use std::collections::BTreeSet;
use std::fmt;

use alloy::eips::BlockNumHash;
use countersign_protocol::{Address, Identity};
use countersign_registry::RegistryAt;

use crate::change::Effect;
use crate::event::Place;
use crate::store::{Entry, News, NewsFilter, RecordQuery, Selection, Sequence, Store, StoreError, Stored};

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// As of which block both were compared.
    pub block: BlockNumHash,
    /// Events that were compared.
    pub events: u64,
    /// Records that were compared.
    pub records: u64,
    /// Where they differ, at most [`MOST_TOLD`]. Empty where they agree.
    pub differences: Vec<Difference>,
}

/// One thing in which a store differs from what was recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Another block is the newest.
    Tip {
        /// In the store.
        stored: BlockNumHash,
        /// On the chain.
        recomputed: BlockNumHash,
    },
    /// An event that only one of them has, or that says something else.
    Event(Place),
    /// A record that only one of them has, or that is another one.
    Record(Identity),
    /// The operators of an account.
    Operators(Address),
}

/// Compares two stores of one registry, event by event and record by record, as of the block that `recomputed` is at: the
/// other one may be written to meanwhile.
///
/// # Errors
/// [`StoreError`] of either.
pub async fn compare(
    stored: &dyn Store,
    recomputed: &dyn Store,
    registry: RegistryAt,
) -> Result<Comparison, StoreError> {
    let (here, there) = (stored.tip(registry).await?.block, recomputed.tip(registry).await?.block);
    let mut found = Comparison { block: there, events: 0, records: 0, differences: Vec::new() };
    if here.number < there.number || (here.number == there.number && here != there) {
        found.differences.push(Difference::Tip { stored: here, recomputed: there });
    }
    let owners = found.events(stored, recomputed, registry).await?;
    found.records(stored, recomputed, registry).await?;
    for owner in owners {
        let one = stored.appointments(registry, owner).await?.value;
        if one != recomputed.appointments(registry, owner).await?.value {
            found.differ(Difference::Operators(owner));
        }
    }
    Ok(found)
}

impl Comparison {
    /// The owners that ever appointed somebody.
    async fn events(
        &mut self,
        stored: &dyn Store,
        recomputed: &dyn Store,
        registry: RegistryAt,
    ) -> Result<BTreeSet<Address>, StoreError> {
        let through = self.block.number;
        let mut ours = Events::of(stored, registry, through);
        let mut theirs = Events::of(recomputed, registry, through);
        let mut owners = BTreeSet::new();
        loop {
            let (one, other) = (ours.next().await?, theirs.next().await?);
            for event in [&one, &other].into_iter().flatten() {
                if let Effect::Appointment { appointment, .. } = event.change.effect {
                    owners.insert(appointment.owner);
                }
            }
            let place = match (one, other) {
                (None, None) => return Ok(owners),
                (Some(one), Some(other)) if is_same(&one, &other) => None,
                (Some(one), Some(other)) => Some(one.change.event.place.min(other.change.event.place)),
                (Some(lone), None) | (None, Some(lone)) => Some(lone.change.event.place),
            };
            self.events += 1;
            if let Some(place) = place {
                self.differ(Difference::Event(place));
                // From here on each would be compared with another.
                return Ok(owners);
            }
        }
    }

    async fn records(
        &mut self,
        stored: &dyn Store,
        recomputed: &dyn Store,
        registry: RegistryAt,
    ) -> Result<(), StoreError> {
        let through = self.block.number;
        let mut ours = Records::of(stored, registry, through);
        let mut theirs = Records::of(recomputed, registry, through);
        let (mut one, mut other) = (ours.next().await?, theirs.next().await?);
        loop {
            let differs = match (one, other) {
                (None, None) => return Ok(()),
                (Some(here), Some(there)) if here.identity == there.identity => {
                    (one, other) = (ours.next().await?, theirs.next().await?);
                    let is_same = here.record == there.record && here.changed.place == there.changed.place;
                    (!is_same).then_some(here.identity)
                }
                (Some(here), there) if there.is_none_or(|there| here.identity < there.identity) => {
                    one = ours.next().await?;
                    Some(here.identity)
                }
                (_, Some(there)) => {
                    other = theirs.next().await?;
                    Some(there.identity)
                }
                (Some(_), None) => return Ok(()),
            };
            self.records += 1;
            if let Some(identity) = differs {
                self.differ(Difference::Record(identity));
            }
        }
    }

    fn differ(&mut self, difference: Difference) {
        if self.differences.len() < MOST_TOLD {
            self.differences.push(difference);
        }
    }
}

/// Whether both tell the same. Which transaction it was is a node's word, and may be another's.
fn is_same(one: &Stored, other: &Stored) -> bool {
    let (event, its) = (&one.change.event, &other.change.event);
    (event.place, event.timestamp, event.kind) == (its.place, its.timestamp, its.kind)
        && one.change.effect == other.change.effect
}

/// The events of a store up to a block that are still true, in the order of the chain.
struct Events<'a> {
    store: &'a dyn Store,
    registry: RegistryAt,
    through: u64,
    page: std::vec::IntoIter<News>,
    after: Sequence,
}

impl<'a> Events<'a> {
    fn of(store: &'a dyn Store, registry: RegistryAt, through: u64) -> Self {
        Self { store, registry, through, page: Vec::new().into_iter(), after: Sequence(0) }
    }

    async fn next(&mut self) -> Result<Option<Stored>, StoreError> {
        loop {
            for news in self.page.by_ref() {
                match news {
                    News::Event(stored) => {
                        self.after = stored.sequence;
                        return Ok(
                            Some(stored).filter(|stored| stored.change.event.place.block <= self.through)
                        );
                    }
                    // What it undid is not told any more.
                    News::Reorganised { sequence, .. } => self.after = sequence,
                }
            }
            let answer = self.store.news(self.registry, NewsFilter::All, self.after, PAGE).await?;
            if answer.value.is_empty() {
                return Ok(None);
            }
            self.page = answer.value.into_iter();
        }
    }
}

/// The records of a store as they were at the end of a block, by owner and label.
struct Records<'a> {
    store: &'a dyn Store,
    registry: RegistryAt,
    through: u64,
    page: std::vec::IntoIter<Entry>,
    after: Option<Identity>,
    is_last: bool,
}

impl<'a> Records<'a> {
    fn of(store: &'a dyn Store, registry: RegistryAt, through: u64) -> Self {
        Self { store, registry, through, page: Vec::new().into_iter(), after: None, is_last: false }
    }

    async fn next(&mut self) -> Result<Option<Entry>, StoreError> {
        loop {
            for entry in self.page.by_ref() {
                if entry.changed.place.block <= self.through {
                    return Ok(Some(entry));
                }
                let before = self.store.record_at(self.registry, entry.identity, self.through).await?.value;
                if before.is_some() {
                    return Ok(before);
                }
            }
            if self.is_last {
                return Ok(None);
            }
            let query =
                RecordQuery { selection: Selection::All, status: None, after: self.after, limit: PAGE };
            let page = self.store.records(self.registry, query).await?.value;
            (self.after, self.is_last) = (page.next, page.next.is_none());
            self.page = page.entries.into_iter();
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tip { stored, recomputed } => write!(
                f,
                "the store is at block {} ({}), the chain at {} ({})",
                stored.number, stored.hash, recomputed.number, recomputed.hash
            ),
            Self::Event(place) => {
                write!(f, "the events differ from log {} of block {} on", place.log_index, place.block)
            }
            Self::Record(identity) => write!(f, "the record of {identity} differs"),
            Self::Operators(owner) => write!(f, "the operators of {owner} differ"),
        }
    }
}

/// Differences that are told; a store with more is reindexed anyway.
pub const MOST_TOLD: usize = 100;

/// Events or records asked for at a time.
const PAGE: usize = 1000;
