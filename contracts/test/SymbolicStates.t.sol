// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";
import {SVM, SymbolicRegistry, VM} from "./SymbolicRegistry.sol";

/// @notice The state diagram, for any record, any storage, any caller, and any call, valid or not:
/// Absent -> Active(1), Active -> Active(version + 1), Active -> Revoked, Revoked -> Active(version + 1, another key).
/// @custom:halmos --array-lengths entries=1,signature={0,65}
contract SymbolicStatesTest is SymbolicRegistry {
    function check_register(address caller, address owner, bytes32 label) public {
        keepsToTheDiagram(IKeyRegistry.register.selector, caller, owner, label);
    }

    function check_registerFor(address caller, address owner, bytes32 label) public {
        keepsToTheDiagram(IKeyRegistry.registerFor.selector, caller, owner, label);
    }

    function check_registerForMany(address caller, address owner, bytes32 label) public {
        keepsToTheDiagram(IKeyRegistry.registerForMany.selector, caller, owner, label);
    }

    function check_rotate(address caller, address owner, bytes32 label) public {
        keepsToTheDiagram(IKeyRegistry.rotate.selector, caller, owner, label);
    }

    function check_rotateFor(address caller, address owner, bytes32 label) public {
        keepsToTheDiagram(IKeyRegistry.rotateFor.selector, caller, owner, label);
    }

    /// @notice Also past 2106, when the time of a revocation no longer fits its field.
    function check_revoke(address caller, address owner, bytes32 label) public {
        VM.warp(SVM.createUint(40, "later"));
        keepsToTheDiagram(IKeyRegistry.revoke.selector, caller, owner, label);
    }

    function check_revokeFor(address caller, address owner, bytes32 label) public {
        keepsToTheDiagram(IKeyRegistry.revokeFor.selector, caller, owner, label);
    }

    /// @custom:halmos --array-lengths signature={65,129}
    function check_revokeByKey(address caller, address owner, bytes32 label) public {
        keepsToTheDiagram(IKeyRegistry.revokeByKey.selector, caller, owner, label);
    }

    /// @notice All other functions, those of a later version of the source included, and calls of no function.
    function check_nothingElseChangesAWord(address caller, address owner, bytes32 label) public {
        bytes memory call = SVM.createCalldata("KeyRegistry");
        VM.assume(!changesWords(selectorOf(call)));
        RecordWord before = wordOf(owner, label);
        VM.prank(caller);
        (bool done,) = address(registry).call(call);
        done;
        assert(!differ(before, readWord(owner, label)));
    }

    function keepsToTheDiagram(bytes4 selector, address caller, address owner, bytes32 label) private {
        bytes memory call = SVM.createCalldata("KeyRegistry");
        VM.assume(selectorOf(call) == selector);
        RecordWord before = wordOf(owner, label);
        VM.prank(caller);
        (bool done,) = address(registry).call(call);
        RecordWord then = readWord(owner, label);

        if (!differ(before, then)) return;
        assert(done);
        assert(isWellFormed(then));
        if (isRevoked(then)) {
            assert(isUnrevoked(before));
            assert(isRevocationOf(before, then));
        } else {
            assert(versionOf(then) == versionOf(before) + 1);
            assert(RecordWord.unwrap(then) >> 160 & type(uint40).max == block.timestamp);
            assert(!isRevoked(before) || signerOf(before) != signerOf(then));
        }
    }

    /// @notice What no one can reach from an empty registry in one step, no one reaches at all: words are well formed
    /// at first, too.
    function check_anEmptyRegistryIsWellFormed() public pure {
        assert(isWellFormed(RecordWord.wrap(0)));
    }

    function check_aRevokedRecordIsNeverInForce(address owner, bytes32 label, bytes32 digest) public view {
        VM.assume(isRevoked(wordOf(owner, label)));
        assert(!registry.isActive(owner, label));
        assert(registry.signerOf(owner, label) == address(0));
        assert(!registry.isValidSignatureFor(owner, label, digest, SVM.createBytes(65, "signature")));
        assert(!registry.isValidSignatureFor(owner, label, digest, SVM.createBytes(129, "certificate")));
    }

    function changesWords(bytes4 selector) private pure returns (bool) {
        return selector == IKeyRegistry.register.selector || selector == IKeyRegistry.registerFor.selector
            || selector == IKeyRegistry.registerForMany.selector || selector == IKeyRegistry.rotate.selector
            || selector == IKeyRegistry.rotateFor.selector || selector == IKeyRegistry.revoke.selector
            || selector == IKeyRegistry.revokeFor.selector || selector == IKeyRegistry.revokeByKey.selector;
    }

    /// @notice The same key, version, age, scheme and floor; validity ends now, or where it ended before.
    function isRevocationOf(RecordWord before, RecordWord then) private view returns (bool) {
        uint256 untouched = ~(uint256(type(uint32).max) << 200 | uint256(0x1f) << 251);
        uint256 end = RecordWord.unwrap(before) >> 200 & type(uint32).max;
        if (end == 0 || end > block.timestamp) end = block.timestamp;
        if (end > type(uint32).max) end = type(uint32).max;
        return RecordWord.unwrap(before) & untouched == RecordWord.unwrap(then) & untouched
            && RecordWord.unwrap(then) >> 200 & type(uint32).max == end;
    }
}
