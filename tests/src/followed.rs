//! A follower of a market behind a proxy, and what it tells.

use std::time::Duration;

use alloy::network::Ethereum;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::anvil::ReorgOptions;
use countersign::Identity;
use countersign::registry::{
    Change, Changes, Endpoint, Follower, HeadPolicy, ProvedHead, Resolver, Standing, Watching,
};
use tokio::time::timeout;

use crate::proxy::Proxy;
use crate::trader::{Market, prompt, resolver_at};

/// A resolver that asks a market through a proxy, and its follower.
pub struct Followed {
    pub proxy: Proxy,
    pub resolver: Resolver,
    pub follower: Follower,
    pub changes: Changes,
}

impl Followed {
    pub async fn of(market: &Market, policy: HeadPolicy) -> Self {
        let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
        let resolver = resolver_at(proxy.endpoint(), policy);
        Self::by(proxy, resolver)
    }

    pub fn by(proxy: Proxy, resolver: Resolver) -> Self {
        let follower = resolver.follow();
        let changes = follower.changes();
        Self { proxy, resolver, follower, changes }
    }

    /// Watches, and waits until it is proven.
    pub async fn watch(&self, identity: Identity) -> Watching {
        let watching = self.follower.watch(identity, None);
        settled(&watching).await;
        watching
    }

    /// The next change.
    pub async fn next(&mut self) -> Change {
        let change = timeout(LONG, self.changes.next()).await;
        let change = change.unwrap_or_else(|_| panic!("nothing is told: {:?}", self.follower.health()));
        change.expect("the follower lives")
    }

    /// Whatever is told until nothing is for a while.
    pub async fn rest(&mut self) -> Vec<Change> {
        let mut told = Vec::new();
        while let Ok(Some(change)) = timeout(Duration::from_millis(50), self.changes.next()).await {
            told.push(change);
        }
        told
    }

    /// The next change that is not just a new head.
    pub async fn news(&mut self) -> Change {
        loop {
            match self.next().await {
                Change::Head(_) => {}
                news => return news,
            }
        }
    }

    /// How an identity stands next, and how it stood before that.
    pub async fn stands(&mut self, whose: Identity) -> (Standing, Standing) {
        match self.news().await {
            Change::Stands { identity, before, now } if identity == whose => (before, now),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until a head of at least that height is served.
    pub async fn reach(&mut self, height: u64) -> ProvedHead {
        let is_there = |head: &ProvedHead| head.anchor.block_number >= height;
        let reached = timeout(LONG, async {
            loop {
                match self.follower.head().filter(is_there) {
                    Some(head) => break head,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        });
        reached.await.unwrap_or_else(|_| panic!("block {height} is not served: {:?}", self.follower.health()))
    }
}

pub async fn settled(watching: &Watching) {
    timeout(LONG, watching.proven()).await.expect("a proof in time");
}

/// Polls often, so that a test waits for nothing but the proofs; and a busy machine may poll late.
pub fn swift() -> HeadPolicy {
    let max_head_age = Some(Duration::from_secs(3600));
    HeadPolicy { poll_interval: Duration::from_millis(50), max_head_age, ..prompt() }
}

/// As [`swift`], for a chain that may stand still: its head counts only while it is confirmed again and again.
pub fn watchful() -> HeadPolicy {
    HeadPolicy { max_head_age: None, ..swift() }
}

/// Asks once, and then no more for an hour: whatever is asked is asked by somebody else.
pub fn silent() -> HeadPolicy {
    let hour = Duration::from_secs(3600);
    HeadPolicy { poll_interval: hour, max_head_age: Some(hour), ..prompt() }
}

/// Replaces the newest blocks by as many empty ones.
pub async fn reorganise(market: &Market, depth: u64) {
    let options = ReorgOptions { depth, tx_block_pairs: Vec::new() };
    AnvilApi::<Ethereum>::anvil_reorg(market.provider(), options).await.unwrap();
}

pub fn endpoint_url(endpoint: &Endpoint) -> alloy::transports::http::reqwest::Url {
    endpoint.to_string().parse().unwrap()
}

const LONG: Duration = Duration::from_secs(30);
