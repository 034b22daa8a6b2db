//! Blocks below a head that a sync committee signed: which of them are final, how deep a record lies, and how far down
//! anything is known of them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy::eips::BlockId;
use alloy::network::Ethereum;
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::Header;
use countersign::protocol::Anchor;
use countersign::registry::logs::LogFilter;
use countersign::registry::{
    HeadPolicy, LightClientTrust, ProofPart, RecordDepth, ResolveError, Resolver, ViewRequest,
};
use countersign_tests::beacon::{BeaconScene, lit, newest};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{Market, Party, Terms, prompt};
use serde_json::{Value, json};

fn at_depth(record_depth: RecordDepth) -> HeadPolicy {
    HeadPolicy { record_depth, ..prompt() }
}

/// Blocks a second apart, so that their times tell them apart.
async fn bury(market: &Market, blocks: u64) {
    AnvilApi::<Ethereum>::anvil_mine(market.provider(), Some(blocks), Some(1)).await.unwrap();
}

async fn behind(scene: &BeaconScene) -> (Proxy, LightClientTrust) {
    let proxy = Proxy::before(scene.market.endpoint().to_string().parse().unwrap()).await;
    let trust = LightClientTrust { nodes: vec![proxy.endpoint()], ..scene.trust() };
    (proxy, trust)
}

fn is_too_young(outcome: &Result<(), ResolveError>) -> bool {
    matches!(outcome, Err(ResolveError::TooYoung { .. }))
}

async fn resolved(resolver: &Resolver, party: &Party) -> Result<(), ResolveError> {
    resolver.resolve(party.identity).await.map(drop)
}

/// What a node calls final or safe is neither believed nor asked.
#[tokio::test]
async fn a_record_is_as_final_as_the_committee_says_whatever_a_node_says() {
    let scene = BeaconScene::set().await;
    bury(&scene.market, 1).await;
    let finalized = scene.chain.block(16, &newest(&scene.market).await, None);
    let bob = scene.market.enrol(2, "", Terms::default()).await;
    bury(&scene.market, 3).await;
    scene.attest_final(30, &finalized, 32).await;
    let (proxy, trust) = behind(&scene).await;
    let is_asked = Arc::new(AtomicBool::new(false));
    let told = is_asked.clone();
    proxy.tell(Lie::Ask(Box::new(move |call| {
        if call.params[0] == "finalized" || call.params[0] == "safe" {
            call.params[0] = json!("latest");
            told.store(true, Ordering::Relaxed);
        }
    })));
    let resolvers =
        [RecordDepth::Finalized, RecordDepth::Safe].map(|depth| lit(trust.clone(), at_depth(depth)));
    for resolver in &resolvers {
        resolved(resolver, &scene.alice).await.expect("it lies below what is final");
        let outcome = resolved(resolver, &bob).await;
        assert!(is_too_young(&outcome), "{outcome:?}");
    }
    assert!(!is_asked.load(Ordering::Relaxed), "no node is asked what is final");

    // Two thirds of the committee attested to a later one.
    let finalized = scene.chain.block(24, &newest(&scene.market).await, None);
    scene.attest_final(31, &finalized, 32).await;
    for resolver in &resolvers {
        resolved(resolver, &bob).await.unwrap();
    }
}

#[tokio::test]
async fn confirmations_are_counted_down_from_the_proven_head() {
    let scene = BeaconScene::set().await;
    for count in [40, 100] {
        let party = scene.market.enrol(3, &count.to_string(), Terms::default()).await;
        let depth = RecordDepth::Confirmations(NonZeroU64::new(count).unwrap());
        let resolver = lit(scene.trust(), at_depth(depth));
        bury(&scene.market, count - 1).await;
        scene.attest(30, 32).await;
        let outcome = resolved(&resolver, &party).await;
        assert!(is_too_young(&outcome), "{count}: {outcome:?}");
        bury(&scene.market, 1).await;
        scene.attest(31, 32).await;
        resolved(&lit(scene.trust(), at_depth(depth)), &party).await.unwrap();
    }
}

#[tokio::test]
async fn a_block_far_below_counts_where_the_heads_state_names_it() {
    let scene = BeaconScene::set().await;
    let bob = scene.market.enrol(2, "", Terms::default()).await;
    bury(&scene.market, 1).await;
    let older = scene.market.resolver().head().await.unwrap().anchor;
    bury(&scene.market, 300).await;
    scene.attest(30, 32).await;
    let request = |anchor| ViewRequest {
        anchor: Some(anchor),
        local: scene.alice.identity,
        peer: bob.identity,
        local_key_hint: None,
        peer_key_hint: None,
        queries: &[],
    };
    let patient = HeadPolicy { max_anchor_age: Duration::from_secs(1000), ..prompt() };
    let resolver = lit(scene.trust(), patient.clone());
    assert_eq!(*resolver.view(request(older)).await.unwrap().anchor(), older);
    let forged = Anchor { block_hash: [7; 32], ..older };
    let outcome = resolver.view(request(forged)).await;
    assert!(matches!(outcome, Err(ResolveError::AnchorNotCanonical { .. })), "{outcome:?}");

    // So records of it can be proven to others, and logs from there on are complete.
    let height = older.block_number;
    let proof = resolver.prove_record(bob.identity, Some(height), Some(height + 2)).await.unwrap();
    assert_eq!(resolver.verify_record_proof(&proof).await.unwrap().block.number, height);
    let registry = LogFilter::emitted_by([resolver.registry().0.into()]);
    let mut logs = resolver.verified_logs(0..=height + 300, registry).await.unwrap();
    let mut events = 0;
    while let Some(page) = logs.next().await {
        events += page.unwrap().logs.len();
    }
    assert_eq!(events, 2, "two registrations");

    // A node that shows another block of that height contradicts the state of the head.
    let (proxy, trust) = behind(&scene).await;
    proxy.bend("eth_getBlockByNumber", move |block| {
        if block["number"] == json!(format!("{height:#x}")) {
            invent(block);
        }
    });
    let outcome = lit(trust, patient).view(request(older)).await;
    let Err(ResolveError::ProofInvalid { what: ProofPart::HeaderHash { expected, .. }, endpoint }) = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!((expected.0, endpoint), (older.block_hash, proxy.endpoint()));
}

fn invent(block: &mut Value) {
    block["extraData"] = json!("0x6c6965");
    let header: Header = serde_json::from_value(block.clone()).unwrap();
    block["hash"] = json!(header.inner.hash_slow());
}

#[tokio::test]
async fn what_lies_too_deep_is_told_as_such() {
    let market = Market::beginning_at(9_000).await;
    let scene = BeaconScene::set_over(market, 40).await;
    bury(&scene.market, 100).await;
    scene.attest(30, 32).await;
    let (resolver, head) = (scene.resolver(), newest(&scene.market).await.number);
    for height in [9_000, head - 64, head - 63, head - 1, head] {
        let block = scene.market.provider().get_block(BlockId::number(height)).await.unwrap().unwrap();
        assert_eq!(resolver.block_at(height).await.unwrap().block_hash, block.header.hash.0, "{height}");
    }
    for height in [head - 8192, 0] {
        let outcome = resolver.block_at(height).await;
        let Err(ResolveError::TooDeep { number, head: told, most }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((number, told, most), (height, head, 8191));
    }
    // Within reach, had the node kept it.
    let outcome = resolver.block_at(head - 8191).await;
    assert!(matches!(outcome, Err(ResolveError::BadAnswer { .. })), "{outcome:?}");
    let outcome = resolver.block_at(head + 1).await;
    assert!(matches!(outcome, Err(ResolveError::UnknownBlock { .. })), "{outcome:?}");
}
