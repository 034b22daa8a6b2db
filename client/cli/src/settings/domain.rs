//! What a signature is made for.

use countersign::protocol::{Address, Identity};
use countersign::registry::consent::SigningDomain;

use super::Settings;
use super::chain::registry;
use crate::arguments::{DomainArguments, OwnerArguments};
use crate::failure::Failure;
use crate::owner_side::other_account;

impl Settings {
    /// Whose record a document is about, and where it is to count. `signing` is the account whose key is at hand; it is
    /// the owner where none is named, and must be where one is.
    pub(crate) fn subject(
        &self,
        owner: &OwnerArguments,
        domain: &DomainArguments,
        signing: Option<Address>,
    ) -> Result<(Identity, SigningDomain), Failure> {
        let named = self.owner_if_any(owner)?;
        let domain = self.signing_domain(domain, named.and_then(|owner| owner.chain_id))?;
        let identity = match (named, signing) {
            (Some(owner), Some(signing)) if owner.identity.owner != signing => {
                return Err(other_account(&signing, &owner.identity.owner));
            }
            (Some(owner), _) => owner.identity,
            (None, Some(signing)) => Identity { owner: signing, label: self.label(owner)? },
            (None, None) => self.owner(owner)?.identity,
        };
        Ok((identity, domain))
    }

    /// `named` is the chain that an address was written with (CAIP-10); it must not contradict the rest.
    pub(crate) fn signing_domain(
        &self,
        arguments: &DomainArguments,
        named: Option<u64>,
    ) -> Result<SigningDomain, Failure> {
        if arguments.every_chain {
            let registry = registry(arguments.registry, &self.config.document.of_default_chain());
            return Ok(SigningDomain::EveryChain { registry });
        }
        let chain_id = self.chain_id(arguments.chain_id, named)?;
        Ok(SigningDomain::Chain { chain_id, registry: self.registry(arguments.registry, chain_id) })
    }
}
