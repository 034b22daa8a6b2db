//! Transactions to the registry: an owner's own, its operator's, and what somebody else signed.
//!
//! What a node says is used only to build a transaction that the contract then checks: a lying node can make a
//! registration fail, and never obtains a signature over anything but the possession proof or the consent asked for.

mod account;
mod deployment;
mod error;
mod operator;
mod pending_key;
mod refusal;
mod sponsored;
mod transaction;

use std::time::Duration;

use alloy::network::EthereumWallet;
use alloy::primitives::B256;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Identity, Label};

pub use account::PayingAccount;
pub use deployment::{Deployment, Deployments};
pub use error::WriteError;
pub use pending_key::PendingKey;
pub use refusal::RegistryRefusal;
pub use sponsored::{MAX_BATCH, MAX_GAS_WITH_OWNERS_CODE};
pub use transaction::{Fate, TransactionCount, Written};

use self::transaction::within;
use crate::connection::{WhenLost, connect};
pub use crate::consent::KeyTerms;
use crate::consent::{KeyChange, SigningDomain, account, word};
use crate::endpoint::Endpoint;
use crate::error::ResolveError;
use crate::interface::IKeyRegistry;
use crate::node;
use crate::word::{RecordWord, RevocationReason};

/// How long to wait, and how much to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WritePolicy {
    /// For each answer of the node.
    pub request_timeout: Duration,
    /// For a block to include a transaction.
    pub inclusion_timeout: Duration,
    /// The longest answer read, in bytes.
    pub max_response_bytes: usize,
}

/// Writes records, at one account's cost. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Registrar {
    provider: DynProvider,
    endpoint: Endpoint,
    chain_id: u64,
    registry: Address,
    account: PayingAccount,
    policy: WritePolicy,
}

impl Registrar {
    /// Connects, and checks that the node is on that chain.
    ///
    /// # Errors
    /// [`WriteError::Endpoint`] where the node cannot be reached or is on another chain.
    pub async fn connect(
        endpoint: &Endpoint,
        chain_id: u64,
        registry: Address,
        account: PayingAccount,
        policy: WritePolicy,
    ) -> Result<Self, WriteError> {
        let client = within(endpoint, policy.request_timeout, async {
            connect(endpoint, policy.request_timeout, policy.max_response_bytes, WhenLost::TryAgain)
                .await
                .map_err(|error| node::endpoint_failure(endpoint, "connect", error))
        })
        .await?;
        // Not the recommended set: its nonce cache counts a refused transaction, and the next one waits for ever.
        let builder = ProviderBuilder::new()
            .disable_recommended_fillers()
            .with_gas_estimation()
            .with_simple_nonce_management()
            // Not asked of the node, which could name another chain when it comes to signing.
            .with_chain_id(chain_id);
        let provider = match &account {
            PayingAccount::Unlocked(_) => builder.connect_client(client).erased(),
            PayingAccount::Wallet(signer) => {
                builder.wallet(EthereumWallet::from(signer.clone())).connect_client(client).erased()
            }
        };
        let registrar = Self { provider, endpoint: endpoint.clone(), chain_id, registry, account, policy };
        let got = registrar.ask("eth_chainId", registrar.provider.get_chain_id()).await?;
        if got != chain_id {
            let endpoint = Some(registrar.endpoint);
            return Err(ResolveError::WrongChain { expected: chain_id, got, endpoint }.into());
        }
        Ok(registrar)
    }

    /// The account that pays, and whose records it writes where nobody else is named.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.account.address()
    }

    /// Where signatures for this registry on this chain count.
    #[must_use]
    pub const fn domain(&self) -> SigningDomain {
        SigningDomain::Chain { chain_id: self.chain_id, registry: self.registry }
    }

    /// Prepares a first registration of the account, or one after a revocation. The identity key is to answer
    /// [`PendingKey::request`]; then [`PendingKey::submit`].
    ///
    /// # Errors
    /// [`WriteError`] where the record's version cannot be read or was the last, or there is no registry.
    pub async fn register(&self, label: Label, terms: KeyTerms) -> Result<PendingKey, WriteError> {
        PendingKey::prepare(self, self.own(label), terms, KeyChange::Register).await
    }

    /// Prepares the replacement of the account's active or expired key; otherwise as [`register`](Self::register).
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub async fn rotate(&self, label: Label, terms: KeyTerms) -> Result<PendingKey, WriteError> {
        PendingKey::prepare(self, self.own(label), terms, KeyChange::Rotate).await
    }

    /// Revokes the account's key. Nothing undoes it.
    ///
    /// # Errors
    /// [`WriteError`] where the contract refuses, or the transaction does not get into a block.
    pub async fn revoke(&self, label: Label, reason: RevocationReason) -> Result<Written, WriteError> {
        self.call(IKeyRegistry::revokeCall { label: word(label), reason: reason_code(reason)? }).await
    }

    /// Has the registry keep the key of a compact record. Anyone may, for anyone.
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub async fn pin(&self, identity: Identity, public_key: &PublicKey) -> Result<Written, WriteError> {
        let (x, y) = public_key.xy();
        self.call(IKeyRegistry::pinCall {
            owner: account(identity.owner),
            label: word(identity.label),
            x: x.into(),
            y: y.into(),
        })
        .await
    }

    /// Has the registry keep the hash of a bundle; zero for none. The record's owner and its live operators may.
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub async fn anchor_bundle(&self, identity: Identity, hash: B256) -> Result<Written, WriteError> {
        self.call(IKeyRegistry::anchorBundleCall {
            owner: account(identity.owner),
            label: word(identity.label),
            bundleHash: hash,
        })
        .await
    }

    /// The record as the node tells it, unproven: enough to plan a transaction with, and no more. To use a key, take a
    /// [`Resolver`](crate::Resolver).
    ///
    /// # Errors
    /// [`WriteError`] where the node does not answer or has no registry.
    pub async fn record(&self, identity: Identity) -> Result<Option<RecordWord>, WriteError> {
        let (owner, label) = (account(identity.owner), word(identity.label));
        let stored = self.view(IKeyRegistry::storedWordCall { owner, label }).await?;
        Ok(RecordWord::parse(stored.into()))
    }

    /// The version that the record's next key will have.
    async fn next_version(&self, identity: Identity) -> Result<u16, WriteError> {
        let current = self.record(identity).await?.map_or(0, |record| record.version);
        Ok(current.checked_add(1).ok_or(RegistryRefusal::VersionsExhausted { identity })?)
    }

    const fn own(&self, label: Label) -> Identity {
        Identity { owner: self.account(), label }
    }
}

impl Default for WritePolicy {
    /// 10 s for an answer, two minutes for a block, 2 MiB.
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(10),
            inclusion_timeout: Duration::from_secs(120),
            max_response_bytes: 2 << 20,
        }
    }
}

fn reason_code(reason: RevocationReason) -> Result<IKeyRegistry::Reason, WriteError> {
    let code = reason.code();
    IKeyRegistry::Reason::try_from(code).map_err(|_| WriteError::UnknownReason { code })
}
