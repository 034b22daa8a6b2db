//! What a trader is made of.

use std::sync::Arc;

use countersign_custody::SharedCustody;
use countersign_protocol::{Identity, SuitePolicy};
use countersign_registry::Resolver;
use countersign_replay::{MemoryCache, ReplayCache};
use countersign_transport::Timeouts;
use tokio::sync::Semaphore;

use crate::cookies::Cookies;
use crate::followed::Followed;
use crate::policy::{MAX_TICKET_LIFETIME, Policy, Reserves};
use crate::reserve::Reserve;
use crate::sources::Sources;
use crate::tickets::Tickets;
use crate::trader::{Inner, Trader};
use crate::under_way::UnderWay;
use crate::watch::Watch;

/// What a [`Trader`] is made of; everything but identity, custody and resolver has a default.
pub struct TraderBuilder {
    identity: Identity,
    custody: SharedCustody,
    resolver: Resolver,
    suites: SuitePolicy,
    timeouts: Timeouts,
    policy: Policy,
    reserves: Reserves,
    replays: Arc<dyn ReplayCache>,
}

impl TraderBuilder {
    /// Everything else at its default.
    pub(crate) fn new(identity: Identity, custody: SharedCustody, resolver: Resolver) -> Self {
        Self {
            identity,
            custody,
            resolver,
            suites: SuitePolicy::default(),
            timeouts: Timeouts::default(),
            policy: Policy::default(),
            reserves: Reserves::default(),
            replays: Arc::new(MemoryCache::default()),
        }
    }

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

    /// What remembers the hellos that were answered. Default: this process's memory, which is right where no other
    /// process answers for this identity; see [`replay`](crate::replay). Processes that share one cache need the same
    /// [`Policy::max_clock_skew`]: a hello is remembered for as long as the one that answered it could accept it, and
    /// one that accepts older hellos would answer it again.
    #[must_use]
    pub fn replay_cache(mut self, cache: impl ReplayCache + 'static) -> Self {
        self.replays = Arc::new(cache);
        self
    }

    /// The trader. Inside a tokio runtime it begins to fill its reserves at once.
    #[must_use]
    pub fn build(self) -> Trader {
        let Self { identity, custody, resolver, suites, timeouts, policy, reserves, replays } = self;
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
            replays,
            proving: Arc::new(Semaphore::new(policy.max_handshakes.min(Semaphore::MAX_PERMITS))),
            under_way: UnderWay::new(policy.max_handshakes_each),
            cookies: Cookies::new(policy.under_load),
            sources: Sources::new(),
            tickets: Tickets::new(policy.ticket_lifetime.min(MAX_TICKET_LIFETIME), MAX_TICKETS),
            watch: Watch::default(),
            followed: Followed::new(reserves.known_peers),
            policy,
        }))
    }
}

impl std::fmt::Debug for TraderBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TraderBuilder")
            .field("identity", &self.identity)
            .field("custody", &self.custody)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Tickets kept at once, of both roles; about 250 bytes each.
const MAX_TICKETS: usize = 4_096;
