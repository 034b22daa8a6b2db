//! Heads that a sync committee signed: a light client over a beacon chain of this test's making, whose blocks name those
//! of a real Anvil.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use alloy::eips::BlockId;
use alloy::primitives::B256;
use alloy::providers::Provider;
use alloy::rpc::types::Header;
use countersign::custody::Custody;
use countersign::registry::light_client::Refusal;
use countersign::registry::{
    BeaconDoubt, CheckpointFlaw, Endpoint, Fault, FileFlaw, HeadNews, HeadPolicy, HeadSource, HeadTrust,
    Heads, KnownRecords, LightClientTrust, ProofPart, ResolveError, Resolver, Rollback, StaleHead,
    TrustError, ViewRequest, artifact,
};
use countersign_tests::beacon::{BeaconNode, BeaconScene, lit, newest};
use countersign_tests::followed::swift;
use countersign_tests::proxy::Proxy;
use countersign_tests::trader::{CHAIN, Market, Terms, prompt};
use serde_json::json;

#[tokio::test]
async fn the_head_is_what_the_committee_signed() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    let resolver = scene.resolver();
    let resolved = resolver.resolve(scene.alice.identity).await.unwrap();
    assert_eq!(resolved.peer_key.public_key(), &scene.alice.key.public_key());
    assert_eq!(resolved.proved_at.trust, HeadSource::LightClient { signed: 32, of: 32 });
    let signed = newest(&scene.market).await;
    assert_eq!(resolved.proved_at.anchor.block_hash, signed.hash.0);

    // A block that only the node knows of is no head yet; one more signature round makes it one.
    scene.market.mine(1).await;
    assert_eq!(resolver.head().await.unwrap().anchor.block_hash, signed.hash.0);
    scene.attest(31, 22).await;
    let newer = resolver.head().await.unwrap();
    assert_eq!(newer.anchor.block_hash, newest(&scene.market).await.hash.0);
    assert_eq!(newer.trust, HeadSource::LightClient { signed: 22, of: 32 });

    // A revocation that was signed for is seen.
    scene.alice.revoke().await;
    scene.attest(32, 32).await;
    let outcome = resolver.resolve(scene.alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
}

#[tokio::test]
async fn less_than_two_thirds_of_the_committee_is_too_few() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 21).await;
    assert_eq!(scene.doubt().await, BeaconDoubt::TooFewSignatures { signed: 21, of: 32 });
    scene.attest(30, 22).await;
    assert!(scene.resolver().resolve(scene.alice.identity).await.is_ok());
}

#[tokio::test]
async fn a_forged_execution_block_is_refused() {
    let scene = BeaconScene::set().await;
    let block = scene.attest(30, 32).await;
    let mut forged = scene.chain.optimistic_update(&block, 32);
    forged["data"]["attested_header"]["execution"]["block_hash"] = json!(B256::repeat_byte(9));
    scene.beacon.show_optimistic(&forged);
    assert_eq!(scene.doubt().await, BeaconDoubt::Refused(Refusal::ExecutionBranch { slot: 30 }));

    // With a body that fits, the signature does not.
    let mut other = newest(&scene.market).await;
    other.hash = B256::repeat_byte(9);
    let other = scene.chain.block(30, &other, None);
    let mut forged = scene.chain.optimistic_update(&other, 32);
    forged["data"]["sync_aggregate"] =
        scene.chain.optimistic_update(&block, 32)["data"]["sync_aggregate"].clone();
    scene.beacon.show_optimistic(&forged);
    assert_eq!(scene.doubt().await, BeaconDoubt::Refused(Refusal::Signature { participants: 32 }));
}

#[tokio::test]
async fn a_finalized_header_that_the_state_does_not_hold_is_refused() {
    let scene = BeaconScene::set().await;
    let block = scene.attest(30, 32).await;
    let other = scene.chain.block(16, &newest(&scene.market).await, None);
    scene.beacon.show_finality(&scene.chain.finality_update(&block, &other, 32));
    assert_eq!(scene.doubt().await, BeaconDoubt::Refused(Refusal::FinalityBranch { slot: 30 }));
}

#[tokio::test]
async fn a_head_that_is_withheld_grows_stale() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    let policy = HeadPolicy { max_head_age: Some(Duration::from_secs(1)), ..prompt() };
    tokio::time::sleep(Duration::from_secs(3)).await;
    let outcome = lit(scene.trust(), policy).head().await;
    assert!(
        matches!(outcome, Err(ResolveError::StaleHead { why: StaleHead::TooOld { .. }, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_next_committee_signs_after_the_period_is_over() {
    let scene = BeaconScene::set_at(80).await;
    let execution = newest(&scene.market).await;
    let finalized = scene.chain.block(32, &execution, None);
    let attested = scene.chain.block(48, &execution, Some(&finalized));
    scene.beacon.show_update(0, scene.chain.update(&attested, &finalized, 32));
    let newest = scene.attest(70, 32).await;
    let resolver = scene.resolver();
    let resolved = resolver.resolve(scene.alice.identity).await.unwrap();
    assert_eq!(resolved.proved_at.trust, HeadSource::LightClient { signed: 32, of: 32 });
    let asked = scene.beacon.requests();
    assert!(asked.iter().any(|path| path.ends_with("updates?start_period=0&count=2")), "{asked:?}");

    // The committee whose period is over signs nothing any more.
    let outdated = scene.chain.signed_by(0, &newest, 32);
    scene.beacon.show_optimistic(&outdated);
    assert_eq!(scene.doubt().await, BeaconDoubt::Refused(Refusal::Signature { participants: 32 }));
}

#[tokio::test]
async fn without_the_update_of_a_period_that_is_over_there_is_no_going_on() {
    let scene = BeaconScene::set_at(80).await;
    scene.attest(70, 32).await;
    assert_eq!(scene.doubt().await, BeaconDoubt::NoUpdate { period: 0 });
}

#[tokio::test]
async fn a_node_that_serves_another_header_is_refused() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    let proxy = Proxy::before(scene.market.endpoint().to_string().parse().unwrap()).await;
    proxy.bend("eth_getBlockByNumber", |block| block["stateRoot"] = json!(B256::repeat_byte(1)));
    let trust = LightClientTrust { nodes: vec![proxy.endpoint()], ..scene.trust() };
    let outcome = lit(trust, prompt()).resolve(scene.alice.identity).await;
    let Err(ResolveError::ProofInvalid { what: ProofPart::HeaderHash { .. }, endpoint }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(endpoint, proxy.endpoint());

    // A true header of another block is no better: only the committee's is asked for.
    scene.market.mine(1).await;
    let newer = serde_json::to_value(newest(&scene.market).await).unwrap();
    let signed = newest(&scene.market).await.parent_hash;
    proxy.bend("eth_getBlockByNumber", move |block| *block = newer.clone());
    let trust = LightClientTrust { nodes: vec![proxy.endpoint()], ..scene.trust() };
    let outcome = lit(trust, prompt()).resolve(scene.alice.identity).await;
    let Err(ResolveError::ProofInvalid { what: ProofPart::OtherBlock { .. }, .. }) = outcome else {
        panic!("{outcome:?}")
    };

    // Another node that has it makes good for the liar.
    let nodes = vec![proxy.endpoint(), scene.market.endpoint()];
    let trust = LightClientTrust { nodes, ..scene.trust() };
    let resolved = lit(trust, prompt()).resolve(scene.alice.identity).await.unwrap();
    assert_eq!(resolved.proved_at.anchor.block_hash, signed.0);
}

#[tokio::test]
async fn a_proposed_block_counts_where_headers_lead_down_to_it() {
    let scene = BeaconScene::set().await;
    let bob = scene.market.enrol(2, "", Terms::default()).await;
    let own_node = scene.market.resolver();
    scene.market.mine(1).await;
    let older = own_node.head().await.unwrap().anchor;
    scene.market.mine(5).await;
    scene.attest(30, 32).await;
    let request = |anchor| ViewRequest {
        anchor: Some(anchor),
        local: scene.alice.identity,
        peer: bob.identity,
        local_key_hint: None,
        peer_key_hint: None,
        queries: &[],
    };
    let view = scene.resolver().view(request(older)).await.unwrap();
    assert_eq!(*view.anchor(), older);

    let forged = countersign::protocol::Anchor { block_hash: [7; 32], ..older };
    let outcome = scene.resolver().view(request(forged)).await;
    assert!(matches!(outcome, Err(ResolveError::AnchorNotCanonical { .. })), "{outcome:?}");

    // A node that breaks the chain of headers vouches for nothing below.
    let proxy = Proxy::before(scene.market.endpoint().to_string().parse().unwrap()).await;
    let between = format!("{:#x}", older.block_number + 2);
    let other = serde_json::to_value(own_node_header(&scene.market, older.block_number + 3).await).unwrap();
    proxy.bend("eth_getBlockByNumber", move |block| {
        if block["number"] == json!(between) {
            *block = other.clone();
        }
    });
    let trust = LightClientTrust { nodes: vec![proxy.endpoint()], ..scene.trust() };
    let outcome = lit(trust, prompt()).view(request(older)).await;
    assert!(matches!(outcome, Err(ResolveError::ProofInvalid { .. })), "{outcome:?}");
}

async fn own_node_header(market: &Market, number: u64) -> Header {
    market.provider().get_block(BlockId::number(number)).await.unwrap().unwrap().header
}

#[tokio::test]
async fn heads_come_as_the_committee_signs_them() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    let signed = newest(&scene.market).await.hash;
    let mut heads = scene.resolver().heads();
    assert_eq!(next_agreed(&mut heads).await, signed);
    scene.market.mine(1).await;
    scene.attest(31, 21).await;
    // Nobody asks the nodes what they take for the head, and too few have signed the newest.
    let HeadNews::Doubt(doubt) = next_but_still(&mut heads).await else { panic!("not signed for") };
    assert!(doubt.to_string().contains("21 of 32"), "{doubt}");
    scene.attest(31, 32).await;
    assert_eq!(next_agreed(&mut heads).await, newest(&scene.market).await.hash);
}

async fn next_agreed(heads: &mut Heads) -> B256 {
    loop {
        if let HeadNews::Agreed { header, .. } = heads.next().await {
            return header.block().hash;
        }
    }
}

async fn next_but_still(heads: &mut Heads) -> HeadNews {
    loop {
        match heads.next().await {
            HeadNews::Still { .. } => {}
            news => return news,
        }
    }
}

#[tokio::test]
async fn one_honest_beacon_node_suffices() {
    let scene = BeaconScene::set().await;
    let block = scene.attest(30, 32).await;
    let liar = BeaconNode::serve().await;
    liar.show_bootstrap(scene.checkpoint.root(), &scene.chain.bootstrap(&scene.checkpoint));
    scene.show(&liar, &block, 3);
    let nobody: Endpoint = "http://127.0.0.1:9".parse().unwrap();
    let beacons = vec![nobody.clone(), liar.endpoint(), scene.beacon.endpoint()];
    let trust = LightClientTrust { beacons, ..scene.trust() };
    assert!(lit(trust, prompt()).resolve(scene.alice.identity).await.is_ok());

    let trust = LightClientTrust { beacons: vec![nobody, liar.endpoint()], ..scene.trust() };
    let outcome = lit(trust, prompt()).resolve(scene.alice.identity).await;
    let Err(ResolveError::NoQuorum { failures, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(
        failures[..],
        [
            ResolveError::Unreachable { .. },
            ResolveError::BeaconDoubted { why: BeaconDoubt::TooFewSignatures { .. }, .. }
        ]
    ));
}

#[tokio::test]
async fn what_is_no_answer_is_told_by_its_name() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    scene.beacon.show("optimistic_update", "{");
    assert!(matches!(scene.doubt().await, BeaconDoubt::Malformed(_)));
    scene.beacon.show("optimistic_update", "{\"version\":\"osaka\",\"data\":{}}");
    let named = scene.doubt().await.to_string();
    assert!(named.contains("osaka"), "{named}");
    scene.beacon.show("optimistic_update", &" ".repeat(5 << 20));
    assert!(matches!(scene.error().await, ResolveError::AnswerTooLarge { .. }));
    let policy = HeadPolicy { request_timeout: Duration::from_millis(300), ..prompt() };
    scene.beacon.fall_silent();
    let outcome = lit(scene.trust(), policy).head().await;
    assert!(matches!(outcome, Err(ResolveError::Timeout { .. })), "{outcome:?}");
}

/// Which is so after its start, and while nothing becomes final.
#[tokio::test]
async fn a_beacon_node_that_has_nothing_new_says_nothing_wrong() {
    let scene = BeaconScene::set().await;
    let resolver = scene.resolver();
    let begun = resolver.head().await.unwrap();
    assert_eq!(begun.trust, HeadSource::LightClient { signed: 0, of: 32 }, "the checkpoint alone");
    scene.market.mine(1).await;
    scene.attest(30, 32).await;
    scene.beacon.withdraw("finality_update");
    let signed = newest(&scene.market).await.hash;
    assert_eq!(resolver.head().await.unwrap().anchor.block_hash, signed.0);
    scene.market.mine(1).await;
    scene.attest(31, 32).await;
    scene.beacon.withdraw("optimistic_update");
    let signed = newest(&scene.market).await.hash;
    assert_eq!(resolver.head().await.unwrap().anchor.block_hash, signed.0);
    scene.beacon.withdraw("finality_update");
    assert_eq!(resolver.head().await.unwrap().anchor.block_hash, signed.0);
    // Nobody can tell that from withholding, and as little is lost by it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let policy = HeadPolicy { max_head_age: Some(Duration::from_secs(1)), ..prompt() };
    let outcome = lit(scene.trust(), policy).head().await;
    assert!(
        matches!(outcome, Err(ResolveError::StaleHead { why: StaleHead::TooOld { .. }, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn one_that_serves_no_light_clients_is_told_from_one_that_has_nothing() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    let (begun, unknown) = (scene.resolver(), B256::repeat_byte(1));
    begun.head().await.unwrap();
    let trust = LightClientTrust { checkpoint: unknown, ..scene.trust() };
    let outcome = lit(trust, prompt()).head().await;
    let Err(ResolveError::BeaconDoubted { why: BeaconDoubt::NoBootstrap { block_root }, .. }) = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(block_root, unknown);

    scene.beacon.serve_no_light_clients();
    assert_eq!(scene.doubt().await, BeaconDoubt::NoLightClients);
    let outcome = begun.head().await.unwrap_err();
    assert!(
        matches!(outcome, ResolveError::BeaconDoubted { why: BeaconDoubt::NoLightClients, .. }),
        "{outcome:?}"
    );
    assert!(outcome.to_string().contains("switch its light client server on"), "{outcome}");
}

#[tokio::test]
async fn a_head_that_went_back_is_written_down_once() {
    let scene = BeaconScene::set().await;
    let known = KnownRecords::in_memory().unwrap();
    scene.market.mine(20).await;
    let old = scene.attest(20, 32).await;
    let shown = newest(&scene.market).await;
    scene.market.mine(20).await;
    scene.attest(30, 32).await;
    let before = scene.resolver().remembering(known.clone()).unwrap().head().await.unwrap();

    // To whoever begins anew the committee's older word is as good as ever.
    scene.show(&scene.beacon, &old, 32);
    let mut heads = lit(scene.trust(), swift()).remembering(known.clone()).unwrap().heads();
    let quiet = tokio::time::timeout(Duration::from_secs(2), next_but_still(&mut heads)).await;
    assert!(!matches!(quiet, Ok(HeadNews::Agreed { .. })), "{quiet:?}");
    let incidents = known.incidents().unwrap();
    let [incident] = &*incidents else { panic!("{incidents:?}") };
    let Rollback::Head { known, shown: noted } = incident.rollback else { panic!("{incident:?}") };
    assert_eq!((known, noted.number, incident.times), (before.anchor.block_number, shown.number, 1));
    assert_eq!(incident.endpoints, [scene.market.endpoint().to_string()]);
}

#[tokio::test]
async fn a_restart_begins_at_what_became_final() {
    let scene = BeaconScene::set().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("checkpoint.json");
    let trust = LightClientTrust { state: Some(state.clone()), ..scene.trust() };
    let finalized = scene.chain.block(16, &newest(&scene.market).await, None);
    let block = scene.chain.block(30, &newest(&scene.market).await, Some(&finalized));
    scene.beacon.show_finality(&scene.chain.finality_update(&block, &finalized, 32));
    scene.beacon.show_optimistic(&scene.chain.optimistic_update(&block, 32));
    lit(trust.clone(), prompt()).resolve(scene.alice.identity).await.unwrap();

    // The configured checkpoint is of no use any more, and is not needed.
    scene.beacon.show_bootstrap(finalized.root(), &scene.chain.bootstrap(&finalized));
    let trust = LightClientTrust { checkpoint: B256::repeat_byte(1), ..trust };
    lit(trust.clone(), prompt()).resolve(scene.alice.identity).await.unwrap();
    let asked = scene.beacon.requests();
    assert!(asked.iter().any(|path| path.ends_with(&finalized.root().to_string())), "{asked:?}");

    let refused = async |trust| {
        let outcome = lit(trust, prompt()).head().await.unwrap_err();
        assert_eq!(outcome.fault(), Fault::Configuration);
        let ResolveError::Checkpoint(flaw) = outcome else { panic!("{outcome:?}") };
        flaw
    };
    std::fs::write(&state, "nonsense").unwrap();
    assert!(matches!(refused(trust.clone()).await, CheckpointFlaw::NotACheckpoint { .. }));
    set_permissions(&state, Permissions::from_mode(0o644)).unwrap();
    let flaw = refused(trust.clone()).await;
    assert!(matches!(flaw, CheckpointFlaw::File(FileFlaw::Exposed { mode: 0o644, .. })), "{flaw:?}");

    // What a power failure left of it is no reason to stop: the configured one is as good.
    set_permissions(&state, Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&state, "").unwrap();
    let trust = LightClientTrust { checkpoint: scene.checkpoint.root(), ..trust };
    lit(trust, prompt()).head().await.unwrap();
    let kept = std::fs::read_to_string(&state).unwrap();
    assert!(kept.contains(&finalized.root().to_string()), "{kept}");
}

#[tokio::test]
async fn a_checkpoint_must_be_young_and_the_right_one() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    let trust = LightClientTrust { max_checkpoint_age: Duration::from_secs(60), ..scene.trust() };
    let outcome = lit(trust, prompt()).head().await;
    assert!(matches!(outcome, Err(ResolveError::Checkpoint(CheckpointFlaw::TooOld { .. }))), "{outcome:?}");

    let trusted = B256::repeat_byte(1);
    scene.beacon.show_bootstrap(trusted, &scene.chain.bootstrap(&scene.checkpoint));
    let trust = LightClientTrust { checkpoint: trusted, ..scene.trust() };
    let outcome = lit(trust, prompt()).head().await;
    let Err(ResolveError::BeaconDoubted { why: BeaconDoubt::Refused(why), .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(why, Refusal::OtherBlock { trusted, got: scene.checkpoint.root() });
}

#[tokio::test]
async fn trust_without_anybody_to_ask_is_refused() {
    let scene = BeaconScene::set().await;
    let refused = |trust: LightClientTrust| {
        let trust = HeadTrust::LightClient(Box::new(trust));
        Resolver::new(CHAIN, artifact::key_registry_address(), trust, prompt()).unwrap_err()
    };
    let trust = LightClientTrust { beacons: vec![], ..scene.trust() };
    assert!(matches!(refused(trust), ResolveError::Trust(TrustError::NoBeacon)));
    let socket: Endpoint = "/run/beacon.ipc".parse().unwrap();
    let trust = LightClientTrust { beacons: vec![socket], ..scene.trust() };
    assert!(matches!(refused(trust), ResolveError::Trust(TrustError::BeaconWithoutHttp { .. })));
    let trust = LightClientTrust { nodes: vec![], ..scene.trust() };
    assert!(matches!(refused(trust), ResolveError::Trust(TrustError::ThresholdOutOfReach { .. })));
}
