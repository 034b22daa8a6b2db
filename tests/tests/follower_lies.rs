//! Endpoints that fail, lie, hide or stall while they are followed: what is served is right, or nothing is.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use alloy::network::Ethereum;
use alloy::primitives::U256;
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::Header;
use countersign::Identity;
use countersign::custody::Custody;
use countersign::protocol::Value;
use countersign::registry::{
    Change, HeadPolicy, HeadTrust, RecordSlots, RecordWord, ResolveError, Resolver, RevocationReason,
    Standing, Watching, artifact,
};
use countersign_tests::followed::{Followed, endpoint_url, settled, swift, watchful};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{CHAIN, Market, Party, Terms, resolver_at};
use serde_json::json;

/// A market seen through three endpoints, two of which must agree.
struct Scene {
    market: Market,
    alice: Party,
    others: [Proxy; 2],
    followed: Followed,
    watching: Watching,
}

impl Scene {
    async fn set(policy: HeadPolicy) -> Self {
        let market = Market::open().await;
        let alice = market.enrol(1, "", Terms::default()).await;
        let proxy = async || Proxy::before(endpoint_url(&market.endpoint())).await;
        let (liar, others) = (proxy().await, [proxy().await, proxy().await]);
        let endpoints = [&liar, &others[0], &others[1]].map(Proxy::endpoint).to_vec();
        let trust = HeadTrust::Quorum { endpoints, threshold: 2.try_into().unwrap() };
        let resolver = Resolver::new(CHAIN, artifact::key_registry_address(), trust, policy).unwrap();
        let followed = Followed::by(liar, resolver);
        let watching = followed.watch(alice.identity).await;
        Self { market, alice, others, followed, watching }
    }

    fn liar(&self) -> &Proxy {
        &self.followed.proxy
    }

    /// Everybody sees what happens to Alice's record from here on, in time, and is served the same.
    async fn is_followed(&mut self) {
        settled(&self.watching).await;
        let version = match self.watching.standing() {
            Some(Standing::Active(record)) => record.version,
            other => panic!("{other:?}"),
        };
        let rotated = self.alice.rotate(Terms::default()).await;
        loop {
            match self.followed.news().await {
                Change::Stands { now: Standing::Active(record), .. } => {
                    assert_eq!(record.version, version + 1);
                    break;
                }
                Change::Doubt(_) => {}
                other => panic!("{other:?}"),
            }
        }
        let resolved = self.followed.resolver.resolve(self.alice.identity).await.unwrap();
        assert_eq!(*resolved.peer_key.public_key(), rotated.key.public_key());
        self.alice = rotated;
    }
}

/// What one endpoint may do.
fn lies(head: u64) -> Vec<(&'static str, Lie)> {
    let say = |text: &str| Lie::Say(text.to_owned());
    vec![
        ("stalls", Lie::Stall),
        ("hangs up", Lie::HangUp),
        ("drones on", Lie::Drone),
        ("answers a byte a second", Lie::Trickle),
        ("answers no JSON", say("<html>out of order</html>")),
        ("answers other JSON", say("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":[]}")),
        ("is on another chain", answer("eth_chainId", |result| *result = json!("0x5"))),
        ("hides new blocks", stick(head, &["eth_getBlockByNumber", "eth_getProof"])),
        ("proves at an old block", stick(head, &["eth_getProof"])),
        ("has no proofs", answer("eth_getProof", |proof| proof["accountProof"] = json!([]))),
        ("invents a block", answer("eth_getBlockByNumber", invent)),
        ("hides receipts", answer("eth_getBlockReceipts", |receipts| *receipts = json!([]))),
    ]
}

fn answer(method: &'static str, bend: impl Fn(&mut serde_json::Value) + Send + 'static) -> Lie {
    Lie::Answer(Box::new(move |call, answer| {
        if call.method == method && !answer["result"].is_null() {
            bend(&mut answer["result"]);
        }
    }))
}

fn stick(number: u64, methods: &'static [&'static str]) -> Lie {
    Lie::Ask(Box::new(move |call| {
        if methods.contains(&call.method.as_str())
            && let Some(block) =
                call.params.as_array_mut().unwrap().iter_mut().find(|param| is_newer(param, number))
        {
            *block = json!(format!("{number:#x}"));
        }
    }))
}

/// The newest block, or one above a height.
fn is_newer(param: &serde_json::Value, number: u64) -> bool {
    let height = param.as_str().and_then(|text| text.strip_prefix("0x")).filter(|digits| digits.len() <= 16);
    *param == "latest" || height.is_some_and(|digits| u64::from_str_radix(digits, 16).unwrap() > number)
}

fn invent(block: &mut serde_json::Value) {
    block["extraData"] = json!("0x6c6965");
    let header: Header = serde_json::from_value(block.clone()).unwrap();
    block["hash"] = json!(header.inner.hash_slow());
}

/// Slow endpoints are given up soon, so that the test need not wait for them.
fn hasty() -> HeadPolicy {
    HeadPolicy {
        request_timeout: Duration::from_secs(2),
        head_patience: Duration::from_millis(200),
        ..watchful()
    }
}

#[tokio::test]
async fn one_liar_of_three_holds_up_nobody() {
    let mut scene = Scene::set(hasty()).await;
    let head = scene.market.height().await;
    for (what, lie) in lies(head) {
        println!("an endpoint that {what}");
        scene.liar().tell(lie);
        scene.is_followed().await;
        scene.liar().tell(Lie::None);
    }
}

#[tokio::test]
async fn a_liar_alone_is_not_served_from_and_is_believed_again_once_it_is_honest() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    market.mine(2).await;
    let proxy = Proxy::before(endpoint_url(&market.endpoint())).await;
    let resolver = resolver_at(proxy.endpoint(), hasty());
    let mut followed = Followed::by(proxy, resolver);
    let watching = followed.watch(alice.identity).await;
    let queries = [market.price()];
    let _prices = followed.follower.watch_queries(&queries);
    for (what, lie) in lies(market.height().await - 1) {
        println!("the only endpoint {what}");
        followed.proxy.tell(lie);
        market.mine(1).await;
        let is_harmless = matches!(
            what,
            "hides receipts" | "is on another chain" | "proves at an old block" | "invents a block"
        );
        if !is_harmless {
            let Change::Doubt(_) = followed.news().await else { panic!("no doubt") };
            assert_eq!(followed.follower.head(), None);
            assert_eq!(watching.standing(), None);
        }
        followed.proxy.tell(Lie::None);
        market.mine(1).await;
        let height = market.height().await;
        let head = followed.reach(height).await;
        settled(&watching).await;
        let served = followed.resolver.resolve(alice.identity).await.unwrap();
        assert_eq!(served.proved_at, head);
        for change in followed.rest().await {
            assert!(
                matches!(change, Change::Head(_) | Change::Doubt(_) | Change::Reorganised { .. }),
                "{change:?}"
            );
        }
    }
}

/// Without receipts nobody knows which records a block changed: all of them are proven anew, and it is counted.
#[tokio::test]
async fn without_receipts_every_record_is_proven_anew() {
    let mut scene = Scene::set(hasty()).await;
    for proxy in [scene.liar(), &scene.others[0], &scene.others[1]] {
        proxy.tell(Lie::Answer(Box::new(|call, answer| {
            if call.method.contains("Receipt") {
                *answer = json!({ "jsonrpc": "2.0", "id": answer["id"],
                    "error": { "code": -32601, "message": "no receipts" } });
            }
        })));
    }
    scene.is_followed().await;
    assert_eq!(scene.followed.follower.health().proven_anew, 1);
    scene.market.mine(1).await;
    let height = scene.market.height().await;
    scene.followed.reach(height).await;
    assert_eq!(
        scene.followed.follower.health().proven_anew,
        1,
        "a block that leaves the registry alone costs nothing"
    );
}

/// As on chains whose headers leave logs out: what changed the registry's storage shows nowhere.
#[tokio::test]
async fn a_change_that_no_log_shows_is_noticed() {
    let mut scene = Scene::set(hasty()).await;
    let standing = scene.watching.standing();
    overwrite(&scene.market, scene.alice.identity, |word| {
        word.revoked = Some(RevocationReason::KeyCompromised);
    })
    .await;
    scene.market.mine(1).await;
    let (before, now) = scene.followed.stands(scene.alice.identity).await;
    assert_eq!(Some(before), standing);
    assert!(matches!(now, Standing::Revoked { reason: RevocationReason::KeyCompromised, .. }), "{now:?}");
    let error = scene.followed.resolver.resolve(scene.alice.identity).await.unwrap_err();
    assert!(matches!(error, ResolveError::Revoked { .. }), "{error:?}");
    let health = scene.followed.follower.health();
    assert_eq!((health.proven_anew, health.unlogged), (1, 1));
}

/// An operator's appointment concerns no record: it is an event all the same, and nothing is proven anew.
#[tokio::test]
async fn an_appointment_costs_no_proof_of_a_record() {
    let mut scene = Scene::set(hasty()).await;
    scene.alice.appoint([7; 20]).await;
    let height = scene.market.height().await;
    scene.followed.reach(height).await;
    assert!(scene.watching.standing().is_some());
    let health = scene.followed.follower.health();
    assert_eq!((health.proven_anew, health.unlogged), (0, 0));
}

async fn overwrite(market: &Market, identity: Identity, change: impl FnOnce(&mut RecordWord)) {
    let registry = artifact::key_registry_address().0.into();
    let slot = U256::from_be_bytes(RecordSlots::of(&identity).word.0);
    let word = market.provider().get_storage_at(registry, slot).await.unwrap();
    let mut word = RecordWord::parse(word.into()).unwrap();
    change(&mut word);
    AnvilApi::<Ethereum>::anvil_set_storage_at(market.provider(), registry, slot, word.pack()).await.unwrap();
}

/// No question ends by itself while a test lasts.
fn patient() -> HeadPolicy {
    HeadPolicy {
        request_timeout: Duration::from_secs(300),
        head_patience: Duration::from_millis(200),
        ..swift()
    }
}

/// Who stalls on what a block changed keeps it from nobody: every record is proven anew without.
#[tokio::test]
async fn a_stall_keeps_no_revocation_from_anybody() {
    let mut scene = Scene::set(patient()).await;
    for proxy in [scene.liar(), &scene.others[0], &scene.others[1]] {
        proxy.tell_about("eth_getBlockReceipts", Lie::Stall);
    }
    scene.alice.revoke().await;
    let Change::Stands { now, .. } = scene.followed.news().await else { panic!("not the revocation") };
    assert!(matches!(now, Standing::Revoked { .. }), "{now:?}");
    assert_eq!(scene.followed.follower.health().proven_anew, 1);
}

/// Once there is a newer head, the one before is served for a moment only, though the newer one cannot be proven.
#[tokio::test]
async fn a_head_that_is_outrun_is_not_served() {
    let scene = Scene::set(patient()).await;
    assert!(scene.followed.follower.head().is_some());
    for proxy in [scene.liar(), &scene.others[0], &scene.others[1]] {
        proxy.tell_about("eth_getProof", Lie::Stall);
    }
    scene.alice.revoke().await;
    let gone = tokio::time::timeout(Duration::from_secs(30), async {
        while scene.followed.follower.head().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    gone.await.unwrap_or_else(|_| panic!("the old head is served on"));
    assert_eq!(scene.watching.standing(), None);
}

/// Another branch may be shorter at first. Enough endpoints show it, so what is gone is served no more.
#[tokio::test]
async fn a_shorter_branch_is_followed() {
    let mut scene = Scene::set(swift()).await;
    scene.market.mine(5).await;
    let before = scene.market.height().await;
    scene.followed.reach(before).await;
    scene.followed.rest().await;
    AnvilApi::<Ethereum>::anvil_rollback(scene.market.provider(), Some(3)).await.unwrap();
    // Another price makes another block.
    scene.market.set_price(7).await;
    scene.market.mine(1).await;
    loop {
        match scene.followed.news().await {
            Change::Doubt(_) => {}
            Change::Reorganised { depth, ancestor } => {
                assert_eq!((depth, ancestor.block_number), (3, before - 3));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let Change::Head(head) = scene.followed.next().await else { panic!("no head") };
    assert!(head.anchor.block_number < before);
    scene.followed.resolver.resolve(scene.alice.identity).await.unwrap();
}

/// All three show an old chain: none is served once its head is not confirmed to be the head any more.
#[tokio::test]
async fn endpoints_that_fall_silent_are_not_served_from() {
    let mut scene = Scene::set(hasty()).await;
    for proxy in [scene.liar(), &scene.others[0], &scene.others[1]] {
        proxy.tell(Lie::Stall);
    }
    tokio::time::sleep(hasty().poll_interval * 2 + hasty().head_patience + Duration::from_millis(200)).await;
    assert_eq!(scene.followed.follower.head(), None, "before any doubt is told");
    assert!(scene.followed.resolver.resolve(scene.alice.identity).await.is_err());
    let Change::Doubt(error) = scene.followed.news().await else { panic!("no doubt") };
    assert!(matches!(error, ResolveError::NoQuorum { .. }), "{error:?}");
    for proxy in [scene.liar(), &scene.others[0], &scene.others[1]] {
        proxy.tell(Lie::None);
    }
    scene.is_followed().await;
}

/// A price that a liar shows is no price.
#[tokio::test]
async fn a_wrong_value_is_never_told() {
    let mut scene = Scene::set(hasty()).await;
    let queries = [scene.market.price()];
    let prices = scene.followed.follower.watch_queries(&queries);
    settled(&prices).await;
    scene.liar().bend("eth_getProof", |proof| {
        for slot in proof["storageProof"].as_array_mut().unwrap() {
            slot["value"] = json!("0x1");
        }
    });
    for price in [5_u8, 6, 7] {
        scene.market.set_price(price.into()).await;
        let Change::Moved { now, .. } = scene.followed.news().await else { panic!("not the price") };
        let mut word = [0; 32];
        word[31] = price;
        assert_eq!(now, Value::Word(word));
    }
}

/// One that shows heads at once and proves nothing is not waited for again at each head.
#[tokio::test]
async fn who_stalls_on_proofs_is_asked_for_them_last_from_then_on() {
    let patience = Duration::from_secs(1);
    let policy =
        HeadPolicy { head_patience: patience, request_timeout: Duration::from_secs(30), ..watchful() };
    let mut scene = Scene::set(policy).await;
    scene.liar().tell_about("eth_getProof", Lie::Stall);
    for other in &scene.others {
        other.tell(Lie::Delay(Duration::from_millis(50)));
    }
    let begun = Instant::now();
    for _ in 0..8 {
        scene.market.mine(1).await;
        let height = scene.market.height().await;
        scene.followed.reach(height).await;
    }
    // Patience was lost once or twice, not at each of the heads.
    assert!(begun.elapsed() < 5 * patience, "{:?}", begun.elapsed());
}
