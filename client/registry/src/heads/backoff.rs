//! When to try an endpoint again.

use std::time::Duration;

use crate::chance::up_to;

/// Longer and longer, each time by chance: endpoints that come back after a common outage are not met by all their
/// clients at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    failures: u32,
}

impl Backoff {
    /// `first` bounds the first wait.
    pub(crate) const fn new(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    pub(crate) fn next_wait(&mut self) -> Duration {
        let bound = self.bound();
        self.failures = self.failures.saturating_add(1);
        up_to(bound)
    }

    fn bound(&self) -> Duration {
        self.first.saturating_mul(1 << self.failures.min(MAX_DOUBLINGS)).min(LONGEST_WAIT)
    }
}

/// The bound ends at 32 times the first.
const MAX_DOUBLINGS: u32 = 5;

const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_again() {
        let mut backoff = Backoff::new(Duration::from_millis(100));
        let mut bounds = Vec::new();
        for _ in 0..8 {
            bounds.push(backoff.bound().as_millis());
            assert!(backoff.next_wait().as_millis() <= backoff.bound().as_millis());
        }
        assert_eq!(bounds, [100, 200, 400, 800, 1600, 3200, 3200, 3200]);
        backoff.reset();
        assert_eq!(backoff.bound(), Duration::from_millis(100));
        assert_eq!(Backoff { first: Duration::from_secs(3), failures: 9 }.bound(), LONGEST_WAIT);
    }
}
