//! The view that a handshake binds: both records and the readings, at one block.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use alloy::network::Ethereum;
use alloy::primitives::U256;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::anvil::ReorgOptions;
use countersign::custody::Custody;
use countersign::protocol::{Anchor, Role};
use countersign::registry::{HeadPolicy, KeyHint, ProofPart, ResolveError, Resolver, ViewRequest};
use countersign::{Address, Identity, Query};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{Market, OPENING_PRICE, Party, Terms, prompt, resolver_at};
use serde_json::json;

struct Scene {
    market: Market,
    alice: Party,
    bob: Party,
    resolver: Resolver,
}

impl Scene {
    async fn set() -> Self {
        let market = Market::open().await;
        let alice = market.enrol(1, "", Terms::default()).await;
        let bob = market.enrol(2, "desk", Terms { is_compact: true, ..Terms::default() }).await;
        let resolver = market.resolver();
        Self { market, alice, bob, resolver }
    }

    /// What Alice asks for, at a block.
    fn request<'a>(&self, anchor: Option<Anchor>, queries: &'a [Query]) -> ViewRequest<'a> {
        let (local, peer) = (self.alice.identity, self.bob.identity);
        ViewRequest { anchor, local, peer, local_key_hint: None, peer_key_hint: None, queries }
    }

    async fn head(&self) -> Anchor {
        self.resolver.head().await.unwrap().anchor
    }

    async fn error(&self, anchor: Anchor) -> ResolveError {
        self.resolver.view(self.request(Some(anchor), &[])).await.unwrap_err()
    }
}

fn price(view: &countersign::protocol::StateView) -> U256 {
    U256::from_be_bytes(*view.readings()[0].value.commitment())
}

#[tokio::test]
async fn both_sides_prove_the_same_state() {
    let scene = Scene::set().await;
    let queries = [scene.market.price()];
    let mine = scene.resolver.view(scene.request(None, &queries)).await.unwrap();
    assert_eq!(price(&mine), U256::from(OPENING_PRICE));
    assert_eq!(*mine.local().public_key(), scene.alice.key.public_key());
    assert_eq!(*mine.peer().public_key(), scene.bob.key.public_key());

    // The price moves on; the proposed block stays what it was.
    scene.market.set_price(99).await;
    let theirs = ViewRequest {
        local: scene.bob.identity,
        peer: scene.alice.identity,
        ..scene.request(Some(*mine.anchor()), &queries)
    };
    let theirs = scene.market.resolver().view(theirs).await.unwrap();
    assert_eq!(mine.state_hash(Role::Initiator), theirs.state_hash(Role::Responder));
    let newest = scene.resolver.view(scene.request(None, &queries)).await.unwrap();
    assert_eq!(price(&newest), U256::from(99));
}

#[tokio::test]
async fn a_view_is_one_request() {
    let scene = Scene::set().await;
    let proxy = Proxy::before(scene.market.endpoint().to_string().parse().unwrap()).await;
    let resolver = resolver_at(proxy.endpoint(), prompt());
    let anchor = scene.head().await;
    let known = Some(KeyHint::Known(scene.bob.key.public_key()));
    let hints = |request| ViewRequest { peer_key_hint: known, ..request };
    let queries = [scene.market.price(), scene.market.price()];
    let view = resolver.view(hints(scene.request(Some(anchor), &queries))).await.unwrap();
    assert_eq!(view.readings().len(), 2);
    resolver.view(hints(scene.request(None, &queries))).await.unwrap();
    assert_eq!(proxy.requests(), [6, 4]);
}

#[tokio::test]
async fn the_proposed_block_must_be_known_canonical_and_recent() {
    let scene = Scene::set().await;
    scene.market.mine(6).await;
    let head = scene.head().await;

    let ahead = Anchor { block_number: head.block_number + 1, ..head };
    let error = scene.error(ahead).await;
    assert!(
        matches!(error, ResolveError::UnknownBlock { my_head, .. } if my_head == head.block_number),
        "{error:?}"
    );

    let invented = Anchor { block_hash: [3; 32], ..head };
    let error = scene.error(invented).await;
    assert!(matches!(error, ResolveError::AnchorNotCanonical { canonical: Some(_), .. }), "{error:?}");

    let options = ReorgOptions { depth: 3, tx_block_pairs: Vec::new() };
    AnvilApi::<Ethereum>::anvil_reorg(scene.market.provider(), options).await.unwrap();
    let error = scene.error(head).await;
    assert!(matches!(error, ResolveError::AnchorNotCanonical { .. }), "{error:?}");

    let old = scene.head().await;
    scene.market.pass(Duration::from_secs(120)).await;
    let maximum = Duration::from_secs(60);
    let strict = scene.market.resolver_with(HeadPolicy { max_anchor_age: maximum, ..prompt() });
    let error = strict.view(scene.request(Some(old), &[])).await.unwrap_err();
    assert!(matches!(error, ResolveError::StaleAnchor { .. }), "{error:?}");
}

#[tokio::test]
async fn another_chain_or_registry_is_not_looked_into() {
    let scene = Scene::set().await;
    let head = scene.head().await;
    let error = scene.error(Anchor { chain_id: 1, ..head }).await;
    assert!(matches!(error, ResolveError::WrongChain { got: 1, endpoint: None, .. }), "{error:?}");
    let error = scene.error(Anchor { registry: Address([1; 20]), ..head }).await;
    assert!(matches!(error, ResolveError::WrongRegistry { .. }), "{error:?}");
}

#[tokio::test]
async fn a_revocation_or_rotation_at_the_head_counts_at_an_older_block() {
    let scene = Scene::set().await;
    let before = scene.head().await;
    scene.bob.rotate(Terms::default()).await;
    let error = scene.error(before).await;
    assert!(matches!(error, ResolveError::Rotated { anchored: 1, newest: 2, .. }), "{error:?}");
    let before = scene.head().await;
    scene.bob.revoke().await;
    let error = scene.error(before).await;
    assert!(
        matches!(error, ResolveError::Revoked { identity, .. } if identity == scene.bob.identity),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_record_younger_than_the_proposed_block_is_not_there() {
    let scene = Scene::set().await;
    let before = scene.head().await;
    let carol = scene.market.enrol(3, "", Terms::default()).await;
    let request = ViewRequest { peer: carol.identity, ..scene.request(Some(before), &[]) };
    let error = scene.resolver.view(request).await.unwrap_err();
    assert!(
        matches!(error, ResolveError::NotRegistered { identity, .. } if identity == carol.identity),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_reading_needs_a_contract_and_a_proof() {
    let scene = Scene::set().await;
    let nowhere = [Query::StorageSlot { source: Address([5; 20]), slot: [0; 32] }];
    let error = scene.resolver.view(scene.request(None, &nowhere)).await.unwrap_err();
    assert!(matches!(error, ResolveError::NoSuchContract { .. }), "{error:?}");

    let unset = [Query::StorageSlot { source: scene.market.price().source(), slot: [8; 32] }];
    let view = scene.resolver.view(scene.request(None, &unset)).await.unwrap();
    assert_eq!(price(&view), U256::ZERO);

    let many = vec![scene.market.price(); 17];
    let error = scene.resolver.view(scene.request(None, &many)).await.unwrap_err();
    assert!(matches!(error, ResolveError::TooManyQueries { count: 17 }), "{error:?}");

    let proxy = Proxy::before(scene.market.endpoint().to_string().parse().unwrap()).await;
    let feed = scene.market.price().source().to_string().to_lowercase();
    proxy.bend("eth_getProof", move |proof| {
        if proof["address"].as_str().unwrap().to_lowercase() == feed {
            proof["storageProof"][0]["value"] = json!("0x1");
        }
    });
    let resolver = resolver_at(proxy.endpoint(), prompt());
    let error = resolver.view(scene.request(None, &[scene.market.price()])).await.unwrap_err();
    let ResolveError::ProofInvalid { what: ProofPart::StorageNodes { slot }, .. } = error else {
        panic!("{error:?}")
    };
    assert!(slot.is_zero());
}

#[tokio::test]
async fn an_unregistered_side_is_named() {
    let scene = Scene::set().await;
    let stranger = Identity::of(Address([4; 20]));
    for request in [
        ViewRequest { local: stranger, ..scene.request(None, &[]) },
        ViewRequest { peer: stranger, ..scene.request(None, &[]) },
    ] {
        let error = scene.resolver.view(request).await.unwrap_err();
        assert!(
            matches!(error, ResolveError::NotRegistered { identity, .. } if identity == stranger),
            "{error:?}"
        );
    }
}

/// Logs of all blocks are no answer to a stranger's wrong key, and a known key that is outdated is worth them.
#[tokio::test]
async fn a_shown_key_must_fit_and_a_known_one_may_be_outdated() {
    let scene = Scene::set().await;
    let proxy = Proxy::before(scene.market.endpoint().to_string().parse().unwrap()).await;
    let resolver = resolver_at(proxy.endpoint(), prompt());
    let (wrong, right) = (scene.alice.key.public_key(), scene.bob.key.public_key());
    let view_with = async |hint| {
        let request = ViewRequest { peer_key_hint: Some(hint), ..scene.request(None, &[]) };
        resolver.view(request).await.map(|view| *view.peer().public_key())
    };

    let error = view_with(KeyHint::Shown(wrong)).await.unwrap_err();
    let ResolveError::KeyMismatch { identity, signer, shown } = error else { panic!("{error:?}") };
    assert_eq!((identity, signer.0, shown.0), (scene.bob.identity, right.address(), wrong.address()));
    assert_eq!(view_with(KeyHint::Shown(right)).await.unwrap(), right);
    assert_eq!(view_with(KeyHint::Known(right)).await.unwrap(), right);
    assert_eq!(proxy.requests().len(), 3);
    assert_eq!(view_with(KeyHint::Known(wrong)).await.unwrap(), right);
    assert_eq!(proxy.requests()[3..].len(), 2, "the proofs, and the logs");

    // A key is not unpublished because nobody looks for it.
    proxy.tell(Lie::Answer(Box::new(|call, answer| {
        if call.method == "eth_getLogs" {
            *answer = json!({ "jsonrpc": "2.0", "id": answer["id"], "error": { "code": -32005, "message": "no logs" } });
        }
    })));
    let error = view_with(KeyHint::Known(wrong)).await.unwrap_err();
    assert!(matches!(error, ResolveError::NodeRefused { method: "eth_getLogs", .. }), "{error:?}");
}
