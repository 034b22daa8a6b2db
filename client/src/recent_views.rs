//! Views of the chain that were proven a moment ago, for handshakes that need no node.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_protocol::{Anchor, Identity, PeerKey, Query, StateView};
use countersign_registry::KeyHint;

use crate::clock::unix_ms;

/// The latest view proven with each peer, while it is young enough to serve again.
pub(crate) struct RecentViews {
    reuse: Duration,
    capacity: usize,
    recent: Mutex<HashMap<Identity, Recent>>,
}

struct Recent {
    view: StateView,
    since: Instant,
}

/// What a handshake wants to see.
pub(crate) struct Wanted<'a> {
    pub(crate) peer: Identity,
    /// The key that the peer shows: a view with another one is of no use. Or the one that it had before, in case that
    /// the chain alone does not tell it; `None` for the one that it had the last time.
    pub(crate) key: Option<KeyHint>,
    /// The block that the peer proposed; `None` for a recent one.
    pub(crate) anchor: Option<&'a Anchor>,
    pub(crate) queries: &'a [Query],
}

impl RecentViews {
    /// Keeps at most `capacity` views, for `reuse` each; none at all where that is zero.
    pub(crate) fn new(reuse: Duration, capacity: usize) -> Self {
        Self { reuse, capacity, recent: Mutex::default() }
    }

    /// A view that fits, if there is one.
    pub(crate) fn find(&self, wanted: &Wanted<'_>) -> Option<StateView> {
        if self.reuse.is_zero() {
            return None;
        }
        let recent = self.lock();
        let Recent { view, since } = recent.get(&wanted.peer)?;
        let has_shown_key = match wanted.key {
            Some(KeyHint::Shown(shown)) => shown == *view.peer().public_key(),
            Some(KeyHint::Known(_)) | None => true,
        };
        let fits = since.elapsed() < self.reuse
            && wanted.anchor.is_none_or(|anchor| anchor == view.anchor())
            && has_shown_key
            && view.queries().eq(wanted.queries)
            && [view.local(), view.peer()].into_iter().all(is_unexpired);
        fits.then(|| view.clone())
    }

    /// Keeps a view. `since` is when its proof was begun: it may be as old as that.
    pub(crate) fn keep(&self, view: &StateView, since: Instant) {
        if self.reuse.is_zero() {
            return;
        }
        let peer = view.peer().identity();
        let mut recent = self.lock();
        if recent.len() >= self.capacity && !recent.contains_key(&peer) {
            recent.retain(|_, recent| recent.since.elapsed() < self.reuse);
        }
        // A full house of young views: this one is simply proven anew next time.
        if recent.len() < self.capacity || recent.contains_key(&peer) {
            recent.insert(peer, Recent { view: view.clone(), since });
        }
    }

    /// Drops what is kept of a peer: something newer is known, or a handshake on it failed.
    pub(crate) fn forget(&self, peer: &Identity) {
        self.lock().remove(peer);
    }

    /// Drops what is kept of every peer.
    pub(crate) fn forget_all(&self) {
        self.lock().clear();
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<Identity, Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_unexpired(key: &PeerKey) -> bool {
    let valid_until = key.record().valid_until;
    valid_until == 0 || unix_ms() / 1000 < valid_until
}
