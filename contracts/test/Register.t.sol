// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

contract RegisterTest is RegistryTest {
    using TermsLib for IKeyRegistry.Terms;

    function test_writesTheDocumentedWordAtTheDocumentedSlot() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DESK, 1, 7);
        until(registration, NOW + 1 days);
        floored(registration, 0);
        VM.prank(ALICE);
        registry.register(DESK, registration);
        VM.assertEq(uint256(slotOf(ALICE, DESK, 0)), wordOf(addressOf(7), NOW, NOW + 1 days, 1, 0));
    }

    function test_aCompactRecordTakesOneSlotAndTellsTheKeyInItsEvent() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRegistered(ALICE, DEFAULT, wordOf(addressOf(7), NOW, 0, 1, 1), registration.x);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.assertEq(slotOf(ALICE, DEFAULT, 1), 0);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), 0);
    }

    function test_aPinnedRecordStoresX() public {
        IKeyRegistry.Registration memory registration = pinnedTo(signed(ALICE, DEFAULT, 1, 7));
        VM.expectEmit(address(registry));
        emit IKeyRegistry.PinnedKeyRegistered(ALICE, DEFAULT, wordOf(addressOf(7), NOW, 0, 1, 1), registration.x);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.assertEq(slotOf(ALICE, DEFAULT, 1), registration.x);
        VM.assertEq(slotOf(ALICE, DEFAULT, 2), 0);
    }

    function test_recordsOfOtherLabelsAndOwnersAreOthers() public {
        aliceRegisters(7);
        VM.assertEq(slotOf(ALICE, DESK, 0), 0);
        VM.assertEq(slotOf(BOB, DEFAULT, 0), 0);
    }

    function test_acceptsEitherParityOfRAndKeepsLowS() public {
        uint256 odd;
        for (uint256 privateKey = 1; privateKey <= 16; ++privateKey) {
            bytes32 label = bytes32(privateKey);
            IKeyRegistry.Registration memory registration = signed(ALICE, label, 1, privateKey);
            odd += registration.terms.v() - 27;
            VM.prank(ALICE);
            registry.register(label, registration);
            VM.assertEq(registry.signerOf(ALICE, label), addressOf(privateKey));
        }
        VM.assertTrue(odd > 0 && odd < 16, "both parities must have been tried");
    }

    function test_refusesWhatIsRegisteredAlready() public {
        aliceRegisters(7);
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 2, 8);
        refuses(abi.encodeWithSelector(IKeyRegistry.AlreadyRegistered.selector, ALICE, DEFAULT, 1), registration);
    }

    function test_refusesWhatExpiredWithoutRevocation() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, NOW + 1);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.warp(NOW + 2);
        registration = signed(ALICE, DEFAULT, 2, 8);
        refuses(abi.encodeWithSelector(IKeyRegistry.AlreadyRegistered.selector, ALICE, DEFAULT, 1), registration);
    }

    function test_aRevokedRecordTakesAFreshKeyAsItsNextVersion() public {
        aliceRegisters(7);
        aliceRevokes();
        VM.warp(NOW + 9);
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 2, 8);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRegistered(ALICE, DEFAULT, wordOf(addressOf(8), NOW + 9, 0, 2, 1), registration.x);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.assertEq(uint256(slotOf(ALICE, DEFAULT, 0)), wordOf(addressOf(8), NOW + 9, 0, 2, 1));
        VM.assertTrue(registry.isActive(ALICE, DEFAULT));
    }

    function test_refusesTheRevokedKeyItself() public {
        aliceRegisters(7);
        aliceRevokes();
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 2, 7);
        refuses(abi.encodeWithSelector(IKeyRegistry.RevokedKeyReused.selector, addressOf(7)), registration);
    }

    function test_refusesAnExpiryThatIsNow() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, NOW);
        refuses(abi.encodeWithSelector(IKeyRegistry.ExpiryNotInFuture.selector, NOW), registration);
    }

    function testFuzz_acceptsAnExpiryExactlyIfItIsNoneOrInTheFuture(uint32 validUntil) public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, validUntil);
        bool valid = validUntil == 0 || validUntil > NOW;
        if (!valid) VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.ExpiryNotInFuture.selector, validUntil));
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.assertEq(uint256(registry.recordOf(ALICE, DEFAULT).validUntil), valid ? validUntil : 0);
    }

    function test_refusesReservedSuiteFloors() public {
        for (uint8 suiteFloor = 2; suiteFloor < 4; ++suiteFloor) {
            IKeyRegistry.Registration memory registration = floored(signed(ALICE, DEFAULT, 1, 7), suiteFloor);
            refuses(abi.encodeWithSelector(IKeyRegistry.SuiteFloorReserved.selector, suiteFloor), registration);
        }
    }

    function test_refusesEveryReservedBitOfTheTerms() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        IKeyRegistry.Terms good = registration.terms;
        uint256 refused;
        for (uint256 bit = 9; bit < 256; ++bit) {
            if (bit >= 200 && bit < 232 || bit == 249 || bit == 250) continue;
            registration.terms = IKeyRegistry.Terms.wrap(IKeyRegistry.Terms.unwrap(good) | 2 ** bit);
            refuses(abi.encodeWithSelector(IKeyRegistry.TermsReserved.selector, registration.terms), registration);
            ++refused;
        }
        VM.assertEq(refused, 256 - 9 - 32 - 2);
    }

    function test_refusesMoreVersionsThanFit() public {
        uint256 word = wordOf(addressOf(7), NOW, 0, type(uint16).max, 1) | uint256(1) << 251;
        VM.store(address(registry), bytes32(baseSlot(ALICE, DEFAULT)), bytes32(word));
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 0, 8);
        refuses(abi.encodeWithSelector(IKeyRegistry.VersionsExhausted.selector, ALICE, DEFAULT), registration);
    }

    function refuses(bytes memory reason, IKeyRegistry.Registration memory registration) private {
        VM.expectRevert(reason);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }
}
