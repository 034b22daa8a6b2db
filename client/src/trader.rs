//! One identity, ready to dial and to be dialled.

use std::sync::Arc;
use std::time::Instant;

use countersign_custody::{Custody, SharedCustody};
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Anchor, Identity, Query, StateView, SuitePolicy};
use countersign_registry::{ResolveError, Resolved, Resolver, ViewRequest};
use countersign_transport::Timeouts;
use tokio::net::ToSocketAddrs;
use tokio::sync::Semaphore;

use crate::dial;
use crate::error::Error;
use crate::listener::Listener;
use crate::policy::{Policy, Reserves};
use crate::recent_views::{RecentViews, Wanted};
use crate::replay_window::ReplayWindow;
use crate::reserve::Reserve;
use crate::session::Session;
use crate::under_way::UnderWay;

/// One identity on one chain: it dials others, and answers them. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Trader(pub(crate) Arc<Inner>);

/// What a [`Trader`] is made of; everything but identity, custody and resolver has a default.
#[derive(Debug)]
pub struct TraderBuilder {
    identity: Identity,
    custody: SharedCustody,
    resolver: Resolver,
    suites: SuitePolicy,
    timeouts: Timeouts,
    policy: Policy,
    reserves: Reserves,
}

pub(crate) struct Inner {
    pub(crate) identity: Identity,
    pub(crate) public_key: PublicKey,
    pub(crate) resolver: Resolver,
    pub(crate) suites: SuitePolicy,
    pub(crate) timeouts: Timeouts,
    pub(crate) policy: Policy,
    pub(crate) reserve: Reserve,
    pub(crate) replays: ReplayWindow,
    /// One permit for each proposal that may be proven at a time.
    pub(crate) proving: Arc<Semaphore>,
    pub(crate) under_way: UnderWay,
    views: RecentViews,
}

/// A view of the chain for one handshake.
pub(crate) struct Proven {
    pub(crate) view: StateView,
    /// Whether it was proven for an earlier handshake.
    pub(crate) is_reused: bool,
}

impl Trader {
    /// Begins with who this side is, who holds its static key, and how it sees the chain.
    pub fn builder(identity: Identity, custody: impl Custody + 'static, resolver: Resolver) -> TraderBuilder {
        TraderBuilder {
            identity,
            custody: SharedCustody::new(custody),
            resolver,
            suites: SuitePolicy::default(),
            timeouts: Timeouts::default(),
            policy: Policy::default(),
            reserves: Reserves::default(),
        }
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
    /// Where the responder does not know the block, or finds it too old, this side proposes once more. Dropped
    /// before it is done, it closes the connection and wipes its keys.
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

    /// This side's proven view for a handshake; its own record names the key that custody holds.
    pub(crate) async fn prove(&self, wanted: Wanted<'_>) -> Result<Proven, Error> {
        if let Some(view) = self.0.views.find(&wanted) {
            return Ok(Proven { view, is_reused: true });
        }
        let since = Instant::now();
        let view = self.prove_anew(&wanted, wanted.anchor.copied()).await?;
        self.0.views.keep(&view, since);
        Ok(Proven { view, is_reused: false })
    }

    /// As [`prove`](Self::prove), at the block of that height.
    pub(crate) async fn prove_at_height(&self, wanted: Wanted<'_>, height: u64) -> Result<Proven, Error> {
        let anchor = self.0.resolver.block_at(height).await?;
        let view = self.prove_anew(&wanted, Some(anchor)).await?;
        Ok(Proven { view, is_reused: false })
    }

    /// Drops what was prepared and proven of a peer, which is not as it was.
    pub(crate) fn forget(&self, peer: &Identity) {
        self.0.views.forget(peer);
        self.0.reserve.forget(peer);
    }

    /// Drops the view of a peer alone: the next handshake proves anew.
    pub(crate) fn forget_view(&self, peer: &Identity) {
        self.0.views.forget(peer);
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

    async fn prove_anew(&self, wanted: &Wanted<'_>, anchor: Option<Anchor>) -> Result<StateView, Error> {
        let request = ViewRequest {
            anchor,
            local: self.0.identity,
            peer: wanted.peer,
            local_key_hint: Some(self.0.public_key),
            peer_key_hint: wanted.peer_key.copied(),
            queries: wanted.queries,
        };
        let view = self.0.resolver.view(request).await.inspect_err(|error| {
            if is_over(error, &wanted.peer) {
                self.forget(&wanted.peer);
            }
        })?;
        let (registered, held) = (view.local().record().signer, Address(self.0.public_key.address()));
        if registered != held {
            return Err(Error::NotMyKey { identity: self.0.identity, registered, held });
        }
        Ok(view)
    }
}

impl TraderBuilder {
    /// Which suites to dial with and to answer. Default: hybrid alone.
    #[must_use]
    pub fn suites(mut self, suites: SuitePolicy) -> Self {
        self.suites = suites;
        self
    }

    /// How long each wait may last. A custody request may take as long as a handshake step.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// What this side accepts.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// What is prepared off the hot path.
    #[must_use]
    pub fn reserves(mut self, reserves: Reserves) -> Self {
        self.reserves = reserves;
        self
    }

    /// The trader. Inside a tokio runtime it begins to fill its reserves at once.
    #[must_use]
    pub fn build(self) -> Trader {
        let Self { identity, custody, resolver, suites, timeouts, policy, reserves } = self;
        let reserve = Reserve::new(custody, reserves, suites.preferred(), timeouts.handshake_step);
        if tokio::runtime::Handle::try_current().is_ok() {
            reserve.refill();
        }
        Trader(Arc::new(Inner {
            identity,
            public_key: reserve.public_key(),
            resolver,
            suites,
            timeouts,
            reserve,
            replays: ReplayWindow::new(REMEMBERED_HELLOS),
            proving: Arc::new(Semaphore::new(policy.max_handshakes.min(Semaphore::MAX_PERMITS))),
            under_way: UnderWay::new(policy.max_handshakes_each),
            views: RecentViews::new(policy.view_reuse, reserves.known_peers.get()),
            policy,
        }))
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

/// Whether a proof shows that the peer's key is the one it was no more.
fn is_over(error: &ResolveError, peer: &Identity) -> bool {
    match error {
        ResolveError::NotRegistered { identity, .. }
        | ResolveError::Revoked { identity, .. }
        | ResolveError::Expired { identity, .. }
        | ResolveError::Rotated { identity, .. } => identity == peer,
        _ => false,
    }
}

/// Hellos remembered at most; about 150 bytes each. With the default skew of 30 s, and clocks that agree,
/// that is above 2,000 a second.
const REMEMBERED_HELLOS: usize = 1 << 17;
