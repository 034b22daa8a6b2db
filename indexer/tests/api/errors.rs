//! What is wrong is said with its name.

use std::num::NonZeroU32;
use std::time::Duration;

use countersign_indexer::api::{Limits, Rate};
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_wrong_parameter_is_named_and_the_right_one_told() {
    let server = World::populated().await.serve().await;
    let o = owner(1);
    let wrong = [
        ("/v1/x/records".to_owned(), "chain_id", "whole number"),
        ("/v1/-1/records".into(), "chain_id", "whole number"),
        ("/v1/31337/records/0x12".into(), "owner", "40 hexadecimal digits"),
        (format!("/v1/31337/records/{o}/{}", "a".repeat(32)), "label", "31 characters"),
        (format!("/v1/31337/records/{o}/0x12"), "label", "64 hexadecimal digits"),
        (format!("/v1/31337/records/{o}/a%20b"), "label", "without spaces"),
        // The last digit's case is wrong.
        ("/v1/31337/records?owner=0xb9c5714089478a327F09197987f16f9E5d936E8A".into(), "owner", "EIP-55"),
        ("/v1/31337/records?lable=desk-7".into(), "lable", "it takes registry, owner, label"),
        (format!("/v1/31337/records?owner={o}&owner={o}"), "owner", "twice"),
        (format!("/v1/31337/records?owner={o}&label=x"), "label", "one of owner, label, signer and key"),
        ("/v1/31337/records?limit=0".into(), "limit", "1 to 1000"),
        ("/v1/31337/records?limit=1001".into(), "limit", "1 to 1000"),
        ("/v1/31337/records?limit=-1".into(), "limit", "1 to 1000"),
        ("/v1/31337/records?key=02ff".into(), "key", "33 bytes compressed"),
        (format!("/v1/31337/records?key=02{}", "f".repeat(64)), "key", "33 bytes compressed"),
        ("/v1/31337/records?status=dead".into(), "status", "active, expired or revoked"),
        (format!("/v1/31337/records/{o}?proof=newest"), "proof", "latest"),
        (format!("/v1/31337/records/{o}?block=+1"), "block", "whole number"),
        (format!("/v1/31337/records/{o}/-/history?before=x"), "before", "whole number"),
        ("/v1/31337/revocations?since_block=99999999999999999999".into(), "since_block", "below 2^64"),
        ("/v1/31337/events?after=x".into(), "after", "whole number"),
        ("/v1/31337/events?after=1000000".into(), "after", "newest number is 8"),
        ("/v1/registries?x=1".into(), "x", "it takes none"),
    ];
    for (path, parameter, told) in wrong {
        let problem = server.problem(&path).await;
        assert_eq!(
            (&problem["status"], &problem["parameter"]),
            (&json!(400), &json!(parameter)),
            "{path} {problem}"
        );
        assert!(problem["detail"].as_str().unwrap().contains(told), "{path}: {problem}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let server = World::populated().await.serve().await;
    let problem = server.problem("/v1/1/records").await;
    assert_eq!(
        (&problem["status"], &problem["type"]),
        (&json!(404), &json!("urn:countersign:problem:not-indexed-here"))
    );
    assert!(problem["detail"].as_str().unwrap().contains("31337"), "{problem}");
    let problem = server.problem("/v2/nothing").await;
    assert_eq!(
        (&problem["status"], &problem["type"]),
        (&json!(404), &json!("urn:countersign:problem:no-such-path"))
    );
    for method in ["POST", "PUT", "DELETE"] {
        let answered = server.request(method, "/v1/31337/records", &[]).await;
        assert_eq!(
            (answered.status, &answered.json()["type"]),
            (405, &json!("urn:countersign:problem:only-get"))
        );
    }
}

#[tokio::test]
async fn while_nothing_is_indexed_one_is_told_to_come_back() {
    let world = World::new().await;
    let store = std::sync::Arc::new(world.memory.clone());
    let following = vec![progress(None, None)];
    let api = countersign_indexer::api::Api::new(store, following, Prover::default(), unbounded());
    let server = Server::start(&api, Default::default()).await;
    for path in ["/v1/31337/records", "/v1/31337/events", "/v1/31337/revocations?since_block=3"] {
        let answered = server.ask(path).await;
        assert_eq!((answered.status, answered.header("retry-after")), (503, "5"), "{path}");
        assert_eq!(answered.json()["type"], "urn:countersign:problem:nothing-indexed", "{path}");
    }
}

#[tokio::test]
async fn a_lost_store_is_told_without_its_address_and_comes_back() {
    let world = World::populated().await;
    let server = world.serve().await;
    let path = format!("/v1/31337/records/{}", owner(1));
    server.json(&path).await;
    world.memory.lose(true);
    let problem = server.problem(&path).await;
    assert_eq!(
        (&problem["status"], &problem["type"]),
        (&json!(503), &json!("urn:countersign:problem:store-unavailable"))
    );
    assert!(!problem.to_string().contains("secret-host"), "{problem}");
    world.memory.lose(false);
    server.json(&path).await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let world = World::populated().await;
    let limits = Limits { answer_within: Duration::from_millis(50), ..unbounded() };
    let server = Server::start(&world.api(limits), Default::default()).await;
    world.memory.slow_down(Duration::from_secs(5));
    let problem = soon(server.problem("/v1/31337/records")).await;
    assert_eq!(
        (&problem["status"], &problem["type"]),
        (&json!(503), &json!("urn:countersign:problem:too-long"))
    );
}

#[tokio::test]
async fn who_asks_too_fast_is_told_how_long_to_wait_and_others_are_not_held_up() {
    let world = World::populated().await;
    let (one, three) = (NonZeroU32::new(1).unwrap(), NonZeroU32::new(3).unwrap());
    let limits = Limits {
        rate: Some(Rate { each_second: one, burst: three }),
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Limits::default()
    };
    let server = Server::start(&world.api(limits), Default::default()).await;
    let mut refused = None;
    for _ in 0..10 {
        let answered = server.request("GET", "/v1/registries", &[("x-forwarded-for", "203.0.113.1")]).await;
        if answered.status == 429 {
            refused = Some(answered);
            break;
        }
    }
    let refused = refused.expect("ten at once were answered");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.json()["type"], "urn:countersign:problem:too-fast");
    let other = server.request("GET", "/v1/registries", &[("x-forwarded-for", "203.0.113.2")]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn without_a_trusted_proxy_a_client_is_its_address_whatever_it_says() {
    let world = World::populated().await;
    let one = NonZeroU32::MIN;
    let limits = Limits { rate: Some(Rate { each_second: one, burst: one }), ..Limits::default() };
    let server = Server::start(&world.api(limits), Default::default()).await;
    let mut statuses = Vec::new();
    for number in 0..5 {
        let said = format!("203.0.113.{number}");
        statuses.push(server.request("GET", "/v1/registries", &[("x-forwarded-for", &said)]).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}
