//! How many blocks to ask for at once.

use std::sync::{Arc, Mutex, PoisonError};

/// The number of blocks in the next request, learned from the answers to the ones before. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Width(Arc<Mutex<Learned>>);

#[derive(Clone, Copy, Debug)]
struct Learned {
    blocks: u64,
    /// What was refused is not asked for again, but for one block more with each answer.
    most: u64,
}

impl Width {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Learned { blocks: FIRST, most: u64::MAX })))
    }

    /// At least 1.
    pub(super) fn now(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).blocks.max(1)
    }

    /// So many blocks were answered with so many logs.
    pub(super) fn answered(&self, blocks: u64, logs: usize) {
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wider = blocks.saturating_mul(WIDENING);
        let wanted = match u64::try_from(logs) {
            Ok(0) | Err(_) => wider,
            Ok(logs) => (blocks.saturating_mul(LOGS_WANTED) / logs).min(wider),
        };
        learned.most = learned.most.saturating_add(1);
        learned.blocks = wanted.clamp(1, learned.most);
    }

    /// So many blocks were too many.
    pub(super) fn refused(&self, blocks: u64) {
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        learned.most = learned.most.min((blocks / 2).max(1));
        learned.blocks = learned.blocks.min(learned.most);
    }
}

/// Few providers refuse so many.
const FIRST: u64 = 1000;

/// Between one answer and the next.
const WIDENING: u64 = 4;

/// In one answer: a log is some 800 bytes of JSON, and an answer may have two megabytes.
const LOGS_WANTED: u64 = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_blocks_are_asked_for_in_ever_wider_ranges() {
        let width = Width::new();
        for _ in 0..3 {
            width.answered(width.now(), 0);
        }
        assert_eq!(width.now(), FIRST * WIDENING.pow(3));
    }

    #[test]
    fn busy_blocks_are_asked_for_so_that_an_answer_has_about_as_many_logs_as_wanted() {
        let width = Width::new();
        width.answered(1000, 100_000);
        assert_eq!(width.now(), 20);
        width.answered(20, 2000);
        assert_eq!(width.now(), 20);
        width.answered(1, 1_000_000);
        assert_eq!(width.now(), 1);
    }

    #[test]
    fn what_was_refused_is_not_asked_for_again_at_once() {
        let width = Width::new();
        width.refused(1000);
        assert_eq!(width.now(), 500);
        width.answered(500, 0);
        assert_eq!(width.now(), 501);
        width.refused(1);
        assert_eq!(width.now(), 1);
    }
}
