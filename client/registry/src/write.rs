//! The owner's transactions: register, rotate, revoke, pin, and the registry's own deployment.
//!
//! What a node says is used only to build a transaction that the contract then checks: a lying node can make a
//! registration fail, and never obtains a signature over anything but a possession proof.

mod deployment;
mod error;
mod possession;

use std::time::Duration;

use alloy::network::EthereumWallet;
use alloy::primitives::{Address as AccountAddress, B256, Bytes};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use alloy::transports::TransportError;
use countersign_protocol::curve::PublicKey;
use countersign_protocol::{Address, Identity, Label};

pub use deployment::Deployment;
pub use error::{RegistryRefusal, WriteError};
pub use possession::PendingKey;

use crate::endpoint::Endpoint;
use crate::error::ResolveError;
use crate::interface::IKeyRegistry;
use crate::node;
use crate::word::RevocationReason;

/// Who pays, and whose identity is written.
#[derive(Clone, Debug)]
pub enum OwnerAccount {
    /// An account whose key the node holds, as a development node does.
    Unlocked(Address),
    /// An account whose key is here; transactions are signed before they leave.
    Wallet(PrivateKeySigner),
}

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

/// What the owner says of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTerms {
    /// The identity key.
    pub public_key: PublicKey,
    /// Unix seconds at which it expires; `None` for never.
    pub valid_until: Option<u32>,
    /// The least suite level: 0 classical allowed, 1 hybrid required.
    pub suite_floor: u8,
    /// Whether the registry keeps the key itself, and not its fingerprint alone. Costs one storage slot.
    pub pinned: bool,
}

/// A transaction that a block holds and that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its hash.
    pub transaction: B256,
    /// The block's number.
    pub block_number: u64,
    /// The gas it used.
    pub gas_used: u64,
}

/// Writes one owner's records. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Registrar {
    provider: DynProvider,
    endpoint: Endpoint,
    chain_id: u64,
    registry: AccountAddress,
    owner: AccountAddress,
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
        owner: OwnerAccount,
        policy: WritePolicy,
    ) -> Result<Self, WriteError> {
        let client = within(endpoint, policy.request_timeout, async {
            node::connect(endpoint, policy.request_timeout, policy.max_response_bytes)
                .await
                .map_err(|error| node::endpoint_failure(endpoint, "connect", error))
        })
        .await?;
        // Not the recommended set: its nonce cache counts a refused transaction, and the next one waits for ever.
        let builder = ProviderBuilder::new()
            .disable_recommended_fillers()
            .with_gas_estimation()
            .with_simple_nonce_management()
            .fetch_chain_id();
        let (owner, provider) = match owner {
            OwnerAccount::Unlocked(owner) => {
                let provider = builder.connect_client(client).erased();
                (AccountAddress::new(owner.0), provider)
            }
            OwnerAccount::Wallet(signer) => {
                let owner = signer.address();
                let wallet = EthereumWallet::from(signer);
                (owner, builder.wallet(wallet).connect_client(client).erased())
            }
        };
        let registry = AccountAddress::new(registry.0);
        let registrar = Self { provider, endpoint: endpoint.clone(), chain_id, registry, owner, policy };
        let got = registrar.ask("eth_chainId", registrar.provider.get_chain_id()).await?;
        if got != chain_id {
            let endpoint = Some(registrar.endpoint);
            return Err(ResolveError::WrongChain { expected: chain_id, got, endpoint }.into());
        }
        Ok(registrar)
    }

    /// The account that pays and whose records are written.
    #[must_use]
    pub fn owner(&self) -> Address {
        Address(self.owner.into_array())
    }

    /// Prepares a first registration, or one after a revocation. The identity key is to answer
    /// [`PendingKey::request`]; then [`PendingKey::submit`].
    ///
    /// # Errors
    /// [`WriteError`] where the record's version cannot be read, or there is no registry.
    pub async fn register(&self, label: Label, terms: KeyTerms) -> Result<PendingKey, WriteError> {
        PendingKey::prepare(self, label, terms, possession::Change::Register).await
    }

    /// Prepares the replacement of an active or expired key; otherwise as [`register`](Self::register).
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub async fn rotate(&self, label: Label, terms: KeyTerms) -> Result<PendingKey, WriteError> {
        PendingKey::prepare(self, label, terms, possession::Change::Rotate).await
    }

    /// Revokes the owner's key. Nothing undoes it.
    ///
    /// # Errors
    /// [`WriteError`] where the contract refuses, or the transaction does not get into a block.
    pub async fn revoke(&self, label: Label, reason: RevocationReason) -> Result<Written, WriteError> {
        let reason = IKeyRegistry::Reason::try_from(reason.code())
            .map_err(|_| WriteError::UnknownReason { code: reason.code() })?;
        self.call(IKeyRegistry::revokeCall { label: B256::new(label.0), reason }).await
    }

    /// Has the registry keep the key of a compact record. Anyone may, for anyone.
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub async fn pin(&self, identity: Identity, public_key: &PublicKey) -> Result<Written, WriteError> {
        let (x, y) = public_key.xy();
        self.call(IKeyRegistry::pinCall {
            owner: AccountAddress::new(identity.owner.0),
            label: B256::new(identity.label.0),
            x: x.into(),
            y: y.into(),
        })
        .await
    }

    pub(crate) async fn call(&self, call: impl SolCall) -> Result<Written, WriteError> {
        self.send(self.registry, call.abi_encode().into()).await
    }

    /// Sends a transaction and waits for its block.
    async fn send(&self, to: AccountAddress, input: Bytes) -> Result<Written, WriteError> {
        let transaction = TransactionRequest::default().from(self.owner).to(to).input(input.into());
        let sent = self.provider.send_transaction(transaction);
        let sent = tokio::time::timeout(self.policy.request_timeout, sent)
            .await
            .map_err(|_| self.too_slow())?
            .map_err(|error| WriteError::refused(&self.endpoint, self.owner(), error))?;
        let hash = *sent.tx_hash();
        let receipt = tokio::time::timeout(self.policy.inclusion_timeout, self.receipt(hash)).await;
        let after = self.policy.inclusion_timeout;
        let receipt = receipt.map_err(|_| WriteError::NotIncluded { transaction: hash, after })??;
        if !receipt.status() {
            return Err(WriteError::Reverted { transaction: hash });
        }
        let block_number = receipt.block_number.unwrap_or_default();
        Ok(Written { transaction: hash, block_number, gas_used: receipt.gas_used })
    }

    /// Polls, at a pace that suits a development chain first and a real one soon.
    async fn receipt(&self, transaction: B256) -> Result<TransactionReceipt, WriteError> {
        let mut pause = FIRST_POLL;
        loop {
            let receipt = self.provider.get_transaction_receipt(transaction);
            if let Some(receipt) = self.ask("eth_getTransactionReceipt", receipt).await? {
                return Ok(receipt);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SLOWEST_POLL);
        }
    }

    async fn ask<T>(
        &self,
        method: &'static str,
        work: impl IntoFuture<Output = Result<T, TransportError>>,
    ) -> Result<T, WriteError> {
        within(&self.endpoint, self.policy.request_timeout, async {
            work.into_future().await.map_err(|error| node::endpoint_failure(&self.endpoint, method, error))
        })
        .await
    }

    fn too_slow(&self) -> WriteError {
        let (endpoint, after) = (self.endpoint.clone(), self.policy.request_timeout);
        ResolveError::Timeout { endpoint, after }.into()
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

async fn within<T>(
    endpoint: &Endpoint,
    after: Duration,
    work: impl Future<Output = Result<T, ResolveError>>,
) -> Result<T, WriteError> {
    match tokio::time::timeout(after, work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(ResolveError::Timeout { endpoint: endpoint.clone(), after }.into()),
    }
}

const FIRST_POLL: Duration = Duration::from_millis(20);
const SLOWEST_POLL: Duration = Duration::from_secs(2);
