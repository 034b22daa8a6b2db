//! What records said, as far as this process holds it in memory.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use countersign_protocol::Identity;

use super::make_room;
use crate::known::{Kept, Seen};

/// Bounded: when it is full the oldest go.
#[derive(Debug, Default)]
pub(super) struct Cache {
    seen: HashMap<Identity, Seen>,
    /// The known records' generation when these were read from them.
    generation: u64,
    /// When it was last compared with theirs.
    compared: Option<Instant>,
}

impl Cache {
    pub(super) fn find(&self, identity: &Identity) -> Option<Seen> {
        self.seen.get(identity).copied()
    }

    /// Whether another process may have proven something that is not in here.
    pub(super) fn is_aged(&self) -> bool {
        self.compared.is_none_or(|at| at.elapsed() >= LONGEST_UNSEEN)
    }

    /// Takes in what was read of the known records in a generation of theirs.
    pub(super) fn recall(
        &mut self,
        generation: u64,
        records: impl IntoIterator<Item = (Identity, Option<Seen>)>,
    ) {
        if generation < self.generation {
            // Records have changed since it was read.
            return;
        }
        if generation > self.generation {
            self.seen.clear();
            self.generation = generation;
        }
        self.compared = Some(Instant::now());
        for (identity, seen) in records {
            if let Some(seen) = seen {
                self.learn(identity, seen);
            }
        }
    }

    /// Takes in what is kept by now. Where records changed before that, another process did it: what was read is old.
    pub(super) fn take_over(&mut self, kept: &Kept, records: impl IntoIterator<Item = (Identity, Seen)>) {
        if kept.generation < self.generation {
            return;
        }
        if kept.generation > self.generation && kept.generation_before != self.generation {
            self.seen.clear();
        }
        self.generation = kept.generation;
        for (identity, seen) in records {
            self.learn(identity, seen);
        }
    }

    /// Adds what was proven; it is never gone back from. Of two proofs that were kept at about the same time the older
    /// one may come last.
    pub(super) fn learn(&mut self, identity: Identity, seen: Seen) {
        let now = self.find(&identity).map_or(Ok(seen), |before| before.followed_by(seen));
        let Ok(now) = now else { return };
        // Strangers without a record cost an attacker nothing, so they take no room.
        if now.version > 0 {
            make_room(&mut self.seen, &identity, MAX_SEEN, |entry| entry.block.number);
            self.seen.insert(identity, now);
        }
    }
}

/// Counterparties whose record is remembered; about 180 bytes each.
const MAX_SEEN: usize = 65_536;

/// How long what another process proved may go unseen.
const LONGEST_UNSEEN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use alloy::eips::BlockNumHash;
    use countersign_protocol::Address;

    use super::*;
    use crate::word::RevocationReason;

    const ALICE: Identity = Identity::of(Address([1; 20]));
    const BOB: Identity = Identity::of(Address([2; 20]));

    fn seen(version: u16, is_revoked: bool, number: u64) -> Seen {
        let revoked = is_revoked.then_some(RevocationReason::KeyCompromised);
        Seen {
            version,
            signer: Address([9; 20]),
            revoked,
            block: BlockNumHash { number, ..Default::default() },
        }
    }

    fn kept(generation_before: u64, generation: u64) -> Kept {
        Kept { generation_before, generation, ..Kept::default() }
    }

    #[test]
    fn of_two_that_were_kept_at_once_the_older_may_come_last() {
        let mut cache = Cache::default();
        cache.take_over(&kept(0, 2), [(ALICE, seen(2, true, 9))]);
        cache.take_over(&kept(0, 2), [(ALICE, seen(2, false, 8))]);
        assert_eq!(cache.find(&ALICE), Some(seen(2, true, 9)));
        cache.take_over(&kept(0, 1), [(BOB, seen(1, false, 7))]);
        assert_eq!(cache.find(&BOB), None, "it may have changed since");
    }

    #[test]
    fn what_another_process_may_have_changed_is_read_anew() {
        let mut cache = Cache::default();
        cache.take_over(&kept(0, 1), [(ALICE, seen(1, false, 7))]);
        cache.take_over(&kept(1, 2), [(BOB, seen(1, false, 8))]);
        assert_eq!(cache.find(&ALICE), Some(seen(1, false, 7)), "nobody came between");
        cache.take_over(&kept(3, 3), []);
        assert_eq!((cache.find(&ALICE), cache.find(&BOB)), (None, None));
        cache.recall(2, [(ALICE, Some(seen(1, false, 7)))]);
        assert_eq!(cache.find(&ALICE), None, "that was before");
        cache.recall(3, [(ALICE, Some(seen(2, false, 8)))]);
        assert_eq!(cache.find(&ALICE), Some(seen(2, false, 8)));
    }
}
