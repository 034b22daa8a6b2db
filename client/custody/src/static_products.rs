//! The product of two static keys, computed once for a proven peer and kept.

use core::fmt;
use core::num::NonZeroUsize;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use countersign_protocol::curve::{PublicKey, SharedX};
use countersign_protocol::{EcdhPurpose, KeyAnswer, KeyRequest, PeerKey};

use crate::custody::{Custody, CustodyError};

/// A [`Custody`] that remembers `ss` (the static-static product) for peers whose key a proof backed.
///
/// A remembered product is answered without a curve operation and without asking the backend; readers do not wait
/// for each other. Nothing enters but through [`warm`](Self::warm), so a stranger's handshakes cannot fill the
/// cache or learn from its timing who was here before. Products are erased on [`forget`](Self::forget), on
/// eviction and on drop. They belong to the pair of keys: after a rotation of the local key, make a new one.
pub struct StaticProducts<C> {
    custody: C,
    capacity: NonZeroUsize,
    products: RwLock<Products>,
}

impl<C: Custody> StaticProducts<C> {
    /// Remembers at most `capacity` peers; one more evicts the peer that was warmed longest ago.
    pub fn new(custody: C, capacity: NonZeroUsize) -> Self {
        Self { custody, capacity, products: RwLock::new(Products::default()) }
    }

    /// Computes and keeps the product with a proven peer, unless it is kept already.
    ///
    /// Call it whenever a proof was made, off the hot path: it also marks the peer as recently used. Where any peer
    /// was forgotten while the backend computed, the product is not kept: it could be the one to be forgotten.
    ///
    /// # Errors
    /// Those of the backend; the cache is then unchanged.
    pub async fn warm(&self, peer: &PeerKey) -> Result<(), CustodyError> {
        let peer = *peer.public_key();
        let Some(forgotten_before) = self.write().touch_or_plan(&peer) else { return Ok(()) };
        let request = KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, peer };
        if let KeyAnswer::SharedX(product) = self.custody.answer(request).await? {
            self.write().keep(&peer, product, forgotten_before, self.capacity);
        }
        Ok(())
    }

    /// Erases the product with this key. Call it when the peer's key was rotated or revoked.
    pub fn forget(&self, peer: &PublicKey) {
        self.write().forget(peer);
    }

    /// Erases every product. Call it when the local key was rotated or revoked.
    pub fn forget_all(&self) {
        self.write().forget_all();
    }

    /// How many products are kept, from 0 to the capacity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().kept.len()
    }

    /// Whether no product is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // No code can panic while it holds the lock with the map half changed, so a poisoned lock is a sound one.
    fn read(&self) -> RwLockReadGuard<'_, Products> {
        self.products.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Products> {
        self.products.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Custody> Custody for StaticProducts<C> {
    fn public_key(&self) -> PublicKey {
        self.custody.public_key()
    }

    async fn answer(&self, request: KeyRequest) -> Result<KeyAnswer, CustodyError> {
        if let KeyRequest::Ecdh { purpose: EcdhPurpose::StaticStatic, peer } = &request
            && let Some(product) = self.read().recall(peer)
        {
            return Ok(KeyAnswer::SharedX(product));
        }
        self.custody.answer(request).await
    }
}

impl<C> fmt::Debug for StaticProducts<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticProducts").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Products {
    kept: HashMap<PublicKey, Kept>,
    /// Grows with every warming; the lowest number among the kept is the peer warmed longest ago.
    warmings: u64,
    /// Grows with every forgetting, so that a product computed meanwhile is recognised as possibly stale.
    forgettings: u64,
}

struct Kept {
    // Boxed: a map that grows moves its entries and would leave copies of the secret in the memory it frees.
    product: Box<SharedX>,
    warmed: u64,
}

impl Products {
    fn recall(&self, peer: &PublicKey) -> Option<SharedX> {
        self.kept.get(peer).map(|kept| SharedX::from_bytes(*kept.product.as_bytes()))
    }

    /// Marks a kept peer as just warmed, or says at which count of forgettings its computation begins.
    fn touch_or_plan(&mut self, peer: &PublicKey) -> Option<u64> {
        self.warmings += 1;
        match self.kept.get_mut(peer) {
            Some(kept) => {
                kept.warmed = self.warmings;
                None
            }
            None => Some(self.forgettings),
        }
    }

    fn keep(&mut self, peer: &PublicKey, product: SharedX, forgotten_before: u64, capacity: NonZeroUsize) {
        if self.forgettings != forgotten_before {
            return;
        }
        if self.kept.len() >= capacity.get() && !self.kept.contains_key(peer) {
            self.evict_oldest();
        }
        self.warmings += 1;
        self.kept.insert(*peer, Kept { product: Box::new(product), warmed: self.warmings });
    }

    fn evict_oldest(&mut self) {
        let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.warmed).map(|(peer, _)| *peer);
        if let Some(peer) = oldest {
            self.kept.remove(&peer);
        }
    }

    fn forget(&mut self, peer: &PublicKey) {
        self.forgettings += 1;
        self.kept.remove(peer);
    }

    fn forget_all(&mut self) {
        self.forgettings += 1;
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::Arc;

    use countersign_protocol::{Address, Identity, Label, RegistryRecord, SignatureScheme};
    use tokio::sync::Notify;

    use super::*;
    use crate::local_key::LocalKey;

    /// A backend that counts what it is asked, and answers when it is let.
    struct Slow {
        key: LocalKey,
        asked: AtomicUsize,
        go: Option<Arc<Notify>>,
    }

    impl Custody for Slow {
        fn public_key(&self) -> PublicKey {
            self.key.public_key()
        }

        async fn answer(&self, request: KeyRequest) -> Result<KeyAnswer, CustodyError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if let Some(go) = &self.go {
                go.notified().await;
            }
            self.key.answer(request).await
        }
    }

    fn cache(capacity: usize, go: Option<Arc<Notify>>) -> StaticProducts<Slow> {
        let slow = Slow { key: LocalKey::generate().unwrap(), asked: AtomicUsize::new(0), go };
        StaticProducts::new(slow, NonZeroUsize::new(capacity).unwrap())
    }

    fn peer() -> PeerKey {
        let public_key = LocalKey::generate().unwrap().public_key();
        let record = RegistryRecord {
            identity: Identity { owner: Address([1; 20]), label: Label::DEFAULT },
            version: 1,
            signer: Address(public_key.address()),
            anchored_at: 1,
            valid_until: 0,
            scheme: SignatureScheme::Ecdsa,
            suite_floor: 0,
        };
        PeerKey::proven(record, public_key).unwrap()
    }

    async fn product(custody: &impl Custody, purpose: EcdhPurpose, peer: &PeerKey) -> [u8; 32] {
        let request = KeyRequest::Ecdh { purpose, peer: *peer.public_key() };
        let KeyAnswer::SharedX(x) = custody.answer(request).await.unwrap() else { panic!("not a product") };
        *x.as_bytes()
    }

    fn asked(cache: &StaticProducts<Slow>) -> usize {
        cache.custody.asked.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_warmed_peer_is_answered_without_the_backend_and_alike() {
        let (cache, peer) = (cache(4, None), peer());
        cache.warm(&peer).await.unwrap();
        cache.warm(&peer).await.unwrap();
        assert_eq!(asked(&cache), 1);
        let cached = product(&cache, EcdhPurpose::StaticStatic, &peer).await;
        assert_eq!(asked(&cache), 1);
        assert_eq!(cached, product(&cache.custody.key, EcdhPurpose::StaticStatic, &peer).await);
    }

    #[tokio::test]
    async fn ephemeral_products_strangers_and_signatures_go_to_the_backend_and_are_not_kept() {
        let (cache, known, stranger) = (cache(4, None), peer(), peer());
        cache.warm(&known).await.unwrap();
        product(&cache, EcdhPurpose::EphemeralStatic, &known).await;
        product(&cache, EcdhPurpose::StaticStatic, &stranger).await;
        product(&cache, EcdhPurpose::StaticStatic, &stranger).await;
        cache.answer(KeyRequest::Sign { digest: [0; 32] }).await.unwrap();
        assert_eq!((asked(&cache), cache.len()), (5, 1));
    }

    #[tokio::test]
    async fn the_peer_warmed_longest_ago_makes_room() {
        let cache = cache(2, None);
        let (a, b, c) = (peer(), peer(), peer());
        for peer in [&a, &b, &a, &c] {
            cache.warm(peer).await.unwrap();
        }
        assert_eq!((cache.len(), asked(&cache)), (2, 3));
        for peer in [&a, &c] {
            product(&cache, EcdhPurpose::StaticStatic, peer).await;
        }
        assert_eq!(asked(&cache), 3);
        product(&cache, EcdhPurpose::StaticStatic, &b).await;
        assert_eq!(asked(&cache), 4);
    }

    #[tokio::test]
    async fn a_forgotten_peer_is_forgotten_even_while_it_is_computed() {
        let go = Arc::new(Notify::new());
        let (cache, peer) = (Arc::new(cache(2, Some(go.clone()))), peer());
        let warming = tokio::spawn({
            let (cache, peer) = (cache.clone(), peer);
            async move { cache.warm(&peer).await }
        });
        while asked(&cache) == 0 {
            tokio::task::yield_now().await;
        }
        cache.forget(peer.public_key());
        go.notify_one();
        warming.await.unwrap().unwrap();
        assert!(cache.is_empty());
        go.notify_one();
        cache.warm(&peer).await.unwrap();
        assert_eq!(cache.len(), 1);
        cache.forget(peer.public_key());
        assert!(cache.is_empty());
    }

    #[test]
    fn debug_shows_no_product() {
        assert_eq!(format!("{:?}", cache(3, None)), "StaticProducts { capacity: 3, .. }");
    }
}
