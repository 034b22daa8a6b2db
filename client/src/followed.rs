//! What this side follows on the chain for its next sessions: its own record, its known peers', and what it values.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use countersign_protocol::{Identity, Query, StateView};
use countersign_registry::Watching;
use lru::LruCache;

use crate::trader::Trader;

/// Whoever was met last stays; the one met longest ago makes room. Nothing is followed before the first is met.
pub(crate) struct Followed(Mutex<Met>);

struct Met {
    own: Option<Watching>,
    peers: LruCache<Identity, Watching>,
    instruments: LruCache<Vec<Query>, Watching>,
}

impl Followed {
    /// Follows at most so many peers.
    pub(crate) fn new(peers: NonZeroUsize) -> Self {
        let (peers, instruments) = (LruCache::new(peers), LruCache::new(INSTRUMENTS));
        Self(Mutex::new(Met { own: None, peers, instruments }))
    }
}

impl Trader {
    /// Follows what a session was opened with, so that the next one asks no node. Inside a tokio runtime.
    pub(crate) fn follow(&self, view: &StateView) {
        if !self.0.policy.follow {
            return;
        }
        let follower = self.0.resolver.follow();
        let (local, peer) = (view.local(), view.peer());
        let queries: Vec<Query> = view.queries().cloned().collect();
        let watch_peer = || follower.watch(peer.identity(), Some(*peer.public_key()));
        // Nothing panics while it holds the lock.
        let mut met = self.0.followed.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Met { own, peers, instruments } = &mut *met;
        own.get_or_insert_with(|| follower.watch(local.identity(), Some(*local.public_key())));
        peers.get_or_insert(peer.identity(), watch_peer);
        if !queries.is_empty() {
            instruments.get_or_insert_ref(queries.as_slice(), || follower.watch_queries(&queries));
        }
    }
}

/// Instruments that are proven at each block, of at most 16 queries each: as many proofs as a busy desk values by, and
/// no more than a node answers at once.
const INSTRUMENTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);
