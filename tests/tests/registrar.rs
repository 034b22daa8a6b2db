//! The owner's transactions on a real chain, and each way in which they are refused.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use alloy::network::Ethereum;
use alloy::node_bindings::{Anvil, AnvilInstance};
use alloy::providers::ProviderBuilder;
use alloy::providers::ext::AnvilApi;
use alloy::signers::local::PrivateKeySigner;
use countersign::custody::{Custody, LocalKey};
use countersign::registry::write::{
    KeyTerms, OwnerAccount, Registrar, RegistryRefusal, WriteError, WritePolicy, Written,
};
use countersign::registry::{Endpoint, ResolveError, RevocationReason, artifact};
use countersign::{Address, Identity, Label};
use countersign_tests::trader::{CHAIN, anvil_path, prompt, resolver_at};

struct Scene {
    anvil: AnvilInstance,
}

impl Scene {
    /// A chain without a registry.
    fn bare() -> Self {
        Self { anvil: Anvil::at(anvil_path()).try_spawn().unwrap() }
    }

    async fn set() -> (Self, Registrar) {
        let scene = Self::bare();
        let registrar = scene.registrar(scene.account(0)).await;
        registrar.deploy_registry().await.unwrap();
        (scene, registrar)
    }

    fn endpoint(&self) -> Endpoint {
        self.anvil.endpoint().parse().unwrap()
    }

    fn account(&self, position: usize) -> OwnerAccount {
        OwnerAccount::Unlocked(Address(self.anvil.addresses()[position].into_array()))
    }

    async fn registrar(&self, owner: OwnerAccount) -> Registrar {
        self.connect(owner, CHAIN, WritePolicy::default()).await.unwrap()
    }

    async fn connect(
        &self,
        owner: OwnerAccount,
        chain_id: u64,
        policy: WritePolicy,
    ) -> Result<Registrar, WriteError> {
        Registrar::connect(&self.endpoint(), chain_id, artifact::key_registry_address(), owner, policy).await
    }
}

fn terms(key: &LocalKey) -> KeyTerms {
    KeyTerms { public_key: key.public_key(), valid_until: None, suite_floor: 0, pinned: true }
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

fn refusal<T: std::fmt::Debug>(outcome: Result<T, WriteError>) -> RegistryRefusal {
    match outcome {
        Err(WriteError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_registry_is_deployed_once() {
    let scene = Scene::bare();
    let registrar = scene.registrar(scene.account(0)).await;
    let first = registrar.deploy_registry().await.unwrap();
    assert_eq!(first.address, artifact::key_registry_address());
    assert!(first.written.is_some());
    let second = registrar.deploy_registry().await.unwrap();
    assert_eq!((second.address, second.written), (first.address, None));
}

#[tokio::test]
async fn an_owner_signs_here_or_at_the_node() {
    let (scene, unlocked) = Scene::set().await;
    let signer = PrivateKeySigner::from(scene.anvil.keys()[1].clone());
    let wallet = scene.registrar(OwnerAccount::Wallet(signer)).await;
    for registrar in [unlocked, wallet] {
        let key = LocalKey::generate().unwrap();
        let written = register(&registrar, &key, terms(&key)).await.unwrap();
        assert!(written.gas_used > 21_000 && written.block_number > 0);
        let identity = Identity::of(registrar.owner());
        let resolved = resolver_at(scene.endpoint(), prompt()).resolve(identity).await.unwrap();
        assert_eq!(*resolved.peer_key.public_key(), key.public_key());
    }
}

#[tokio::test]
async fn the_contracts_refusals_have_names() {
    let (_scene, registrar) = Scene::set().await;
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    assert_eq!(refusal(rotate(&registrar, &first).await), RegistryRefusal::NotRegistered);
    let revoke = async || registrar.revoke(Label::DEFAULT, RevocationReason::Superseded).await;
    assert_eq!(refusal(revoke().await), RegistryRefusal::NotRegistered);

    let past = KeyTerms { valid_until: Some(5), ..terms(&first) };
    let expected = RegistryRefusal::ExpiryNotInFuture { valid_until: 5 };
    assert_eq!(refusal(register(&registrar, &first, past).await), expected);
    let reserved = KeyTerms { suite_floor: 3, ..terms(&first) };
    let expected = RegistryRefusal::SuiteFloorReserved { suite_floor: 3 };
    assert_eq!(refusal(register(&registrar, &first, reserved).await), expected);

    register(&registrar, &first, terms(&first)).await.unwrap();
    let again = register(&registrar, &second, terms(&second)).await;
    assert_eq!(refusal(again), RegistryRefusal::AlreadyRegistered { version: 1 });
    let identity = Identity::of(registrar.owner());
    let pin = async |key: &LocalKey| registrar.pin(identity, &key.public_key()).await;
    assert_eq!(refusal(pin(&first).await), RegistryRefusal::AlreadyPinned { version: 1 });

    revoke().await.unwrap();
    assert_eq!(refusal(revoke().await), RegistryRefusal::KeyRevokedAlready { version: 1 });
    assert_eq!(refusal(rotate(&registrar, &second).await), RegistryRefusal::KeyRevokedAlready { version: 1 });
    assert_eq!(refusal(register(&registrar, &first, terms(&first)).await), RegistryRefusal::RevokedKeyReused);

    register(&registrar, &second, KeyTerms { pinned: false, ..terms(&second) }).await.unwrap();
    assert_eq!(refusal(pin(&first).await), RegistryRefusal::KeyMismatch);
    pin(&second).await.unwrap();
}

#[tokio::test]
async fn a_pinned_key_is_served_without_its_logs() {
    let (scene, registrar) = Scene::set().await;
    let key = LocalKey::generate().unwrap();
    register(&registrar, &key, KeyTerms { pinned: false, ..terms(&key) }).await.unwrap();
    let identity = Identity::of(registrar.owner());
    let resolver = resolver_at(scene.endpoint(), prompt());
    assert!(!resolver.resolve(identity).await.unwrap().pinned);
    let anyone = scene.registrar(scene.account(5)).await;
    anyone.pin(identity, &key.public_key()).await.unwrap();
    assert!(resolver.resolve(identity).await.unwrap().pinned);
}

#[tokio::test]
async fn a_record_that_changed_meanwhile_refuses_the_proof() {
    let (_scene, registrar) = Scene::set().await;
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    register(&registrar, &first, terms(&first)).await.unwrap();
    let pending = registrar.rotate(Label::DEFAULT, terms(&second)).await.unwrap();
    assert_eq!(pending.version(), 2);
    rotate(&registrar, &first).await.unwrap();
    let answer = second.answer(pending.request()).await.unwrap();
    assert_eq!(refusal(pending.submit(answer).await), RegistryRefusal::PossessionNotProven);
}

#[tokio::test]
async fn another_keys_signature_is_not_sent() {
    let (_scene, registrar) = Scene::set().await;
    let [first, second] = [(); 2].map(|()| LocalKey::generate().unwrap());
    let outcome = register(&registrar, &second, terms(&first)).await;
    assert!(matches!(outcome, Err(WriteError::NotThisKeys)), "{outcome:?}");
}

#[tokio::test]
async fn an_account_without_ether_or_key_is_named() {
    let (scene, _) = Scene::set().await;
    let key = LocalKey::generate().unwrap();
    let poor = scene.registrar(OwnerAccount::Wallet(PrivateKeySigner::random())).await;
    let outcome = register(&poor, &key, terms(&key)).await;
    assert!(
        matches!(outcome, Err(WriteError::InsufficientFunds { owner, .. }) if owner == poor.owner()),
        "{outcome:?}"
    );
    let locked = scene.registrar(OwnerAccount::Unlocked(Address([8; 20]))).await;
    let outcome = register(&locked, &key, terms(&key)).await;
    assert!(
        matches!(outcome, Err(WriteError::AccountLocked { .. } | WriteError::InsufficientFunds { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_chain_that_stands_still_is_not_waited_for_without_end() {
    let (scene, _) = Scene::set().await;
    let after = Duration::from_millis(300);
    let policy = WritePolicy { inclusion_timeout: after, ..WritePolicy::default() };
    let registrar = scene.connect(scene.account(0), CHAIN, policy).await.unwrap();
    let provider = ProviderBuilder::new().connect_http(scene.anvil.endpoint_url());
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
    let scene = Scene::bare();
    let outcome = scene.connect(scene.account(0), 1, WritePolicy::default()).await;
    assert!(
        matches!(outcome, Err(WriteError::Endpoint(ResolveError::WrongChain { got: CHAIN, .. }))),
        "{outcome:?}"
    );
    let registrar = scene.registrar(scene.account(0)).await;
    let key = LocalKey::generate().unwrap();
    let outcome = register(&registrar, &key, terms(&key)).await;
    assert!(matches!(outcome, Err(WriteError::Endpoint(ResolveError::NoRegistryHere { .. }))), "{outcome:?}");
}
