//! Hellos that were answered, for as long as they could be replayed.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_protocol::curve::PublicKey;

/// The ephemeral keys of the hellos answered lately. The ephemeral key names a hello: its other bytes are bound to
/// that key by the handshake, and an honest initiator uses it once.
///
/// Only proven initiators enter, and when it is full the next is refused rather than an old one forgotten: room is
/// no way to make a replay possible.
pub struct ReplayWindow {
    capacity: usize,
    seen: Mutex<Seen>,
}

/// Why a hello does not enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotEntered {
    /// It is there already.
    Replayed,
    /// There is no room until an older one ages out.
    Full,
    /// It took so long to get here that whether it was answered before is no longer known.
    TooLate,
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

impl ReplayWindow {
    /// Room for that many hellos.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, seen: Mutex::default() }
    }

    /// Whether that hello was answered. Worth asking before any proof is made for it.
    #[must_use]
    pub fn contains(&self, ephemeral: &PublicKey) -> bool {
        self.lock().keys.contains(&ephemeral.compressed())
    }

    /// Enters a hello that is about to be answered; it stays until `end_unix_ms`, which the hello alone must decide.
    ///
    /// Its timestamp was found good when it arrived, and custody and proof may have taken their time since: one whose
    /// earlier entry could be forgotten by now is refused, whatever the clock did.
    ///
    /// # Errors
    /// [`NotEntered`]: why it is not to be answered.
    pub fn enter(&self, ephemeral: &PublicKey, end_unix_ms: u64, now_unix_ms: u64) -> Result<(), NotEntered> {
        let ephemeral = ephemeral.compressed();
        let mut seen = self.lock();
        seen.forget_until(now_unix_ms);
        if end_unix_ms < seen.forgotten_until {
            return Err(NotEntered::TooLate);
        }
        if seen.keys.contains(&ephemeral) {
            return Err(NotEntered::Replayed);
        }
        if seen.keys.len() >= self.capacity {
            return Err(NotEntered::Full);
        }
        seen.keys.insert(ephemeral);
        seen.by_end.insert((end_unix_ms, ephemeral));
        Ok(())
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign_protocol::curve::SecretKey;

    use super::*;

    fn ephemeral(number: u8) -> PublicKey {
        SecretKey::from_bytes(&[number; 32]).unwrap().public_key()
    }

    #[test]
    fn a_hello_enters_once_until_it_has_aged() {
        let window = ReplayWindow::new(8);
        assert!(!window.contains(&ephemeral(1)));
        assert_eq!(window.enter(&ephemeral(1), 100, 50), Ok(()));
        assert!(window.contains(&ephemeral(1)));
        assert_eq!(window.enter(&ephemeral(1), 100, 100), Err(NotEntered::Replayed));
        assert_eq!(window.enter(&ephemeral(1), 200, 101), Ok(()));
    }

    #[test]
    fn a_hello_that_could_be_forgotten_by_now_does_not_enter() {
        let window = ReplayWindow::new(8);
        window.enter(&ephemeral(1), 100, 50).unwrap();
        window.enter(&ephemeral(2), 300, 101).unwrap();
        // A replay of the first arrived in time, and custody took until now; a clock that was set back changes nothing.
        assert_eq!(window.enter(&ephemeral(1), 100, 101), Err(NotEntered::TooLate));
        assert_eq!(window.enter(&ephemeral(1), 100, 60), Err(NotEntered::TooLate));
        assert_eq!(window.enter(&ephemeral(3), 101, 101), Ok(()));
    }

    #[test]
    fn a_full_window_forgets_nobody_before_time() {
        let window = ReplayWindow::new(2);
        window.enter(&ephemeral(1), 100, 0).unwrap();
        window.enter(&ephemeral(2), 50, 0).unwrap();
        assert_eq!(window.enter(&ephemeral(3), 100, 50), Err(NotEntered::Full));
        assert_eq!(window.enter(&ephemeral(3), 100, 51), Ok(()));
        assert!(window.contains(&ephemeral(1)) && !window.contains(&ephemeral(2)));
    }
}
