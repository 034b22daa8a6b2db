// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

/// @notice Appointing. What an operator may then do is tested with each function.
contract SetOperatorTest is RegistryTest {
    function test_storesUntilWhenAtTheDocumentedSlotAndTellsIt() public {
        VM.expectEmit(address(registry));
        emit IKeyRegistry.OperatorSet(ALICE, BOB, NOW + 1 days);
        VM.prank(ALICE);
        registry.setOperator(BOB, NOW + 1 days);
        VM.assertEq(registry.operatorUntil(ALICE, BOB), NOW + 1 days);
        bytes32 slot = keccak256(abi.encode(BOB, keccak256(abi.encode(ALICE, uint256(1)))));
        VM.assertEq(uint256(VM.load(address(registry), slot)), NOW + 1 days);
    }

    function test_isOfThisOwnerAndThisOperatorOnly() public {
        VM.prank(ALICE);
        registry.setOperator(BOB, NOW + 1);
        VM.assertEq(registry.operatorUntil(BOB, ALICE), 0);
        VM.assertEq(registry.operatorUntil(ALICE, ALICE), 0);
        VM.assertEq(registry.operatorUntil(address(this), BOB), 0);
    }

    function testFuzz_takesZeroOrATimeInTheFuture(uint40 end) public {
        bool valid = end == 0 || end > NOW;
        if (!valid) VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.ExpiryNotInFuture.selector, end));
        VM.prank(ALICE);
        registry.setOperator(BOB, end);
        VM.assertEq(registry.operatorUntil(ALICE, BOB), valid ? end : 0);
    }

    function test_refusesATimeThatIsNow() public {
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.ExpiryNotInFuture.selector, NOW));
        VM.prank(ALICE);
        registry.setOperator(BOB, NOW);
    }

    function test_extendsAndShortensAndEnds() public {
        uint40[3] memory ends = [uint40(NOW + 10), NOW + 5, 0];
        for (uint256 i = 0; i < ends.length; ++i) {
            VM.prank(ALICE);
            registry.setOperator(BOB, ends[i]);
            VM.assertEq(registry.operatorUntil(ALICE, BOB), ends[i]);
        }
    }

    function test_anOperatorAppointsOnlyForItself() public {
        VM.prank(ALICE);
        registry.setOperator(BOB, NOW + 1 days);
        VM.prank(BOB);
        registry.setOperator(address(this), NOW + 1 days);
        VM.assertEq(registry.operatorUntil(ALICE, address(this)), 0);
        VM.assertEq(registry.operatorUntil(BOB, address(this)), NOW + 1 days);
        // Nor does being the operator of an operator help.
        IKeyRegistry.Registration memory key = signed(ALICE, DEFAULT, 1, 7);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.OwnerNotProven.selector, ALICE));
        registry.registerFor(ALICE, DEFAULT, key, NOW, "");
    }

    function test_anOperatorActsUnderEveryLabel() public {
        VM.prank(ALICE);
        registry.setOperator(BOB, NOW + 1 days);
        bytes32[2] memory labels = [DEFAULT, DESK];
        for (uint256 i = 0; i < 2; ++i) {
            IKeyRegistry.Registration memory key = signed(ALICE, labels[i], 1, 7);
            VM.prank(BOB);
            registry.registerFor(ALICE, labels[i], key, NOW, "");
            VM.assertTrue(registry.isActive(ALICE, labels[i]));
        }
        VM.assertEq(registry.storedWord(BOB, DEFAULT), 0);
    }

    /// @dev `register`, `rotate` and `revoke` are the caller's own: an operator reaches its own records by them.
    function test_whatAnOperatorDoesInItsOwnNameIsItsOwn() public {
        aliceRegisters(7);
        VM.prank(ALICE);
        registry.setOperator(BOB, NOW + 1 days);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, BOB, DEFAULT));
        VM.prank(BOB);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.Policy);
    }
}
