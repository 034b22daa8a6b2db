//! Hellos that were answered by this process, for as long as they could be replayed.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cache::{Entering, Hello, NotEntered, ReplayCache};

/// The hellos answered lately, in this process's memory: right where it alone answers for its identities.
pub struct MemoryCache {
    capacity: usize,
    seen: Mutex<Seen>,
}

type Ephemeral = [u8; 33];

#[derive(Default)]
struct Seen {
    keys: HashSet<Ephemeral>,
    /// The same keys, by the Unix millisecond up to which they are kept.
    by_end: BTreeSet<(u64, Ephemeral)>,
    /// What was to be kept up to an earlier time than this may be forgotten.
    forgotten_until: u64,
}

impl MemoryCache {
    /// Room for that many hellos; about 150 bytes each.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, seen: Mutex::default() }
    }

    /// Its timestamp was found good when it arrived, and custody and proof may have taken their time since: one whose
    /// earlier entry could be forgotten by now is refused, whatever the clock did.
    pub(crate) fn enter_now(&self, hello: &Hello, now_unix_ms: u64) -> Result<(), NotEntered> {
        let mut seen = self.lock();
        seen.forget_until(now_unix_ms);
        if hello.end_unix_ms < seen.forgotten_until {
            return Err(NotEntered::TooLate);
        }
        if seen.keys.contains(&hello.ephemeral) {
            return Err(NotEntered::Replayed);
        }
        if seen.keys.len() >= self.capacity {
            return Err(NotEntered::Full);
        }
        seen.keys.insert(hello.ephemeral);
        seen.by_end.insert((hello.end_unix_ms, hello.ephemeral));
        Ok(())
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReplayCache for MemoryCache {
    fn knows(&self, hello: &Hello) -> bool {
        self.lock().keys.contains(&hello.ephemeral)
    }

    fn enter(&self, hello: Hello, now_unix_ms: u64) -> Entering<'_> {
        Box::pin(std::future::ready(self.enter_now(&hello, now_unix_ms)))
    }
}

impl Default for MemoryCache {
    /// Room for 131,072: above 2,000 a second with the default skew of 30 s, and clocks that agree.
    fn default() -> Self {
        Self::new(REMEMBERED_HELLOS)
    }
}

impl Seen {
    fn forget_until(&mut self, now_unix_ms: u64) {
        self.forgotten_until = self.forgotten_until.max(now_unix_ms);
        while let Some(&(end, ephemeral)) = self.by_end.first()
            && end < now_unix_ms
        {
            self.by_end.pop_first();
            self.keys.remove(&ephemeral);
        }
    }
}

/// Hellos remembered at most, unless another number is asked for.
pub(crate) const REMEMBERED_HELLOS: usize = 1 << 17;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign_protocol::{Address, Identity};

    use super::*;

    fn hello(number: u8, end_unix_ms: u64) -> Hello {
        Hello { responder: Identity::of(Address([9; 20])), ephemeral: [number; 33], end_unix_ms }
    }

    #[test]
    fn a_hello_enters_once_until_it_has_aged() {
        let cache = MemoryCache::new(8);
        assert!(!cache.knows(&hello(1, 100)));
        assert!(cache.enter_now(&hello(1, 100), 50).is_ok());
        assert!(cache.knows(&hello(1, 100)));
        assert!(matches!(cache.enter_now(&hello(1, 100), 100), Err(NotEntered::Replayed)));
        assert!(cache.enter_now(&hello(1, 200), 101).is_ok());
    }

    #[test]
    fn a_hello_that_could_be_forgotten_by_now_does_not_enter() {
        let cache = MemoryCache::new(8);
        cache.enter_now(&hello(1, 100), 50).unwrap();
        cache.enter_now(&hello(2, 300), 101).unwrap();
        // A replay of the first arrived in time, and custody took until now; a clock that was set back changes nothing.
        assert!(matches!(cache.enter_now(&hello(1, 100), 101), Err(NotEntered::TooLate)));
        assert!(matches!(cache.enter_now(&hello(1, 100), 60), Err(NotEntered::TooLate)));
        assert!(cache.enter_now(&hello(3, 101), 101).is_ok());
    }

    #[test]
    fn a_full_cache_forgets_nobody_before_time() {
        let cache = MemoryCache::new(2);
        cache.enter_now(&hello(1, 100), 0).unwrap();
        cache.enter_now(&hello(2, 50), 0).unwrap();
        assert!(matches!(cache.enter_now(&hello(3, 100), 50), Err(NotEntered::Full)));
        assert!(cache.enter_now(&hello(3, 100), 51).is_ok());
        assert!(cache.knows(&hello(1, 100)) && !cache.knows(&hello(2, 50)));
    }
}
