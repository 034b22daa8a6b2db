//! When something was heard.

use std::time::{Duration, Instant, SystemTime};

/// A moment by two clocks. One never goes back, but stands still while the machine sleeps; the other goes on, and may be
/// set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// A moment of the recent past.
    pub(crate) fn at(monotonic: Instant) -> Self {
        let wall = SystemTime::now().checked_sub(monotonic.elapsed()).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { monotonic, wall }
    }

    /// How long ago it was, by the clock that says more.
    pub(crate) fn elapsed(&self) -> Duration {
        self.monotonic.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn a_night_asleep_counts() {
        let woken = Moment { wall: SystemTime::now().checked_sub(HOUR).unwrap(), ..Moment::now() };
        assert!(woken.elapsed() >= HOUR);
    }

    #[test]
    fn a_clock_that_is_set_back_hides_nothing() {
        let before = Instant::now().checked_sub(HOUR).unwrap_or_else(Instant::now);
        let set_back = Moment { monotonic: before, wall: SystemTime::now() + HOUR };
        assert!(set_back.elapsed() >= before.elapsed().min(HOUR));
        assert!(Moment::at(before).elapsed() >= before.elapsed().min(HOUR));
    }
}
