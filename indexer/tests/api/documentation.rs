//! The OpenAPI document says what the server does.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use countersign_indexer::api::{Api, Limits, Rate};
use serde_json::{Value, json};

use crate::world::*;

fn document() -> Value {
    serde_json::from_str(&Api::openapi()).unwrap()
}

/// A question for each path and each status that it can be made to answer with.
fn questions() -> BTreeMap<&'static str, Vec<(String, u16)>> {
    let (o, nobody) = (owner(1), owner(8));
    BTreeMap::from([
        ("/v1/registries", vec![("/v1/registries".into(), 200), ("/v1/registries?x=1".into(), 400)]),
        (
            "/v1/{chain_id}/records",
            vec![
                ("/v1/31337/records".into(), 200),
                ("/v1/31337/records?limit=1".into(), 200),
                ("/v1/31337/records?status=revoked".into(), 200),
                ("/v1/31337/records?limit=x".into(), 400),
                ("/v1/1/records".into(), 404),
            ],
        ),
        (
            "/v1/{chain_id}/records/{owner}",
            vec![
                (format!("/v1/31337/records/{o}"), 200),
                (format!("/v1/31337/records/{o}?proof=latest"), 200),
                (format!("/v1/31337/records/{o}?block=9"), 400),
                (format!("/v1/31337/records/{nobody}"), 404),
                (format!("/v1/31337/records/{}?proof=latest", owner(66)), 502),
            ],
        ),
        (
            "/v1/{chain_id}/records/{owner}/{label}",
            vec![
                (format!("/v1/31337/records/{o}/desk-7"), 200),
                (format!("/v1/31337/records/{}/desk-7", owner(2)), 200),
                (format!("/v1/31337/records/{o}/desk-7?block=x"), 400),
                (format!("/v1/31337/records/{o}/desk-8?proof=latest"), 404),
                (format!("/v1/31337/records/{}/desk-8?proof=latest", owner(66)), 502),
            ],
        ),
        (
            "/v1/{chain_id}/records/{owner}/{label}/history",
            vec![
                (format!("/v1/31337/records/{o}/-/history"), 200),
                (format!("/v1/31337/records/{}/desk-7/history", owner(2)), 200),
                (format!("/v1/31337/records/{o}/-/history?limit=0"), 400),
                (format!("/v1/1/records/{o}/-/history"), 404),
            ],
        ),
        (
            "/v1/{chain_id}/revocations",
            vec![
                ("/v1/31337/revocations".into(), 200),
                ("/v1/31337/revocations?after=x".into(), 400),
                ("/v1/1/revocations".into(), 404),
            ],
        ),
        (
            "/v1/{chain_id}/venues/{label}/active",
            vec![
                ("/v1/31337/venues/desk-7/active".into(), 200),
                ("/v1/31337/venues/desk-7/active?cursor=x".into(), 400),
                ("/v1/1/venues/desk-7/active".into(), 404),
            ],
        ),
        (
            "/v1/{chain_id}/operators/{owner}",
            vec![
                (format!("/v1/31337/operators/{o}"), 200),
                ("/v1/31337/operators/x".into(), 400),
                (format!("/v1/1/operators/{o}"), 404),
            ],
        ),
        (
            "/v1/{chain_id}/events",
            vec![
                ("/v1/31337/events?after=0".into(), 200),
                ("/v1/31337/events?after=x".into(), 400),
                ("/v1/1/events".into(), 404),
            ],
        ),
        (
            "/1.0/identifiers/{did}",
            vec![
                (format!("/1.0/identifiers/did:pkh:eip155:31337:{o}"), 200),
                (format!("/1.0/identifiers/did:ethr:0x7a69:{}", owner(2)), 410),
                ("/1.0/identifiers/did:ethr:x".into(), 400),
                (format!("/1.0/identifiers/did:ethr:{o}?x=1"), 400),
                (format!("/1.0/identifiers/did:ethr:{o}"), 404),
                ("/1.0/identifiers/did:web:x".into(), 501),
            ],
        ),
        ("/health/live", vec![("/health/live".into(), 200)]),
        ("/health/ready", vec![("/health/ready".into(), 200)]),
    ])
}

/// What an answer does not say as the document has it.
fn flaws(document: &Value, path: &str, status: u16, content_type: &str, body: &[u8]) -> Vec<String> {
    let response = &document["paths"][path]["get"]["responses"][status.to_string()];
    if !response.is_object() {
        return vec![format!("{path} is not said to answer {status}")];
    }
    let content = &response["content"][content_type]["schema"];
    if !content.is_object() {
        return vec![format!("{path} {status} is not said to be {content_type}: {response}")];
    }
    if content_type == "text/event-stream" {
        return Vec::new();
    }
    let mut schema = content.clone();
    schema["components"] = document["components"].clone();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let body: Value = serde_json::from_slice(body).unwrap();
    validator
        .iter_errors(&body)
        .map(|error| format!("{path} {status}: {error} at {}", error.instance_path()))
        .collect()
}

#[tokio::test]
async fn each_path_answers_as_its_schemas_say() {
    let (document, questions) = (document(), questions());
    let paths: BTreeSet<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        questions.keys().copied().collect(),
        "a path without a question, or the other way around"
    );
    let server = World::populated().await.serve().await;
    let mut found = Vec::new();
    for (path, asked) in &questions {
        for (question, status) in asked {
            if *status == 200 && *path == "/v1/{chain_id}/events" {
                let response = server.open(question, &[]).await;
                assert_eq!(
                    (response.status().as_u16(), &response.headers()["content-type"]),
                    (200, &"text/event-stream".parse().unwrap())
                );
                continue;
            }
            let answered = server.ask(question).await;
            assert_eq!(answered.status, *status, "{question}: {}", answered.text());
            found.extend(flaws(&document, path, *status, answered.header("content-type"), &answered.body));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn each_event_of_a_stream_is_as_its_schema_says() {
    let document = document();
    let mut schema = json!({"$ref": "#/components/schemas/Event"});
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut world = World::populated().await;
    world.reorganise(4).await;
    let server = world.serve().await;
    let mut response = server.open("/v1/31337/events?after=0", &[]).await;
    let mut text = String::new();
    while text.matches("\ndata:").count() < 9 {
        text.push_str(std::str::from_utf8(&soon(response.chunk()).await.unwrap().unwrap()).unwrap());
    }
    for data in text.lines().filter_map(|line| line.strip_prefix("data:")) {
        let event: Value = serde_json::from_str(data).unwrap();
        assert!(validator.is_valid(&event), "{event}");
    }
}

#[tokio::test]
async fn refusals_and_unavailability_are_as_the_document_says() {
    let document = document();
    let world = World::populated().await;
    let server = world.serve().await;
    server.ask("/v1/registries").await;
    world.memory.lose(true);
    let mut found = Vec::new();
    for (path, asked) in questions() {
        let (question, status) = &asked[0];
        let answered = server.ask(question).await;
        let expected = if path == "/health/live" { *status } else { 503 };
        assert_eq!(answered.status, expected, "{path}: {}", answered.text());
        found.extend(flaws(
            &document,
            path,
            answered.status,
            answered.header("content-type"),
            &answered.body,
        ));
    }
    world.memory.lose(false);
    let one = NonZeroU32::MIN;
    let limits = Limits { rate: Some(Rate { each_second: one, burst: one }), ..Limits::default() };
    let server = Server::start(&world.api(limits), Default::default()).await;
    server.ask("/v1/registries").await;
    for (path, asked) in questions() {
        let answered = server.ask(&asked[0].0).await;
        if answered.status == 429 {
            found.extend(flaws(&document, path, 429, answered.header("content-type"), &answered.body));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn each_parameter_is_taken_and_no_other() {
    let document = document();
    let server = World::populated().await.serve().await;
    let values = BTreeMap::from([
        ("registry", REGISTRY.address.to_string()),
        ("owner", owner(1).to_string()),
        ("label", "desk-7".into()),
        ("signer", owner(1).to_string()),
        ("key", hex::encode(key(1).compressed())),
        ("status", "active".into()),
        ("limit", "1".into()),
        ("block", "3".into()),
        ("proof", "latest".into()),
        ("before", "4".into()),
        ("after", "4".into()),
        ("since_block", "4".into()),
    ]);
    for (path, asked) in questions() {
        let question = asked[0].0.split('?').next().unwrap();
        let parameters = document["paths"][path]["get"]["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            assert_eq!(parameter["required"], false, "{path} {parameter}");
            assert!(parameter["description"].is_string(), "{path} {parameter}");
            let name = parameter["name"].as_str().unwrap();
            // A cursor comes from a list alone.
            let Some(value) = values.get(name) else {
                assert_eq!(name, "cursor");
                continue;
            };
            let status = server.open(&format!("{question}?{name}={value}"), &[]).await.status();
            assert_eq!(status, 200, "{path} {name}");
        }
        if !path.starts_with("/health") {
            assert_eq!(server.ask(&format!("{question}?no-such=1")).await.status, 400, "{path}");
        }
    }
}

#[tokio::test]
async fn the_document_is_served_and_the_one_in_the_repository_is_current() {
    let server = World::populated().await.serve().await;
    let answered = server.ask("/openapi.json").await;
    assert_eq!((answered.status, answered.header("content-type")), (200, "application/json"));
    assert_eq!(answered.text(), Api::openapi());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, Api::openapi()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == Api::openapi(),
        "indexer/openapi.json is of another version: run this test with UPDATE_OPENAPI=1"
    );
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn each_operation_has_a_name_of_its_own() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let names: BTreeSet<_> =
        paths.values().map(|path| path["get"]["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), paths.len(), "{names:?}");
}

#[test]
fn the_document_refers_to_nothing_that_it_does_not_have() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    found.insert(reference.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}
