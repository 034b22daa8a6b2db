//! Several nodes, some of which lie, lag or are dead.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Instant;

use alloy::rpc::types::Header;
use countersign::registry::{
    Endpoint, HeadPolicy, HeadSource, HeadTrust, ResolveError, Resolver, TrustError, artifact,
};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{CHAIN, Market, Party, Terms, prompt};
use serde_json::json;

struct Scene {
    market: Market,
    alice: Party,
    nodes: Vec<Proxy>,
}

impl Scene {
    async fn set(count: usize) -> Self {
        let market = Market::open().await;
        let alice = market.enrol(1, "", Terms::default()).await;
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(Proxy::before(market.endpoint().to_string().parse().unwrap()).await);
        }
        Self { market, alice, nodes }
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.nodes.iter().map(Proxy::endpoint).collect()
    }

    fn resolver(&self, threshold: usize) -> Resolver {
        quorum(self.endpoints(), threshold, prompt()).unwrap()
    }

    async fn head_number(&self) -> u64 {
        self.market.resolver().head().await.unwrap().anchor.block_number
    }
}

fn quorum(endpoints: Vec<Endpoint>, threshold: usize, policy: HeadPolicy) -> Result<Resolver, ResolveError> {
    let trust = HeadTrust::Quorum { endpoints, threshold: threshold.try_into().unwrap() };
    Resolver::new(CHAIN, artifact::key_registry_address(), trust, policy)
}

const EVERYTHING: &[&str] = &["eth_getBlockByNumber", "eth_getProof"];

#[tokio::test]
async fn one_of_one_and_two_of_three_agree() {
    let scene = Scene::set(3).await;
    let resolved = scene.resolver(2).resolve(scene.alice.identity).await.unwrap();
    assert!(matches!(resolved.proved_at.trust, HeadSource::Quorum { agreed: 2..=3, of: 3 }));
    let one = quorum(scene.endpoints()[..1].to_vec(), 1, prompt()).unwrap();
    let resolved = one.resolve(scene.alice.identity).await.unwrap();
    assert_eq!(resolved.proved_at.trust, HeadSource::Quorum { agreed: 1, of: 1 });
}

#[tokio::test]
async fn an_impossible_quorum_is_refused_at_once() {
    let scene = Scene::set(1).await;
    let outcome = quorum(scene.endpoints(), 2, prompt());
    assert!(matches!(outcome, Err(ResolveError::Trust(TrustError::ThresholdOutOfReach { .. }))));
}

#[tokio::test]
async fn a_slow_node_does_not_hold_up_the_others() {
    let scene = Scene::set(3).await;
    scene.nodes[0].tell(Lie::Stall);
    let start = Instant::now();
    scene.resolver(2).resolve(scene.alice.identity).await.unwrap();
    assert!(start.elapsed() < prompt().request_timeout / 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_node_that_hides_a_revocation_is_outvoted() {
    let scene = Scene::set(3).await;
    let old = scene.head_number().await;
    scene.alice.revoke().await;
    // It shows a consistent old chain; or the new head and an old proof.
    for methods in [EVERYTHING, &["eth_getProof"]] {
        scene.nodes[0].stick_at(old, methods);
        let outcome = scene.resolver(2).resolve(scene.alice.identity).await;
        assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_node_that_hides_a_revocation_finds_no_help_far_behind() {
    let scene = Scene::set(2).await;
    let old = scene.head_number().await;
    scene.alice.revoke().await;
    scene.market.mine(4).await;
    scene.nodes[0].stick_at(old, EVERYTHING);
    let outcome = scene.resolver(2).resolve(scene.alice.identity).await;
    let Err(ResolveError::HeadsDisagree { needed: 2, said }) = outcome else { panic!("{outcome:?}") };
    assert!(said.iter().any(|claim| claim.endpoint == scene.nodes[0].endpoint() && claim.number == old));
    assert!(said.iter().any(|claim| claim.endpoint == scene.nodes[1].endpoint() && claim.number == old + 5));
}

#[tokio::test]
async fn when_every_proof_is_bad_the_first_one_is_named() {
    let scene = Scene::set(3).await;
    for node in &scene.nodes {
        node.bend("eth_getProof", |proof| proof["storageProof"][0]["proof"] = json!([]));
    }
    let outcome = scene.resolver(2).resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::ProofInvalid { .. })), "{outcome:?}");
}

#[tokio::test]
async fn one_honest_proof_is_enough() {
    let scene = Scene::set(3).await;
    for node in &scene.nodes[..2] {
        node.bend("eth_getProof", |proof| proof["accountProof"] = json!([]));
    }
    scene.resolver(2).resolve(scene.alice.identity).await.unwrap();
}

#[tokio::test]
async fn nodes_a_few_blocks_apart_agree_on_what_both_have() {
    let scene = Scene::set(2).await;
    scene.market.mine(5).await;
    let head = scene.head_number().await;
    for behind in [1, 2] {
        scene.nodes[0].stick_at(head - behind, EVERYTHING);
        let resolved = scene.resolver(2).resolve(scene.alice.identity).await.unwrap();
        assert_eq!(resolved.proved_at.anchor.block_number, head - behind);
    }
}

#[tokio::test]
async fn patience_with_a_silent_node_has_an_end() {
    let scene = Scene::set(3).await;
    scene.market.mine(2).await;
    let head = scene.head_number().await;
    scene.nodes[0].stick_at(head - 1, EVERYTHING);
    scene.nodes[1].tell(Lie::Stall);
    let start = Instant::now();
    let resolved = scene.resolver(2).resolve(scene.alice.identity).await.unwrap();
    assert_eq!(resolved.proved_at.anchor.block_number, head - 1);
    let took = start.elapsed();
    assert!(took >= prompt().head_patience && took < prompt().request_timeout, "{took:?}");
}

#[tokio::test]
async fn an_invented_block_wins_nobody() {
    let scene = Scene::set(3).await;
    // A header that hashes right, on a chain that does not exist.
    scene.nodes[0].bend("eth_getBlockByNumber", |block| {
        block["extraData"] = json!("0x6c6965");
        let header: Header = serde_json::from_value(block.clone()).unwrap();
        block["hash"] = json!(header.inner.hash_slow());
    });
    scene.resolver(2).resolve(scene.alice.identity).await.unwrap();
    let two = quorum(scene.endpoints()[..2].to_vec(), 2, prompt()).unwrap();
    let outcome = two.resolve(scene.alice.identity).await;
    let Err(ResolveError::HeadsDisagree { said, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(said.len() == 2 && said[0].number == said[1].number && said[0].hash != said[1].hash);
}

#[tokio::test]
async fn too_few_answers_are_no_quorum() {
    let scene = Scene::set(3).await;
    scene.nodes[0].tell(Lie::HangUp);
    scene.nodes[1].bend("eth_chainId", |id| *id = json!("0x5"));
    let outcome = scene.resolver(2).resolve(scene.alice.identity).await;
    let Err(ResolveError::NoQuorum { needed: 2, answered: 1, failures }) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(failures.iter().any(|failure| matches!(failure, ResolveError::Unreachable { .. })));
    assert!(failures.iter().any(|failure| matches!(failure, ResolveError::WrongChain { got: 5, .. })));
}
