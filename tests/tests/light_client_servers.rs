//! Beacon nodes that are slow, withhold or are asked by many at once, and a light client that slept for too long.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use countersign::registry::{BeaconDoubt, CheckpointFlaw, Fault, HeadPolicy, LightClientTrust, ResolveError};
use countersign_tests::beacon::{BeaconNode, BeaconScene, lit, newest};
use countersign_tests::by_hand::now_unix_ms;
use countersign_tests::trader::prompt;
use futures_util::future::join_all;

#[tokio::test]
async fn a_silent_beacon_node_holds_up_nobody() {
    let scene = BeaconScene::set().await;
    scene.attest(39, 32).await;
    let silent = BeaconNode::serve().await;
    silent.fall_silent();
    let beacons = vec![silent.endpoint(), scene.beacon.endpoint()];
    let trust = LightClientTrust { beacons, ..scene.trust() };
    let patience = Duration::from_millis(100);
    let policy = HeadPolicy { head_patience: patience, request_timeout: Duration::from_secs(60), ..prompt() };
    let begun = Instant::now();
    let head = lit(trust, policy).head().await.unwrap();
    assert_eq!(head.anchor.block_hash, newest(&scene.market).await.hash.0);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_failure_is_shared_by_all_who_waited_for_it() {
    let scene = BeaconScene::set().await;
    scene.beacon.fall_silent();
    let policy = HeadPolicy { request_timeout: Duration::from_secs(2), ..prompt() };
    let resolver = lit(scene.trust(), policy);
    let outcomes = join_all((0..16).map(|_| resolver.head())).await;
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Err(ResolveError::Timeout { .. }))),
        "{outcomes:?}"
    );
    assert_eq!(scene.beacon.requests().len(), 1, "one attempt for all");
}

#[tokio::test]
async fn all_are_asked_for_what_was_kept_before_anything_older_counts() {
    let scene = BeaconScene::set().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("checkpoint.json");
    let finalized = scene.chain.block(16, &newest(&scene.market).await, None);
    scene.attest_final(30, &finalized, 32).await;
    let trust = LightClientTrust { state: Some(state.clone()), ..scene.trust() };
    lit(trust.clone(), prompt()).head().await.unwrap();
    let kept = std::fs::read_to_string(&state).unwrap();
    assert!(kept.contains(&finalized.root().to_string()), "{kept}");

    // The first says that it does not have it, and shows the older one and what was final then.
    let older = scene.chain.block(12, &newest(&scene.market).await, None);
    let before = scene.chain.block(20, &newest(&scene.market).await, Some(&older));
    let liar = BeaconNode::serve().await;
    liar.show_bootstrap(scene.checkpoint.root(), &scene.chain.bootstrap(&scene.checkpoint));
    liar.show_finality(&scene.chain.finality_update(&before, &older, 32));
    liar.show_optimistic(&scene.chain.optimistic_update(&before, 32));
    scene.beacon.show_bootstrap(finalized.root(), &scene.chain.bootstrap(&finalized));
    let beacons = vec![liar.endpoint(), scene.beacon.endpoint()];
    lit(LightClientTrust { beacons, ..trust.clone() }, prompt()).head().await.unwrap();
    let configured = format!("bootstrap/{}", scene.checkpoint.root());
    let asked = liar.requests();
    assert!(!asked.iter().any(|path| path.ends_with(&configured)), "{asked:?}");

    // Alone it is begun with at the configured one, and what is kept is not set back.
    let trust = LightClientTrust { beacons: vec![liar.endpoint()], ..trust };
    lit(trust, prompt()).head().await.unwrap();
    let asked = liar.requests();
    assert!(asked.iter().any(|path| path.ends_with(&configured)), "{asked:?}");
    assert_eq!(std::fs::read_to_string(&state).unwrap(), kept);
}

/// As after a suspension: its committee may have left since.
#[tokio::test]
async fn who_slept_for_too_long_begins_again() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 32).await;
    let age = || now_unix_ms() / 1000 - scene.chain.network.time_of(8);
    let maximum = Duration::from_secs(age() + 10);
    let trust = LightClientTrust { max_checkpoint_age: maximum, ..scene.trust() };
    let resolver = lit(trust, prompt());
    resolver.head().await.unwrap();
    scene.attest(31, 32).await;
    while age() <= maximum.as_secs() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let outcome = resolver.head().await.unwrap_err();
    assert!(matches!(outcome, ResolveError::Checkpoint(CheckpointFlaw::TooOld { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_low_participation_is_told_without_blame() {
    let scene = BeaconScene::set().await;
    scene.attest(30, 21).await;
    let failure = scene.error().await;
    let ResolveError::BeaconDoubted { why: BeaconDoubt::TooFewSignatures { .. }, .. } = failure else {
        panic!("{failure:?}")
    };
    let told = failure.to_string();
    assert!(told.contains("21 of 32") && told.ends_with("try again in the next slot"), "{told}");
    assert_eq!(failure.fault(), Fault::Endpoint);
}
