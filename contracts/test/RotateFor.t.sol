// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {KeyConsentTest} from "./KeyConsentTest.sol";
import {SignedByContractTest} from "./SignedByContractTest.sol";
import {SignedByOwnerTest} from "./SignedByOwnerTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @notice Replacing key 7, the first, by key 8.
abstract contract RotateForFixture is KeyConsentTest {
    function prepare(address who) internal override {
        registers(who, DEFAULT, 7);
    }

    function next() internal pure override returns (uint256 privateKey, uint16 version) {
        return (8, 2);
    }

    function consent(address who, uint16 version, IKeyRegistry.Registration memory registration, uint40 deadline)
        internal
        pure
        override
        returns (bytes32)
    {
        return TypedData.rotation(who, DEFAULT, version, registration, deadline);
    }

    function submission(
        address who,
        IKeyRegistry.Registration memory registration,
        uint40 deadline,
        bytes memory signature
    ) internal view override returns (bytes memory) {
        return abi.encodeCall(registry.rotateFor, (who, DEFAULT, registration, deadline, signature));
    }
}

contract RotateForSignedByOwnerTest is RotateForFixture, SignedByOwnerTest {}

contract RotateForSignedByContractTest is RotateForFixture, SignedByContractTest {}

contract RotateForTest is RotateForFixture {
    function setUp() public override {
        super.setUp();
        prepare(owner);
    }

    function test_writesAndTellsWhatRotatingDoes() public {
        IKeyRegistry.Registration memory registration = until(signed(owner, DEFAULT, 2, 8), NOW + 1 days);
        bytes memory call = sponsored(registration, 2);
        uint256 word = wordOf(addressOf(8), NOW, NOW + 1 days, 2, 1);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRotated(owner, DEFAULT, word, registration.x);
        takes(RELAYER, owner, call);
        VM.assertEq(uint256(slotOf(owner, DEFAULT, 0)), word);
    }

    function test_pinsIfTheOwnerSignedThat() public {
        IKeyRegistry.Registration memory registration = pinnedTo(signed(owner, DEFAULT, 2, 8));
        bytes memory call = sponsored(registration, 2);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.PinnedKeyRotated(owner, DEFAULT, wordOf(addressOf(8), NOW, 0, 2, 1), registration.x);
        takes(RELAYER, owner, call);
        VM.assertEq(slotOf(owner, DEFAULT, 1), registration.x);
    }

    function test_maySwitchTheSchemeOfTheSameKey() public {
        takes(RELAYER, owner, sponsored(schnorrSigned(owner, DEFAULT, 2, 7), 2));
        VM.assertTrue(registry.recordOf(owner, DEFAULT).scheme == IKeyRegistry.Scheme.Schnorr);
        VM.assertEq(registry.signerOf(owner, DEFAULT), addressOf(7));
    }

    function testFuzz_refusesOtherTermsThanTheOwnerSigned(uint32 validUntil, uint8 suiteFloor, bool pinned) public {
        refusesOtherTerms(validUntil, suiteFloor, pinned);
    }

    function test_refusesARegistrationsConsent() public {
        IKeyRegistry.Registration memory registration = signed(owner, DEFAULT, 2, 8);
        bytes32 hash = TypedData.registration(owner, DEFAULT, 2, registration, DEADLINE);
        bytes memory signature = signatureBy(OWNER_KEY, TypedData.here(registry, hash));
        refuses(RELAYER, owner, submission(owner, registration, DEADLINE, signature), notProven(owner));
    }

    function test_refusesAReplayAfterAnotherRotation() public {
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        takes(RELAYER, owner, change(owner, DEADLINE, signature));
        VM.prank(RELAYER);
        (bool success, bytes memory answer) = address(registry).call(change(owner, DEADLINE, signature));
        VM.assertFalse(success, "version 2 was");
        VM.assertTrue(selectorOf(answer) == IKeyRegistry.PossessionNotProven.selector);
        IKeyRegistry.Registration memory third = signed(owner, DEFAULT, 3, 8);
        refuses(RELAYER, owner, submission(owner, third, DEADLINE, signature), notProven(owner));
    }

    function test_whatWasSignedBeforeARevocationDoesNotBringTheRecordBack() public {
        IKeyRegistry.Registration memory registration = signed(owner, DEFAULT, 2, 8);
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        VM.prank(owner);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.KeyCompromised);
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, owner, DEFAULT, 1);
        refuses(RELAYER, owner, submission(owner, registration, DEADLINE, signature), reason);
        bytes memory asRegistration =
            abi.encodeCall(registry.registerFor, (owner, DEFAULT, registration, DEADLINE, signature));
        refuses(RELAYER, owner, asRegistration, notProven(owner));
    }

    function test_anOperatorDoesNotBringARevokedRecordBack() public {
        VM.prank(owner);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.KeyCompromised);
        VM.prank(owner);
        registry.setOperator(BOB, type(uint40).max);
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, owner, DEFAULT, 1);
        refuses(BOB, owner, submission(owner, signed(owner, DEFAULT, 2, 8), DEADLINE, ""), reason);
    }

    function test_anExpiredKeyMayBeReplaced() public {
        IKeyRegistry.Registration memory registration = until(signed(owner, DEFAULT, 2, 8), NOW + 1);
        takes(RELAYER, owner, sponsored(registration, 2));
        VM.warp(NOW + 1);
        VM.assertFalse(registry.isActive(owner, DEFAULT));
        takes(RELAYER, owner, sponsored(signed(owner, DEFAULT, 3, 9), 3));
        VM.assertTrue(registry.isActive(owner, DEFAULT));
    }

    function test_refusesWhereNothingIsRegistered() public {
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, ALICE, DEFAULT);
        refuses(ALICE, ALICE, submission(ALICE, signed(ALICE, DEFAULT, 1, 7), DEADLINE, ""), reason);
    }

    /// @dev Half the versions: a stolen operator's account must not leave the owner without the label for ever.
    function test_anOperatorLeavesTheOwnerHalfOfTheVersions() public {
        VM.prank(owner);
        registry.setOperator(BOB, type(uint40).max);
        VM.store(address(registry), bytes32(baseSlot(owner, DEFAULT)), bytes32(wordOf(addressOf(7), NOW, 0, 32_766, 1)));
        takes(BOB, owner, submission(owner, signed(owner, DEFAULT, 32_767, 8), DEADLINE, ""));
        bytes memory next = submission(owner, signed(owner, DEFAULT, 32_768, 9), DEADLINE, "");
        refuses(BOB, owner, next, abi.encodeWithSelector(IKeyRegistry.VersionsLeftToOwner.selector, owner, DEFAULT));
        takes(owner, owner, next);
        VM.store(address(registry), bytes32(baseSlot(owner, DEFAULT)), bytes32(wordOf(addressOf(7), NOW, 0, 32_767, 1)));
        takes(RELAYER, owner, sponsored(signed(owner, DEFAULT, 32_768, 9), 32_768));
    }

    function test_refusesMoreVersionsThanFit() public {
        uint256 word = wordOf(addressOf(7), NOW, 0, type(uint16).max, 1);
        VM.store(address(registry), bytes32(baseSlot(owner, DEFAULT)), bytes32(word));
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.VersionsExhausted.selector, owner, DEFAULT);
        refuses(owner, owner, submission(owner, signed(owner, DEFAULT, 0, 8), DEADLINE, ""), reason);
    }
}
