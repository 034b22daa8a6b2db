//! One identity, ready to dial and to be dialled.

use std::sync::Arc;

use countersign_custody::{Custody, SharedCustody};
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Anchor, Identity, Query, StateView, SuitePolicy};
use countersign_registry::{KeyHint, ResolveError, Resolved, Resolver, ViewRequest};
use countersign_replay::ReplayCache;
use countersign_transport::Timeouts;
use tokio::net::ToSocketAddrs;
use tokio::sync::Semaphore;

use crate::cookies::Cookies;
use crate::dial;
use crate::error::Error;
use crate::followed::Followed;
use crate::listener::Listener;
use crate::policy::Policy;
use crate::reserve::Reserve;
use crate::session::Session;
use crate::sources::Sources;
use crate::tickets::Tickets;
use crate::trader_builder::TraderBuilder;
use crate::under_way::UnderWay;
use crate::wanted::Wanted;
use crate::watch::Watch;

/// One identity on one chain: it dials others, and answers them. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Trader(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) identity: Identity,
    pub(crate) public_key: PublicKey,
    pub(crate) resolver: Resolver,
    pub(crate) suites: SuitePolicy,
    pub(crate) timeouts: Timeouts,
    pub(crate) policy: Policy,
    pub(crate) reserve: Reserve,
    pub(crate) replays: Arc<dyn ReplayCache>,
    /// One permit for each proposal that may be proven at a time.
    pub(crate) proving: Arc<Semaphore>,
    pub(crate) under_way: UnderWay,
    pub(crate) cookies: Cookies,
    pub(crate) sources: Sources,
    pub(crate) tickets: Tickets,
    pub(crate) watch: Watch,
    pub(crate) followed: Followed,
}

/// A view of the chain for one handshake.
pub(crate) struct Proven {
    pub(crate) view: StateView,
    /// Whether it is the follower's: the endpoints may know a newer block.
    pub(crate) is_followed: bool,
}

impl Trader {
    /// Begins with who this side is, who holds its static key, and how it sees the chain.
    pub fn builder(identity: Identity, custody: impl Custody + 'static, resolver: Resolver) -> TraderBuilder {
        TraderBuilder::new(identity, SharedCustody::new(custody), resolver)
    }

    /// Who this side is.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.0.identity
    }

    /// The static key that custody holds.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.0.public_key
    }

    /// How this side sees the chain.
    #[must_use]
    pub fn resolver(&self) -> &Resolver {
        &self.0.resolver
    }

    /// The proven key of an identity. To dial, this is not needed: [`dial`](Self::dial) proves for itself.
    ///
    /// # Errors
    /// [`Error::Resolve`]: what is proven of the identity, or why nothing is.
    pub async fn resolve(&self, identity: Identity) -> Result<Resolved, Error> {
        Ok(self.0.resolver.resolve(identity).await?)
    }

    /// Proves a peer's key and gets everything ready, so that the first session with it is as fast as the next.
    ///
    /// # Errors
    /// [`Error::Resolve`], [`Error::Custody`] and [`Error::CustodyTimeout`].
    pub async fn prepare(&self, peer: Identity) -> Result<Resolved, Error> {
        let resolved = self.resolve(peer).await?;
        self.0.reserve.prepare_for(&resolved.peer_key).await?;
        Ok(resolved)
    }

    /// Opens a session with `peer`, who listens at `at`, bound to the newest block that both sides know and to what
    /// the queries read there: at most [`MAX_READINGS`](crate::MAX_READINGS), in this order.
    ///
    /// Where the responder does not know the block, or finds it too old, this side proposes once more; so it does where
    /// its view was the follower's, and the endpoints show another key by now. Where an
    /// earlier session with that peer left a ticket, custody is not asked ([`Session::is_resumed`]); the state is
    /// proven all the same, and a ticket that does not serve is followed by a live handshake. Dropped before it is
    /// done, it closes the connection and wipes its keys.
    ///
    /// # Errors
    /// [`Error::Resolve`] where either identity cannot be proven, [`Error::Refused`] with the responder's reason,
    /// [`Error::Transport`], [`Error::Protocol`], and whatever custody fails with.
    pub async fn dial(
        &self,
        peer: Identity,
        at: impl ToSocketAddrs,
        queries: &[Query],
    ) -> Result<Session, Error> {
        dial::dial(self, peer, at, queries).await
    }

    /// Listens for diallers. Port 0 takes a free one: ask [`Listener::local_addr`].
    ///
    /// # Errors
    /// [`Error::Transport`] where the address is in use or not this machine's.
    pub async fn listen(&self, bind: impl ToSocketAddrs) -> Result<Listener, Error> {
        Listener::bind(self.clone(), bind).await
    }

    /// This side's proven view: as the chain's follower has it, else as the endpoints show it. Its own record names the
    /// key that custody holds.
    pub(crate) async fn prove(&self, wanted: Wanted<'_>) -> Result<Proven, Error> {
        // What the follower refuses may be right by now: it can be a block behind.
        if let Some(Ok(view)) = self.0.resolver.view_followed(&self.request(&wanted))
            && self.check_own_key(view.local().record().signer).is_ok()
        {
            return Ok(Proven { view, is_followed: true });
        }
        self.prove_anew(wanted).await
    }

    /// As [`prove`](Self::prove), by asking the endpoints.
    pub(crate) async fn prove_anew(&self, wanted: Wanted<'_>) -> Result<Proven, Error> {
        let error = match self.0.resolver.view_anew(self.request(&wanted)).await {
            Ok(view) => match self.check_own_key(view.local().record().signer) {
                Ok(()) => return Ok(Proven { view, is_followed: false }),
                Err(not_mine) => not_mine,
            },
            Err(ResolveError::KeyMismatch { identity, signer, shown }) if identity == self.0.identity => {
                Error::NotMyKey { identity, registered: signer, held: shown }
            }
            Err(error) => Error::Resolve(error),
        };
        self.forget_what_is_over(&error, &wanted.peer);
        Err(error)
    }

    /// As [`prove`](Self::prove), at the block of that height.
    pub(crate) async fn prove_at_height(&self, wanted: Wanted<'_>, height: u64) -> Result<Proven, Error> {
        let anchor = self.0.resolver.block_at(height).await?;
        self.prove(Wanted { anchor: Some(anchor), ..wanted }).await
    }

    /// Drops what was prepared and kept of a peer, which is not as it was.
    pub(crate) fn forget(&self, peer: &Identity) {
        self.0.reserve.forget(peer);
        self.0.tickets.forget(peer);
    }

    /// As [`forget`](Self::forget), for all peers: it is this side that is not as it was.
    pub(crate) fn forget_everybody(&self) {
        self.0.reserve.forget_all();
        self.0.tickets.forget_all();
    }

    /// Gets ready for the next session with this peer, in the background.
    pub(crate) fn prepare_for_next(&self, view: &StateView) {
        let (inner, peer) = (self.0.clone(), *view.peer());
        tokio::spawn(async move {
            if let Err(error) = inner.reserve.prepare_for(&peer).await {
                tracing::warn!(peer = %peer.identity(), %error, "nothing is prepared for the next session");
            }
        });
    }

    /// What continues a session: a view of the same parties and queries, at that block or at the newest.
    pub(crate) async fn prove_again(
        &self,
        before: &StateView,
        anchor: Option<Anchor>,
    ) -> Result<StateView, Error> {
        let queries: Vec<Query> = before.queries().cloned().collect();
        let (peer, key) = (before.peer().identity(), Some(KeyHint::Known(*before.peer().public_key())));
        Ok(self.prove(Wanted { peer, key, anchor, queries: &queries }).await?.view)
    }

    fn request<'a>(&self, wanted: &Wanted<'a>) -> ViewRequest<'a> {
        ViewRequest {
            anchor: wanted.anchor,
            local: self.0.identity,
            peer: wanted.peer,
            local_key_hint: Some(KeyHint::Shown(self.0.public_key)),
            peer_key_hint: wanted.key.or_else(|| self.0.reserve.known_key(&wanted.peer).map(KeyHint::Known)),
            queries: wanted.queries,
        }
    }

    fn check_own_key(&self, registered: Address) -> Result<(), Error> {
        let held = Address(self.0.public_key.address());
        if registered != held {
            return Err(Error::NotMyKey { identity: self.0.identity, registered, held });
        }
        Ok(())
    }

    /// Drops what was prepared with a key that is no longer valid: a peer's, or this side's own.
    fn forget_what_is_over(&self, error: &Error, peer: &Identity) {
        let is_own_key_over = match error {
            Error::NotMyKey { .. } => true,
            Error::Resolve(error) => is_over(error, &self.0.identity),
            _ => false,
        };
        if is_own_key_over {
            self.forget_everybody();
        } else if matches!(error, Error::Resolve(error) if is_over(error, peer)) {
            self.forget(peer);
        }
    }
}

impl std::fmt::Debug for Trader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trader")
            .field("identity", &self.0.identity)
            .field("public_key", &self.0.public_key)
            .finish_non_exhaustive()
    }
}

/// Whether a proof shows that an identity's key is the one it was no more.
fn is_over(error: &ResolveError, whose: &Identity) -> bool {
    match error {
        ResolveError::NotRegistered { identity, .. }
        | ResolveError::Revoked { identity, .. }
        | ResolveError::Expired { identity, .. }
        | ResolveError::Rotated { identity, .. } => identity == whose,
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use countersign_custody::LocalKey;
    use countersign_registry::{HeadPolicy, HeadTrust, RevocationReason};

    use super::*;
    use crate::registered::{identity, peer_key};

    fn revoked(identity: Identity) -> Error {
        let (version, reason, at) = (1, RevocationReason::KeyCompromised, 9);
        Error::Resolve(ResolveError::Revoked { identity, version, reason, at })
    }

    /// What is known of peers 1, 2 and 3 after that error in a handshake with peer 1. This side is 9.
    async fn known_after(error: Error) -> Vec<u8> {
        let trust = HeadTrust::OwnNode("http://127.0.0.1:9".parse().unwrap());
        let resolver = Resolver::new(1, Address([7; 20]), trust, HeadPolicy::anvil()).unwrap();
        let me = Trader::builder(identity(9), LocalKey::generate().unwrap(), resolver).build();
        for peer in 1..4 {
            let public_key = LocalKey::generate().unwrap().public_key();
            me.0.reserve.warm(&peer_key(peer, public_key)).await.unwrap();
        }
        me.forget_what_is_over(&error, &identity(1));
        (1..4).filter(|peer| me.0.reserve.known_key(&identity(*peer)).is_some()).collect()
    }

    #[tokio::test]
    async fn a_revoked_peer_is_forgotten_and_ones_own_revocation_forgets_everybody() {
        assert_eq!(known_after(revoked(identity(1))).await, [2, 3]);
        assert!(known_after(revoked(identity(9))).await.is_empty());
        let (registered, held) = (Address([1; 20]), Address([2; 20]));
        assert!(known_after(Error::NotMyKey { identity: identity(9), registered, held }).await.is_empty());
        let rotated = ResolveError::Rotated { identity: identity(9), anchored: 1, newest: 2 };
        assert!(known_after(rotated.into()).await.is_empty());
    }

    /// Anyone may show a wrong key under somebody's name.
    #[tokio::test]
    async fn what_a_stranger_can_cause_forgets_nobody() {
        let (signer, shown) = (Address([1; 20]), Address([2; 20]));
        let mismatch = ResolveError::KeyMismatch { identity: identity(1), signer, shown };
        assert_eq!(known_after(mismatch.into()).await, [1, 2, 3]);
    }
}
