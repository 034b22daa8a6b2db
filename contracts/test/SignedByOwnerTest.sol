// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {OwnerConsentTest} from "./OwnerConsentTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @notice An owner with a key of its own, and everyone who may do without a signature.
abstract contract SignedByOwnerTest is OwnerConsentTest {
    function testFuzz_anyoneMaySubmitWhatTheOwnerSigned(address sender) public {
        takes(sender == address(VM) ? RELAYER : sender, owner, signedChange(DEADLINE));
    }

    function testFuzz_takesEveryAccountKeyInEitherForm(uint256 privateKey, bool compact) public {
        privateKey = privateKey % (ORDER - 1) + 1;
        address who = addressOf(privateKey);
        prepare(who);
        bytes32 digest = digestOf(who);
        takes(
            RELAYER,
            who,
            change(who, DEADLINE, compact ? compactSignatureBy(privateKey, digest) : signatureBy(privateKey, digest))
        );
    }

    function testFuzz_refusesEveryOtherKey(uint256 privateKey) public {
        privateKey = privateKey % (ORDER - 1) + 1;
        if (privateKey == OWNER_KEY) return;
        prepare(owner);
        refuses(RELAYER, owner, change(owner, DEADLINE, signatureBy(privateKey, digestOf(owner))), notProven(owner));
    }

    function test_refusesWhatIsNoSignature() public {
        prepare(owner);
        bytes memory good = signatureBy(OWNER_KEY, digestOf(owner));
        uint8[6] memory lengths = [0, 1, 63, 66, 128, 129];
        for (uint256 i = 0; i < lengths.length; ++i) {
            bytes memory junk = new bytes(lengths[i]);
            for (uint256 j = 0; j < junk.length; ++j) {
                junk[j] = good[j % 65];
            }
            refuses(RELAYER, owner, change(owner, DEADLINE, junk), notProven(owner));
        }
    }

    function test_refusesRecoveryIdsThatAreNone() public {
        prepare(owner);
        uint8[6] memory ids = [0, 1, 4, 26, 29, 255];
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        for (uint256 i = 0; i < ids.length; ++i) {
            signature[64] = bytes1(ids[i]);
            refuses(RELAYER, owner, change(owner, DEADLINE, signature), notProven(owner));
        }
    }

    function test_refusesEverySingleFlippedBit() public {
        prepare(owner);
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        for (uint256 bit = 0; bit < 520; bit += 13) {
            bytes1 mask = bytes1(0x01) << (bit % 8);
            signature[bit / 8] ^= mask;
            VM.prank(RELAYER);
            (bool success, bytes memory answer) = address(registry).call(change(owner, DEADLINE, signature));
            VM.assertFalse(success, "a flipped bit");
            bytes4 selector = selectorOf(answer);
            bool named = selector == IKeyRegistry.OwnerNotProven.selector
                || selector == IKeyRegistry.MalleableSignature.selector;
            VM.assertTrue(named, "refused for want of consent");
            signature[bit / 8] ^= mask;
        }
    }

    function test_refusesTheHighSTwin() public {
        prepare(owner);
        (bytes memory twin, bytes32 s) = highTwin(OWNER_KEY, digestOf(owner));
        refuses(
            RELAYER,
            owner,
            change(owner, DEADLINE, twin),
            abi.encodeWithSelector(IKeyRegistry.MalleableSignature.selector, s)
        );
    }

    function test_refusesAHighSInTheCompactForm() public {
        prepare(owner);
        bytes32 s = bytes32(ORDER / 2 + 1);
        for (uint256 parity = 0; parity < 2; ++parity) {
            bytes memory signature = abi.encodePacked(keccak256("r"), uint256(s) | parity * 2 ** 255);
            refuses(
                RELAYER,
                owner,
                change(owner, DEADLINE, signature),
                abi.encodeWithSelector(IKeyRegistry.MalleableSignature.selector, s)
            );
        }
    }

    function test_halfTheOrderIsALowS() public {
        prepare(owner);
        bytes memory signature = abi.encodePacked(keccak256("r"), ORDER / 2, uint8(27));
        refuses(RELAYER, owner, change(owner, DEADLINE, signature), notProven(owner));
    }

    function testFuzz_takesItUntilTheDeadlineAndNotAfter(uint40 deadline) public {
        bytes memory call = signedChange(deadline);
        if (deadline >= NOW) takes(RELAYER, owner, call);
        else refuses(RELAYER, owner, call, expired(deadline));
    }

    function test_takesItAtTheDeadlineItself() public {
        bytes memory call = signedChange(DEADLINE);
        VM.warp(DEADLINE);
        takes(RELAYER, owner, call);
    }

    function test_refusesItOneSecondLater() public {
        bytes memory call = signedChange(DEADLINE);
        VM.warp(DEADLINE + 1);
        refuses(RELAYER, owner, call, expired(DEADLINE));
        refuses(owner, owner, call, expired(DEADLINE));
    }

    function test_refusesAnotherDeadlineThanTheSignedOne() public {
        prepare(owner);
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        refuses(RELAYER, owner, change(owner, DEADLINE + 1, signature), notProven(owner));
    }

    function test_theOwnerItselfNeedsNoSignature() public {
        prepare(owner);
        takes(owner, owner, change(owner, DEADLINE, ""));
    }

    function test_anOwnerThatIsAContractNeedsNoSignatureEither() public {
        prepare(address(this));
        takes(address(this), address(this), change(address(this), DEADLINE, ""));
    }

    function test_aStrangerNeedsOne() public {
        prepare(owner);
        refuses(RELAYER, owner, change(owner, DEADLINE, ""), notProven(owner));
    }

    function test_aLiveOperatorNeedsNone() public {
        prepare(owner);
        appoint(owner, BOB, NOW + 10);
        bytes memory call = change(owner, DEADLINE, "");
        VM.warp(NOW + 9);
        takes(BOB, owner, call);
    }

    function test_anOperatorIsOneNoLongerFromTheSecondOfItsEnd() public {
        prepare(owner);
        appoint(owner, BOB, NOW + 10);
        bytes memory call = change(owner, DEADLINE, "");
        VM.warp(NOW + 10);
        refuses(BOB, owner, call, notProven(owner));
    }

    function test_anOperatorThatWasDismissedIsNone() public {
        prepare(owner);
        appoint(owner, BOB, type(uint40).max);
        appoint(owner, BOB, 0);
        refuses(BOB, owner, change(owner, DEADLINE, ""), notProven(owner));
    }

    function test_anOperatorOfAnotherOwnerIsNone() public {
        prepare(owner);
        appoint(ALICE, BOB, type(uint40).max);
        refuses(BOB, owner, change(owner, DEADLINE, ""), notProven(owner));
    }

    function test_theOwnerIsNoOperatorOfItsOperator() public {
        prepare(BOB);
        appoint(owner, BOB, type(uint40).max);
        refuses(owner, BOB, change(BOB, DEADLINE, ""), notProven(BOB));
    }

    function test_anOperatorsSignatureIsNotTheOwners() public {
        prepare(owner);
        uint256 operatorKey = 77;
        appoint(owner, addressOf(operatorKey), type(uint40).max);
        refuses(RELAYER, owner, change(owner, DEADLINE, signatureBy(operatorKey, digestOf(owner))), notProven(owner));
    }

    function test_refusesASignatureForAnotherChain() public {
        prepare(owner);
        VM.chainId(10);
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        VM.chainId(31_337);
        refuses(RELAYER, owner, change(owner, DEADLINE, signature), notProven(owner));
    }

    function test_refusesASignatureForAnotherRegistry() public {
        prepare(owner);
        bytes32 hash = structHash(owner, DEADLINE);
        IKeyRegistry other = IKeyRegistry(address(0xbad));
        bytes memory signature = signatureBy(OWNER_KEY, TypedData.here(other, hash));
        refuses(RELAYER, owner, change(owner, DEADLINE, signature), notProven(owner));
        signature = signatureBy(OWNER_KEY, TypedData.everywhere(other, hash));
        refuses(RELAYER, owner, change(owner, DEADLINE, signature), notProven(owner));
    }

    function test_refusesDomainsOfAnotherName() public {
        prepare(owner);
        address place = address(registry);
        bytes32[5] memory domains = [
            // The name of the one domain in the shape of the other: for every chain only by that name.
            TypedData.domainOf(TypedData.EVERY_CHAIN_NAME, "1", block.chainid, place),
            TypedData.domainOf(TypedData.NAME, "1", place),
            TypedData.domainOf("Another KeyRegistry", "1", block.chainid, place),
            TypedData.domainOf(TypedData.NAME, "2", block.chainid, place),
            TypedData.domainOf(TypedData.EVERY_CHAIN_NAME, "2", place)
        ];
        bytes32 hash = structHash(owner, DEADLINE);
        for (uint256 i = 0; i < domains.length; ++i) {
            bytes memory signature = signatureBy(OWNER_KEY, TypedData.digest(domains[i], hash));
            refuses(RELAYER, owner, change(owner, DEADLINE, signature), notProven(owner));
        }
    }

    function test_oneSignatureForEveryChainIsGoodOnEach() public {
        bytes memory signature = signatureBy(OWNER_KEY, TypedData.everywhere(registry, structHash(owner, DEADLINE)));
        uint256[3] memory chains = [uint256(1), 10, 31_337];
        for (uint256 i = 0; i < chains.length; ++i) {
            // Each chain has a state of its own.
            uint256 snapshot = VM.snapshotState();
            VM.chainId(chains[i]);
            prepare(owner);
            takes(RELAYER, owner, change(owner, DEADLINE, signature));
            VM.revertToState(snapshot);
        }
    }

    function test_isNeverTakenTwice() public {
        bytes memory call = signedChange(DEADLINE);
        takes(RELAYER, owner, call);
        VM.prank(RELAYER);
        (bool success,) = address(registry).call(call);
        VM.assertFalse(success, "replayed");
    }

    /// @dev Recovery gives zero for what is no signature: that must not be taken for this owner's.
    function test_nobodySpeaksForTheZeroAddress() public {
        prepare(address(0));
        bytes[4] memory nothings =
            [bytes(""), new bytes(64), new bytes(65), signatureBy(OWNER_KEY, digestOf(address(0)))];
        for (uint256 i = 0; i < nothings.length; ++i) {
            refuses(RELAYER, address(0), change(address(0), DEADLINE, nothings[i]), notProven(address(0)));
        }
    }

    function appoint(address who, address operator, uint40 until_) internal {
        VM.prank(who);
        registry.setOperator(operator, until_);
    }

    function expired(uint40 deadline) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IKeyRegistry.SignatureExpired.selector, deadline);
    }
}
