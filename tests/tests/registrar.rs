//! The owner's transactions on a real chain, and each way in which they are refused.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use alloy::network::Ethereum;
use alloy::providers::ext::AnvilApi;
use alloy::signers::local::PrivateKeySigner;
use countersign::custody::{Custody, LocalKey};
use countersign::registry::write::{
    KeyTerms, PayingAccount, Registrar, RegistryRefusal, WriteError, WritePolicy, Written,
};
use countersign::registry::{ResolveError, RevocationReason};
use countersign::{Address, Identity, Label};
use countersign_tests::chain::{Chain, refusal};
use countersign_tests::trader::CHAIN;

fn terms(key: &LocalKey) -> KeyTerms {
    KeyTerms { suite_floor: 0, ..KeyTerms::new(key.public_key()) }
}

async fn register(registrar: &Registrar, key: &LocalKey, terms: KeyTerms) -> Result<Written, WriteError> {
    let pending = registrar.register(Label::DEFAULT, terms).await?;
    let answer = key.answer(pending.request()).await.unwrap();
    pending.submit(answer).await
}

async fn rotate(registrar: &Registrar, key: &LocalKey) -> Result<Written, WriteError> {
    let pending = registrar.rotate(Label::DEFAULT, terms(key)).await?;
    let answer = key.answer(pending.request()).await.unwrap();
    pending.submit(answer).await
}

#[tokio::test]
async fn an_owner_signs_here_or_at_the_node() {
    let (chain, unlocked) = Chain::open(CHAIN).await;
    let signer = chain.wallet(1);
    let wallet = chain.registrar(PayingAccount::Wallet(signer)).await;
    for registrar in [unlocked, wallet] {
        let key = LocalKey::generate().unwrap();
        let written = register(&registrar, &key, terms(&key)).await.unwrap();
        assert!(written.gas_used > 21_000 && written.block_number > 0);
        let identity = Identity::of(registrar.account());
        let resolved = chain.resolver().resolve(identity).await.unwrap();
        assert_eq!(*resolved.peer_key.public_key(), key.public_key());
    }
}

#[tokio::test]
async fn the_contracts_refusals_have_names() {
    let (_chain, registrar) = Chain::open(CHAIN).await;
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    let identity = Identity::of(registrar.account());
    let signer = |key: &LocalKey| Address(key.public_key().address());
    assert_eq!(refusal(rotate(&registrar, &first).await), RegistryRefusal::NotRegistered { identity });
    let revoke = async || registrar.revoke(Label::DEFAULT, RevocationReason::Superseded).await;
    assert_eq!(refusal(revoke().await), RegistryRefusal::NotRegistered { identity });
    let bundle = registrar.anchor_bundle(identity, [7; 32].into()).await;
    assert_eq!(refusal(bundle), RegistryRefusal::NotRegistered { identity });

    let past = KeyTerms { valid_until: Some(5), ..terms(&first) };
    let expected = RegistryRefusal::ExpiryNotInFuture { until: 5 };
    assert_eq!(refusal(register(&registrar, &first, past).await), expected);
    // 3 has a place in the word and no meaning, 4 has neither.
    for suite_floor in [3, 4, 255] {
        let reserved = KeyTerms { suite_floor, ..terms(&first) };
        let expected = RegistryRefusal::SuiteFloorReserved { suite_floor };
        assert_eq!(refusal(register(&registrar, &first, reserved).await), expected);
    }

    register(&registrar, &first, terms(&first)).await.unwrap();
    let again = register(&registrar, &second, terms(&second)).await;
    assert_eq!(refusal(again), RegistryRefusal::AlreadyRegistered { identity, version: 1 });
    let pin = async |key: &LocalKey| registrar.pin(identity, &key.public_key()).await;
    assert_eq!(refusal(pin(&first).await), RegistryRefusal::AlreadyPinned { identity, version: 1 });

    revoke().await.unwrap();
    let revoked = RegistryRefusal::KeyRevokedAlready { identity, version: 1 };
    assert_eq!(refusal(revoke().await), revoked);
    assert_eq!(refusal(rotate(&registrar, &second).await), revoked);
    let reused = RegistryRefusal::RevokedKeyReused { signer: signer(&first) };
    assert_eq!(refusal(register(&registrar, &first, terms(&first)).await), reused);

    register(&registrar, &second, KeyTerms { pinned: false, ..terms(&second) }).await.unwrap();
    let expected = RegistryRefusal::KeyMismatch { signer: signer(&second), offered: signer(&first) };
    assert_eq!(refusal(pin(&first).await), expected);
    pin(&second).await.unwrap();
}

#[tokio::test]
async fn an_unknown_reason_and_a_time_beyond_the_registry_are_not_sent() {
    let (_chain, registrar) = Chain::open(CHAIN).await;
    let outcome = registrar.revoke(Label::DEFAULT, RevocationReason::Unknown(6)).await;
    assert!(matches!(outcome, Err(WriteError::UnknownReason { code: 6 })), "{outcome:?}");
    let until = 1 << 40;
    let outcome = registrar.set_operator(Address([1; 20]), Some(until)).await;
    assert!(matches!(outcome, Err(WriteError::BeyondTime { until: said }) if said == until), "{outcome:?}");
}

#[tokio::test]
async fn a_pinned_key_is_served_without_its_logs() {
    let (chain, registrar) = Chain::open(CHAIN).await;
    let key = LocalKey::generate().unwrap();
    register(&registrar, &key, KeyTerms { pinned: false, ..terms(&key) }).await.unwrap();
    let identity = Identity::of(registrar.account());
    let resolver = chain.resolver();
    assert!(!resolver.resolve(identity).await.unwrap().pinned);
    let anyone = chain.registrar(chain.account(5)).await;
    anyone.pin(identity, &key.public_key()).await.unwrap();
    assert!(resolver.resolve(identity).await.unwrap().pinned);
}

#[tokio::test]
async fn a_record_that_changed_meanwhile_refuses_the_proof() {
    let (_chain, registrar) = Chain::open(CHAIN).await;
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    register(&registrar, &first, terms(&first)).await.unwrap();
    let pending = registrar.rotate(Label::DEFAULT, terms(&second)).await.unwrap();
    assert_eq!(pending.version(), 2);
    rotate(&registrar, &first).await.unwrap();
    let answer = second.answer(pending.request()).await.unwrap();
    let signer = Address(second.public_key().address());
    assert_eq!(refusal(pending.submit(answer).await), RegistryRefusal::PossessionNotProven { signer });
}

#[tokio::test]
async fn another_keys_signature_is_not_sent() {
    let (_chain, registrar) = Chain::open(CHAIN).await;
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    let outcome = register(&registrar, &second, terms(&first)).await;
    assert!(matches!(outcome, Err(WriteError::NotThisKeys)), "{outcome:?}");
}

#[tokio::test]
async fn an_account_without_ether_or_key_is_named() {
    let (chain, _) = Chain::open(CHAIN).await;
    let key = LocalKey::generate().unwrap();
    let poor = chain.registrar(PayingAccount::Wallet(PrivateKeySigner::random())).await;
    let outcome = register(&poor, &key, terms(&key)).await;
    assert!(
        matches!(outcome, Err(WriteError::InsufficientFunds { account, .. }) if account == poor.account()),
        "{outcome:?}"
    );
    let locked = chain.registrar(PayingAccount::Unlocked(Address([8; 20]))).await;
    let outcome = register(&locked, &key, terms(&key)).await;
    assert!(
        matches!(outcome, Err(WriteError::AccountLocked { .. } | WriteError::InsufficientFunds { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_chain_that_stands_still_is_not_waited_for_without_end() {
    let (chain, _) = Chain::open(CHAIN).await;
    let after = Duration::from_millis(300);
    let policy = WritePolicy { inclusion_timeout: after, ..WritePolicy::default() };
    let registrar = chain.connect(chain.account(0), CHAIN, policy).await.unwrap();
    let provider = chain.provider();
    AnvilApi::<Ethereum>::anvil_set_auto_mine(&provider, false).await.unwrap();
    let key = LocalKey::generate().unwrap();
    let outcome = register(&registrar, &key, terms(&key)).await;
    assert!(
        matches!(outcome, Err(WriteError::NotIncluded { after: said, .. }) if said == after),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_wrong_chain_and_the_missing_registry_are_told_apart() {
    let chain = Chain::bare(CHAIN);
    let outcome = chain.connect(chain.account(0), 1, WritePolicy::default()).await;
    assert!(
        matches!(outcome, Err(WriteError::Endpoint(ResolveError::WrongChain { got: CHAIN, .. }))),
        "{outcome:?}"
    );
    let registrar = chain.registrar(chain.account(0)).await;
    let key = LocalKey::generate().unwrap();
    let outcome = register(&registrar, &key, terms(&key)).await;
    assert!(matches!(outcome, Err(WriteError::Endpoint(ResolveError::NoRegistryHere { .. }))), "{outcome:?}");
}
