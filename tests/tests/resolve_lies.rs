//! One node that lies about a real chain: each lie is refused with its own error.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use countersign::Identity;
use countersign::registry::{HeadPolicy, ProofPart, ResolveError, Resolver, StaleHead};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{Market, Party, Terms, prompt, resolver_at};
use serde_json::{Value, json};

struct Scene {
    market: Market,
    alice: Party,
    proxy: Proxy,
    resolver: Resolver,
}

impl Scene {
    async fn set() -> Self {
        Self::set_with(prompt()).await
    }

    async fn set_with(policy: HeadPolicy) -> Self {
        let market = Market::open().await;
        let alice = market.enrol(1, "", Terms::default()).await;
        // More records, so that the tries have branches.
        for account in 2..6 {
            market.enrol(account, "", Terms::default()).await;
        }
        let proxy = Proxy::before(market.endpoint().to_string().parse().unwrap()).await;
        let resolver = resolver_at(proxy.endpoint(), policy);
        Self { market, alice, proxy, resolver }
    }

    async fn error(&self) -> ResolveError {
        self.error_for(self.alice.identity).await
    }

    async fn error_for(&self, identity: Identity) -> ResolveError {
        self.resolver.resolve(identity).await.expect_err("a lie is refused")
    }

    async fn flaw(&self) -> ProofPart {
        match self.error().await {
            ResolveError::ProofInvalid { what, endpoint } if endpoint == self.proxy.endpoint() => what,
            other => panic!("{other:?}"),
        }
    }
}

/// Changes one bit of a hex string's byte.
fn flip(hex: &mut Value, byte: usize) {
    let text = hex.as_str().unwrap().to_owned();
    let at = 2 + 2 * byte;
    let digit = u8::from_str_radix(&text[at..=at], 16).unwrap() ^ 1;
    *hex = json!(format!("{}{digit:x}{}", &text[..at], &text[at + 1..]));
}

fn nodes(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

#[tokio::test]
async fn every_proof_node_is_checked() {
    let scene = Scene::set().await;
    let registry = scene.resolver.registry();
    let proof: Value = alloy::providers::Provider::raw_request(
        scene.market.provider(),
        "eth_getProof".into(),
        (registry.to_string(), record_slots(&scene.alice.identity), "latest"),
    )
    .await
    .unwrap();
    for node in 0..nodes(&proof["accountProof"]) {
        for byte in [0, 5, 31] {
            scene.proxy.bend("eth_getProof", move |proof| flip(&mut proof["accountProof"][node], byte));
            assert!(matches!(scene.flaw().await, ProofPart::AccountNodes { .. }));
        }
    }
    for slot in 0..2 {
        for node in 0..nodes(&proof["storageProof"][slot]["proof"]) {
            scene.proxy.bend("eth_getProof", move |proof| {
                flip(&mut proof["storageProof"][slot]["proof"][node], 9);
            });
            assert!(matches!(scene.flaw().await, ProofPart::StorageNodes { .. }));
        }
    }
    scene.proxy.tell(Lie::None);
    scene.resolver.resolve(scene.alice.identity).await.unwrap();
}

fn record_slots(identity: &Identity) -> [String; 2] {
    let slots = countersign::registry::RecordSlots::of(identity);
    [slots.word.to_string(), slots.x.to_string()]
}

#[tokio::test]
async fn a_changed_header_does_not_hash() {
    let scene = Scene::set().await;
    for field in ["stateRoot", "parentHash", "receiptsRoot", "hash", "mixHash"] {
        scene.proxy.bend("eth_getBlockByNumber", move |block| flip(&mut block[field], 3));
        assert!(matches!(scene.flaw().await, ProofPart::HeaderHash { .. }), "{field}");
    }
    for field in ["number", "timestamp", "gasLimit"] {
        scene.proxy.bend("eth_getBlockByNumber", move |block| block[field] = json!("0x7fffffff"));
        assert!(matches!(scene.flaw().await, ProofPart::HeaderHash { .. }), "{field}");
    }
}

#[tokio::test]
async fn a_proof_for_another_account_is_refused_whatever_it_is_called() {
    let scene = Scene::set().await;
    let other = scene.market.price().source().to_string();
    let ask = other.clone();
    scene.proxy.tell(Lie::Ask(Box::new(move |call| {
        if call.method == "eth_getProof" {
            call.params[0] = json!(ask);
        }
    })));
    assert!(matches!(scene.flaw().await, ProofPart::OtherAccount { .. }));
    scene.proxy.bend("eth_getProof", move |proof| proof["address"] = json!(other));
    assert!(matches!(scene.flaw().await, ProofPart::OtherAccount { .. }));
    // Another contract's proof under the registry's name.
    let foreign: Value = alloy::providers::Provider::raw_request(
        scene.market.provider(),
        "eth_getProof".into(),
        (scene.market.price().source().to_string(), record_slots(&scene.alice.identity), "latest"),
    )
    .await
    .unwrap();
    scene.proxy.bend("eth_getProof", move |proof| {
        let name = proof["address"].clone();
        *proof = foreign.clone();
        proof["address"] = name;
    });
    assert!(matches!(scene.flaw().await, ProofPart::AccountNodes { .. }));
}

#[tokio::test]
async fn a_proof_for_another_slot_is_refused_whatever_it_is_called() {
    let scene = Scene::set().await;
    scene.proxy.bend("eth_getProof", |proof| flip(&mut proof["storageProof"][0]["key"], 31));
    assert!(matches!(scene.flaw().await, ProofPart::OtherSlot { .. }));
    scene.proxy.bend("eth_getProof", |proof| proof["storageProof"].as_array_mut().unwrap().reverse());
    assert!(matches!(scene.flaw().await, ProofPart::OtherSlot { .. }));
    scene.proxy.bend("eth_getProof", |proof| {
        let (word, x) = (proof["storageProof"][0]["key"].clone(), proof["storageProof"][1]["key"].clone());
        proof["storageProof"].as_array_mut().unwrap().reverse();
        (proof["storageProof"][0]["key"], proof["storageProof"][1]["key"]) = (word, x);
    });
    assert!(matches!(scene.flaw().await, ProofPart::StorageNodes { .. }));
    for kept in 0..2 {
        scene.proxy.bend("eth_getProof", move |proof| {
            proof["storageProof"].as_array_mut().unwrap().truncate(kept);
        });
        assert!(matches!(scene.flaw().await, ProofPart::OtherSlot { .. }));
    }
}

#[tokio::test]
async fn another_identitys_record_is_not_taken_for_the_one_asked_for() {
    let scene = Scene::set().await;
    let other = record_slots(&scene.market.enrol(7, "", Terms::default()).await.identity);
    let asked = record_slots(&scene.alice.identity);
    let foreign: Value = alloy::providers::Provider::raw_request(
        scene.market.provider(),
        "eth_getProof".into(),
        (scene.resolver.registry().to_string(), other, "latest"),
    )
    .await
    .unwrap();
    scene.proxy.bend("eth_getProof", move |proof| {
        *proof = foreign.clone();
        (0..2).for_each(|slot| proof["storageProof"][slot]["key"] = json!(asked[slot]));
    });
    assert!(matches!(scene.flaw().await, ProofPart::StorageNodes { .. }));
}

#[tokio::test]
async fn absence_must_be_proven() {
    let scene = Scene::set().await;
    let deny = |proof: &mut Value| {
        for slot in 0..2 {
            proof["storageProof"][slot]["value"] = json!("0x0");
        }
    };
    scene.proxy.bend("eth_getProof", deny);
    assert!(matches!(scene.flaw().await, ProofPart::StorageNodes { .. }));
    scene.proxy.bend("eth_getProof", move |proof| {
        deny(proof);
        (0..2).for_each(|slot| proof["storageProof"][slot]["proof"] = json!([]));
    });
    assert!(matches!(scene.flaw().await, ProofPart::StorageProofMissing { .. }));
    scene.proxy.bend("eth_getProof", move |proof| {
        deny(proof);
        for slot in 0..2 {
            let nodes = proof["storageProof"][slot]["proof"].as_array_mut().unwrap();
            nodes.truncate(nodes.len() - 1);
        }
    });
    assert!(matches!(
        scene.flaw().await,
        ProofPart::StorageNodes { .. } | ProofPart::StorageProofMissing { .. }
    ));
    scene.proxy.bend("eth_getProof", |proof| proof["accountProof"] = json!([]));
    assert!(matches!(scene.flaw().await, ProofPart::AccountProofMissing { .. }));
    // "There is no registry", without a proof of it.
    scene.proxy.bend("eth_getProof", |proof| {
        for field in ["nonce", "balance"] {
            proof[field] = json!("0x0");
        }
        proof["codeHash"] = json!("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    });
    assert!(matches!(scene.flaw().await, ProofPart::AccountNodes { .. }));
}

#[tokio::test]
async fn a_changed_record_or_code_hash_does_not_hold() {
    let scene = Scene::set().await;
    scene.proxy.bend("eth_getProof", |proof| flip(&mut proof["storageProof"][0]["value"], 0));
    assert!(matches!(scene.flaw().await, ProofPart::StorageNodes { .. }));
    scene.proxy.bend("eth_getProof", |proof| flip(&mut proof["codeHash"], 4));
    assert!(matches!(scene.flaw().await, ProofPart::AccountNodes { .. }));
    scene.proxy.bend("eth_getProof", |proof| flip(&mut proof["storageHash"], 4));
    assert!(matches!(scene.flaw().await, ProofPart::AccountNodes { .. }));
}

#[tokio::test]
async fn a_replayed_old_head_is_stale() {
    let scene = Scene::set().await;
    let old = scene.resolver.resolve(scene.alice.identity).await.unwrap().proved_at.anchor.block_number;
    scene.alice.revoke().await;
    assert!(matches!(scene.error().await, ResolveError::Revoked { .. }));
    scene.proxy.stick_at(old, &["eth_getBlockByNumber", "eth_getProof"]);
    let error = scene.error().await;
    let ResolveError::StaleHead { number, why } = error else { panic!("{error:?}") };
    assert_eq!((number, why), (old, StaleHead::BehindProven { proven: old + 1 }));
}

#[tokio::test]
async fn an_old_proof_under_a_new_head_does_not_hide_a_revocation() {
    let scene = Scene::set().await;
    let old = scene.resolver.head().await.unwrap().anchor.block_number;
    scene.alice.revoke().await;
    scene.proxy.tell(Lie::Ask(Box::new(move |call| {
        if call.method == "eth_getProof" {
            call.params[2] = json!(format!("{old:#x}"));
        }
    })));
    assert!(matches!(scene.flaw().await, ProofPart::AccountNodes { .. }));
}

#[tokio::test]
async fn a_block_between_header_and_proof_costs_one_more_question() {
    let scene = Scene::set().await;
    let head = scene.resolver.head().await.unwrap().anchor.block_number;
    let before = scene.proxy.requests().len();
    // The header of the block before, with the proof of the newest: as if a block had come in between.
    scene.market.mine(1).await;
    scene.market.set_price(7).await;
    let behind = head + 1;
    scene.proxy.stick_at(behind, &["eth_getBlockByNumber"]);
    let resolved = scene.resolver.resolve(scene.alice.identity).await.unwrap();
    assert_eq!(resolved.proved_at.anchor.block_number, behind);
    assert_eq!(scene.proxy.requests().len() - before, 2);
}

#[tokio::test]
async fn another_chains_id_is_refused() {
    let scene = Scene::set().await;
    scene.proxy.bend("eth_chainId", |id| *id = json!("0x1"));
    let error = scene.error().await;
    assert!(matches!(error, ResolveError::WrongChain { got: 1, endpoint: Some(_), .. }), "{error:?}");
}

#[tokio::test]
async fn silence_ends_in_a_timeout() {
    let timeout = Duration::from_millis(400);
    let scene = Scene::set_with(HeadPolicy { request_timeout: timeout, ..prompt() }).await;
    scene.proxy.tell(Lie::Stall);
    let start = Instant::now();
    assert!(matches!(scene.error().await, ResolveError::Timeout { after, .. } if after == timeout));
    assert!(start.elapsed() < 4 * timeout, "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_oversized_answer_is_cut_short() {
    let limit = 64 << 10;
    let scene = Scene::set_with(HeadPolicy { max_response_bytes: limit, ..prompt() }).await;
    for lie in [Lie::Drone, Lie::Say("x".repeat(limit + 1))] {
        scene.proxy.tell(lie);
        let error = scene.error().await;
        assert!(
            matches!(error, ResolveError::AnswerTooLarge { limit: said, .. } if said == limit),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_answer_is_a_bad_answer() {
    let scene = Scene::set().await;
    for text in
        ["", "nonsense", "{", "[]", "null", "[1]", r#"{"jsonrpc":"2.0","id":0,"result":"0x1"}"#, "[[[["]
    {
        scene.proxy.tell(Lie::Say(text.into()));
        let error = scene.error().await;
        assert!(matches!(error, ResolveError::BadAnswer { .. }), "{text}: {error:?}");
    }
    let refusal = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"too many\nrequests"}}"#;
    scene.proxy.tell(Lie::Say(refusal.into()));
    let error = scene.error().await;
    let ResolveError::NodeRefused { code: -32005, message, .. } = &error else { panic!("{error:?}") };
    assert_eq!(message, "too many requests");
}

#[tokio::test]
async fn answers_of_the_wrong_shape_are_bad_answers() {
    let scene = Scene::set().await;
    let shapes = || [json!(null), json!(17), json!("0x"), json!([]), json!({}), json!({ "hash": "0x00" })];
    // The chain id first: once right it is not asked for again.
    for method in ["eth_chainId", "eth_getBlockByNumber", "eth_getProof"] {
        for shape in shapes() {
            let name = shape.to_string();
            scene.proxy.bend(method, move |result| *result = shape.clone());
            let error = scene.error().await;
            let is_a_number = method == "eth_chainId" && matches!(error, ResolveError::WrongChain { .. });
            assert!(
                is_a_number || matches!(error, ResolveError::BadAnswer { .. }),
                "{method} {name}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_refused_proof_says_who_refused_what() {
    let scene = Scene::set().await;
    scene.proxy.tell(Lie::Answer(Box::new(|call, answer| {
        if call.method == "eth_getProof" {
            answer.as_object_mut().unwrap().remove("result");
            answer["error"] =
                json!({ "code": -32000, "message": "distance to target block exceeds maximum proof window" });
        }
    })));
    let error = scene.error().await;
    assert!(
        matches!(error, ResolveError::NodeRefused { method: "eth_getProof", code: -32000, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_dropped_connection_or_a_dead_node_is_unreachable() {
    let scene = Scene::set().await;
    scene.proxy.tell(Lie::HangUp);
    assert!(matches!(scene.error().await, ResolveError::Unreachable { .. }));
    let resolver = resolver_at(scene.market.endpoint(), prompt());
    resolver.resolve(scene.alice.identity).await.unwrap();
    drop(scene.market);
    let error = resolver.resolve(scene.alice.identity).await.unwrap_err();
    assert!(matches!(error, ResolveError::Unreachable { .. }), "{error:?}");
}

/// Behind a new connection another node may stand, so it is asked for its chain as the first one was. Over HTTP each
/// request may have a connection of its own.
#[tokio::test]
async fn a_node_that_comes_back_on_another_chain() {
    let scene = Scene::set().await;
    for endpoint in [scene.proxy.endpoint(), scene.proxy.web_socket()] {
        scene.proxy.tell(Lie::None);
        let resolver = resolver_at(endpoint.clone(), prompt());
        resolver.resolve(scene.alice.identity).await.unwrap();
        scene.proxy.bend("eth_chainId", |id| *id = json!("0x5"));
        if endpoint == scene.proxy.web_socket() {
            // On the same connection nobody asks again.
            resolver.resolve(scene.alice.identity).await.unwrap();
            scene.proxy.cut();
            let error = resolver.resolve(scene.alice.identity).await.unwrap_err();
            assert!(matches!(error, ResolveError::Unreachable { .. }), "{error:?}");
        }
        let error = resolver.resolve(scene.alice.identity).await.unwrap_err();
        assert!(matches!(error, ResolveError::WrongChain { got: 5, .. }), "{error:?}");
    }
}

/// Over a socket each answer is a message of its own: together they are bounded too.
#[tokio::test]
async fn answers_that_are_too_long_together() {
    let scene = Scene::set().await;
    let limit = 64 << 10;
    for endpoint in [scene.proxy.endpoint(), scene.proxy.web_socket()] {
        let policy = HeadPolicy { max_response_bytes: limit, ..prompt() };
        let resolver = resolver_at(endpoint, policy);
        resolver.resolve(scene.alice.identity).await.unwrap();
        // Each of them is short enough.
        scene.proxy.tell(Lie::Answer(Box::new(|_, answer| {
            if let Some(result) = answer["result"].as_object_mut() {
                result.insert("padding".into(), json!("x".repeat(40 << 10)));
            }
        })));
        let error = resolver.resolve(scene.alice.identity).await.unwrap_err();
        assert!(matches!(error, ResolveError::AnswerTooLarge { limit: 65_536, .. }), "{error:?}");
        resolver.head().await.unwrap();
        scene.proxy.tell(Lie::None);
        resolver.resolve(scene.alice.identity).await.unwrap();
    }
}
