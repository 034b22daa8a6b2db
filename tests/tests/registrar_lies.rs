//! A node that lies to a registrar: what it gains, which is nothing but a refused transaction.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use alloy::primitives::{B256, hex};
use alloy::providers::Provider;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use countersign::custody::{Custody, LocalKey};
use countersign::protocol::KeyRequest;
use countersign::registry::artifact;
use countersign::registry::consent::{KeyChange, KeyClaim, KeyTerms, TypedData};
use countersign::registry::interface::IKeyRegistry;
use countersign::registry::write::{PayingAccount, Registrar, RegistryRefusal, WriteError, WritePolicy};
use countersign::{Address, Identity, Label};
use countersign_tests::chain::{Chain, consent, refusal, signed};
use countersign_tests::proxy::Proxy;
use countersign_tests::trader::CHAIN;
use serde_json::json;

#[tokio::test]
async fn a_false_version_gets_a_signature_for_that_version_alone_and_the_contract_refuses_it() {
    let (chain, proxy) = behind_a_proxy().await;
    let registrar = through(&proxy, chain.account(1)).await;
    let identity = Identity::of(registrar.account());
    let key = LocalKey::generate().unwrap();
    // The word of version 7, whatever was asked.
    proxy.bend("eth_call", |result| *result = json!(B256::from(word_of_version(7))));
    let pending = registrar.register(Label::DEFAULT, KeyTerms::new(key.public_key())).await.unwrap();
    assert_eq!(pending.version(), 8);
    let claim = KeyClaim { identity, version: 8, public_key: key.public_key() };
    let KeyRequest::Sign { digest } = pending.request() else { panic!("not a signature") };
    assert_eq!(digest, claim.digest(&registrar.domain()).0, "made here, of what was asked for");

    let answer = key.answer(pending.request()).await.unwrap();
    let signer = Address(key.public_key().address());
    assert_eq!(refusal(pending.submit(answer).await), RegistryRefusal::PossessionNotProven { signer });
    // The same for what an owner signed.
    let owner = PrivateKeySigner::random();
    let identity = Identity::of(Address(owner.address().into_array()));
    let terms = KeyTerms::new(key.public_key());
    let proposed = registrar.propose(KeyChange::Rotate, identity, terms, FAR).await.unwrap();
    assert_eq!(proposed.version, 8);
    let document = signed(proposed, registrar.domain(), &key, &owner).await.into();
    assert_eq!(refusal(registrar.submit(&document).await), RegistryRefusal::NotRegistered { identity });
}

#[tokio::test]
async fn a_node_that_signs_something_else_is_found_out() {
    let (chain, proxy) = behind_a_proxy().await;
    let owner = through(&proxy, chain.account(1)).await;
    let key = LocalKey::generate().unwrap();
    let consent = consent(KeyChange::Register, Identity::of(owner.account()), 1, &key);
    let sign = async || owner.sign_typed(&consent, &owner.domain()).await;
    sign().await.unwrap();
    // The right account over another digest; another account over the right one; no signature at all.
    let by =
        |key: PrivateKeySigner, digest| hex::encode_prefixed(key.sign_hash_sync(&digest).unwrap().as_bytes());
    let digest = consent.digest(&owner.domain());
    for lie in [by(chain.wallet(1), [7; 32].into()), by(chain.wallet(2), digest), "0x".into()] {
        proxy.bend("eth_signTypedData_v4", move |result| *result = json!(lie));
        let outcome = sign().await;
        assert!(
            matches!(outcome, Err(WriteError::NotSigned { account, .. }) if account == owner.account()),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn the_digest_is_the_contracts_own() {
    let (chain, payer) = Chain::open(CHAIN).await;
    let key = LocalKey::generate().unwrap();
    let identity = Identity { owner: Address([0xab; 20]), label: Label::from_text("desk").unwrap() };
    let claim = KeyClaim { identity, version: 513, public_key: key.public_key() };
    let registry = IKeyRegistry::new(artifact::key_registry_address().0.into(), chain.provider());
    let (x, y) = key.public_key().xy();
    let digest =
        registry.possessionDigest(identity.owner.0.into(), identity.label.0.into(), 513, x.into(), y.into());
    assert_eq!(digest.call().await.unwrap(), claim.digest(&payer.domain()));
    assert_eq!(chain.provider().get_chain_id().await.unwrap(), payer.domain().chain_id().unwrap());
}

async fn behind_a_proxy() -> (Chain, Proxy) {
    let (chain, _) = Chain::open(CHAIN).await;
    let proxy = Proxy::before(chain.anvil.endpoint_url()).await;
    (chain, proxy)
}

async fn through(proxy: &Proxy, account: PayingAccount) -> Registrar {
    let registry = artifact::key_registry_address();
    Registrar::connect(&proxy.endpoint(), CHAIN, registry, account, WritePolicy::default()).await.unwrap()
}

/// Version 16 bits from bit 232: bytes 1 and 2 of the word.
fn word_of_version(version: u16) -> [u8; 32] {
    let mut word = [0x11; 32];
    word[0] = 0;
    word[1..3].copy_from_slice(&version.to_be_bytes());
    word
}

/// A deadline that no clock reaches.
const FAR: u64 = (1 << 40) - 1;
