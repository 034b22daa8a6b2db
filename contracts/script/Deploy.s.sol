// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {CountersignVerifier} from "../src/CountersignVerifier.sol";
import {KeyRegistry} from "../src/KeyRegistry.sol";

/// @dev The part of forge's cheatcodes that a broadcast needs.
interface ScriptVm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @title Deploy
/// @notice Puts the registry and the verifier each at its one address, the same on every chain, or says that they are
/// there already.
///
///     forge script contracts/script/Deploy.s.sol --rpc-url <url> --broadcast <your key options>
///
/// @dev CREATE2 through the deterministic deployer that most chains and Anvil carry
/// (github.com/Arachnid/deterministic-deployment-proxy): an address depends on that deployer, the salt and the code
/// alone, so anyone may deploy, and nobody can put anything else there.
contract Deploy {
    address public constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes32 public constant REGISTRY_SALT = "Countersign KeyRegistry 1";
    bytes32 public constant VERIFIER_SALT = "Countersign Verifier 1";

    /// @notice This chain has no deterministic deployer. Deploy that one first.
    error NoDeployer(address deployer);
    /// @notice The deployer refused, or put the code elsewhere.
    error NotDeployed(address expected, bytes answer);

    /// @notice Deploys what is not there yet.
    /// @return registry Where the registry is.
    /// @return verifier Where the verifier is.
    /// @return already Whether both were there before; nothing was sent then.
    function run() external returns (KeyRegistry registry, CountersignVerifier verifier, bool already) {
        bool registryAlready = _deploy(registryAddress(), REGISTRY_SALT, type(KeyRegistry).creationCode);
        bool verifierAlready = _deploy(verifierAddress(), VERIFIER_SALT, verifierInitCode());
        already = registryAlready && verifierAlready;
        (registry, verifier) = (KeyRegistry(registryAddress()), CountersignVerifier(verifierAddress()));
    }

    /// @notice The registry's address on every chain.
    function registryAddress() public pure returns (address) {
        return _addressOf(REGISTRY_SALT, type(KeyRegistry).creationCode);
    }

    /// @notice The verifier's address on every chain.
    function verifierAddress() public pure returns (address) {
        return _addressOf(VERIFIER_SALT, verifierInitCode());
    }

    /// @notice The verifier's creation code with its argument: the registry at its one address.
    function verifierInitCode() public pure returns (bytes memory) {
        return abi.encodePacked(type(CountersignVerifier).creationCode, abi.encode(registryAddress()));
    }

    function _deploy(address expected, bytes32 salt, bytes memory initCode) private returns (bool already) {
        if (expected.code.length != 0) return true;
        if (DEPLOYER.code.length == 0) revert NoDeployer(DEPLOYER);

        VM.startBroadcast();
        (bool success, bytes memory answer) = DEPLOYER.call(abi.encodePacked(salt, initCode));
        VM.stopBroadcast();

        if (!success || expected.code.length == 0) revert NotDeployed(expected, answer);
    }

    function _addressOf(bytes32 salt, bytes memory initCode) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", DEPLOYER, salt, keccak256(initCode))))));
    }

    /// @dev Where forge answers cheatcodes: address(uint160(uint256(keccak256("hevm cheat code")))).
    ScriptVm private constant VM = ScriptVm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
}
