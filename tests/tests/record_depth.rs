//! Registered at depth: a record counts once it lies deep enough in the chain, and a revocation counts at once.
//! Anvil calls the block 32 below its head safe, and the one 64 below finalized.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use alloy::network::Ethereum;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::anvil::ReorgOptions;
use countersign::Identity;
use countersign::protocol::Role;
use countersign::registry::{
    CounterpartyPolicy, HeadPolicy, HeadTrust, RecordDepth, ResolveError, Resolver, ViewRequest, artifact,
};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{CHAIN, Market, Party, Terms, prompt, resolver_at};
use serde_json::json;

fn at_depth(record_depth: RecordDepth) -> HeadPolicy {
    HeadPolicy { record_depth, ..prompt() }
}

fn blocks(count: u64) -> RecordDepth {
    RecordDepth::Confirmations(NonZeroU64::new(count).unwrap())
}

/// Mines blocks a second apart. Without, Anvil gives them all one time, and what is anchored at the time of a block may lie
/// above it.
async fn bury(market: &Market, blocks: u64) {
    AnvilApi::<Ethereum>::anvil_mine(market.provider(), Some(blocks), Some(1)).await.unwrap();
}

/// Nodes before one chain, two of three of which must agree, on which Alice has just registered.
struct Scene {
    market: Market,
    alice: Party,
    nodes: Vec<Proxy>,
}

impl Scene {
    async fn set() -> Self {
        let market = Market::open().await;
        bury(&market, 70).await;
        let alice = market.enrol(1, "", Terms::default()).await;
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.push(Proxy::before(market.endpoint().to_string().parse().unwrap()).await);
        }
        Self { market, alice, nodes }
    }

    fn resolver(&self, depth: RecordDepth) -> Resolver {
        let endpoints = self.nodes.iter().map(Proxy::endpoint).collect();
        let trust = HeadTrust::Quorum { endpoints, threshold: 2.try_into().unwrap() };
        Resolver::new(CHAIN, artifact::key_registry_address(), trust, at_depth(depth)).unwrap()
    }

    async fn outcome(&self, depth: RecordDepth) -> Result<(), ResolveError> {
        self.resolver(depth).resolve(self.alice.identity).await.map(drop)
    }
}

/// It calls another block finalized: the one that it has under `asked`.
fn finalizes(asked: &'static str) -> Lie {
    Lie::Ask(Box::new(move |call| {
        if call.method == "eth_getBlockByNumber" && call.params[0] == "finalized" {
            call.params[0] = json!(asked);
        }
    }))
}

fn knows_no_names() -> Lie {
    Lie::Answer(Box::new(|call, answer| {
        if call.params[0] == "finalized" || call.params[0] == "safe" {
            *answer = json!({ "jsonrpc": "2.0", "id": answer["id"], "error": { "code": -32602, "message": "no such block" } });
        }
    }))
}

fn is_too_young(outcome: &Result<(), ResolveError>) -> bool {
    matches!(outcome, Err(ResolveError::TooYoung { .. }))
}

async fn resolved(resolver: &Resolver, identity: Identity) -> Result<(), ResolveError> {
    resolver.resolve(identity).await.map(drop)
}

#[tokio::test]
async fn a_record_counts_from_its_depth_on() {
    for (depth, needed) in
        [(blocks(1), 1), (blocks(5), 5), (RecordDepth::Safe, 33), (RecordDepth::Finalized, 65)]
    {
        let market = Market::open().await;
        bury(&market, 70).await;
        let alice = market.enrol(1, "", Terms::default()).await;
        let resolver = market.resolver_with(at_depth(depth));
        for mined in [needed - 1, 1] {
            let before = resolved(&resolver, alice.identity).await;
            assert!(is_too_young(&before), "{depth}: {before:?}");
            bury(&market, mined).await;
        }
        resolved(&resolver, alice.identity).await.unwrap();
        resolved(&market.resolver_with(at_depth(depth)), alice.identity).await.unwrap();
    }
}

#[tokio::test]
async fn a_chain_shorter_than_the_depth_has_no_record_so_deep() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    for depth in [blocks(100), RecordDepth::Safe, RecordDepth::Finalized] {
        let outcome = resolved(&market.resolver_with(at_depth(depth)), alice.identity).await;
        assert!(is_too_young(&outcome), "{depth}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_rotation_is_as_young_as_it_is_and_a_revocation_counts_at_once() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    bury(&market, 70).await;
    let resolver = market.resolver_with(at_depth(RecordDepth::Finalized));
    resolved(&resolver, alice.identity).await.unwrap();
    let alice = alice.rotate(Terms::default()).await;
    assert!(is_too_young(&resolved(&resolver, alice.identity).await));
    alice.revoke().await;
    let outcome = resolved(&resolver, alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { version: 2, .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_view_needs_both_records_at_depth() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    bury(&market, 70).await;
    let bob = market.enrol(2, "", Terms::default()).await;
    let resolver = market.resolver_with(at_depth(RecordDepth::Finalized));
    let view = async |local: &Party, peer: &Party| {
        let (local, peer) = (local.identity, peer.identity);
        let (local_key_hint, peer_key_hint) = (None, None);
        let request = ViewRequest { anchor: None, local, peer, local_key_hint, peer_key_hint, queries: &[] };
        resolver.view(request).await
    };
    for (local, peer) in [(&alice, &bob), (&bob, &alice)] {
        let error = view(local, peer).await.unwrap_err();
        assert!(
            matches!(error, ResolveError::TooYoung { identity, .. } if identity == bob.identity),
            "{error:?}"
        );
    }
    bury(&market, 65).await;
    view(&alice, &bob).await.unwrap();
}

#[tokio::test]
async fn one_of_three_cannot_call_a_young_record_final() {
    let scene = Scene::set().await;
    bury(&scene.market, 1).await;
    scene.nodes[0].tell(finalizes("latest"));
    for _ in 0..3 {
        let outcome = scene.outcome(RecordDepth::Finalized).await;
        assert!(is_too_young(&outcome), "{outcome:?}");
    }
    // As many as must agree are believed: that is what the threshold means.
    scene.nodes[1].tell(finalizes("latest"));
    scene.nodes[2].tell(finalizes("latest"));
    scene.outcome(RecordDepth::Finalized).await.unwrap();
}

#[tokio::test]
async fn a_made_up_header_is_nobodys_finality() {
    let scene = Scene::set().await;
    bury(&scene.market, 1).await;
    for node in &scene.nodes {
        node.tell(Lie::Answer(Box::new(|call, answer| {
            if call.params[0] == "finalized" {
                answer["result"]["timestamp"] = json!("0xffffffff");
            }
        })));
    }
    // What does not hash to what it says spoils the whole answer.
    let outcome = scene.outcome(RecordDepth::Finalized).await;
    assert!(matches!(outcome, Err(ResolveError::NoQuorum { answered: 0, .. })), "{outcome:?}");
}

#[tokio::test]
async fn one_of_three_cannot_keep_a_deep_record_from_counting() {
    let scene = Scene::set().await;
    bury(&scene.market, 70).await;
    for lie in [finalizes("earliest"), knows_no_names(), Lie::HangUp, Lie::Stall] {
        scene.nodes[0].tell(lie);
        for _ in 0..3 {
            scene.outcome(RecordDepth::Finalized).await.unwrap();
        }
    }
}

#[tokio::test]
async fn nodes_that_know_no_such_block_are_told_of() {
    let scene = Scene::set().await;
    bury(&scene.market, 70).await;
    let known = scene.resolver(RecordDepth::Finalized);
    resolved(&known, scene.alice.identity).await.unwrap();
    scene.nodes.iter().take(2).for_each(|node| node.tell(knows_no_names()));
    let outcome = scene.outcome(RecordDepth::Finalized).await;
    let Err(ResolveError::DepthUnknown { needed: 2, answered: 1, depth: RecordDepth::Finalized }) = outcome
    else {
        panic!("{outcome:?}")
    };
    // What was final stays final, and blocks can be counted all the same.
    resolved(&known, scene.alice.identity).await.unwrap();
    scene.outcome(blocks(70)).await.unwrap();
    assert!(is_too_young(&scene.outcome(blocks(71)).await));
    // A revocation is none the less told.
    scene.alice.revoke().await;
    let outcome = scene.outcome(RecordDepth::Finalized).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_record_that_is_deep_enough_costs_one_request() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    bury(&market, 70).await;
    let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let resolver = resolver_at(proxy.endpoint(), at_depth(RecordDepth::Finalized));
    resolved(&resolver, alice.identity).await.unwrap();
    resolved(&resolver, alice.identity).await.unwrap();
    assert_eq!(proxy.requests(), [4, 4], "chain id, head, proof and finalized block in one request");

    let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let resolver = resolver_at(proxy.endpoint(), at_depth(blocks(60)));
    for _ in 0..3 {
        resolved(&resolver, alice.identity).await.unwrap();
        bury(&market, 1).await;
    }
    assert_eq!(proxy.requests(), [3, 3, 4, 4], "the first asks a second time for the block at that depth");
}

/// A branch with fewer blocks in the same time buries a record less deep.
#[tokio::test]
async fn depth_is_counted_on_the_branch_that_counts() {
    let market = Market::open().await;
    bury(&market, 10).await;
    let resolver = market.resolver_with(HeadPolicy { max_head_lag: 20, ..at_depth(blocks(8)) });
    let old = market.enrol(1, "", Terms::default()).await;
    bury(&market, 8).await;
    resolved(&resolver, old.identity).await.unwrap();
    // The record's own block goes, and those above it.
    let options = ReorgOptions { depth: 9, tx_block_pairs: Vec::new() };
    AnvilApi::<Ethereum>::anvil_reorg(market.provider(), options).await.unwrap();
    let new = market.enrol(2, "", Terms::default()).await;
    bury(&market, 7).await;
    assert!(is_too_young(&resolved(&resolver, new.identity).await));
    bury(&market, 1).await;
    resolved(&resolver, new.identity).await.unwrap();
    let outcome = resolved(&resolver, old.identity).await;
    assert!(matches!(outcome, Err(ResolveError::RecordRewound { .. })), "{outcome:?}");
}

/// Shows proofs at its newest block alone, as nodes do that keep no old state.
fn keeps_no_state_below(head: u64) -> Lie {
    Lie::Answer(Box::new(move |call, answer| {
        let at = &call.params[2];
        if call.method == "eth_getProof" && *at != "latest" && *at != json!(format!("{head:#x}")) {
            *answer = json!({ "jsonrpc": "2.0", "id": answer["id"], "error": { "code": -32000, "message": "missing trie node" } });
        }
    }))
}

#[tokio::test]
async fn a_node_without_old_state_serves_the_records_at_a_proposed_block() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let bob = market.enrol(2, "", Terms { is_compact: true, ..Terms::default() }).await;
    bury(&market, 2).await;
    let anchor = market.resolver().head().await.unwrap().anchor;
    let carol = market.enrol(3, "", Terms::default()).await;
    bury(&market, 2).await;
    let node = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
    let resolver = resolver_at(node.endpoint(), prompt());
    let price = [market.price()];
    let view = async |peer: &Party, queries| {
        node.tell(keeps_no_state_below(market.height().await));
        let (local, peer) = (alice.identity, peer.identity);
        let (local_key_hint, peer_key_hint) = (None, None);
        let request =
            ViewRequest { anchor: Some(anchor), local, peer, local_key_hint, peer_key_hint, queries };
        resolver.view(request).await
    };
    let proven = view(&bob, &[]).await.unwrap();
    assert_eq!(*proven.anchor(), anchor);
    // The same as from a node that keeps everything.
    let (local, peer) = (alice.identity, bob.identity);
    let whole = ViewRequest {
        anchor: Some(anchor),
        local,
        peer,
        local_key_hint: None,
        peer_key_hint: None,
        queries: &[],
    };
    let whole = market.resolver().view(whole).await.unwrap();
    assert_eq!(proven.state_hash(Role::Initiator), whole.state_hash(Role::Initiator));

    // A reading has no such date, and a record that is younger than the block was not there.
    for outcome in [view(&bob, &price).await, view(&carol, &[]).await] {
        assert!(
            matches!(outcome, Err(ResolveError::NodeRefused { method: "eth_getProof", .. })),
            "{outcome:?}"
        );
    }
    bob.rotate(Terms::default()).await;
    let outcome = view(&bob, &[]).await;
    assert!(matches!(outcome, Err(ResolveError::NodeRefused { .. })), "{outcome:?}");
    bob.revoke().await;
    let outcome = view(&bob, &[]).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_counterparty_may_have_terms_of_its_own() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let bob = market.enrol(2, "", Terms::default()).await;
    bury(&market, 70).await;
    let carol = market.enrol(3, "", Terms::default()).await;
    let anchor = market.resolver().head().await.unwrap().anchor;
    bury(&market, 10).await;
    let soon =
        CounterpartyPolicy { record_depth: Some(blocks(10)), max_anchor_age: Some(Duration::from_secs(5)) };
    let counterparties = BTreeMap::from([(carol.identity, soon)]);
    let resolver = market.resolver_with(HeadPolicy { counterparties, ..at_depth(RecordDepth::Finalized) });
    resolved(&resolver, carol.identity).await.unwrap();
    let general = market.resolver_with(at_depth(RecordDepth::Finalized));
    assert!(is_too_young(&resolved(&general, carol.identity).await));

    let view = async |peer: &Party| {
        let (local, peer) = (alice.identity, peer.identity);
        let (local_key_hint, peer_key_hint) = (None, None);
        let request =
            ViewRequest { anchor: Some(anchor), local, peer, local_key_hint, peer_key_hint, queries: &[] };
        resolver.view(request).await
    };
    view(&bob).await.unwrap();
    let outcome = view(&carol).await;
    let Err(ResolveError::StaleAnchor { maximum, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(maximum, Duration::from_secs(5));
}
