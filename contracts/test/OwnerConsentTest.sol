// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @title OwnerConsentTest
/// @notice One change that an owner may leave to others to submit. Its heirs test every change with every owner.
abstract contract OwnerConsentTest is RegistryTest {
    uint256 internal constant OWNER_KEY = uint256(keccak256("the owner's account key"));
    uint40 internal constant DEADLINE = NOW + 1 hours;
    address internal constant RELAYER = address(0x4e1a7e4);

    address internal owner;

    function setUp() public virtual override {
        super.setUp();
        owner = addressOf(OWNER_KEY);
    }

    /// @notice Brings the record of `who` to where the change is possible.
    function prepare(address who) internal virtual;

    /// @notice The EIP-712 hash of what `who` signs for the change.
    function structHash(address who, uint40 deadline) internal virtual returns (bytes32);

    /// @notice The call that submits the change.
    function change(address who, uint40 deadline, bytes memory signature) internal virtual returns (bytes memory);

    /// @notice The digest of the change, on this chain.
    function digestOf(address who) internal returns (bytes32) {
        return TypedData.here(registry, structHash(who, DEADLINE));
    }

    /// @notice The change, prepared, with a signature by the account's own key for this chain.
    function signedChange(uint40 deadline) internal returns (bytes memory) {
        prepare(owner);
        return change(owner, deadline, signatureBy(OWNER_KEY, TypedData.here(registry, structHash(owner, deadline))));
    }

    function takes(address sender, address who, bytes memory call) internal {
        bytes32 before = slotOf(who, DEFAULT, 0);
        VM.prank(sender);
        (bool success, bytes memory answer) = address(registry).call(call);
        VM.assertTrue(success, string.concat("refused: ", VM.toString(answer)));
        VM.assertFalse(slotOf(who, DEFAULT, 0) == before, "nothing was changed");
    }

    function refuses(address sender, address who, bytes memory call, bytes memory reason) internal {
        bytes32 before = stateOf(who);
        VM.prank(sender);
        (bool success, bytes memory answer) = address(registry).call(call);
        VM.assertFalse(success, "this must be refused");
        VM.assertEq(answer, reason);
        VM.assertEq(stateOf(who), before, "a refusal changes nothing");
    }

    /// @notice That the owner did not consent.
    function notProven(address who) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IKeyRegistry.OwnerNotProven.selector, who);
    }

    function stateOf(address who) private view returns (bytes32) {
        return keccak256(abi.encode(slotOf(who, DEFAULT, 0), slotOf(who, DEFAULT, 1), slotOf(who, DEFAULT, 2)));
    }
}
