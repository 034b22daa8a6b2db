// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";

/// @notice The cheatcodes that Halmos shares with forge, of which these proofs use a few.
interface SymbolicVm {
    function assume(bool condition) external pure;
    function chainId(uint256 newChainId) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
    function load(address target, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function warp(uint256 newTimestamp) external;
}

/// @notice Halmos's own cheatcodes.
interface Svm {
    function createBytes(uint256 size, string calldata name) external pure returns (bytes memory);
    function createCalldata(string calldata contractName) external pure returns (bytes memory);
    function createUint(uint256 bits, string calldata name) external pure returns (uint256);
    function enableSymbolicStorage(address target) external;
}

SymbolicVm constant VM = SymbolicVm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
/// @dev Where Halmos answers: address(uint160(uint256(keccak256("svm cheat code")))).
Svm constant SVM = Svm(0xF3993A62377BCd56AE39D773740A5390411E8BC9);

/// @title SymbolicRegistry
/// @notice The registry as it is deployed, byte for byte, with any storage, at any time, on any chain. `scripts/audit
/// halmos` runs the `check_` functions of the contracts that build on this; `forge test` passes over them.
/// @dev Assumed throughout: the clock is past 0 and fits 32 bits (until 2106; where more matters the proof takes more),
/// and records are well formed, which `SymbolicStatesTest` proves to be so after every call if it was so before.
abstract contract SymbolicRegistry {
    IKeyRegistry internal registry;

    function setUp() public virtual {
        bytes memory code = VM.getCode("contracts/cache/audit/proofs/KeyRegistry.sol/KeyRegistry.json");
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        registry = IKeyRegistry(made);
        SVM.enableSymbolicStorage(made);
        uint256 time = SVM.createUint(32, "now");
        VM.assume(time != 0);
        VM.warp(time);
        VM.chainId(SVM.createUint(64, "chain"));
    }

    /// @notice The stored word of a record, assumed to be one that the registry can have written.
    function wordOf(address owner, bytes32 label) internal view returns (RecordWord word) {
        word = readWord(owner, label);
        VM.assume(isWellFormed(word));
    }

    function readWord(address owner, bytes32 label) internal view returns (RecordWord) {
        return RecordWord.wrap(registry.storedWord(owner, label));
    }

    /// @notice A word is zero, or has a version; reasons are known and only of the revoked; the floor has a meaning.
    function isWellFormed(RecordWord word) internal pure returns (bool) {
        uint256 raw = RecordWord.unwrap(word);
        uint256 reason = raw >> 252;
        if (raw == 0) return true;
        return versionOf(word) != 0 && (raw >> 249 & 3) <= 1 && reason <= 5 && (isRevoked(word) || reason == 0);
    }

    function selectorOf(bytes memory data) internal pure returns (bytes4 selector) {
        assembly ("memory-safe") {
            selector := shl(224, shr(224, mload(add(data, 0x20))))
        }
    }

    // Read by the documented layout and not by the library, which is proved elsewhere.

    function versionOf(RecordWord word) internal pure returns (uint256) {
        return RecordWord.unwrap(word) >> 232 & 0xffff;
    }

    function isRevoked(RecordWord word) internal pure returns (bool) {
        return RecordWord.unwrap(word) >> 251 & 1 == 1;
    }

    function isUnrevoked(RecordWord word) internal pure returns (bool) {
        return RecordWord.unwrap(word) != 0 && !isRevoked(word);
    }

    function signerOf(RecordWord word) internal pure returns (address) {
        return address(uint160(RecordWord.unwrap(word)));
    }

    function differ(RecordWord left, RecordWord right) internal pure returns (bool) {
        return RecordWord.unwrap(left) != RecordWord.unwrap(right);
    }

    /// @notice What stands in slot `base + offset` of a record, from the documented formula.
    function slotOf(address owner, bytes32 label, uint256 offset) internal view returns (bytes32) {
        uint256 base = uint256(keccak256(abi.encode(label, keccak256(abi.encode(owner, uint256(0))))));
        return VM.load(address(registry), bytes32(base + offset));
    }
}
