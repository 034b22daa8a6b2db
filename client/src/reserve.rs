//! What this side keeps ready for its peers: key pairs for strangers and for those it knows, and the static products.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_custody::{Custody, SharedCustody, StaticProducts};
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{
    Identity, InitiatorEphemerals, KeyAnswer, KeyRequest, PeerKey, ResponderEphemerals, Suite,
};
use tokio::time::timeout;

use crate::error::Error;
use crate::policy::Reserves;
use crate::pool::Pools;

/// Ready material, and the custody behind it. No lock is held while custody works.
pub(crate) struct Reserve {
    limits: Reserves,
    suite: Suite,
    custody_patience: Duration,
    products: StaticProducts<SharedCustody>,
    strangers: Pools,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    peers: HashMap<Identity, KnownPeer>,
    /// Grows with every session; the lowest number among the peers is the one that was met longest ago.
    meetings: u64,
}

struct KnownPeer {
    public_key: PublicKey,
    pools: Arc<Pools>,
    met: u64,
}

impl Reserve {
    /// `custody_patience` is how long each key request may take.
    pub(crate) fn new(
        custody: SharedCustody,
        limits: Reserves,
        suite: Suite,
        custody_patience: Duration,
    ) -> Self {
        Self {
            limits,
            suite,
            custody_patience,
            products: StaticProducts::new(custody, limits.known_peers),
            strangers: Pools::for_strangers(limits.strangers, suite),
            known: Mutex::default(),
        }
    }

    /// The static key that custody holds.
    pub(crate) fn public_key(&self) -> PublicKey {
        self.products.public_key()
    }

    /// Asks custody, or the cache in front of it.
    pub(crate) async fn answer(&self, request: KeyRequest) -> Result<KeyAnswer, Error> {
        let after = self.custody_patience;
        let answered = timeout(after, self.products.answer(request)).await;
        Ok(answered.map_err(|_| Error::CustodyTimeout { after })??)
    }

    /// Makes sure that the static product with a proven peer is there.
    pub(crate) async fn warm(&self, peer: &PeerKey) -> Result<(), Error> {
        let after = self.custody_patience;
        let warmed = timeout(after, self.products.warm(peer)).await;
        Ok(warmed.map_err(|_| Error::CustodyTimeout { after })??)
    }

    /// Key pairs to dial that peer with.
    pub(crate) fn to_dial(&self, peer: &PeerKey) -> Result<InitiatorEphemerals, Error> {
        let prepared =
            self.pools_for(&peer.identity(), peer.public_key()).and_then(|pools| pools.initiator.take());
        prepared.map_or_else(|| self.strangers.initiator.take_or_make(), Ok).map_err(Error::NoRandomness)
    }

    /// Key pairs to answer that peer with.
    pub(crate) fn to_answer(&self, peer: &PeerKey) -> Result<ResponderEphemerals, Error> {
        let prepared =
            self.pools_for(&peer.identity(), peer.public_key()).and_then(|pools| pools.responder.take());
        prepared.map_or_else(|| self.strangers.responder.take_or_make(), Ok).map_err(Error::NoRandomness)
    }

    /// Gets ready for the next stranger; to be called inside a tokio runtime.
    pub(crate) fn refill(&self) {
        self.strangers.refill();
    }

    /// Gets ready for the next session with a proven peer; to be called inside a tokio runtime, off the hot path.
    pub(crate) async fn prepare_for(&self, peer: &PeerKey) -> Result<(), Error> {
        self.refill();
        let (pools, outdated) = self.meet(peer);
        if let Some(outdated) = outdated {
            self.products.forget(&outdated);
        }
        pools.refill();
        self.warm(peer).await
    }

    /// Wipes what was prepared for an identity: it was revoked, or has another key by now.
    pub(crate) fn forget(&self, identity: &Identity) {
        let forgotten = self.known().peers.remove(identity);
        if let Some(forgotten) = forgotten {
            self.products.forget(&forgotten.public_key);
        }
    }

    fn pools_for(&self, identity: &Identity, public_key: &PublicKey) -> Option<Arc<Pools>> {
        let known = self.known();
        let peer = known.peers.get(identity)?;
        (peer.public_key == *public_key).then(|| peer.pools.clone())
    }

    /// The peer's pools, and the key it had before if that was another.
    fn meet(&self, peer: &PeerKey) -> (Arc<Pools>, Option<PublicKey>) {
        let (identity, public_key) = (peer.identity(), *peer.public_key());
        let mut known = self.known();
        known.meetings += 1;
        let met = known.meetings;
        let before = known.peers.get_mut(&identity).map(|peer| {
            peer.met = met;
            (peer.public_key, peer.pools.clone())
        });
        match before {
            Some((same, pools)) if same == public_key => (pools, None),
            other => {
                known.make_room(self.limits.known_peers.get(), &identity);
                let pools = Arc::new(Pools::for_peer(self.limits.each_known_peer, self.suite, public_key));
                known.peers.insert(identity, KnownPeer { public_key, pools: pools.clone(), met });
                (pools, other.map(|(outdated, _)| outdated))
            }
        }
    }

    // Nothing panics while it holds the lock with the map half changed.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn make_room(&mut self, limit: usize, coming: &Identity) {
        if self.peers.len() < limit || self.peers.contains_key(coming) {
            return;
        }
        let longest_ago = self.peers.iter().min_by_key(|(_, peer)| peer.met).map(|(identity, _)| *identity);
        if let Some(identity) = longest_ago {
            self.peers.remove(&identity);
        }
    }
}
