//! DIDs: those of the method specifications, and their errors.

use countersign_indexer::event::EventKind;
use countersign_protocol::{Address, SignatureScheme};
use countersign_registry::RegistryAt;
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::world::*;

/// The account of the examples in both method specifications.
const EXAMPLE: &str = "0xb9c5714089478a327f09197987f16f9e5d936e8a";
const EXAMPLE_CHECKSUMMED: &str = "0xB9C5714089478a327F09197987f16f9E5d936E8a";

async fn on_chain(chain_id: u64) -> World {
    let mut world = World::of(RegistryAt { chain_id, ..REGISTRY }, Memory::default()).await;
    world.block(vec![]).await;
    world
}

async fn resolved(server: &Server, did: &str) -> Value {
    let answered = server.ask(&format!("/1.0/identifiers/{did}")).await;
    assert_eq!(answered.status, 200, "{did}: {}", answered.text());
    assert_eq!(answered.header("content-type"), "application/did-resolution");
    answered.json()
}

#[tokio::test]
async fn an_account_that_registered_nothing_has_the_document_of_its_method() {
    let server = on_chain(1).await.serve().await;
    for did in [
        format!("did:ethr:{EXAMPLE}"),
        format!("did:ethr:mainnet:{EXAMPLE}"),
        format!("did:ethr:0x1:{EXAMPLE}"),
    ] {
        let mut result = resolved(&server, &did).await;
        assert_eq!(result["didResolutionMetadata"], json!({"contentType": "application/did+ld+json"}));
        assert_eq!(result["didDocumentMetadata"], json!({}));
        let context = result["didDocument"].as_object_mut().unwrap().remove("@context").unwrap();
        assert_eq!(context[0], "https://www.w3.org/ns/did/v1");
        assert_eq!(
            result["didDocument"],
            json!({
                "id": did,
                "verificationMethod": [{
                    "id": format!("{did}#controller"),
                    "type": "EcdsaSecp256k1RecoveryMethod2020",
                    "controller": did,
                    "blockchainAccountId": format!("eip155:1:{EXAMPLE_CHECKSUMMED}"),
                }],
                "authentication": [format!("{did}#controller")],
                "assertionMethod": [format!("{did}#controller")],
            }),
            "{did}"
        );
    }
    let did = format!("did:pkh:eip155:1:{EXAMPLE}");
    let document = &resolved(&server, &did).await["didDocument"];
    assert_eq!(
        document["verificationMethod"],
        json!([{
            "id": format!("{did}#blockchainAccountId"),
            "type": "EcdsaSecp256k1RecoveryMethod2020",
            "controller": did,
            "blockchainAccountId": format!("eip155:1:{EXAMPLE_CHECKSUMMED}"),
        }])
    );
    assert_eq!(document["assertionMethod"], json!([format!("{did}#blockchainAccountId")]));
}

#[tokio::test]
async fn a_did_with_a_public_key_says_the_key_too() {
    let server = on_chain(31337).await.serve().await;
    let hex = hex::encode(key(7).compressed());
    let did = format!("did:ethr:0x7a69:0x{hex}");
    let document = &resolved(&server, &did).await["didDocument"];
    let account = alloy::primitives::Address::from(key(7).address()).to_checksum(None);
    assert_eq!(document["verificationMethod"][0]["blockchainAccountId"], format!("eip155:31337:{account}"));
    assert_eq!(
        document["verificationMethod"][1],
        json!({
            "id": format!("{did}#controllerKey"),
            "type": "EcdsaSecp256k1VerificationKey2019",
            "controller": did,
            "publicKeyHex": hex,
        })
    );
    assert_eq!(
        document["authentication"],
        json!([format!("{did}#controller"), format!("{did}#controllerKey")])
    );
}

#[tokio::test]
async fn identity_keys_are_there_with_both_coordinates_and_only_while_they_are_good() {
    let mut world = World::populated().await;
    let quorum = new_key(owner(1), "quorum/a", 1, 21, SignatureScheme::Schnorr, 0);
    world.block(vec![EventKind::Registered(quorum), registered(owner(1), "gone", 1, 22)]).await;
    world.block(vec![revoked(owner(1), "gone", 1, 22)]).await;
    let server = world.serve().await;
    let did = format!("did:ethr:0x7a69:{}", owner(1));
    let result = resolved(&server, &did).await;
    let document = &result["didDocument"];
    let ids = ["key-2", "desk-7/key-1", "quorum%2Fa/key-1"].map(|name| json!(format!("{did}#{name}")));
    let mut found = document["keyAgreement"].as_array().unwrap().clone();
    found.sort_by_key(ToString::to_string);
    let mut expected = ids.to_vec();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(found, expected);
    assert_eq!(document["authentication"], json!([format!("{did}#controller")]));
    let methods = document["verificationMethod"].as_array().unwrap();
    let method = |id: &Value| methods.iter().find(|method| method["id"] == *id).unwrap();
    for (id, kind, secret) in [
        (&ids[0], "EcdsaSecp256k1VerificationKey2019", 14),
        (&ids[1], "EcdsaSecp256k1VerificationKey2019", 12),
        (&ids[2], "JsonWebKey2020", 21),
    ] {
        let jwk = &method(id)["publicKeyJwk"];
        assert_eq!(
            (&method(id)["type"], &jwk["kty"], &jwk["crv"]),
            (&json!(kind), &json!("EC"), &json!("secp256k1"))
        );
        assert_eq!(coordinates(jwk), key(secret).xy(), "{id}");
    }
    // Block 7, in which the last of its records changed.
    assert_eq!(result["didDocumentMetadata"], json!({"versionId": "7", "updated": "2023-11-14T22:14:44Z"}));
}

fn coordinates(jwk: &Value) -> ([u8; 32], [u8; 32]) {
    use base64::Engine;
    let bytes = |name: &str| {
        let text = jwk[name].as_str().unwrap();
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    };
    (bytes("x"), bytes("y"))
}

#[tokio::test]
async fn a_did_whose_keys_were_all_revoked_is_deactivated() {
    let server = World::populated().await.serve().await;
    let did = format!("did:ethr:0x7a69:{}", owner(2));
    let answered = server.ask(&format!("/1.0/identifiers/{did}")).await;
    assert_eq!(answered.status, 410);
    let result = answered.json();
    assert_eq!(result["didDocumentMetadata"]["deactivated"], true);
    assert_eq!(
        (&result["didDocument"]["id"], &result["didDocument"]["verificationMethod"]),
        (&json!(did), &json!([]))
    );
    // A did:pkh names the account, and has no deactivation.
    let did = format!("did:pkh:eip155:31337:{}", owner(2));
    let result = resolved(&server, &did).await;
    assert_eq!(result["didDocument"]["verificationMethod"].as_array().unwrap().len(), 1);
    assert_eq!(result["didDocumentMetadata"].get("deactivated"), None);
}

#[tokio::test]
async fn the_form_that_is_accepted_is_the_one_that_comes() {
    let server = on_chain(1).await.serve().await;
    let path = format!("/1.0/identifiers/did:ethr:{EXAMPLE}");
    let ask = async |accept| server.request("GET", &path, &[("accept", accept)]).await;
    let linked = ask("application/did+ld+json").await;
    assert_eq!(linked.header("content-type"), "application/did+ld+json");
    assert!(linked.json()["@context"].is_array());
    let plain = ask("application/did+json").await;
    assert_eq!(plain.header("content-type"), "application/did+json");
    assert_eq!(
        (plain.json().get("@context"), &plain.json()["id"]),
        (None, &json!(format!("did:ethr:{EXAMPLE}")))
    );
    let whole = ask("application/ld+json;profile=\"https://w3id.org/did-resolution\"").await;
    assert_eq!(whole.header("content-type"), "application/did-resolution");
    let none = ask("application/did+cbor").await;
    assert_eq!(
        (none.status, &none.json()["didResolutionMetadata"]["error"]),
        (406, &json!("representationNotSupported"))
    );
}

#[tokio::test]
async fn errors_are_those_of_did_resolution() {
    let server = on_chain(1).await.serve().await;
    for (did, status, error) in [
        ("nothing".to_owned(), 400, "invalidDid"),
        ("did:ethr:0x12".into(), 400, "invalidDid"),
        (format!("did:ethr:{EXAMPLE}%23controller"), 400, "invalidDid"),
        (format!("did:ethr:sepolia:{EXAMPLE}"), 404, "notFound"),
        (format!("did:pkh:eip155:137:{EXAMPLE}"), 404, "notFound"),
        ("did:web:example.org".into(), 501, "methodNotSupported"),
    ] {
        let answered = server.ask(&format!("/1.0/identifiers/{did}")).await;
        let result = answered.json();
        assert_eq!(
            (answered.status, &result["didResolutionMetadata"]["error"]),
            (status, &json!(error)),
            "{did}"
        );
        assert_eq!(
            (&result["didDocument"], &result["didDocumentMetadata"]),
            (&Value::Null, &json!({})),
            "{did}"
        );
        assert!(result["didResolutionMetadata"]["message"].is_string());
    }
}

#[tokio::test]
async fn keys_of_several_registries_are_told_apart() {
    let memory = Memory::default();
    let other = RegistryAt { address: Address([0xcc; 20]), ..REGISTRY };
    let mut first = World::of(REGISTRY, memory.clone()).await;
    first.block(vec![registered(owner(1), "", 1, 11)]).await;
    let mut second = World::of(other, memory).await;
    second.block(vec![registered(owner(1), "", 1, 12)]).await;
    let did = format!("did:pkh:eip155:31337:{}", owner(1));
    let document = &resolved(&first.serve().await, &did).await["didDocument"];
    let names = [REGISTRY, other].map(|registry| json!(format!("{did}#key-1@{}", registry.address)));
    assert_eq!(document["keyAgreement"], json!(names));
}
