//! Health and metrics.

use std::sync::{Arc, OnceLock};

use countersign_indexer::api::{Api, Limits, Metrics, Readiness};
use countersign_indexer::store::{KeptBlock, Store};
use serde_json::json;

use crate::world::*;

/// One process collects once.
fn metrics() -> Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| Metrics::install().unwrap()).clone()
}

/// A store at block 5, whose chain is so far ahead.
async fn behind(blocks: u64, readiness: Readiness) -> Api {
    let world = World::populated().await;
    let tip = world.memory.tip(REGISTRY).await.unwrap();
    let ahead = header(5 + blocks, 0);
    let block = alloy::eips::BlockNumHash { number: ahead.number, hash: ahead.hash_slow() };
    let head = KeptBlock { block, timestamp: ahead.timestamp };
    let following = vec![progress(Some(tip), Some(head))];
    let limits = Limits { readiness, ..unbounded() };
    Api::new(Arc::new(world.memory.clone()), following, Prover::default(), limits)
}

const BOUND: Readiness = Readiness { blocks: 3, seconds: 1000 };

#[tokio::test]
async fn an_indexer_is_ready_while_it_is_not_far_behind() {
    for (blocks, bound, ready) in [
        (0, BOUND, true),
        (3, BOUND, true),
        (4, BOUND, false),
        (3, Readiness { blocks: 3, seconds: 35 }, false),
    ] {
        let server = Server::start(&behind(blocks, bound).await, Default::default()).await;
        let answered = server.ask("/health/ready").await;
        assert_eq!(answered.status, if ready { 200 } else { 503 }, "{blocks}: {}", answered.text());
        let health = answered.json();
        assert_eq!(health["healthy"], ready);
        assert_eq!(health["reasons"].as_array().unwrap().is_empty(), ready);
        assert_eq!(server.ask("/health/live").await.status, 200);
    }
}

#[tokio::test]
async fn an_indexer_with_nothing_or_without_its_store_is_not_ready() {
    let world = World::new().await;
    let server = world.serve().await;
    let answered = server.ask("/health/ready").await;
    assert_eq!((answered.status, answered.json()["reasons"].clone()), (503, json!(["nothing is indexed"])));
    let following = vec![progress(None, None)];
    let api = Api::new(Arc::new(world.memory.clone()), following, Prover::default(), unbounded());
    let server = Server::start(&api, Default::default()).await;
    assert!(server.ask("/health/ready").await.text().contains("nothing of registry"));
    world.memory.lose(true);
    let answered = server.ask("/health/ready").await;
    assert_eq!(
        (answered.status, answered.json()["reasons"].clone()),
        (503, json!(["the store does not answer"]))
    );
    assert_eq!(server.ask("/health/live").await.status, 200);
}

#[tokio::test]
async fn registries_are_listed_with_how_far_they_are() {
    let server = Server::start(&behind(2, BOUND).await, Default::default()).await;
    let registries = server.json("/v1/registries").await;
    let registry = &registries["registries"][0];
    assert_eq!(
        (&registry["chain_id"], &registry["registry"]),
        (&json!(31337), &json!(REGISTRY.address.to_string()))
    );
    assert_eq!((&registry["tip"]["number"], &registry["head"]["number"]), (&json!(5), &json!(7)));
    assert_eq!((&registry["lag_blocks"], &registry["lag_seconds"]), (&json!(2), &json!(24)));
}

#[tokio::test]
async fn metrics_tell_what_was_asked_and_how_far_indexing_is() {
    let metrics = metrics();
    let api = behind(2, BOUND).await;
    let server = Server::start(&api, Default::default()).await;
    server.json("/v1/31337/records?label=desk-7").await;
    server.ask("/nowhere").await;
    let operations = Server::of(api.operations(metrics), Default::default()).await;
    let told = operations.ask("/metrics").await;
    assert!(told.header("content-type").starts_with("text/plain"));
    let told = told.text();
    let of = format!("{{chain=\"31337\",registry=\"{}\"}}", REGISTRY.address);
    for line in [
        "countersign_indexer_http_requests_total{route=\"/v1/{chain_id}/records\",status=\"200\"}".to_owned(),
        "countersign_indexer_http_requests_total{route=\"none\",status=\"404\"}".into(),
        "countersign_indexer_http_request_seconds_bucket{route=\"/v1/{chain_id}/records\",le=\"0.001\"}"
            .into(),
        format!("countersign_indexer_tip_block{of} 5"),
        format!("countersign_indexer_head_block{of} 7"),
        format!("countersign_indexer_lag_blocks{of} 2"),
        format!("countersign_indexer_lag_seconds{of} 24"),
        format!("countersign_indexer_events_total{of} 7"),
        format!("countersign_indexer_reorganisations_total{of} 2"),
    ] {
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert_eq!(operations.ask("/health/ready").await.status, 200);
    // The public does not see them.
    assert_eq!(server.ask("/metrics").await.status, 404);
}
