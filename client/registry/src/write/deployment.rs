//! Putting the registry at its one address.

use alloy::primitives::{Address as AccountAddress, keccak256};
use alloy::providers::Provider;

use super::{Registrar, WriteError, Written};
use crate::artifact;
use crate::error::ResolveError;
use countersign_protocol::Address;

/// Where the registry is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its address, the same on every chain.
    pub address: Address,
    /// The transaction that put it there; `None` where it was there before.
    pub written: Option<Written>,
}

impl Registrar {
    /// Deploys the registry by the deterministic deployer, unless it is there already. Checks the code either way.
    ///
    /// # Errors
    /// [`WriteError::NoDeployer`] on a chain without that deployer; [`WriteError`] where the transaction fails.
    pub async fn deploy_registry(&self) -> Result<Deployment, WriteError> {
        let address = artifact::key_registry_address();
        if self.has_registry(address).await? {
            return Ok(Deployment { address, written: None });
        }
        let deployer = artifact::DETERMINISTIC_DEPLOYER;
        if self.ask("eth_getCode", self.provider.get_code_at(deployer)).await?.is_empty() {
            return Err(WriteError::NoDeployer { deployer });
        }
        let written = self.send(deployer, artifact::key_registry_deployment()).await?;
        if !self.has_registry(address).await? {
            return Err(ResolveError::NoRegistryHere { registry: address, found: None }.into());
        }
        Ok(Deployment { address, written: Some(written) })
    }

    async fn has_registry(&self, registry: Address) -> Result<bool, WriteError> {
        let account = AccountAddress::new(registry.0);
        let code = self.ask("eth_getCode", self.provider.get_code_at(account)).await?;
        let hash = keccak256(&code);
        if code.is_empty() || hash == artifact::key_registry_code_hash() {
            return Ok(!code.is_empty());
        }
        Err(ResolveError::NoRegistryHere { registry, found: Some(hash) }.into())
    }
}
