//! What was proven: warm records, and versions never to go back from.

mod cache;
mod past;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use countersign_protocol::Identity;

pub(crate) use past::{Past, Shown};

use crate::acceptance::{has_expired, unix_now};
use crate::known::{RegistryAt, Seen};
use crate::resolver::{ProvedHead, Resolved};

/// Bounded: old entries go when it is full.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) past: Past,
    warm: RwLock<HashMap<Identity, Warm<Resolved>>>,
    head: RwLock<Option<Warm<ProvedHead>>>,
}

#[derive(Clone, Copy, Debug)]
struct Warm<T> {
    value: T,
    since: Instant,
}

impl Memory {
    pub(crate) fn of(registry: RegistryAt) -> Self {
        Self { past: Past::of(registry), warm: RwLock::default(), head: RwLock::default() }
    }

    /// A record proven at most `reuse` ago, unless it expired since, or something was proven that it does not follow.
    pub(crate) fn warm_record(&self, identity: &Identity, reuse: Duration) -> Option<Resolved> {
        let warm = self.warm.read().unwrap_or_else(PoisonError::into_inner).get(identity).copied()?;
        let resolved = warm.within(reuse)?;
        let is_over = has_expired(resolved.peer_key.record().valid_until, unix_now())
            || self.past.contradicts(identity, Seen::resolved(&resolved));
        (!is_over).then_some(resolved)
    }

    /// The head, if it was proven at most `reuse` ago.
    pub(crate) fn warm_head(&self, reuse: Duration) -> Option<ProvedHead> {
        self.head.read().unwrap_or_else(PoisonError::into_inner).and_then(|warm| warm.within(reuse))
    }

    /// `since` is when its endpoints were asked: what they said may be as old as that.
    pub(crate) fn keep_head(&self, head: ProvedHead, since: Instant) {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use alloy::consensus::Header;
    use countersign_protocol::curve::SecretKey;
    use countersign_protocol::{Address, Anchor, SignatureScheme};

    use super::*;
    use crate::policy::HeadSource;
    use crate::proof::{ProvenHeader, ProvenRecord};
    use crate::word::{RecordWord, RevocationReason};

    const HERE: RegistryAt = RegistryAt { chain_id: 1, address: Address([7; 20]) };

    /// A proof that takes its time may be done once a newer one has shown the revocation.
    #[tokio::test]
    async fn what_was_overtaken_is_not_warm() {
        let identity = Identity::of(Address([1; 20]));
        let key = SecretKey::from_bytes(&[7; 32]).unwrap().public_key();
        let record = |revoked| {
            let (signer, scheme) = (Address(key.address()), SignatureScheme::Ecdsa);
            let word = RecordWord {
                signer,
                anchored_at: 1,
                valid_until: 0,
                version: 1,
                scheme,
                suite_floor: 0,
                revoked,
            };
            ProvenRecord::stored(identity, word)
        };
        let header = |number| {
            let header = Header { number, ..Header::default() };
            ProvenHeader::recompute(&header, header.hash_slow()).unwrap()
        };
        let proved_at = ProvedHead {
            anchor: Anchor {
                chain_id: 1,
                block_number: 7,
                block_hash: header(7).block().hash.0,
                registry: HERE.address,
            },
            timestamp: 0,
            trust: HeadSource::OwnNode,
        };
        let resolved = Resolved { peer_key: record(None).peer_key(key).unwrap(), proved_at, pinned: false };
        let memory = Memory::of(HERE);
        let (since, long) = (Instant::now(), Duration::from_secs(60));
        memory.keep_record(resolved, since);
        assert_eq!(memory.warm_record(&identity, long), Some(resolved));
        let revoked = record(Some(RevocationReason::Policy));
        let shown = Shown { head: &header(8), by: &[] };
        memory.past.advance(shown, &[(identity, Some(&revoked))]).await.unwrap();
        memory.forget_record(&identity);
        memory.keep_record(resolved, since);
        assert_eq!(memory.warm_record(&identity, long), None);
    }
}
