//! What was proven before is never gone back from, whatever restart lies between.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::PathBuf;
use std::time::Duration;

use alloy::network::Ethereum;
use alloy::providers::ext::AnvilApi;
use countersign::registry::{
    HeadNews, HeadPolicy, HeadTrust, KnownRecords, ResolveError, Resolver, Rollback, StaleHead, Standing,
    ViewRequest, artifact,
};
use countersign_tests::followed::swift;
use countersign_tests::proxy::Proxy;
use countersign_tests::trader::{CHAIN, Market, Party, Terms, prompt, resolver_at};
use tempfile::TempDir;
use tokio::time::timeout;

struct Scene {
    market: Market,
    alice: Party,
    bob: Party,
    proxy: Proxy,
    folder: TempDir,
}

impl Scene {
    async fn set() -> Self {
        let market = Market::open().await;
        let alice = market.enrol(1, "", Terms::default()).await;
        let bob = market.enrol(2, "", Terms::default()).await;
        let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
        Self { market, alice, bob, proxy, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("known.sqlite")
    }

    fn known(&self) -> KnownRecords {
        KnownRecords::open(&self.file()).unwrap()
    }

    /// A new process's resolver: its only memory is the file.
    fn restarted(&self) -> Resolver {
        self.restarted_with(prompt())
    }

    fn restarted_with(&self, policy: HeadPolicy) -> Resolver {
        resolver_at(self.proxy.endpoint(), policy).remembering(self.known()).unwrap()
    }

    /// As one of a quorum, of which each may be a block or two behind.
    fn restarted_in_quorum(&self) -> Resolver {
        let endpoints = vec![self.proxy.endpoint()];
        let trust = HeadTrust::Quorum { endpoints, threshold: 1.try_into().unwrap() };
        let resolver = Resolver::new(CHAIN, artifact::key_registry_address(), trust, prompt()).unwrap();
        resolver.remembering(self.known()).unwrap()
    }

    fn show_block(&self, number: u64) {
        self.proxy.stick_at(number, &["eth_getBlockByNumber", "eth_getProof"]);
    }

    /// The chain as it was some blocks ago, and longer than before.
    async fn replay(&self, blocks: u64) {
        AnvilApi::<Ethereum>::anvil_rollback(self.market.provider(), Some(blocks)).await.unwrap();
        self.market.mine(blocks + 1).await;
    }

    fn view(&self) -> ViewRequest<'static> {
        ViewRequest {
            anchor: None,
            local: self.bob.identity,
            peer: self.alice.identity,
            local_key_hint: None,
            peer_key_hint: None,
            queries: &[],
        }
    }
}

#[tokio::test]
async fn an_older_head_is_refused_after_a_restart_and_written_down() {
    let scene = Scene::set().await;
    let old = scene.market.height().await;
    scene.alice.revoke().await;
    let outcome = scene.restarted().resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
    scene.show_block(old);
    for _ in 0..2 {
        let outcome = scene.restarted().resolve(scene.alice.identity).await;
        let Err(ResolveError::StaleHead { number, why }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((number, why), (old, StaleHead::BehindProven { proven: old + 1 }));
    }
    // Whoever asks for nothing but the head is told the same.
    scene.restarted().head().await.unwrap_err();
    let incidents = scene.known().incidents().unwrap();
    let [incident] = &*incidents else { panic!("{incidents:?}") };
    let Rollback::Head { known, shown } = incident.rollback else { panic!("{incident:?}") };
    assert_eq!((known, shown.number, incident.times), (old + 1, old, 3));
    assert_eq!(incident.endpoints, [scene.proxy.endpoint().to_string()]);
}

/// Who follows heads sees the same block again at each poll: it is one rollback, and the next block is another.
#[tokio::test]
async fn a_followed_head_that_went_back_is_written_down_once_for_each_block() {
    let scene = Scene::set().await;
    let height = scene.market.height().await;
    scene.restarted().head().await.unwrap();
    for (rollbacks, old) in [(1, height - 1), (2, height - 2)] {
        scene.show_block(old);
        let asked = scene.proxy.requests().len();
        let mut heads = scene.restarted_with(swift()).heads();
        while scene.proxy.requests().len() < asked + 10 {
            let news = timeout(Duration::from_millis(50), heads.next()).await;
            assert!(!matches!(news, Ok(HeadNews::Agreed { .. } | HeadNews::Still { .. })), "{news:?}");
        }
        drop(heads);
        let incidents = scene.known().incidents().unwrap();
        let of_head = |block: u64| {
            incidents.iter().find(
                |incident| matches!(incident.rollback, Rollback::Head { shown, .. } if shown.number == block),
            )
        };
        let incident = of_head(old).unwrap_or_else(|| panic!("{incidents:?}"));
        let Rollback::Head { known, .. } = incident.rollback else { panic!("{incident:?}") };
        assert_eq!((known, incident.times), (height, rollbacks));
        assert_eq!(incident.endpoints, [scene.proxy.endpoint().to_string()]);
    }
}

#[tokio::test]
async fn a_revocation_is_never_undone_not_even_within_the_slack_of_a_quorum() {
    let scene = Scene::set().await;
    let old = scene.market.height().await;
    scene.alice.revoke().await;
    let outcome = scene.restarted_in_quorum().resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
    scene.show_block(old);
    let resolver = scene.restarted_in_quorum();
    // The block itself is one that an honest member may be at.
    assert_eq!(resolver.head().await.unwrap().anchor.block_number, old);
    let outcome = resolver.resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::StaleHead { .. })), "{outcome:?}");
    let outcome = resolver.view(scene.view()).await;
    assert!(matches!(outcome, Err(ResolveError::StaleHead { .. })), "{outcome:?}");
    let standings = resolver.standings(&[scene.bob.identity, scene.alice.identity]).await.unwrap();
    assert!(matches!(&*standings.each, [Ok(Standing::Active(_)), Err(ResolveError::StaleHead { .. })]));
}

/// A follower that is shown no newer block, beside another process that is.
#[tokio::test]
async fn what_another_process_proved_revoked_is_served_from_no_memory() {
    let scene = Scene::set().await;
    let hour = Duration::from_secs(3600);
    let policy = HeadPolicy { head_reuse: hour, max_head_age: Some(hour), ..prompt() };
    let here = scene.restarted_with(policy.clone());
    let warm = scene.restarted_with(policy);
    warm.resolve(scene.alice.identity).await.unwrap();
    let watching = here.follow().watch(scene.alice.identity, None);
    tokio::time::timeout(Duration::from_secs(30), watching.proven()).await.unwrap();
    here.resolve(scene.alice.identity).await.unwrap();
    scene.show_block(scene.market.height().await);

    scene.alice.revoke().await;
    let elsewhere = resolver_at(scene.market.endpoint(), prompt()).remembering(scene.known()).unwrap();
    let outcome = elsewhere.resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(watching.standing(), None);
    for resolver in [&here, &warm] {
        let outcome = resolver.resolve(scene.alice.identity).await;
        assert!(matches!(outcome, Err(ResolveError::StaleHead { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_chain_that_went_back_is_refused_and_both_sides_of_it_written_down() {
    let scene = Scene::set().await;
    scene.alice.rotate(Terms::default()).await;
    let resolved = scene.restarted().resolve(scene.alice.identity).await.unwrap();
    assert_eq!(resolved.peer_key.record().version, 2);
    scene.replay(1).await;
    let resolver = scene.restarted();
    for outcome in
        [resolver.resolve(scene.alice.identity).await.map(drop), resolver.view(scene.view()).await.map(drop)]
    {
        assert!(matches!(outcome, Err(ResolveError::RecordRewound { seen: 2, got: 1, .. })), "{outcome:?}");
    }
    let incidents = scene.known().incidents().unwrap();
    let [incident] = &*incidents else { panic!("{incidents:?}") };
    let Rollback::Record { identity, known, shown } = incident.rollback else { panic!("{incident:?}") };
    assert_eq!((identity, incident.times), (scene.alice.identity, 2));
    assert_eq!((known.version, known.block.number), (2, resolved.proved_at.anchor.block_number));
    assert_eq!(known.signer, resolved.peer_key.record().signer);
    assert_eq!((shown.version, shown.block.number), (1, scene.market.height().await));
    // Others on the same chain are as good as ever.
    resolver.resolve(scene.bob.identity).await.unwrap();
}

#[tokio::test]
async fn what_one_process_saw_binds_another_that_runs() {
    let scene = Scene::set().await;
    let (one, other) = (scene.restarted_in_quorum(), scene.restarted_in_quorum());
    other.resolve(scene.alice.identity).await.unwrap();
    let old = scene.market.height().await;
    scene.alice.revoke().await;
    let outcome = one.resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
    scene.show_block(old);
    let outcome = other.resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::StaleHead { .. })), "{outcome:?}");
}

#[tokio::test]
async fn what_changed_nothing_is_not_written() {
    let scene = Scene::set().await;
    let resolver = scene.restarted();
    resolver.resolve(scene.alice.identity).await.unwrap();
    resolver.view(scene.view()).await.unwrap();
    let log = scene.folder.path().join("known.sqlite-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let before = length();
    assert!(before > 0);
    for _ in 0..10 {
        resolver.resolve(scene.alice.identity).await.unwrap();
        resolver.view(scene.view()).await.unwrap();
        resolver.standings(&[scene.alice.identity]).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(length(), before);
    scene.market.mine(1).await;
    resolver.resolve(scene.alice.identity).await.unwrap();
    assert!(length() > before);
}
