//! The contracts as built by `scripts/bindings`: their code, and where the registry lies on every chain.

use std::sync::LazyLock;

use alloy::primitives::{Address as AccountAddress, B256, Bytes, address, keccak256};
use countersign_protocol::Address;

/// The registry's address, the same on every chain: CREATE2 by [`DETERMINISTIC_DEPLOYER`] with the artifact's
/// salt and code.
#[must_use]
pub fn key_registry_address() -> Address {
    *KEY_REGISTRY_ADDRESS
}

/// Keccak-256 of the registry's runtime code. It has no immutables: the same on every chain.
#[must_use]
pub fn key_registry_code_hash() -> B256 {
    *KEY_REGISTRY_CODE_HASH
}

/// What the deterministic deployer is called with: the salt, then the init code.
#[must_use]
pub fn key_registry_deployment() -> Bytes {
    [KEY_REGISTRY_SALT.as_slice(), &built::KeyRegistry::BYTECODE].concat().into()
}

/// The demonstration instrument: a price in storage slot 0, kept by its owner.
pub use built::PriceFeed;

/// The deterministic deployer that most chains, and Anvil, carry
/// (<https://github.com/Arachnid/deterministic-deployment-proxy>).
pub const DETERMINISTIC_DEPLOYER: AccountAddress = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod built {
    alloy::sol!(KeyRegistry, "../../contracts/artifacts/KeyRegistry.json");
    alloy::sol!(
        #[sol(rpc)]
        PriceFeed,
        "../../contracts/artifacts/PriceFeed.json"
    );
}

static KEY_REGISTRY_CODE_HASH: LazyLock<B256> =
    LazyLock::new(|| keccak256(&built::KeyRegistry::DEPLOYED_BYTECODE));

static KEY_REGISTRY_ADDRESS: LazyLock<Address> = LazyLock::new(|| {
    let code_hash = keccak256(&built::KeyRegistry::BYTECODE);
    Address(DETERMINISTIC_DEPLOYER.create2(KEY_REGISTRY_SALT, code_hash).into_array())
});

/// The text `Countersign KeyRegistry 1`, padded with zeros as Solidity does.
const KEY_REGISTRY_SALT: B256 =
    alloy::primitives::b256!("436f756e7465727369676e204b65795265676973747279203100000000000000");

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_build_says_the_same_address_salt_and_code_hash() {
        let artifact: serde_json::Value =
            serde_json::from_str(include_str!("../../../contracts/artifacts/KeyRegistry.json")).unwrap();
        let field = |name: &str| artifact.get(name).unwrap().as_str().unwrap().to_lowercase();
        assert_eq!(field("address"), key_registry_address().to_string().to_lowercase());
        assert_eq!(field("runtimeCodeHash"), key_registry_code_hash().to_string());
        assert_eq!(field("salt"), KEY_REGISTRY_SALT.to_string());
        assert_eq!(field("deployer"), DETERMINISTIC_DEPLOYER.to_string().to_lowercase());
    }
}
