// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

contract RevokeTest is RegistryTest {
    function test_endsValidityNowAndKeepsTheRest() public {
        aliceRegisters(7);
        VM.warp(NOW + 60);
        IKeyRegistry.Reason reason = IKeyRegistry.Reason.KeyCompromised;
        uint256 word = revokedWord(wordOf(addressOf(7), NOW, NOW + 60, 1, 1), reason);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRevoked(ALICE, DEFAULT, word);
        VM.prank(ALICE);
        registry.revoke(DEFAULT, reason);
        VM.assertEq(uint256(slotOf(ALICE, DEFAULT, 0)), word);
    }

    function testFuzz_endsValidityAtTheEarlierOfExpiryAndRevocation(uint32 validUntil, uint32 time) public {
        validUntil = validUntil > NOW ? validUntil : 0;
        time = time > NOW ? time : NOW;
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, validUntil);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.warp(time);
        aliceRevokes();
        IKeyRegistry.Record memory record = registry.recordOf(ALICE, DEFAULT);
        VM.assertEq(record.validUntil, validUntil == 0 || validUntil > time ? time : validUntil);
        VM.assertEq(record.anchoredAt, NOW);
        VM.assertTrue(record.revoked);
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    function test_storesEveryReason() public {
        for (uint8 reason = 0; reason <= uint8(type(IKeyRegistry.Reason).max); ++reason) {
            bytes32 label = bytes32(uint256(reason) + 1);
            registers(ALICE, label, 7);
            VM.prank(ALICE);
            registry.revoke(label, IKeyRegistry.Reason(reason));
            VM.assertEq(uint8(registry.recordOf(ALICE, label).reason), reason);
            VM.assertEq(uint256(slotOf(ALICE, label, 0)) >> 252, reason);
        }
    }

    function test_refusesAReasonThatIsNone() public {
        aliceRegisters(7);
        VM.prank(ALICE);
        (bool success,) = address(registry).call(abi.encodeWithSelector(registry.revoke.selector, DEFAULT, 6));
        VM.assertFalse(success);
    }

    function test_keepsThePinnedKey() public {
        IKeyRegistry.Registration memory registration = pinnedTo(signed(ALICE, DEFAULT, 1, 7));
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        aliceRevokes();
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, registration.x);
    }

    function test_isNeverRefusedForTheHour() public {
        aliceRegisters(7);
        VM.warp(uint256(type(uint32).max) + 1);
        aliceRevokes();
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).validUntil, type(uint32).max);
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    function test_theLastSecondThatFitsIsStoredAsItIs() public {
        aliceRegisters(7);
        VM.warp(type(uint32).max);
        aliceRevokes();
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).validUntil, type(uint32).max);
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    function test_anExpiredKeyMayBeRevoked() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, NOW + 1);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.warp(NOW + 100);
        aliceRevokes();
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).validUntil, NOW + 1);
    }

    function test_aKeyMayBeRevokedInTheBlockThatRegisteredIt() public {
        aliceRegisters(7);
        aliceRevokes();
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).validUntil, NOW);
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    function test_refusesWhereNothingIsRegistered() public {
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, ALICE, DEFAULT));
        aliceRevokes();
    }

    function test_refusesTwice() public {
        aliceRegisters(7);
        aliceRevokes();
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, ALICE, DEFAULT, 1));
        aliceRevokes();
    }

    function test_reachesOnlyTheCallersRecord() public {
        aliceRegisters(7);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, BOB, DEFAULT));
        VM.prank(BOB);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.Policy);
        VM.assertTrue(registry.isActive(ALICE, DEFAULT));
    }

    function revokedWord(uint256 word, IKeyRegistry.Reason reason) private pure returns (uint256) {
        return word | uint256(1) << 251 | uint256(reason) << 252;
    }
}
