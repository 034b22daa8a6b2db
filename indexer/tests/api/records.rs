//! One record: as it is, as it was, and proven.

use countersign_registry::RegistryAt;
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::world::*;

fn path(owner_number: u8, rest: &str) -> String {
    format!("/v1/31337/records/{}{rest}", owner(owner_number))
}

#[tokio::test]
async fn a_record_is_told_with_all_that_the_registry_holds() {
    let server = World::populated().await.serve().await;
    let answer = server.json(&path(1, "")).await;
    let record = &answer["record"];
    assert_eq!(record["version"], 2);
    assert_eq!(record["owner"], owner(1).to_string());
    assert_eq!(
        (&record["label"], &record["status"], &record["scheme"]),
        (&json!(""), &json!("active"), &json!("ecdsa"))
    );
    assert_eq!(record["x"], format!("0x{}", hex::encode(key(14).xy().0)));
    assert_eq!(record["signer"], format!("0x{}", hex::encode(key(14).address())));
    assert_eq!(record["bundle"], format!("0x{}", "bb".repeat(32)));
    assert_eq!(
        (&record["valid_until"], &record["revoked"], &record["pinned"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    assert_eq!(
        record["changed"],
        json!({"sequence": 8, "block": 4, "log_index": 1, "timestamp": GENESIS_TIME + 48})
    );
    let hash = header(5, 0).hash_slow();
    assert_eq!(
        answer["tip"],
        json!({
            "number": 5, "hash": hash, "timestamp": GENESIS_TIME + 60, "finalized": 3, "told_through": null,
        })
    );
}

#[tokio::test]
async fn a_label_is_named_in_the_path_and_a_dash_is_the_default_one() {
    let server = World::populated().await.serve().await;
    assert_eq!(server.json(&path(1, "/desk-7")).await["record"]["version"], 1);
    assert_eq!(server.json(&path(1, "/-")).await["record"], server.json(&path(1, "")).await["record"]);
    let digits = hex::encode("desk-7");
    let hex = format!("/0x{digits:0<64}");
    assert_eq!(server.json(&path(1, &hex)).await["record"]["label"], "desk-7");
}

#[tokio::test]
async fn a_revoked_record_says_why() {
    let server = World::populated().await.serve().await;
    let record = &server.json(&path(2, "/desk-7")).await["record"];
    assert_eq!(
        (&record["status"], &record["revoked"]),
        (&json!("revoked"), &json!({"reason": "key_compromised"}))
    );
}

#[tokio::test]
async fn a_record_that_ran_out_is_expired() {
    let mut world = World::new().await;
    let end = u32::try_from(GENESIS_TIME).unwrap() + 24;
    let kind = new_key(owner(1), "", 1, 11, countersign_protocol::SignatureScheme::Schnorr, end);
    world.block(vec![countersign_indexer::event::EventKind::Registered(kind)]).await;
    let server = world.serve().await;
    assert_eq!(server.json(&path(1, "")).await["record"]["status"], "active");
    world.block(vec![]).await;
    let record = &server.json(&path(1, "")).await["record"];
    assert_eq!(
        (&record["status"], &record["valid_until"], &record["scheme"]),
        (&json!("expired"), &json!(end), &json!("schnorr"))
    );
}

#[tokio::test]
async fn a_record_is_told_as_it_was_at_a_block() {
    let server = World::populated().await.serve().await;
    assert_eq!(server.json(&path(1, "?block=1")).await["record"]["version"], 1);
    assert_eq!(server.json(&path(1, "?block=2")).await["record"]["version"], 2);
    let problem = server.problem(&path(1, "?block=0")).await;
    assert_eq!((&problem["status"], &problem["tip"]["number"]), (&json!(404), &json!(5)));
    let problem = server.problem(&path(1, "?block=6")).await;
    assert_eq!((&problem["status"], &problem["parameter"]), (&json!(400), &json!("block")));
}

#[tokio::test]
async fn where_there_is_no_record_the_problem_says_as_of_when() {
    let server = World::populated().await.serve().await;
    let problem = server.problem(&path(1, "/desk-8")).await;
    assert_eq!(problem["type"], "urn:countersign:problem:no-record");
    assert_eq!((&problem["status"], &problem["tip"]["number"]), (&json!(404), &json!(5)));
    assert!(problem["detail"].as_str().unwrap().contains("desk-8"), "{problem}");
}

#[tokio::test]
async fn a_proof_comes_with_the_record_and_with_its_absence() {
    let server = World::populated().await.serve().await;
    let answer = server.json(&path(1, "?proof=latest")).await;
    let document = serde_json::to_vec(&answer["proof"]).unwrap();
    let proof = countersign_registry::RecordProof::from_json(&document).unwrap();
    assert_eq!(proof.newest().unwrap().hash, header(5, 0).hash_slow());
    let problem = server.problem(&path(1, "/desk-8?proof=3")).await;
    assert_eq!(problem["status"], 404);
    let document = serde_json::to_vec(&problem["proof"]).unwrap();
    let proof = countersign_registry::RecordProof::from_json(&document).unwrap();
    assert_eq!(proof.newest().unwrap().hash, header(3, 0).hash_slow());
}

#[tokio::test]
async fn a_proof_is_made_once_for_each_block_that_stays() {
    let world = World::populated().await;
    let prover = Prover::default();
    let store = std::sync::Arc::new(world.memory.clone());
    let api = countersign_indexer::api::Api::new(store, Vec::new(), prover.clone(), unbounded());
    let server = Server::start(&api, Default::default()).await;
    for at in ["latest", "5", "latest", "2", "2", "4", "4"] {
        server.json(&path(1, &format!("?proof={at}"))).await;
    }
    // Block 5 is the tip, 2 is final; 4 may still be reorganised away.
    assert_eq!(*prover.made.lock().unwrap(), [5, 2, 4, 4]);
}

#[tokio::test]
async fn a_proof_of_a_block_that_was_reorganised_away_is_not_told() {
    let mut world = World::populated().await;
    world.reorganise(4).await;
    world.block(vec![]).await;
    // The prover's chain is still the old one.
    let server = world.serve().await;
    let problem = server.problem(&path(1, "?proof=latest")).await;
    assert_eq!(
        (&problem["status"], &problem["type"]),
        (&json!(502), &json!("urn:countersign:problem:not-proven"))
    );
}

#[tokio::test]
async fn what_cannot_be_proven_is_a_problem() {
    let server = World::populated().await.serve().await;
    let answered = server.ask(&path(66, "?proof=latest")).await;
    assert_eq!((answered.status, answered.header("retry-after")), (502, "5"));
    let problem = server.problem(&path(1, "?proof=9")).await;
    assert_eq!((&problem["status"], &problem["parameter"]), (&json!(400), &json!("proof")));
}

#[tokio::test]
async fn one_of_several_registries_has_to_be_named() {
    let memory = Memory::default();
    let other = RegistryAt { address: countersign_protocol::Address([0xcc; 20]), ..REGISTRY };
    let mut first = World::of(REGISTRY, memory.clone()).await;
    first.block(vec![registered(owner(1), "", 1, 11)]).await;
    let mut second = World::of(other, memory).await;
    second.block(vec![registered(owner(1), "", 1, 12)]).await;
    let server = first.serve().await;
    let problem = server.problem(&path(1, "")).await;
    assert_eq!((&problem["status"], &problem["parameter"]), (&json!(400), &json!("registry")));
    assert!(problem["detail"].as_str().unwrap().contains(&other.address.to_string()), "{problem}");
    let record = &server.json(&path(1, &format!("?registry={}", other.address))).await["record"];
    assert_eq!(record["registry"], other.address.to_string());
    assert_eq!(record["x"], format!("0x{}", hex::encode(key(12).xy().0)));
    let problem = server.problem(&path(1, &format!("?registry={}", owner(5)))).await;
    assert_eq!(problem["type"], "urn:countersign:problem:not-indexed-here");
}
