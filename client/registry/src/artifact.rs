//! The contracts as built by `scripts/bindings`: their code, and where each lies on every chain.

use std::sync::LazyLock;

use alloy::primitives::{Address as AccountAddress, B256, Bytes, address, b256, keccak256};
use alloy::sol_types::SolValue;
use countersign_protocol::Address;

/// The registry's address, the same on every chain: CREATE2 by [`DETERMINISTIC_DEPLOYER`] with the artifact's
/// salt and code.
#[must_use]
pub fn key_registry_address() -> Address {
    KEY_REGISTRY.address
}

/// Keccak-256 of the registry's runtime code. It has no immutables: the same on every chain.
#[must_use]
pub fn key_registry_code_hash() -> B256 {
    KEY_REGISTRY.code_hash
}

/// What the deterministic deployer is called with: the salt, then the init code.
#[must_use]
pub fn key_registry_deployment() -> Bytes {
    KEY_REGISTRY.deployment.clone()
}

/// The verifier's address, the same on every chain, as the registry's is that it reads.
#[must_use]
pub fn countersign_verifier_address() -> Address {
    COUNTERSIGN_VERIFIER.address
}

/// Keccak-256 of the verifier's runtime code. Its one immutable is the registry's address: the same on every chain.
#[must_use]
pub fn countersign_verifier_code_hash() -> B256 {
    COUNTERSIGN_VERIFIER.code_hash
}

/// What the deterministic deployer is called with: the salt, then the init code with the registry's address.
#[must_use]
pub fn countersign_verifier_deployment() -> Bytes {
    COUNTERSIGN_VERIFIER.deployment.clone()
}

/// The verifier's ABI.
pub use built::CountersignVerifier;
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
        CountersignVerifier,
        "../../contracts/artifacts/CountersignVerifier.json"
    );
    alloy::sol!(
        #[sol(rpc)]
        PriceFeed,
        "../../contracts/artifacts/PriceFeed.json"
    );
}

/// A contract at its one address.
struct Deterministic {
    address: Address,
    code_hash: B256,
    deployment: Bytes,
}

impl Deterministic {
    fn new(salt: B256, init_code: &[u8], runtime_code: &[u8]) -> Self {
        let address = DETERMINISTIC_DEPLOYER.create2(salt, keccak256(init_code));
        Self {
            address: Address(address.into_array()),
            code_hash: keccak256(runtime_code),
            deployment: [salt.as_slice(), init_code].concat().into(),
        }
    }
}

static KEY_REGISTRY: LazyLock<Deterministic> = LazyLock::new(|| {
    let built = (&built::KeyRegistry::BYTECODE, &built::KeyRegistry::DEPLOYED_BYTECODE);
    Deterministic::new(KEY_REGISTRY_SALT, built.0, built.1)
});

static COUNTERSIGN_VERIFIER: LazyLock<Deterministic> = LazyLock::new(|| {
    let argument = AccountAddress::new(key_registry_address().0).abi_encode();
    let init_code = [&built::CountersignVerifier::BYTECODE, argument.as_slice()].concat();
    Deterministic::new(COUNTERSIGN_VERIFIER_SALT, &init_code, &built::CountersignVerifier::DEPLOYED_BYTECODE)
});

/// The text `Countersign KeyRegistry 1`, padded with zeros as Solidity does.
const KEY_REGISTRY_SALT: B256 = b256!("436f756e7465727369676e204b65795265676973747279203100000000000000");
/// The text `Countersign Verifier 1`, likewise.
const COUNTERSIGN_VERIFIER_SALT: B256 =
    b256!("436f756e7465727369676e205665726966696572203100000000000000000000");

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_build_says_the_same_addresses_salts_and_code_hashes() {
        let registry = include_str!("../../../contracts/artifacts/KeyRegistry.json");
        let verifier = include_str!("../../../contracts/artifacts/CountersignVerifier.json");
        let both = [
            (registry, &KEY_REGISTRY, KEY_REGISTRY_SALT),
            (verifier, &COUNTERSIGN_VERIFIER, COUNTERSIGN_VERIFIER_SALT),
        ];
        for (text, contract, salt) in both {
            let artifact: serde_json::Value = serde_json::from_str(text).unwrap();
            let field = |name: &str| artifact.get(name).unwrap().as_str().unwrap().to_lowercase();
            assert_eq!(field("address"), contract.address.to_string().to_lowercase());
            assert_eq!(field("runtimeCodeHash"), contract.code_hash.to_string());
            assert_eq!(field("salt"), salt.to_string());
            assert_eq!(field("deployer"), DETERMINISTIC_DEPLOYER.to_string().to_lowercase());
        }
    }
}
