//! What is known of the watched records: immutable, and cheap to copy with a few of them changed.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, PeerKey};

use crate::proof::ProvenRecord;
use crate::standing::Standing;

/// A watched identity's record as it was last proven.
#[derive(Clone, Debug)]
pub(crate) struct WatchedRecord {
    /// `None` where its absence was proven.
    pub(crate) record: Option<ProvenRecord>,
    /// The first block at which it is known to be so. On one chain no record comes back that was before.
    pub(crate) since: u64,
    /// How the identity stands, as subscribers know it.
    pub(crate) told: Standing,
    /// False where the head has moved on and nothing was proven there.
    pub(crate) is_current: bool,
    /// The record's key, once it is known. Nothing else can ever be the key of this record.
    key: Arc<OnceLock<PeerKey>>,
}

/// All watched records. A copy shares what it does not change, so that a head that changes one record of ten thousand
/// copies some forty pointers.
#[derive(Clone, Debug)]
pub(crate) struct Records {
    shards: Arc<[Arc<Shard>]>,
}

type Shard = HashMap<Identity, Arc<WatchedRecord>>;

impl WatchedRecord {
    pub(crate) fn new(
        record: Option<ProvenRecord>,
        since: u64,
        told: Standing,
        hint: Option<PublicKey>,
    ) -> Self {
        let watched = Self { record, since, told, is_current: true, key: Arc::default() };
        if let Some(record) = &watched.record
            && let Some(candidate) = record.pinned().copied().or(hint)
            && let Ok(key) = record.peer_key(candidate)
        {
            watched.learn(key);
        }
        watched
    }

    /// The same, not proven at the newest head.
    pub(crate) fn doubted(&self, since: u64) -> Self {
        Self { since, is_current: false, ..self.clone() }
    }

    /// The same, standing otherwise since time has passed.
    pub(crate) fn told_anew(&self, told: Standing) -> Self {
        Self { told, ..self.clone() }
    }

    /// The key that goes with the record, as far as it is known.
    pub(crate) fn key(&self) -> Option<&PeerKey> {
        self.key.get()
    }

    /// Keeps the key of this very record for the next who asks.
    pub(crate) fn learn(&self, key: PeerKey) {
        // Whoever was first found the same one: it hashes to the record's signer.
        let _ = self.key.set(key);
    }
}

impl Default for Records {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Arc::default()).collect() }
    }
}

impl Records {
    pub(crate) fn find(&self, identity: &Identity) -> Option<&Arc<WatchedRecord>> {
        self.shards.get(shard_of(identity))?.get(identity)
    }

    pub(crate) fn insert(&mut self, identity: Identity, record: WatchedRecord) {
        if let Some(shard) = self.shard_mut(&identity) {
            shard.insert(identity, Arc::new(record));
        }
    }

    pub(crate) fn remove(&mut self, identity: &Identity) {
        if self.find(identity).is_some()
            && let Some(shard) = self.shard_mut(identity)
        {
            shard.remove(identity);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Identity, &Arc<WatchedRecord>)> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }

    fn shard_mut(&mut self, identity: &Identity) -> Option<&mut Shard> {
        Arc::make_mut(&mut self.shards).get_mut(shard_of(identity)).map(Arc::make_mut)
    }
}

/// Owners are hashes, so their bytes spread evenly.
fn shard_of(identity: &Identity) -> usize {
    usize::from(identity.owner.0.iter().chain(&identity.label.0).fold(0_u8, |folded, byte| folded ^ byte))
}

/// One for each value of a byte.
const SHARDS: usize = 256;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign_protocol::{Address, Label};
    use proptest::prelude::*;

    use super::*;

    fn absent(since: u64) -> WatchedRecord {
        WatchedRecord::new(None, since, Standing::Absent, None)
    }

    fn identity(owner: u8, label: u8) -> Identity {
        Identity { owner: Address([owner; 20]), label: Label([label; 32]) }
    }

    proptest! {
        /// As a plain map, whatever is put in and taken out; and a copy made before keeps what it had.
        #[test]
        fn records_are_a_map_whose_copies_stay(steps: Vec<(u8, u8, bool)>, more: Vec<(u8, u8, bool)>) {
            let (mut records, mut plain) = (Records::default(), HashMap::new());
            apply(&mut records, &mut plain, &steps);
            let (copy, then) = (records.clone(), plain.clone());
            apply(&mut records, &mut plain, &more);
            prop_assert_eq!(content(&records), plain);
            prop_assert_eq!(content(&copy), then);
        }
    }

    fn apply(records: &mut Records, plain: &mut HashMap<Identity, u64>, steps: &[(u8, u8, bool)]) {
        for (position, (owner, label, is_put)) in steps.iter().enumerate() {
            let identity = identity(*owner, *label);
            if *is_put {
                records.insert(identity, absent(position as u64));
                plain.insert(identity, position as u64);
            } else {
                records.remove(&identity);
                plain.remove(&identity);
            }
            assert_eq!(records.find(&identity).map(|record| record.since), plain.get(&identity).copied());
            assert_eq!(records.iter().count(), plain.len());
        }
    }

    fn content(records: &Records) -> HashMap<Identity, u64> {
        records.iter().map(|(identity, record)| (*identity, record.since)).collect()
    }

    #[test]
    fn a_change_copies_one_shard() {
        let mut records = Records::default();
        (0..=255).for_each(|owner| records.insert(identity(owner, owner), absent(0)));
        (0..=255).for_each(|owner| records.insert(identity(0, owner), absent(0)));
        let copy = records.clone();
        records.insert(identity(0, 7), absent(1));
        let shared =
            records.shards.iter().zip(copy.shards.iter()).filter(|(one, other)| Arc::ptr_eq(one, other));
        assert_eq!(shared.count(), SHARDS - 1);
    }
}
