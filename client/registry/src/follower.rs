//! Following the heads of a chain, so that whoever is watched is known before anybody asks.
//!
//! ```text
//! Heads ──agreed──► link (parent hashes) ──► registry account ──root unchanged──► nothing to prove
//!                        │                        └──root changed──► verified logs ──► the watched among them
//!                        │                                              └──none──► all watched
//!                        └─ reorganised: what lay above the common ancestor is proven anew
//!                  ──► watched queries ──► Snapshot, swapped in ──► Change, told
//! Resolver::resolve, view, head ──► Snapshot, while it is fresh; else the endpoints, as ever
//! ```

mod asking;
mod change;
mod course;
mod handle;
mod link;
mod past;
mod readings;
mod records;
mod ring;
mod roster;
mod serve;
mod snapshot;
mod standings;
mod task;

use std::sync::Arc;

use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Identity, Query};

pub use change::{Change, Changes};
pub(crate) use handle::Following;

use self::handle::Handle;
use crate::health::EndpointHealth;
use crate::resolver::{ProvedHead, Resolver};
use crate::standing::Standing;

/// Follows the heads of a resolver's chain, and keeps what is watched proven at each. Cheap to clone.
///
/// What is watched is served by [`Resolver::resolve`], [`view`](Resolver::view) and [`head`](Resolver::head) of the
/// same resolver and its clones, without asking an endpoint, as long as the follower is sure of the head. The task
/// behind it ends when the last `Follower`, [`Watching`] and [`Changes`] is dropped.
#[derive(Clone, Debug)]
pub struct Follower(Arc<Handle>);

/// Something is watched as long as this is held.
#[derive(Debug)]
#[must_use = "what is watched is watched no longer than this is held"]
pub struct Watching {
    follower: Arc<Handle>,
    what: Watched,
}

#[derive(Debug)]
enum Watched {
    Record(Identity),
    Queries(Vec<Query>),
}

/// How a follower fares.
#[derive(Clone, Debug)]
pub struct FollowerHealth {
    /// The head that it serves from; `None` while it serves nothing.
    pub head: Option<ProvedHead>,
    /// Identities that are watched.
    pub records: usize,
    /// Those of them that are not proven at the newest head: new ones, and those whose proof failed. They are tried
    /// again, and the resolver asks for them meanwhile.
    pub unproven: u64,
    /// Queries that are watched.
    pub queries: usize,
    /// Those of them that are still to be read at the newest head. What no contract answers there is not among them.
    pub unread: u64,
    /// Heads followed so far.
    pub heads: u64,
    /// Times that followed blocks were reorganised away.
    pub reorganisations: u64,
    /// Heads at which every watched record was proven anew, since nobody showed which of them changed.
    pub proven_anew: u64,
    /// Those of them at which the registry's storage changed and no log shows by what: of a chain whose headers leave logs
    /// out this counts up with every change, each of which costs a proof of every watched record.
    pub unlogged: u64,
    /// Each endpoint.
    pub endpoints: Vec<EndpointHealth>,
}

impl Resolver {
    /// Follows the chain from now on: the one follower of this resolver and its clones, begun by the first call.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, as [`tokio::spawn`] does.
    #[must_use]
    pub fn follow(&self) -> Follower {
        Follower(self.following().follow(self))
    }
}

impl Follower {
    /// Watches an identity: its record is proven as soon as there is a head, and at each head that may have changed it.
    /// `hint` is a key that somebody says it has, for a compact record; it is used only if it hashes to the record's
    /// signer.
    pub fn watch(&self, identity: Identity, hint: Option<PublicKey>) -> Watching {
        self.0.shared.roster.join(identity, hint);
        Watching { follower: self.0.clone(), what: Watched::Record(identity) }
    }

    /// Watches queries: they are proven at every head.
    pub fn watch_queries(&self, queries: &[Query]) -> Watching {
        self.0.shared.roster.join_queries(queries);
        Watching { follower: self.0.clone(), what: Watched::Queries(queries.to_vec()) }
    }

    /// What changes from now on. Subscribe before you watch, or the first change may be missed.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes::of(self.0.clone(), self.0.shared.told.subscribe())
    }

    /// The head that is served, if the follower is sure of it.
    #[must_use]
    pub fn head(&self) -> Option<ProvedHead> {
        self.0.resolver.followed().map(|snapshot| snapshot.head)
    }

    /// How it fares.
    #[must_use]
    pub fn health(&self) -> FollowerHealth {
        let (records, queries) = self.0.shared.roster.counts();
        let [heads, reorganisations, proven_anew, unlogged, unproven, unread] = self.0.shared.counts.read();
        let (head, endpoints) = (self.head(), self.0.resolver.health());
        FollowerHealth {
            head,
            records,
            unproven,
            queries,
            unread,
            heads,
            reorganisations,
            proven_anew,
            unlogged,
            endpoints,
        }
    }
}

impl Watching {
    /// How the watched identity stands at the head that is served; `None` where it is not proven there, where something
    /// newer was proven of it elsewhere, where nothing is served, and for queries.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let Watched::Record(identity) = &self.what else { return None };
        let snapshot = self.follower.resolver.followed()?;
        let watched = snapshot.records.find(identity)?;
        // That a key is good no more is so whatever was proven elsewhere.
        let is_outdone = || {
            let (record, header) = (watched.record.as_ref(), snapshot.header());
            matches!(watched.told, Standing::Active(_))
                && self.follower.resolver.is_outdone(identity, record, header)
        };
        (watched.is_current && !is_outdone()).then_some(watched.told)
    }

    /// Waits until the identity is proven, or all of the queries are, at the head that is served. Bound it: endpoints
    /// may never show what is asked for, and what no contract answers is never read.
    pub async fn proven(&self) {
        let mut published = self.follower.shared.published.subscribe();
        // The sender lives as long as this guard.
        while !self.is_proven() && published.changed().await.is_ok() {}
    }

    fn is_proven(&self) -> bool {
        match &self.what {
            Watched::Record(_) => self.standing().is_some(),
            Watched::Queries(queries) => self.follower.resolver.followed().is_some_and(|snapshot| {
                queries.iter().all(|query| snapshot.ring.newest().readings.contains_key(query))
            }),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let roster = &self.follower.shared.roster;
        match &self.what {
            Watched::Record(identity) => roster.leave(identity),
            Watched::Queries(queries) => roster.leave_queries(queries),
        }
    }
}
