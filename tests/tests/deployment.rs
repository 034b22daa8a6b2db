//! Both contracts at their one address each, on any chain.
#![allow(missing_docs, clippy::unwrap_used)]

use alloy::network::Ethereum;
use alloy::primitives::{Address as AccountAddress, keccak256};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use countersign::registry::artifact;
use countersign::registry::write::{Deployments, WriteError};
use countersign_tests::chain::Chain;

#[tokio::test]
async fn two_chains_have_them_at_the_same_addresses() {
    let (here, there) = (Chain::open(31337).await.0, Chain::open(424_242).await.0);
    let (registry, verifier) = (artifact::key_registry_address(), artifact::countersign_verifier_address());
    for chain in [here, there] {
        let provider = chain.provider();
        assert_eq!(provider.get_chain_id().await.unwrap(), chain.id);
        let registry = AccountAddress::new(registry.0);
        let verifier = AccountAddress::new(verifier.0);
        let code_hash = async |at| keccak256(provider.get_code_at(at).await.unwrap());
        assert_eq!(code_hash(registry).await, artifact::key_registry_code_hash());
        assert_eq!(code_hash(verifier).await, artifact::countersign_verifier_code_hash());
        let verifier = artifact::CountersignVerifier::new(verifier, provider);
        assert_eq!(verifier.REGISTRY().call().await.unwrap(), registry);
    }
}

#[tokio::test]
async fn each_is_deployed_once() {
    let chain = Chain::bare(31337);
    let registrar = chain.registrar(chain.account(0)).await;
    let first = registrar.deploy_contracts().await.unwrap();
    assert_eq!(first.registry.address, artifact::key_registry_address());
    assert_eq!(first.verifier.address, artifact::countersign_verifier_address());
    assert!(first.registry.written.is_some() && first.verifier.written.is_some());
    let Deployments { registry, verifier } = registrar.deploy_contracts().await.unwrap();
    assert_eq!((registry.written, verifier.written), (None, None));
}

#[tokio::test]
async fn other_code_at_the_address_and_a_chain_without_the_deployer_are_told() {
    let chain = Chain::bare(31337);
    let registrar = chain.registrar(chain.account(0)).await;
    let provider = chain.provider();
    let set_code = async |at: AccountAddress, code: &'static [u8]| {
        AnvilApi::<Ethereum>::anvil_set_code(&provider, at, code.into()).await.unwrap();
    };
    let verifier = artifact::countersign_verifier_address();
    set_code(AccountAddress::new(verifier.0), &[0x00]).await;
    let outcome = registrar.deploy_contracts().await;
    assert!(
        matches!(outcome, Err(WriteError::OtherCode { address, found: Some(_) }) if address == verifier),
        "{outcome:?}"
    );
    set_code(AccountAddress::new(verifier.0), &[]).await;
    set_code(artifact::DETERMINISTIC_DEPLOYER, &[]).await;
    let outcome = registrar.deploy_contracts().await;
    assert!(matches!(outcome, Err(WriteError::NoDeployer { .. })), "{outcome:?}");
}
