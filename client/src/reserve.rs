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

    /// Makes sure that the static product with a proven peer is there, and that [`forget`](Self::forget) finds it,
    /// whatever becomes of the handshake.
    pub(crate) async fn warm(&self, peer: &PeerKey) -> Result<(), Error> {
        self.meet(peer);
        let after = self.custody_patience;
        let warmed = timeout(after, self.products.warm(peer)).await;
        if self.known_key(&peer.identity()) != Some(*peer.public_key()) {
            // Forgotten meanwhile.
            self.products.forget(peer.public_key());
        }
        Ok(warmed.map_err(|_| Error::CustodyTimeout { after })??)
    }

    /// The key that a known peer had the last time.
    pub(crate) fn known_key(&self, identity: &Identity) -> Option<PublicKey> {
        self.known().peers.get(identity).map(|peer| peer.public_key)
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

    /// Key pairs to begin what needs no static key: a resumption, or an epoch of a session of that suite.
    pub(crate) fn to_begin(&self, suite: Suite) -> Result<InitiatorEphemerals, Error> {
        let made = match (suite, self.suite) {
            // What is prepared has no key to encapsulate to.
            (Suite::Hybrid, Suite::Classical) => InitiatorEphemerals::generate(suite, getrandom::fill),
            _ => self.strangers.initiator.take_or_make(),
        };
        made.map_err(Error::NoRandomness)
    }

    /// Key pairs to answer what needs no static key.
    pub(crate) fn to_follow(&self) -> Result<ResponderEphemerals, Error> {
        self.strangers.responder.take_or_make().map_err(Error::NoRandomness)
    }

    /// Gets ready for the next stranger; to be called inside a tokio runtime.
    pub(crate) fn refill(&self) {
        self.strangers.refill();
    }

    /// Gets ready for the next session with a proven peer; to be called inside a tokio runtime, off the hot path.
    pub(crate) async fn prepare_for(&self, peer: &PeerKey) -> Result<(), Error> {
        self.refill();
        self.meet(peer).refill();
        self.warm(peer).await
    }

    /// Wipes what was prepared for an identity: it was revoked, or has another key by now.
    pub(crate) fn forget(&self, identity: &Identity) {
        let forgotten = self.known().peers.remove(identity);
        if let Some(forgotten) = forgotten {
            self.products.forget(&forgotten.public_key);
        }
    }

    /// Wipes what was prepared for everybody: the static key that it was prepared with is no longer this side's.
    pub(crate) fn forget_all(&self) {
        let forgotten = std::mem::take(&mut self.known().peers);
        drop(forgotten);
        self.products.forget_all();
    }

    fn pools_for(&self, identity: &Identity, public_key: &PublicKey) -> Option<Arc<Pools>> {
        let known = self.known();
        let peer = known.peers.get(identity)?;
        (peer.public_key == *public_key).then(|| peer.pools.clone())
    }

    /// The peer's pools. Wipes what was prepared for the key it had before, and for the peer that makes room.
    fn meet(&self, peer: &PeerKey) -> Arc<Pools> {
        let (identity, public_key) = (peer.identity(), *peer.public_key());
        let mut known = self.known();
        known.meetings += 1;
        let met = known.meetings;
        let before = known.peers.get_mut(&identity).map(|peer| {
            peer.met = met;
            (peer.public_key, peer.pools.clone())
        });
        match before {
            Some((same, pools)) if same == public_key => pools,
            other => {
                let evicted = known.make_room(self.limits.known_peers.get(), &identity);
                let pools = Arc::new(Pools::for_peer(self.limits.each_known_peer, self.suite, public_key));
                known.peers.insert(identity, KnownPeer { public_key, pools: pools.clone(), met });
                drop(known);
                let outdated = other.map(|(outdated, _)| outdated);
                outdated.iter().chain(&evicted).for_each(|key| self.products.forget(key));
                pools
            }
        }
    }

    // Nothing panics while it holds the lock with the map half changed.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The key of the peer that had to go, if one had to.
    fn make_room(&mut self, limit: usize, coming: &Identity) -> Option<PublicKey> {
        if self.peers.len() < limit || self.peers.contains_key(coming) {
            return None;
        }
        let longest_ago =
            self.peers.iter().min_by_key(|(_, peer)| peer.met).map(|(identity, _)| *identity)?;
        self.peers.remove(&longest_ago).map(|gone| gone.public_key)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::num::NonZeroUsize;

    use countersign_custody::LocalKey;

    use super::*;
    use crate::registered::peer_key;

    fn reserve(known_peers: usize) -> Reserve {
        let limits = Reserves { known_peers: NonZeroUsize::new(known_peers).unwrap(), ..Reserves::default() };
        let custody = SharedCustody::new(LocalKey::generate().unwrap());
        Reserve::new(custody, limits, Suite::Hybrid, Duration::from_secs(5))
    }

    /// A new key of the owner with that number.
    fn peer(owner: u8) -> PeerKey {
        peer_key(owner, LocalKey::generate().unwrap().public_key())
    }

    #[tokio::test]
    async fn a_peer_that_was_dialled_and_never_met_is_forgotten_too() {
        let (reserve, peer) = (reserve(4), peer(1));
        reserve.warm(&peer).await.unwrap();
        assert_eq!(reserve.known_key(&peer.identity()), Some(*peer.public_key()));
        assert_eq!(reserve.products.len(), 1);
        reserve.forget(&peer.identity());
        assert!(reserve.products.is_empty() && reserve.known_key(&peer.identity()).is_none());
    }

    #[tokio::test]
    async fn a_former_key_and_an_evicted_peer_leave_no_product() {
        let reserve = reserve(2);
        let (before, after) = (peer(1), peer(1));
        reserve.warm(&before).await.unwrap();
        reserve.warm(&after).await.unwrap();
        assert_eq!(reserve.products.len(), 1);
        assert_eq!(reserve.known_key(&after.identity()), Some(*after.public_key()));
        for owner in 2..5 {
            reserve.warm(&peer(owner)).await.unwrap();
        }
        assert_eq!((reserve.products.len(), reserve.known().peers.len()), (2, 2));
    }

    #[tokio::test]
    async fn without_its_own_key_it_keeps_nothing() {
        let reserve = reserve(4);
        for owner in 1..4 {
            reserve.prepare_for(&peer(owner)).await.unwrap();
        }
        reserve.forget_all();
        assert!(reserve.products.is_empty() && reserve.known().peers.is_empty());
    }
}
