//! What this process has proven: warm records, and versions never to go back from.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use countersign_protocol::Identity;

use crate::acceptance::{has_expired, unix_now};
use crate::error::{ResolveError, StaleHead};
use crate::proof::{ProvenHeader, ProvenRecord};
use crate::resolver::{ProvedHead, Resolved};

/// Bounded: old entries go when it is full.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    warm: RwLock<HashMap<Identity, Warm<Resolved>>>,
    head: RwLock<Option<Warm<ProvedHead>>>,
    seen: Mutex<HashMap<Identity, Seen>>,
    highest: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
struct Warm<T> {
    value: T,
    since: Instant,
}

/// What a record said, and the highest block at which it was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    version: u16,
    revoked: bool,
    block: u64,
}

/// Why what is shown now cannot follow what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contradiction {
    /// It is the state of an earlier block: another proof, begun later, was done before this one.
    Outdated { proven: u64 },
    /// It is said of no earlier block, so the chain went back.
    Rewound { seen: u16 },
}

impl Memory {
    /// A record proven at most `reuse` ago, unless it expired since.
    pub(crate) fn warm_record(&self, identity: &Identity, reuse: Duration) -> Option<Resolved> {
        let warm = self.warm.read().unwrap_or_else(PoisonError::into_inner).get(identity).copied()?;
        let resolved = warm.within(reuse)?;
        (!has_expired(resolved.peer_key.record().valid_until, unix_now())).then_some(resolved)
    }

    /// The head, if it was proven at most `reuse` ago.
    pub(crate) fn warm_head(&self, reuse: Duration) -> Option<ProvedHead> {
        self.head.read().unwrap_or_else(PoisonError::into_inner).and_then(|warm| warm.within(reuse))
    }

    /// The highest block proven so far; 0 before the first.
    pub(crate) fn highest(&self) -> u64 {
        self.highest.load(Ordering::Relaxed)
    }

    /// `since` is when its endpoints were asked: what they said may be as old as that.
    pub(crate) fn keep_head(&self, head: ProvedHead, since: Instant) {
        self.highest.fetch_max(head.anchor.block_number, Ordering::Relaxed);
        let mut warm = self.head.write().unwrap_or_else(PoisonError::into_inner);
        if warm.is_none_or(|kept| kept.since <= since) {
            *warm = Some(Warm { value: head, since });
        }
    }

    /// As [`keep_head`](Self::keep_head), for a record.
    pub(crate) fn keep_record(&self, resolved: Resolved, since: Instant) {
        let mut warm = self.warm.write().unwrap_or_else(PoisonError::into_inner);
        let identity = resolved.peer_key.identity();
        if warm.get(&identity).is_some_and(|kept| kept.since > since) {
            return;
        }
        make_room(&mut warm, &identity, MAX_WARM, |entry| entry.since);
        warm.insert(identity, Warm { value: resolved, since });
    }

    /// Drops a warm record: something newer was proven.
    pub(crate) fn forget_record(&self, identity: &Identity) {
        self.warm.write().unwrap_or_else(PoisonError::into_inner).remove(identity);
    }

    /// Holds what was just proven against what was proven before, and remembers it.
    ///
    /// # Errors
    /// [`ResolveError::RecordRewound`] where the version fell, the record vanished, or a revocation was undone
    /// without a new version: the contract does none of these. [`ResolveError::StaleHead`] where `head` is the older
    /// of the two: of proofs made at once, the one at the older block may be done last.
    pub(crate) fn advance(
        &self,
        identity: &Identity,
        record: Option<&ProvenRecord>,
        head: &ProvenHeader,
    ) -> Result<(), ResolveError> {
        let block = head.block().number;
        let version = record.map_or(0, |record| record.word().version);
        let revoked = record.is_some_and(|record| record.word().revoked.is_some());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = Seen { version, revoked, block };
        let now = seen.get(identity).map_or(Ok(shown), |before| before.followed_by(shown));
        let now = now.map_err(|contradiction| match contradiction {
            Contradiction::Outdated { proven } => {
                ResolveError::StaleHead { number: block, why: StaleHead::BehindProven { proven } }
            }
            Contradiction::Rewound { seen } => {
                ResolveError::RecordRewound { identity: *identity, seen, got: version, block }
            }
        })?;
        // Strangers without a record cost an attacker nothing, so they take no room.
        if record.is_some() {
            make_room(&mut seen, identity, MAX_SEEN, |entry| entry.block);
            seen.insert(*identity, now);
        }
        Ok(())
    }
}

impl Seen {
    fn followed_by(self, shown: Self) -> Result<Self, Contradiction> {
        let fell = shown.version < self.version;
        let undone = shown.version == self.version && self.revoked && !shown.revoked;
        match fell || undone {
            true if shown.block < self.block => Err(Contradiction::Outdated { proven: self.block }),
            true => Err(Contradiction::Rewound { seen: self.version }),
            false => Ok(Self { block: self.block.max(shown.block), ..shown }),
        }
    }
}

impl<T: Copy> Warm<T> {
    fn within(&self, reuse: Duration) -> Option<T> {
        (self.since.elapsed() < reuse).then_some(self.value)
    }
}

fn make_room<K: Copy + Eq + Hash, V, A: Ord>(
    map: &mut HashMap<K, V>,
    coming: &K,
    limit: usize,
    age: impl Fn(&V) -> A,
) {
    if map.len() < limit || map.contains_key(coming) {
        return;
    }
    let oldest = map.iter().min_by_key(|(_, entry)| age(entry)).map(|(key, _)| *key);
    if let Some(oldest) = oldest {
        map.remove(&oldest);
    }
}

/// Counterparties with a warm record; about 400 bytes each.
const MAX_WARM: usize = 4096;

/// Counterparties whose version is remembered; about 80 bytes each.
const MAX_SEEN: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    const fn seen(version: u16, revoked: bool, block: u64) -> Seen {
        Seen { version, revoked, block }
    }

    #[test]
    fn a_record_goes_forward() {
        assert_eq!(seen(1, false, 7).followed_by(seen(2, false, 8)), Ok(seen(2, false, 8)));
        assert_eq!(seen(1, false, 7).followed_by(seen(1, true, 8)), Ok(seen(1, true, 8)));
        assert_eq!(seen(1, true, 7).followed_by(seen(2, false, 8)), Ok(seen(2, false, 8)));
    }

    #[test]
    fn the_proof_at_an_older_block_may_be_done_last() {
        let outdated = Err(Contradiction::Outdated { proven: 8 });
        assert_eq!(seen(2, false, 8).followed_by(seen(1, false, 7)), outdated);
        assert_eq!(seen(1, true, 8).followed_by(seen(1, false, 7)), outdated);
        assert_eq!(seen(1, false, 8).followed_by(seen(0, false, 7)), outdated);
        // Where they do not differ the older one counts, and the higher block is still what was seen.
        assert_eq!(seen(1, false, 8).followed_by(seen(1, false, 7)), Ok(seen(1, false, 8)));
    }

    #[test]
    fn at_the_same_block_or_above_going_back_is_a_rewind() {
        for block in [8, 9] {
            let rewound = |seen| Err(Contradiction::Rewound { seen });
            assert_eq!(seen(2, false, 8).followed_by(seen(1, false, block)), rewound(2));
            assert_eq!(seen(1, true, 8).followed_by(seen(1, false, block)), rewound(1));
        }
    }
}
