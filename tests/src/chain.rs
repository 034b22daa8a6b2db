//! A development chain of its own with the contracts on it, and what accounts sign for it.

use std::time::Duration;

use alloy::network::Ethereum;
use alloy::node_bindings::{Anvil, AnvilInstance};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use countersign::custody::{Custody, LocalKey};
use countersign::registry::consent::{
    IdentitySignature, KeyChange, KeyConsent, KeyTerms, OwnerSignature, SignedKey, SigningDomain,
};
use countersign::registry::write::{PayingAccount, Registrar, RegistryRefusal, WriteError, WritePolicy};
use countersign::registry::{Endpoint, HeadTrust, Resolver, artifact};
use countersign::{Address, Identity};

use crate::trader::{anvil_path, prompt};

pub struct Chain {
    pub id: u64,
    pub anvil: AnvilInstance,
}

impl Chain {
    /// A chain without contracts.
    pub fn bare(id: u64) -> Self {
        let anvil = Anvil::at(anvil_path()).chain_id(id).try_spawn().expect("anvil starts");
        Self { id, anvil }
    }

    /// A chain with registry and verifier, and the registrar of its first account, who has ether.
    pub async fn open(id: u64) -> (Self, Registrar) {
        let chain = Self::bare(id);
        let payer = chain.registrar(chain.account(0)).await;
        payer.deploy_contracts().await.expect("the contracts deploy");
        (chain, payer)
    }

    pub fn endpoint(&self) -> Endpoint {
        self.anvil.endpoint().parse().unwrap()
    }

    pub fn provider(&self) -> DynProvider {
        ProviderBuilder::new().connect_http(self.anvil.endpoint_url()).erased()
    }

    /// One of the accounts that have ether and whose keys the node holds.
    pub fn account(&self, position: usize) -> PayingAccount {
        PayingAccount::Unlocked(Address(self.anvil.addresses()[position].into_array()))
    }

    /// The same account with its key here.
    pub fn wallet(&self, position: usize) -> PrivateKeySigner {
        PrivateKeySigner::from(self.anvil.keys()[position].clone())
    }

    pub async fn registrar(&self, account: PayingAccount) -> Registrar {
        self.connect(account, self.id, WritePolicy::default()).await.unwrap()
    }

    pub async fn connect(
        &self,
        account: PayingAccount,
        chain_id: u64,
        policy: WritePolicy,
    ) -> Result<Registrar, WriteError> {
        let registry = artifact::key_registry_address();
        Registrar::connect(&self.endpoint(), chain_id, registry, account, policy).await
    }

    pub fn resolver(&self) -> Resolver {
        let trust = HeadTrust::OwnNode(self.endpoint());
        Resolver::new(self.id, artifact::key_registry_address(), trust, prompt()).unwrap()
    }

    /// The newest block's time, in Unix seconds.
    pub async fn now(&self) -> u64 {
        let block = self.provider().get_block(alloy::eips::BlockId::latest()).await.unwrap();
        block.unwrap().header.timestamp
    }

    pub async fn pass(&self, time: Duration) {
        let provider = self.provider();
        AnvilApi::<Ethereum>::anvil_increase_time(&provider, time.as_secs()).await.unwrap();
        AnvilApi::<Ethereum>::anvil_mine(&provider, Some(1), None).await.unwrap();
    }
}

/// The default identity of an account.
pub fn identity_of(signer: &PrivateKeySigner) -> Identity {
    Identity::of(Address(signer.address().into_array()))
}

/// What an owner agrees to and a key proves, an hour from now at the latest.
pub fn consent(change: KeyChange, identity: Identity, version: u16, key: &LocalKey) -> KeyConsent {
    let deadline = crate::by_hand::now_unix_ms() / 1000 + 3600;
    KeyConsent { change, identity, version, terms: KeyTerms::new(key.public_key()), deadline }
}

/// The consent with both signatures.
pub async fn signed(
    consent: KeyConsent,
    domain: SigningDomain,
    key: &LocalKey,
    owner: &PrivateKeySigner,
) -> SignedKey {
    let owner_signature = OwnerSignature::sign(owner, &consent, &domain).unwrap();
    SignedKey { domain, consent, possession: possession(&consent, domain, key).await, owner_signature }
}

pub async fn possession(consent: &KeyConsent, domain: SigningDomain, key: &LocalKey) -> IdentitySignature {
    key.answer(consent.claim().request(&domain)).await.unwrap().try_into().unwrap()
}

pub fn refusal<T: std::fmt::Debug>(outcome: Result<T, WriteError>) -> RegistryRefusal {
    match outcome {
        Err(WriteError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}
