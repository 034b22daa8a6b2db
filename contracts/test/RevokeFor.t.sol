// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {OwnerConsentTest} from "./OwnerConsentTest.sol";
import {SignedByContractTest} from "./SignedByContractTest.sol";
import {SignedByOwnerTest} from "./SignedByOwnerTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @notice Revoking key 7, the first, for policy.
abstract contract RevokeForFixture is OwnerConsentTest {
    function prepare(address who) internal override {
        registers(who, DEFAULT, 7);
    }

    function structHash(address who, uint40 deadline) internal pure override returns (bytes32) {
        return TypedData.revocation(who, DEFAULT, 1, IKeyRegistry.Reason.Policy, deadline);
    }

    function change(address who, uint40 deadline, bytes memory signature)
        internal
        view
        override
        returns (bytes memory)
    {
        return submission(who, 1, IKeyRegistry.Reason.Policy, deadline, signature);
    }

    function submission(
        address who,
        uint16 version,
        IKeyRegistry.Reason reason,
        uint40 deadline,
        bytes memory signature
    ) internal view returns (bytes memory) {
        return abi.encodeCall(registry.revokeFor, (who, DEFAULT, version, reason, deadline, signature));
    }
}

contract RevokeForSignedByOwnerTest is RevokeForFixture, SignedByOwnerTest {}

contract RevokeForSignedByContractTest is RevokeForFixture, SignedByContractTest {}

contract RevokeForTest is RevokeForFixture {
    function setUp() public override {
        super.setUp();
        prepare(owner);
    }

    function test_writesAndTellsWhatRevokingDoes() public {
        VM.warp(NOW + 60);
        bytes memory call = change(owner, DEADLINE, signatureBy(OWNER_KEY, digestOf(owner)));
        uint256 word =
            wordOf(addressOf(7), NOW, NOW + 60, 1, 1) | uint256(1) << 251 | uint256(IKeyRegistry.Reason.Policy) << 252;
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRevoked(owner, DEFAULT, word);
        takes(RELAYER, owner, call);
        VM.assertEq(uint256(slotOf(owner, DEFAULT, 0)), word);
    }

    function test_refusesAnotherReasonThanTheOwnerSigned() public {
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        for (uint8 reason = 0; reason < uint8(IKeyRegistry.Reason.Policy); ++reason) {
            bytes memory call = submission(owner, 1, IKeyRegistry.Reason(reason), DEADLINE, signature);
            refuses(RELAYER, owner, call, notProven(owner));
        }
    }

    function test_refusesAReasonThatIsNone() public {
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        bytes memory call =
            abi.encodeWithSelector(registry.revokeFor.selector, owner, DEFAULT, 1, 6, DEADLINE, signature);
        refuses(RELAYER, owner, call, "");
    }

    function testFuzz_refusesEveryVersionButTheCurrentOne(uint16 version) public {
        if (version == 1) return;
        bytes32 hash = TypedData.revocation(owner, DEFAULT, version, IKeyRegistry.Reason.Policy, DEADLINE);
        bytes memory signature = signatureBy(OWNER_KEY, TypedData.here(registry, hash));
        bytes memory reason =
            abi.encodeWithSelector(IKeyRegistry.VersionNotCurrent.selector, owner, DEFAULT, 1, version);
        refuses(RELAYER, owner, submission(owner, version, IKeyRegistry.Reason.Policy, DEADLINE, signature), reason);
    }

    function test_refusesItAfterARotation() public {
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        IKeyRegistry.Registration memory next = signed(owner, DEFAULT, 2, 8);
        VM.prank(owner);
        registry.rotate(DEFAULT, next);
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.VersionNotCurrent.selector, owner, DEFAULT, 2, 1);
        refuses(RELAYER, owner, change(owner, DEADLINE, signature), reason);
        bytes memory other = submission(owner, 2, IKeyRegistry.Reason.Policy, DEADLINE, signature);
        refuses(RELAYER, owner, other, notProven(owner));
    }

    function test_refusesItTwice() public {
        bytes memory call = change(owner, DEADLINE, signatureBy(OWNER_KEY, digestOf(owner)));
        takes(RELAYER, owner, call);
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, owner, DEFAULT, 1);
        refuses(RELAYER, owner, call, reason);
    }

    function test_refusesWhereNothingIsRegistered() public {
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, ALICE, DEFAULT);
        refuses(ALICE, ALICE, change(ALICE, DEADLINE, ""), reason);
    }
}
