// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

contract RotateTest is RegistryTest {
    function test_replacesTheKeyWithTheNextVersion() public {
        aliceRegisters(7);
        VM.warp(NOW + 5);
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 2, 8);
        until(registration, NOW + 1 days);
        floored(registration, 0);
        uint256 word = wordOf(addressOf(8), NOW + 5, NOW + 1 days, 2, 0);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRotated(ALICE, DEFAULT, word, registration.x);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, registration);
        VM.assertEq(uint256(slotOf(ALICE, DEFAULT, 0)), word);
        VM.assertEq(slotOf(ALICE, DEFAULT, 1), 0);
    }

    function test_pinsTheNewKeyOnRequest() public {
        aliceRegisters(7);
        IKeyRegistry.Registration memory registration = pinnedTo(signed(ALICE, DEFAULT, 2, 8));
        VM.expectEmit(address(registry));
        emit IKeyRegistry.PinnedKeyRotated(ALICE, DEFAULT, wordOf(addressOf(8), NOW, 0, 2, 1), registration.x);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, registration);
        VM.assertEq(slotOf(ALICE, DEFAULT, 1), registration.x);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, registration.x);
    }

    function test_theOldXCountsForNothingAfterACompactRotation() public {
        IKeyRegistry.Registration memory old = pinnedTo(signed(ALICE, DEFAULT, 1, 7));
        VM.prank(ALICE);
        registry.register(DEFAULT, old);
        rotateTo(8, 2);
        VM.assertEq(slotOf(ALICE, DEFAULT, 1), old.x);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, 0);
    }

    function test_theOldXCountsAgainIfItsKeyComesBack() public {
        IKeyRegistry.Registration memory old = pinnedTo(signed(ALICE, DEFAULT, 1, 7));
        VM.prank(ALICE);
        registry.register(DEFAULT, old);
        rotateTo(8, 2);
        rotateTo(7, 3);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, old.x);
    }

    function test_theSameKeyMayComeAgainToRenewItsExpiry() public {
        aliceRegisters(7);
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 2, 7);
        until(registration, NOW + 1 days);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, registration);
        VM.assertEq(uint256(slotOf(ALICE, DEFAULT, 0)), wordOf(addressOf(7), NOW, NOW + 1 days, 2, 1));
    }

    function test_anExpiredKeyMayBeReplaced() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, NOW + 1);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.warp(NOW + 1);
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
        rotateTo(8, 2);
        VM.assertTrue(registry.isActive(ALICE, DEFAULT));
    }

    function test_versionsRiseByOneToTheLastThatFits() public {
        aliceRegisters(7);
        uint256 word = wordOf(addressOf(7), NOW, 0, type(uint16).max - 1, 1);
        VM.store(address(registry), bytes32(baseSlot(ALICE, DEFAULT)), bytes32(word));
        rotateTo(8, type(uint16).max);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).version, type(uint16).max);
        refuses(
            abi.encodeWithSelector(IKeyRegistry.VersionsExhausted.selector, ALICE, DEFAULT),
            signed(ALICE, DEFAULT, 0, 9)
        );
    }

    function test_refusesWhereNothingIsRegistered() public {
        refuses(
            abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, ALICE, DEFAULT), signed(ALICE, DEFAULT, 1, 7)
        );
    }

    function test_refusesWhatWasRevoked() public {
        aliceRegisters(7);
        aliceRevokes();
        refuses(
            abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, ALICE, DEFAULT, 1),
            signed(ALICE, DEFAULT, 2, 8)
        );
    }

    function test_refusesTheProofOfTheVersionBefore() public {
        IKeyRegistry.Registration memory used = aliceRegisters(7);
        VM.prank(ALICE);
        try registry.rotate(DEFAULT, used) {
            VM.assertTrue(false, "a proof serves once");
        } catch (bytes memory reason) {
            VM.assertTrue(selectorOf(reason) == IKeyRegistry.PossessionNotProven.selector);
        }
    }

    function test_refusesAnExpiryInThePast() public {
        aliceRegisters(7);
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 2, 8);
        until(registration, NOW - 1);
        refuses(abi.encodeWithSelector(IKeyRegistry.ExpiryNotInFuture.selector, NOW - 1), registration);
    }

    function test_reachesOnlyTheCallersRecord() public {
        aliceRegisters(7);
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 2, 8);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, BOB, DEFAULT));
        VM.prank(BOB);
        registry.rotate(DEFAULT, registration);
    }

    function rotateTo(uint256 privateKey, uint16 version) private {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, version, privateKey);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, registration);
    }

    function refuses(bytes memory reason, IKeyRegistry.Registration memory registration) private {
        VM.expectRevert(reason);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, registration);
    }
}
