// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

contract AnchorBundleTest is RegistryTest {
    bytes32 private constant BUNDLE = keccak256("bundle");

    function test_theOwnerStoresItAtTheDocumentedSlotAndNothingElse() public {
        aliceRegisters(7);
        bytes32 word = slotOf(ALICE, DEFAULT, 0);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.BundleAnchored(ALICE, DEFAULT, 1, BUNDLE);
        anchors(ALICE, BUNDLE);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), BUNDLE);
        VM.assertEq(slotOf(ALICE, DEFAULT, 0), word);
        VM.assertEq(slotOf(ALICE, DEFAULT, 1), 0);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).bundleHash, BUNDLE);
    }

    function testFuzz_storesAnyHashAndReplacesAny(bytes32 first, bytes32 second) public {
        aliceRegisters(7);
        anchors(ALICE, first);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), first);
        anchors(ALICE, second);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), second);
    }

    function test_aLiveOperatorMay() public {
        aliceRegisters(7);
        aliceAppointsBob(NOW + 10);
        VM.warp(NOW + 9);
        anchors(BOB, BUNDLE);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), BUNDLE);
    }

    function test_anOperatorMayNoLongerFromTheSecondOfItsEnd() public {
        aliceRegisters(7);
        aliceAppointsBob(NOW + 10);
        VM.warp(NOW + 10);
        refuses(BOB, abi.encodeWithSelector(IKeyRegistry.OwnerNotProven.selector, ALICE));
    }

    function test_anOperatorThatWasDismissedMayNot() public {
        aliceRegisters(7);
        aliceAppointsBob(NOW + 10);
        aliceAppointsBob(0);
        refuses(BOB, abi.encodeWithSelector(IKeyRegistry.OwnerNotProven.selector, ALICE));
    }

    function testFuzz_nobodyElseMay(address stranger) public {
        if (stranger == ALICE || stranger == address(VM)) return;
        aliceRegisters(7);
        refuses(stranger, abi.encodeWithSelector(IKeyRegistry.OwnerNotProven.selector, ALICE));
    }

    function test_namesTheVersionAndStaysAfterARotation() public {
        aliceRegisters(7);
        anchors(ALICE, BUNDLE);
        IKeyRegistry.Registration memory next = signed(ALICE, DEFAULT, 2, 8);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, next);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), BUNDLE);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.BundleAnchored(ALICE, DEFAULT, 2, 0);
        anchors(ALICE, 0);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), 0);
    }

    function test_anExpiredKeysBundleMayBeReplaced() public {
        IKeyRegistry.Registration memory key = until(signed(ALICE, DEFAULT, 1, 7), NOW + 1);
        VM.prank(ALICE);
        registry.register(DEFAULT, key);
        VM.warp(NOW + 1);
        anchors(ALICE, BUNDLE);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), BUNDLE);
    }

    function test_refusesWhereNothingIsRegistered() public {
        refuses(ALICE, abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, ALICE, DEFAULT));
    }

    function test_refusesWhatWasRevoked() public {
        aliceRegisters(7);
        aliceRevokes();
        refuses(ALICE, abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, ALICE, DEFAULT, 1));
    }

    function anchors(address sender, bytes32 bundleHash) private {
        VM.prank(sender);
        registry.anchorBundle(ALICE, DEFAULT, bundleHash);
    }

    function refuses(address sender, bytes memory reason) private {
        VM.expectRevert(reason);
        anchors(sender, BUNDLE);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), 0);
    }

    function aliceAppointsBob(uint40 end) private {
        VM.prank(ALICE);
        registry.setOperator(BOB, end);
    }
}
