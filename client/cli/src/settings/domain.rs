//! What a signature is made for.

use countersign::registry::artifact;
use countersign::registry::consent::SigningDomain;

use super::Settings;
use super::chain::chain_id;
use crate::arguments::DomainArguments;
use crate::failure::Failure;

impl Settings {
    /// `named` is the chain that an address was written with (CAIP-10); it must not contradict the rest.
    pub(crate) fn signing_domain(
        &self,
        arguments: &DomainArguments,
        named: Option<u64>,
    ) -> Result<SigningDomain, Failure> {
        let table = &self.config.document.chain;
        let registry = arguments
            .registry
            .or(table.registry)
            .map_or_else(artifact::key_registry_address, |named| named.0);
        if arguments.every_chain {
            return Ok(SigningDomain::EveryChain { registry });
        }
        let chain_id = chain_id(arguments.chain_id, named, table.id)?;
        Ok(SigningDomain::Chain { chain_id, registry })
    }
}
