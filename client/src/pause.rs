//! The pause after a proof that failed.

use std::time::Duration;

use tokio::time::Instant;

/// Keeps what is merely due from asking the nodes again at once; longer after each further failure.
#[derive(Default)]
pub(crate) struct Pause {
    until: Option<Instant>,
    failures: u32,
}

impl Pause {
    /// A proof failed.
    pub(crate) fn begin(&mut self) {
        let length = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.until = Instant::now().checked_add(length);
    }

    /// A proof succeeded.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() >= until)
    }
}

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_longest_and_ends_with_a_success() {
        let mut pause = Pause::default();
        assert!(pause.is_over());
        for seconds in [5, 10, 20, 30, 30] {
            let before = Instant::now();
            pause.begin();
            let length = pause.until.map(|until| until - before).unwrap_or_default();
            assert_eq!((length.as_secs(), pause.is_over()), (seconds, false));
        }
        pause.end();
        assert!(pause.is_over());
        pause.begin();
        assert!(pause.until.is_some_and(|until| until <= Instant::now() + FIRST));
    }
}
