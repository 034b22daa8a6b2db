//! What this side follows on the chain for its next sessions: its own record, its peers', and what it values.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use countersign_protocol::{Identity, Query, Role, StateView};
use countersign_registry::Watching;
use lru::LruCache;

use crate::policy::Admission;
use crate::trader::Trader;

/// Whoever was met last stays; the one met longest ago makes room. Nothing is followed before the first is met.
pub(crate) struct Followed(Mutex<Met>);

struct Met {
    own: Option<Watching>,
    /// Whom this side chose: it dials them, or admits them by name.
    chosen: LruCache<Identity, Watching>,
    /// Whoever else called. They make room for each other alone.
    callers: LruCache<Identity, Watching>,
    instruments: LruCache<Vec<Query>, Watching>,
}

impl Followed {
    /// Follows at most so many peers of its choice, and as many others.
    pub(crate) fn new(peers: NonZeroUsize) -> Self {
        let (chosen, callers) = (LruCache::new(peers), LruCache::new(peers));
        Self(Mutex::new(Met { own: None, chosen, callers, instruments: LruCache::new(INSTRUMENTS) }))
    }
}

impl Trader {
    /// Follows what a session was opened with, so that the next one asks no node: the records, and what this side chose
    /// to value. What a stranger proposed costs nothing once the session is over. Inside a tokio runtime.
    pub(crate) fn follow(&self, role: Role, view: &StateView) {
        if !self.0.policy.follow {
            return;
        }
        let follower = self.0.resolver.follow();
        let (local, peer) = (view.local(), view.peer());
        let policy = &self.0.policy;
        let is_dialled = role == Role::Initiator;
        let is_chosen = is_dialled || matches!(policy.admission, Admission::Only(_));
        let is_own_instrument = is_dialled || policy.instrument.is_some();
        let watch_peer = || follower.watch(peer.identity(), Some(*peer.public_key()));
        // Nothing panics while it holds the lock.
        let mut met = self.0.followed.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Met { own, chosen, callers, instruments } = &mut *met;
        own.get_or_insert_with(|| follower.watch(local.identity(), Some(*local.public_key())));
        let peers = if is_chosen { chosen } else { callers };
        peers.get_or_insert(peer.identity(), watch_peer);
        if is_own_instrument {
            let queries: Vec<Query> = view.queries().cloned().collect();
            if !queries.is_empty() {
                instruments.get_or_insert_ref(queries.as_slice(), || follower.watch_queries(&queries));
            }
        }
    }
}

/// Instruments that are proven at each block, of at most 16 queries each: as many proofs as a busy desk values by, and
/// no more than a node answers at once.
const INSTRUMENTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);
