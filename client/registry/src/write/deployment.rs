//! Putting the registry and the verifier at their one address each.

use alloy::primitives::{B256, Bytes, keccak256};
use alloy::providers::Provider;
use countersign_protocol::Address;

use super::{Registrar, WriteError, Written};
use crate::artifact;
use crate::consent::account;

/// Where both contracts are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployments {
    /// `KeyRegistry`.
    pub registry: Deployment,
    /// `CountersignVerifier`, which reads that registry.
    pub verifier: Deployment,
}

/// Where a contract is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its address, the same on every chain.
    pub address: Address,
    /// The transaction that put it there; `None` where it was there before.
    pub written: Option<Written>,
}

impl Registrar {
    /// Deploys the registry and the verifier by the deterministic deployer, each unless it is there already. Checks
    /// the code either way. Anyone may: nobody can put anything else there.
    ///
    /// # Errors
    /// [`WriteError::NoDeployer`] on a chain without that deployer; [`WriteError`] where a transaction fails.
    pub async fn deploy_contracts(&self) -> Result<Deployments, WriteError> {
        let registry = Contract {
            address: artifact::key_registry_address(),
            code_hash: artifact::key_registry_code_hash(),
            deployment: artifact::key_registry_deployment(),
        };
        let verifier = Contract {
            address: artifact::countersign_verifier_address(),
            code_hash: artifact::countersign_verifier_code_hash(),
            deployment: artifact::countersign_verifier_deployment(),
        };
        Ok(Deployments { registry: self.deploy(registry).await?, verifier: self.deploy(verifier).await? })
    }

    async fn deploy(&self, contract: Contract) -> Result<Deployment, WriteError> {
        let Contract { address, code_hash, deployment } = contract;
        if self.has_contract(address, code_hash).await? {
            return Ok(Deployment { address, written: None });
        }
        let deployer = artifact::DETERMINISTIC_DEPLOYER;
        if !self.has_code(deployer).await? {
            return Err(WriteError::NoDeployer { deployer });
        }
        let written = self.send_and_wait(deployer, deployment).await?;
        if !self.has_contract(address, code_hash).await? {
            return Err(WriteError::OtherCode { address, found: None });
        }
        Ok(Deployment { address, written: Some(written) })
    }

    async fn has_contract(&self, address: Address, code_hash: B256) -> Result<bool, WriteError> {
        let code = self.ask("eth_getCode", self.provider.get_code_at(account(address))).await?;
        let found = keccak256(&code);
        if code.is_empty() || found == code_hash {
            return Ok(!code.is_empty());
        }
        Err(WriteError::OtherCode { address, found: Some(found) })
    }
}

/// What is to lie where, and how it gets there.
struct Contract {
    address: Address,
    code_hash: B256,
    deployment: Bytes,
}
