// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

contract PinTest is RegistryTest {
    function test_anyoneMayStoreTheKeyOfACompactRecord() public {
        IKeyRegistry.Registration memory key = aliceRegisters(7);
        bytes32 word = slotOf(ALICE, DEFAULT, 0);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyPinned(ALICE, DEFAULT, 1, key.x);
        VM.prank(BOB);
        registry.pin(ALICE, DEFAULT, key.x, key.y);
        VM.assertEq(slotOf(ALICE, DEFAULT, 1), key.x);
        VM.assertEq(slotOf(ALICE, DEFAULT, 0), word);
    }

    function test_replacesTheXOfAnEarlierKey() public {
        IKeyRegistry.Registration memory key = pinnedTo(signed(ALICE, DEFAULT, 1, 7));
        VM.prank(ALICE);
        registry.register(DEFAULT, key);
        key = signed(ALICE, DEFAULT, 2, 8);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, key);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyPinned(ALICE, DEFAULT, 2, key.x);
        registry.pin(ALICE, DEFAULT, key.x, key.y);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, key.x);
    }

    function test_refusesAnotherKey() public {
        aliceRegisters(7);
        IKeyRegistry.Registration memory other = signed(ALICE, DEFAULT, 1, 8);
        refuses(abi.encodeWithSelector(IKeyRegistry.KeyMismatch.selector, addressOf(7), addressOf(8)), other.x, other.y);
    }

    function test_refusesTheOtherRootOfTheSameX() public {
        IKeyRegistry.Registration memory key = aliceRegisters(7);
        bytes32 y = ~key.y;
        address offered = address(uint160(uint256(keccak256(abi.encode(key.x, y)))));
        refuses(abi.encodeWithSelector(IKeyRegistry.KeyMismatch.selector, addressOf(7), offered), key.x, y);
    }

    function test_refusesWhatIsPinned() public {
        IKeyRegistry.Registration memory key = pinnedTo(signed(ALICE, DEFAULT, 1, 7));
        VM.prank(ALICE);
        registry.register(DEFAULT, key);
        refuses(abi.encodeWithSelector(IKeyRegistry.AlreadyPinned.selector, ALICE, DEFAULT, 1), key.x, key.y);
    }

    function test_refusesWhereNothingIsRegistered() public {
        refuses(abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, ALICE, DEFAULT), 0, 0);
    }

    function test_refusesARevokedKey() public {
        IKeyRegistry.Registration memory key = aliceRegisters(7);
        aliceRevokes();
        refuses(abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, ALICE, DEFAULT, 1), key.x, key.y);
    }

    function test_refusesAnExpiredKey() public {
        IKeyRegistry.Registration memory key = signed(ALICE, DEFAULT, 1, 7);
        until(key, NOW + 1);
        VM.prank(ALICE);
        registry.register(DEFAULT, key);
        VM.warp(NOW + 1);
        refuses(abi.encodeWithSelector(IKeyRegistry.KeyExpired.selector, ALICE, DEFAULT, NOW + 1), key.x, key.y);
    }

    function refuses(bytes memory reason, bytes32 x, bytes32 y) private {
        VM.expectRevert(reason);
        registry.pin(ALICE, DEFAULT, x, y);
    }
}
