// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {KeyRegistry} from "../src/KeyRegistry.sol";

/// @dev The part of forge's cheatcodes that a broadcast needs.
interface ScriptVm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @title Deploy
/// @notice Puts the registry at its one address, the same on every chain, or says that it is there already.
///
///     forge script contracts/script/Deploy.s.sol --rpc-url <url> --broadcast <your key options>
///
/// @dev CREATE2 through the deterministic deployer that most chains and Anvil carry
/// (github.com/Arachnid/deterministic-deployment-proxy): the address depends on that deployer, the salt and the code
/// alone, so anyone may deploy, and nobody can put anything else there.
contract Deploy {
    address public constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes32 public constant SALT = "Countersign KeyRegistry 1";

    /// @notice This chain has no deterministic deployer. Deploy that one first.
    error NoDeployer(address deployer);
    /// @notice The deployer refused, or put the code elsewhere.
    error NotDeployed(address expected, bytes answer);

    /// @notice Deploys unless it is done already.
    /// @return registry Where the registry is.
    /// @return already Whether it was there before; nothing was sent then.
    function run() external returns (KeyRegistry registry, bool already) {
        registry = KeyRegistry(predict());
        if (address(registry).code.length != 0) return (registry, true);
        if (DEPLOYER.code.length == 0) revert NoDeployer(DEPLOYER);

        VM.startBroadcast();
        (bool success, bytes memory answer) = DEPLOYER.call(abi.encodePacked(SALT, type(KeyRegistry).creationCode));
        VM.stopBroadcast();

        if (!success || address(registry).code.length == 0) revert NotDeployed(address(registry), answer);
    }

    /// @notice The registry's address on every chain.
    function predict() public pure returns (address) {
        bytes32 initCodeHash = keccak256(type(KeyRegistry).creationCode);
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", DEPLOYER, SALT, initCodeHash)))));
    }

    /// @dev Where forge answers cheatcodes: address(uint160(uint256(keccak256("hevm cheat code")))).
    ScriptVm private constant VM = ScriptVm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
}
