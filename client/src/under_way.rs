//! How many handshakes each initiator has under way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_protocol::curve::PublicKey;

/// Bounds the handshakes of each initiator, so that one alone cannot take the places of all.
///
/// Counted by the static key, which the hello proves: by the name that it claims, a stranger could use up the places
/// of the one who bears it.
pub(crate) struct UnderWay {
    limit: usize,
    counts: Mutex<HashMap<PublicKey, usize>>,
}

/// One handshake's place, given back when it is dropped.
pub(crate) struct Place<'a> {
    under_way: &'a UnderWay,
    key: PublicKey,
}

impl UnderWay {
    /// At most `limit` for each initiator.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, counts: Mutex::default() }
    }

    /// A place for one more handshake with that key; `None` where it has as many as it may.
    pub(crate) fn enter(&self, key: &PublicKey) -> Option<Place<'_>> {
        let mut counts = self.lock();
        let count = counts.get(key).copied().unwrap_or(0);
        if count >= self.limit {
            return None;
        }
        counts.insert(*key, count + 1);
        Some(Place { under_way: self, key: *key })
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<PublicKey, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut counts = self.under_way.lock();
        match counts.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.key)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign_protocol::curve::SecretKey;

    use super::*;

    #[test]
    fn each_key_has_its_own_places_and_gets_them_back() {
        let [alice, bob] = [1, 2].map(|number| SecretKey::from_bytes(&[number; 32]).unwrap().public_key());
        let under_way = UnderWay::new(2);
        let (first, second) = (under_way.enter(&alice).unwrap(), under_way.enter(&alice).unwrap());
        assert!(under_way.enter(&alice).is_none());
        assert!(under_way.enter(&bob).is_some());
        drop(first);
        let third = under_way.enter(&alice);
        assert!(third.is_some() && under_way.enter(&alice).is_none());
        drop((second, third));
        assert!(under_way.lock().is_empty());
    }
}
