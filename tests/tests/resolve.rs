//! Resolving from a real chain that tells the truth: what is proven, of whom, over which transport.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use alloy::node_bindings::Anvil;
use alloy::providers::ext::AnvilApi;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::anvil::ReorgOptions;
use countersign::custody::Custody;
use countersign::protocol::curve::PublicKey;
use countersign::registry::{
    Endpoint, HeadPolicy, HeadSource, HeadTrust, RecordDepth, ResolveError, Resolver, RevocationReason,
    StaleHead, artifact,
};
use countersign::{Address, Identity};
use countersign_tests::proxy::{Lie, Proxy};
use countersign_tests::trader::{CHAIN, Market, Terms, anvil_path, prompt, resolver_at};
use serde_json::json;

fn compact() -> Terms {
    Terms { is_compact: true, ..Terms::default() }
}

async fn proxy(market: &Market) -> Proxy {
    Proxy::before(market.endpoint().to_string().parse().unwrap()).await
}

#[tokio::test]
async fn a_pinned_key_is_proven_in_one_batch() {
    let market = Market::open().await;
    let alice = market.enrol(1, "desk", Terms { suite_floor: 1, ..Terms::default() }).await;
    let proxy = proxy(&market).await;
    let resolver = resolver_at(proxy.endpoint(), prompt());

    let resolved = resolver.resolve(alice.identity).await.unwrap();

    assert_eq!(*resolved.peer_key.public_key(), alice.key.public_key());
    assert!(resolved.pinned);
    let record = resolved.peer_key.record();
    assert_eq!((record.identity, record.version, record.suite_floor), (alice.identity, 1, 1));
    assert_eq!(resolved.proved_at.trust, HeadSource::OwnNode);
    let latest = market.provider().get_block(alloy::eips::BlockId::latest()).await.unwrap().unwrap();
    assert_eq!(resolved.proved_at.anchor.block_hash, latest.header.hash.0);
    assert_eq!(resolved.proved_at.timestamp, latest.header.timestamp);

    resolver.resolve(alice.identity).await.unwrap();
    assert_eq!(proxy.requests(), [3, 3], "chain id, block and proof each time, one request each");
}

#[tokio::test]
async fn websocket_and_ipc_serve_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("anvil.ipc");
    let anvil = Anvil::at(anvil_path()).args(["--ipc", socket.to_str().unwrap()]).try_spawn().unwrap();
    let http: Endpoint = anvil.endpoint().parse().unwrap();
    let owner =
        countersign::registry::write::PayingAccount::Unlocked(Address(anvil.addresses()[0].into_array()));
    let registrar = countersign::registry::write::Registrar::connect(
        &http,
        CHAIN,
        artifact::key_registry_address(),
        owner,
        Default::default(),
    )
    .await
    .unwrap();
    registrar.deploy_contracts().await.unwrap();
    let identity = Identity::of(registrar.account());
    for endpoint in [anvil.ws_endpoint(), socket.to_str().unwrap().to_owned()] {
        let resolver = resolver_at(endpoint.parse().unwrap(), prompt());
        for _ in 0..2 {
            let outcome = resolver.resolve(identity).await;
            assert!(matches!(outcome, Err(ResolveError::NotRegistered { .. })), "{endpoint}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_dead_socket_is_connected_anew() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let resolver =
        resolver_at(market.endpoint().to_string().replace("http", "ws").parse().unwrap(), prompt());
    resolver.resolve(alice.identity).await.unwrap();
    let endpoint = market.endpoint();
    let port = endpoint.to_string().rsplit(':').next().unwrap().to_owned();
    drop(market);

    let outcome = resolver.resolve(alice.identity).await;
    assert!(
        matches!(outcome, Err(ResolveError::Unreachable { .. } | ResolveError::Timeout { .. })),
        "{outcome:?}"
    );

    let anvil = Anvil::at(anvil_path()).port(port.parse::<u16>().unwrap()).try_spawn().unwrap();
    // Anvil proves nothing about its block 0.
    let provider = ProviderBuilder::new().connect_http(anvil.endpoint_url());
    AnvilApi::<alloy::network::Ethereum>::anvil_mine(&provider, Some(1), None).await.unwrap();
    // Another chain with the same id: reachable again, and without a registry.
    let outcome = resolver_at(endpoint, prompt()).resolve(alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::NoRegistryHere { found: None, .. })), "{outcome:?}");
    let outcome = resolver.resolve(alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::StaleHead { .. })), "{outcome:?}");
}

#[tokio::test]
async fn nobody_is_registered_by_default() {
    let market = Market::open().await;
    market.enrol(1, "", Terms::default()).await;
    let stranger = market.stranger(2).await;
    let outcome = market.resolver().resolve(stranger.identity).await;
    let Err(ResolveError::NotRegistered { identity, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(identity, stranger.identity);
    let other_label = Identity { label: countersign::Label([7; 32]), ..stranger.identity };
    let outcome = market.resolver().resolve(other_label).await;
    assert!(matches!(outcome, Err(ResolveError::NotRegistered { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_revocation_counts_at_once_and_says_why_and_when() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let resolver = market.resolver();
    resolver.resolve(alice.identity).await.unwrap();
    alice.revoke().await;
    let head = market.provider().get_block(alloy::eips::BlockId::latest()).await.unwrap().unwrap();
    let outcome = resolver.resolve(alice.identity).await;
    let Err(ResolveError::Revoked { identity, version, reason, at }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((identity, version, reason), (alice.identity, 1, RevocationReason::KeyCompromised));
    assert_eq!(at, head.header.timestamp);
}

#[tokio::test]
async fn a_rotation_replaces_the_key() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let resolver = market.resolver();
    let before = resolver.resolve(alice.identity).await.unwrap();
    // To a compact record: the old X stays in its slot, and must count for nothing.
    let rotated = alice.rotate(compact()).await;
    let after = resolver.resolve(alice.identity).await.unwrap();
    assert_ne!(before.peer_key.public_key(), after.peer_key.public_key());
    assert_eq!(*after.peer_key.public_key(), rotated.key.public_key());
    assert_eq!((after.peer_key.record().version, after.pinned), (2, false));
}

#[tokio::test]
async fn a_key_expires_by_the_chains_time() {
    let market = Market::open().await;
    let now = market.resolver().head().await.unwrap().timestamp;
    let until = u32::try_from(now + 1000).unwrap();
    let alice = market.enrol(1, "", Terms { valid_until: Some(until), ..Terms::default() }).await;
    market.resolver().resolve(alice.identity).await.unwrap();
    market.pass(Duration::from_secs(1001)).await;
    let outcome = market.resolver().resolve(alice.identity).await;
    assert!(
        matches!(outcome, Err(ResolveError::Expired { at, .. }) if at == u64::from(until)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_young_record_has_to_wait() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let minimum = Duration::from_secs(60);
    let resolver = market.resolver_with(HeadPolicy { record_depth: RecordDepth::Age(minimum), ..prompt() });
    let outcome = resolver.resolve(alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::TooYoung { .. })), "{outcome:?}");
    market.pass(minimum).await;
    resolver.resolve(alice.identity).await.unwrap();
}

#[tokio::test]
async fn a_compact_records_key_comes_from_a_hint_or_the_logs_and_must_fit() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", compact()).await;
    let wrong = market.enrol(2, "", Terms::default()).await.key.public_key();
    let proxy = proxy(&market).await;
    let resolver = resolver_at(proxy.endpoint(), prompt());
    let key_with = async |hint: Option<PublicKey>| {
        resolver.resolve_hinted(alice.identity, hint).await.map(|resolved| *resolved.peer_key.public_key())
    };
    assert_eq!(key_with(None).await.unwrap(), alice.key.public_key());
    assert_eq!(key_with(Some(wrong)).await.unwrap(), alice.key.public_key());

    proxy.bend("eth_getLogs", |logs| *logs = json!([]));
    assert_eq!(key_with(Some(alice.key.public_key())).await.unwrap(), alice.key.public_key());
    for hint in [None, Some(wrong)] {
        let outcome = key_with(hint).await;
        assert!(matches!(outcome, Err(ResolveError::KeyNotPublished { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_warm_answer_asks_nobody() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let proxy = proxy(&market).await;
    let reuse = Duration::from_millis(1500);
    let resolver = resolver_at(proxy.endpoint(), HeadPolicy { head_reuse: reuse, ..prompt() });
    let cold = resolver.resolve(alice.identity).await.unwrap();
    proxy.tell(Lie::HangUp);
    assert_eq!(resolver.resolve(alice.identity).await.unwrap(), cold);
    assert_eq!(resolver.clone().head().await.unwrap(), cold.proved_at);
    assert_eq!(proxy.requests().len(), 1);
    tokio::time::sleep(reuse).await;
    assert!(resolver.resolve(alice.identity).await.is_err());
}

#[tokio::test]
async fn a_chain_without_the_registry_says_so() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let price = market.price().source();
    for (registry, has_code) in [(Address([9; 20]), false), (price, true)] {
        let trust = HeadTrust::OwnNode(market.endpoint());
        let resolver = Resolver::new(CHAIN, registry, trust, prompt()).unwrap();
        let outcome = resolver.resolve(alice.identity).await;
        let Err(ResolveError::NoRegistryHere { found, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(found.is_some(), has_code);
    }
}

#[tokio::test]
async fn another_chain_is_refused() {
    let market = Market::open().await;
    let trust = HeadTrust::OwnNode(market.endpoint());
    let resolver = Resolver::new(1, artifact::key_registry_address(), trust, prompt()).unwrap();
    let outcome = resolver.head().await;
    assert!(
        matches!(outcome, Err(ResolveError::WrongChain { expected: 1, got: CHAIN, endpoint: Some(_) })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_heads_time_is_held_against_the_clock() {
    let market = Market::open().await;
    let age = Some(Duration::from_secs(1));
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let outcome = market.resolver_with(HeadPolicy { max_head_age: age, ..prompt() }).head().await;
    assert!(
        matches!(outcome, Err(ResolveError::StaleHead { why: StaleHead::TooOld { .. }, .. })),
        "{outcome:?}"
    );
    market.pass(Duration::from_secs(60)).await;
    let skew = Duration::from_secs(15);
    let outcome = market.resolver_with(HeadPolicy { max_clock_skew: skew, ..prompt() }).head().await;
    assert!(
        matches!(outcome, Err(ResolveError::StaleHead { why: StaleHead::InFuture { .. }, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_reorganised_chain_is_resolved_again() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    market.mine(4).await;
    let resolver = market.resolver();
    let before = resolver.resolve(alice.identity).await.unwrap();
    let reorg = ReorgOptions { depth: 3, tx_block_pairs: Vec::new() };
    AnvilApi::<alloy::network::Ethereum>::anvil_reorg(market.provider(), reorg).await.unwrap();
    let after = resolver.resolve(alice.identity).await.unwrap();
    assert_eq!(after.peer_key, before.peer_key);
    assert_ne!(after.proved_at.anchor.block_hash, before.proved_at.anchor.block_hash);
}

#[tokio::test]
async fn a_record_never_goes_back() {
    let market = Market::open().await;
    let alice = market.enrol(1, "", Terms::default()).await;
    let resolver = market.resolver();
    alice.rotate(Terms::default()).await;
    assert_eq!(resolver.resolve(alice.identity).await.unwrap().peer_key.record().version, 2);
    AnvilApi::<alloy::network::Ethereum>::anvil_rollback(market.provider(), Some(1)).await.unwrap();
    market.mine(3).await;
    let outcome = resolver.resolve(alice.identity).await;
    assert!(matches!(outcome, Err(ResolveError::RecordRewound { seen: 2, got: 1, .. })), "{outcome:?}");
}
