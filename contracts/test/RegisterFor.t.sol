// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {KeyConsentTest} from "./KeyConsentTest.sol";
import {SignedByContractTest} from "./SignedByContractTest.sol";
import {SignedByOwnerTest} from "./SignedByOwnerTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @notice Registering key 7 where nothing ever was.
abstract contract RegisterForFixture is KeyConsentTest {
    function prepare(address) internal pure override {}

    function next() internal pure override returns (uint256 privateKey, uint16 version) {
        return (7, 1);
    }

    function consent(address who, uint16 version, IKeyRegistry.Registration memory registration, uint40 deadline)
        internal
        pure
        override
        returns (bytes32)
    {
        return TypedData.registration(who, DEFAULT, version, registration, deadline);
    }

    function submission(
        address who,
        IKeyRegistry.Registration memory registration,
        uint40 deadline,
        bytes memory signature
    ) internal view override returns (bytes memory) {
        return abi.encodeCall(registry.registerFor, (who, DEFAULT, registration, deadline, signature));
    }
}

contract RegisterForSignedByOwnerTest is RegisterForFixture, SignedByOwnerTest {}

contract RegisterForSignedByContractTest is RegisterForFixture, SignedByContractTest {}

contract RegisterForTest is RegisterForFixture {
    function test_writesAndTellsWhatRegisteringDoes() public {
        IKeyRegistry.Registration memory registration = until(signed(owner, DEFAULT, 1, 7), NOW + 1 days);
        bytes memory call = sponsored(registration, 1);
        uint256 word = wordOf(addressOf(7), NOW, NOW + 1 days, 1, 1);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRegistered(owner, DEFAULT, word, registration.x);
        takes(RELAYER, owner, call);
        VM.assertEq(uint256(slotOf(owner, DEFAULT, 0)), word);
        VM.assertEq(slotOf(owner, DEFAULT, 1), 0);
        VM.assertEq(registry.storedWord(RELAYER, DEFAULT), 0);
    }

    function test_pinsIfTheOwnerSignedThat() public {
        IKeyRegistry.Registration memory registration = pinnedTo(signed(owner, DEFAULT, 1, 7));
        bytes memory call = sponsored(registration, 1);
        VM.expectEmit(address(registry));
        emit IKeyRegistry.PinnedKeyRegistered(owner, DEFAULT, wordOf(addressOf(7), NOW, 0, 1, 1), registration.x);
        takes(RELAYER, owner, call);
        VM.assertEq(slotOf(owner, DEFAULT, 1), registration.x);
    }

    function test_registersASchnorrKey() public {
        takes(RELAYER, owner, sponsored(schnorrSigned(owner, DEFAULT, 1, 7), 1));
        VM.assertTrue(registry.recordOf(owner, DEFAULT).scheme == IKeyRegistry.Scheme.Schnorr);
    }

    function testFuzz_refusesOtherTermsThanTheOwnerSigned(uint32 validUntil, uint8 suiteFloor, bool pinned) public {
        refusesOtherTerms(validUntil, suiteFloor, pinned);
    }

    function test_refusesAnotherSchemeThanTheOwnerSigned() public {
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        IKeyRegistry.Registration memory schnorr = schnorrSigned(owner, DEFAULT, 1, 7);
        refuses(RELAYER, owner, submission(owner, schnorr, DEADLINE, signature), notProven(owner));
    }

    function test_refusesAnotherKeyThanTheOwnerSigned() public {
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        IKeyRegistry.Registration memory other = signed(owner, DEFAULT, 1, 8);
        refuses(RELAYER, owner, submission(owner, other, DEADLINE, signature), notProven(owner));
    }

    function test_refusesASignatureForAnotherLabel() public {
        IKeyRegistry.Registration memory registration = signed(owner, DEFAULT, 1, 7);
        bytes32 hash = TypedData.registration(owner, DESK, 1, registration, DEADLINE);
        bytes memory signature = signatureBy(OWNER_KEY, TypedData.here(registry, hash));
        refuses(RELAYER, owner, submission(owner, registration, DEADLINE, signature), notProven(owner));
    }

    function test_refusesAnOwnersSignatureWithoutThePossessionProof() public {
        IKeyRegistry.Registration memory registration = signed(owner, DESK, 1, 7);
        VM.prank(RELAYER);
        (bool success, bytes memory answer) = address(registry).call(sponsored(registration, 1));
        VM.assertFalse(success, "nobody showed to hold this key");
        VM.assertTrue(selectorOf(answer) == IKeyRegistry.PossessionNotProven.selector);
    }

    function test_refusesARotationsConsent() public {
        IKeyRegistry.Registration memory registration = signed(owner, DEFAULT, 1, 7);
        bytes32 hash = TypedData.rotation(owner, DEFAULT, 1, registration, DEADLINE);
        bytes memory signature = signatureBy(OWNER_KEY, TypedData.here(registry, hash));
        refuses(RELAYER, owner, submission(owner, registration, DEADLINE, signature), notProven(owner));
    }

    function test_refusesWhatIsRegisteredAlready() public {
        bytes memory call = sponsored(signed(owner, DEFAULT, 1, 7), 1);
        takes(RELAYER, owner, call);
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.AlreadyRegistered.selector, owner, DEFAULT, 1);
        refuses(RELAYER, owner, call, reason);
        refuses(owner, owner, sponsored(signed(owner, DEFAULT, 2, 8), 2), reason);
    }

    function test_refusesAReplayAfterRevocation() public {
        IKeyRegistry.Registration memory registration = signed(owner, DEFAULT, 1, 7);
        bytes memory call = sponsored(registration, 1);
        takes(RELAYER, owner, call);
        ownerRevokes();
        VM.prank(RELAYER);
        (bool success, bytes memory answer) = address(registry).call(call);
        VM.assertFalse(success, "version 1 was");
        VM.assertTrue(selectorOf(answer) == IKeyRegistry.PossessionNotProven.selector);
        // Nor with a possession proof for version 2, of another key.
        bytes32 hash = TypedData.registration(owner, DEFAULT, 1, signed(owner, DEFAULT, 2, 8), DEADLINE);
        bytes memory signature = signatureBy(OWNER_KEY, TypedData.here(registry, hash));
        refuses(RELAYER, owner, submission(owner, signed(owner, DEFAULT, 2, 8), DEADLINE, signature), notProven(owner));
    }

    function test_theOwnersSignatureBringsARevokedRecordBack() public {
        takes(RELAYER, owner, sponsored(signed(owner, DEFAULT, 1, 7), 1));
        ownerRevokes();
        takes(RELAYER, owner, sponsored(signed(owner, DEFAULT, 2, 8), 2));
        VM.assertEq(uint256(slotOf(owner, DEFAULT, 0)), wordOf(addressOf(8), NOW, 0, 2, 1));
    }

    function test_theOwnerItselfBringsARevokedRecordBack() public {
        takes(RELAYER, owner, sponsored(signed(owner, DEFAULT, 1, 7), 1));
        ownerRevokes();
        takes(owner, owner, submission(owner, signed(owner, DEFAULT, 2, 8), DEADLINE, ""));
    }

    function test_anOperatorDoesNotBringARevokedRecordBack() public {
        takes(RELAYER, owner, sponsored(signed(owner, DEFAULT, 1, 7), 1));
        ownerRevokes();
        VM.prank(owner);
        registry.setOperator(BOB, type(uint40).max);
        IKeyRegistry.Registration memory fresh = signed(owner, DEFAULT, 2, 8);
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.OnlyOwnerReactivates.selector, owner, DEFAULT);
        refuses(BOB, owner, submission(owner, fresh, DEADLINE, ""), reason);
        // With the owner's signature it submits as anyone may.
        takes(BOB, owner, sponsored(fresh, 2));
    }

    function test_refusesTheRevokedKeyItself() public {
        takes(RELAYER, owner, sponsored(signed(owner, DEFAULT, 1, 7), 1));
        ownerRevokes();
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.RevokedKeyReused.selector, addressOf(7));
        refuses(RELAYER, owner, sponsored(signed(owner, DEFAULT, 2, 7), 2), reason);
    }

    function test_refusesAnExpiryThatIsNow() public {
        bytes memory reason = abi.encodeWithSelector(IKeyRegistry.ExpiryNotInFuture.selector, NOW);
        refuses(RELAYER, owner, sponsored(until(signed(owner, DEFAULT, 1, 7), NOW), 1), reason);
    }

    function ownerRevokes() private {
        VM.prank(owner);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.KeyCompromised);
    }
}
