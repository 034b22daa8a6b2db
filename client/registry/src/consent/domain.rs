//! Where a signature counts.

use alloy::primitives::U256;
use alloy::sol_types::Eip712Domain;
use countersign_protocol::Address;

use super::typed::account;

/// The EIP-712 domain of a signature: one chain's registry, or the registry on every chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningDomain {
    /// Good on one chain only.
    Chain {
        /// The chain's id (EIP-155).
        chain_id: u64,
        /// The registry.
        registry: Address,
    },
    /// Good on every chain that has the registry at this address, those to come included.
    EveryChain {
        /// The registry.
        registry: Address,
    },
}

impl SigningDomain {
    /// The registry that verifies.
    #[must_use]
    pub const fn registry(&self) -> Address {
        let (Self::Chain { registry, .. } | Self::EveryChain { registry }) = self;
        *registry
    }

    /// The one chain it is good on, or `None` for every chain.
    #[must_use]
    pub const fn chain_id(&self) -> Option<u64> {
        match self {
            Self::Chain { chain_id, .. } => Some(*chain_id),
            Self::EveryChain { .. } => None,
        }
    }

    /// Whether a registry on a chain takes signatures of this domain.
    #[must_use]
    pub fn covers(&self, chain_id: u64, registry: Address) -> bool {
        self.registry() == registry && self.chain_id().is_none_or(|own| own == chain_id)
    }

    pub(super) fn eip712(&self) -> Eip712Domain {
        let name = match self {
            Self::Chain { .. } => "Countersign KeyRegistry",
            Self::EveryChain { .. } => "Countersign KeyRegistry on every chain",
        };
        let chain_id = self.chain_id().map(U256::from);
        let contract = Some(account(self.registry()));
        Eip712Domain::new(Some(name.into()), Some("1".into()), chain_id, contract, None)
    }
}

impl std::fmt::Display for SigningDomain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Chain { chain_id, registry } => write!(f, "registry {registry} on chain {chain_id}"),
            Self::EveryChain { registry } => write!(f, "registry {registry} on every chain"),
        }
    }
}
