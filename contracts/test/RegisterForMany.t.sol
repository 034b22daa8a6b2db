// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";
import {AnsweringWallet} from "./wallets/HostileWallets.sol";

contract RegisterForManyTest is RegistryTest {
    uint40 private constant DEADLINE = NOW + 1 hours;

    function test_registersEveryEntryWithItsEvent() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(3);
        pinnedTo(entries[1].registration);
        sign(entries[1], 102, TypedData.here(registry, hashOf(entries[1])));
        for (uint256 i = 0; i < 3; ++i) {
            uint256 word = wordOf(addressOf(i + 1), NOW, 0, 1, 1);
            VM.expectEmit(address(registry));
            if (i == 1) {
                emit IKeyRegistry.PinnedKeyRegistered(entries[i].owner, DEFAULT, word, entries[i].registration.x);
            } else {
                emit IKeyRegistry.KeyRegistered(entries[i].owner, DEFAULT, word, entries[i].registration.x);
            }
        }
        VM.prank(BOB);
        registry.registerForMany(entries);
        for (uint256 i = 0; i < 3; ++i) {
            VM.assertEq(uint256(slotOf(entries[i].owner, DEFAULT, 0)), wordOf(addressOf(i + 1), NOW, 0, 1, 1));
            VM.assertEq(slotOf(entries[i].owner, DEFAULT, 1), i == 1 ? entries[i].registration.x : bytes32(0));
        }
    }

    function test_takesNoEntriesAtAll() public {
        VM.recordLogs();
        registry.registerForMany(new IKeyRegistry.SponsoredRegistration[](0));
        VM.assertEq(VM.getRecordedLogs().length, 0, "events");
    }

    function test_takesSeveralLabelsOfOneOwner() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = new IKeyRegistry.SponsoredRegistration[](2);
        entries[0] = entryFor(101, DEFAULT, 1);
        entries[1] = entryFor(101, DESK, 2);
        registry.registerForMany(entries);
        VM.assertTrue(registry.isActive(addressOf(101), DEFAULT));
        VM.assertTrue(registry.isActive(addressOf(101), DESK));
    }

    function test_passesOverWhatIsRegisteredByNow() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(3);
        IKeyRegistry.SponsoredRegistration[] memory faster = new IKeyRegistry.SponsoredRegistration[](1);
        faster[0] = entries[1];
        registry.registerForMany(faster);
        VM.warp(NOW + 1);
        VM.recordLogs();
        registry.registerForMany(entries);
        VM.assertEq(VM.getRecordedLogs().length, 2, "events");
        VM.assertEq(registry.recordOf(entries[1].owner, DEFAULT).anchoredAt, NOW);
        VM.assertEq(registry.recordOf(entries[2].owner, DEFAULT).anchoredAt, NOW + 1);
    }

    function test_passesOverTheSecondOfTwoEqualEntries() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(2);
        entries[1] = entries[0];
        registry.registerForMany(entries);
        VM.assertEq(registry.recordOf(entries[0].owner, DEFAULT).version, 1);
    }

    function test_passesOverWhatWasRevokedAndDoesNotBringItBack() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        address owner = entries[0].owner;
        registry.registerForMany(entries);
        VM.prank(owner);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.KeyCompromised);
        // Even with everything signed for version 2.
        entries[0].registration = signed(owner, DEFAULT, 2, 8);
        bytes32 hash = TypedData.registration(owner, DEFAULT, 2, entries[0].registration, DEADLINE);
        sign(entries[0], 101, TypedData.here(registry, hash));
        registry.registerForMany(entries);
        VM.assertTrue(registry.recordOf(owner, DEFAULT).revoked);
    }

    function test_oneBadEntryRefusesTheWhole() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(3);
        entries[2].r = bytes32(uint256(entries[2].r) ^ 1);
        refuses(entries, notProven(entries[2].owner));
        VM.assertEq(registry.storedWord(entries[0].owner, DEFAULT), 0);
    }

    function test_takesSignaturesForEveryChain() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(2);
        for (uint256 i = 0; i < 2; ++i) {
            sign(entries[i], 101 + i, TypedData.everywhere(registry, hashOf(entries[i])));
        }
        registry.registerForMany(entries);
        VM.assertTrue(registry.isActive(entries[1].owner, DEFAULT));
    }

    function test_takesSchnorrKeys() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        entries[0].registration = schnorrSigned(entries[0].owner, DEFAULT, 1, 1);
        sign(entries[0], 101, TypedData.here(registry, hashOf(entries[0])));
        registry.registerForMany(entries);
        VM.assertTrue(registry.recordOf(entries[0].owner, DEFAULT).scheme == IKeyRegistry.Scheme.Schnorr);
    }

    function test_refusesAnotherChain() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        VM.chainId(10);
        entries[0].registration = signed(entries[0].owner, DEFAULT, 1, 1);
        refuses(entries, notProven(entries[0].owner));
    }

    function test_refusesAnotherRegistry() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        sign(entries[0], 101, TypedData.here(IKeyRegistry(address(0xbad)), hashOf(entries[0])));
        refuses(entries, notProven(entries[0].owner));
    }

    function test_refusesAnotherKeysSignature() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        sign(entries[0], 102, TypedData.here(registry, hashOf(entries[0])));
        refuses(entries, notProven(entries[0].owner));
    }

    function test_refusesARotationsConsent() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        bytes32 hash = TypedData.rotation(entries[0].owner, DEFAULT, 1, entries[0].registration, DEADLINE);
        sign(entries[0], 101, TypedData.here(registry, hash));
        refuses(entries, notProven(entries[0].owner));
    }

    function test_refusesOtherTermsThanTheOwnerSigned() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        pinnedTo(entries[0].registration);
        refuses(entries, notProven(entries[0].owner));
    }

    function test_refusesAKeyThatNobodyProved() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        entries[0].registration.s = bytes32(uint256(entries[0].registration.s) ^ 1);
        (bool success, bytes memory answer) =
            address(registry).call(abi.encodeCall(registry.registerForMany, (entries)));
        VM.assertFalse(success, "nobody showed to hold this key");
        VM.assertTrue(selectorOf(answer) == IKeyRegistry.PossessionNotProven.selector);
    }

    function test_refusesAHighS() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        bytes32 s = bytes32(ORDER / 2 + 1);
        for (uint256 parity = 0; parity < 2; ++parity) {
            entries[0].vs = bytes32(uint256(s) | parity * 2 ** 255);
            refuses(entries, abi.encodeWithSelector(IKeyRegistry.MalleableSignature.selector, s));
        }
        entries[0].vs = bytes32(ORDER / 2);
        refuses(entries, notProven(entries[0].owner));
    }

    function test_takesADeadlineThatIsNowAndNoneBefore() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        VM.warp(DEADLINE + 1);
        refuses(entries, abi.encodeWithSelector(IKeyRegistry.SignatureExpired.selector, DEADLINE));
        VM.warp(DEADLINE);
        registry.registerForMany(entries);
        VM.assertTrue(registry.isActive(entries[0].owner, DEFAULT));
    }

    /// @dev The owner and its operators take `register` and `registerFor`: here only signatures count.
    function test_theOwnerNeedsASignatureHereToo() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        (entries[0].r, entries[0].vs) = (0, 0);
        VM.prank(entries[0].owner);
        (bool success, bytes memory answer) =
            address(registry).call(abi.encodeCall(registry.registerForMany, (entries)));
        VM.assertFalse(success, "without a signature");
        VM.assertEq(answer, notProven(entries[0].owner));
    }

    function test_asksNoContract() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        entries[0].owner = address(new AnsweringWallet(bytes32(bytes4(0x1626ba7e))));
        entries[0].registration = signed(entries[0].owner, DEFAULT, 1, 1);
        refuses(entries, notProven(entries[0].owner));
    }

    function test_nobodySpeaksForTheZeroAddress() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        entries[0].owner = address(0);
        entries[0].registration = signed(address(0), DEFAULT, 1, 1);
        refuses(entries, notProven(address(0)));
        (entries[0].r, entries[0].vs) = (0, 0);
        refuses(entries, notProven(address(0)));
    }

    function test_refusesReservedTerms() public {
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(1);
        floored(entries[0].registration, 2);
        refuses(entries, abi.encodeWithSelector(IKeyRegistry.SuiteFloorReserved.selector, 2));
    }

    function testFuzz_registersAnyNumber(uint8 count) public {
        count %= 12;
        IKeyRegistry.SponsoredRegistration[] memory entries = entriesFor(count);
        registry.registerForMany(entries);
        for (uint256 i = 0; i < count; ++i) {
            VM.assertEq(registry.signerOf(entries[i].owner, DEFAULT), addressOf(i + 1));
        }
    }

    function refuses(IKeyRegistry.SponsoredRegistration[] memory entries, bytes memory reason) private {
        VM.expectRevert(reason);
        registry.registerForMany(entries);
    }

    function notProven(address owner) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IKeyRegistry.OwnerNotProven.selector, owner);
    }

    /// @dev Account keys from 101, identity keys from 1.
    function entriesFor(uint256 count) private returns (IKeyRegistry.SponsoredRegistration[] memory entries) {
        entries = new IKeyRegistry.SponsoredRegistration[](count);
        for (uint256 i = 0; i < count; ++i) {
            entries[i] = entryFor(101 + i, DEFAULT, i + 1);
        }
    }

    function entryFor(uint256 accountKey, bytes32 label, uint256 identityKey)
        private
        returns (IKeyRegistry.SponsoredRegistration memory entry)
    {
        entry.owner = addressOf(accountKey);
        entry.label = label;
        entry.deadline = DEADLINE;
        entry.registration = signed(entry.owner, label, 1, identityKey);
        sign(entry, accountKey, TypedData.here(registry, hashOf(entry)));
    }

    function hashOf(IKeyRegistry.SponsoredRegistration memory entry) private pure returns (bytes32) {
        return TypedData.registration(entry.owner, entry.label, 1, entry.registration, entry.deadline);
    }

    function sign(IKeyRegistry.SponsoredRegistration memory entry, uint256 accountKey, bytes32 digest) private pure {
        (entry.r, entry.vs) = abi.decode(compactSignatureBy(accountKey, digest), (bytes32, bytes32));
    }
}
