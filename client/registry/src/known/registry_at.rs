//! Which registry is meant.

use countersign_protocol::Address;

/// One registry on one chain. What is known of another says nothing about this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegistryAt {
    /// The chain's EIP-155 id.
    pub chain_id: u64,
    /// The registry's address.
    pub address: Address,
}
