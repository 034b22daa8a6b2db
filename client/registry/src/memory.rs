//! What this process has proven: warm records, and versions never to go back from.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use countersign_protocol::Identity;

use crate::acceptance::{has_expired, unix_now};
use crate::error::ResolveError;
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

#[derive(Clone, Copy, Debug)]
struct Seen {
    version: u16,
    revoked: bool,
    block: u64,
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
    /// without a new version: the contract does none of these.
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
        if let Some(before) = seen.get(identity)
            && (version < before.version || (version == before.version && before.revoked && !revoked))
        {
            let seen = before.version;
            return Err(ResolveError::RecordRewound { identity: *identity, seen, got: version, block });
        }
        // Strangers without a record cost an attacker nothing, so they take no room.
        if record.is_some() {
            make_room(&mut seen, identity, MAX_SEEN, |entry| entry.block);
            seen.insert(*identity, Seen { version, revoked, block });
        }
        Ok(())
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
