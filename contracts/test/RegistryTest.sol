// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {VM, Vm} from "./Vm.sol";

/// @notice The deploy script, as tests call it.
interface DeployScript {
    function run() external returns (IKeyRegistry registry, bool already);
    function predict() external view returns (address);
    function DEPLOYER() external view returns (address);
    function SALT() external view returns (bytes32);
}

/// @title RegistryTest
/// @notice A registry deployed by the script that users run, an owner, and the words to speak of keys.
abstract contract RegistryTest {
    IKeyRegistry internal registry;

    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    bytes32 internal constant DEFAULT = 0;
    bytes32 internal constant DESK = "desk";
    uint32 internal constant NOW = 1_767_225_600;

    /// @dev Order of secp256k1 (SEC 2, 2.4.1).
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function setUp() public virtual {
        VM.warp(NOW);
        registry = deployed();
    }

    /// @notice The registry, deployed as users deploy it.
    function deployed() internal returns (IKeyRegistry atItsAddress) {
        DeployScript script = deployScript();
        VM.etch(script.DEPLOYER(), DETERMINISTIC_DEPLOYER);
        (atItsAddress,) = script.run();
    }

    function deployScript() internal returns (DeployScript) {
        return DeployScript(VM.deployCode("Deploy.s.sol:Deploy"));
    }

    /// @notice A compact registration of a key without expiry, hybrid only, with the signature that `version` needs.
    function signed(address owner, bytes32 label, uint16 version, uint256 privateKey)
        internal
        returns (IKeyRegistry.Registration memory registration)
    {
        Vm.Wallet memory key = VM.createWallet(privateKey);
        registration.x = bytes32(key.publicKeyX);
        registration.y = bytes32(key.publicKeyY);
        registration.suiteFloor = 1;
        bytes32 digest = registry.possessionDigest(owner, label, version, registration.x, registration.y);
        (registration.r, registration.vs) = signature(privateKey, digest);
    }

    /// @notice The ERC-2098 signature by a key over a digest.
    function signature(uint256 privateKey, bytes32 digest) internal pure returns (bytes32, bytes32) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(privateKey, digest);
        return (r, bytes32(uint256(v - 27) << 255 | uint256(s)));
    }

    function pinnedTo(IKeyRegistry.Registration memory registration)
        internal
        pure
        returns (IKeyRegistry.Registration memory)
    {
        registration.pinned = true;
        return registration;
    }

    /// @notice Registers a key for ALICE's default identity.
    function aliceRegisters(uint256 privateKey) internal returns (IKeyRegistry.Registration memory registration) {
        registration = signed(ALICE, DEFAULT, 1, privateKey);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    function aliceRevokes() internal {
        VM.prank(ALICE);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.Unspecified);
    }

    function addressOf(uint256 privateKey) internal returns (address) {
        return VM.createWallet(privateKey).addr;
    }

    function selectorOf(bytes memory reason) internal pure returns (bytes4 selector) {
        assembly ("memory-safe") {
            selector := mload(add(reason, 0x20))
        }
    }

    /// @notice The base slot of a record, from the documented formula.
    function baseSlot(address owner, bytes32 label) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(label, keccak256(abi.encode(owner, uint256(0))))));
    }

    /// @notice What stands in slot `base + offset` of a record.
    function slotOf(address owner, bytes32 label, uint256 offset) internal view returns (bytes32) {
        return VM.load(address(registry), bytes32(baseSlot(owner, label) + offset));
    }

    /// @notice The word of an unrevoked ECDSA record, from the documented layout.
    function wordOf(address signer, uint256 anchoredAt, uint256 validUntil, uint256 version, uint256 suiteFloor)
        internal
        pure
        returns (uint256)
    {
        return uint256(uint160(signer)) | anchoredAt << 160 | validUntil << 200 | version << 232 | suiteFloor << 249;
    }

    /// @dev The runtime of the deterministic deployer as it stands on public chains. A test chain starts without it.
    bytes internal constant DETERMINISTIC_DEPLOYER =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
}
