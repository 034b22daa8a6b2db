// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @notice Keys that prove possession as threshold quorums do, and every way to pretend.
contract SchnorrPossessionTest is RegistryTest {
    using TermsLib for IKeyRegistry.Terms;

    function testFuzz_takesTheProofOfEveryKey(uint256 key) public {
        key = key % (ORDER - 1) + 1;
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, key);
        registers(registration);
        VM.assertEq(uint256(slotOf(ALICE, DEFAULT, 0)), wordOf(addressOf(key), NOW, 0, 1, 1) | uint256(1) << 248);
        VM.assertEq(registry.signerOf(ALICE, DEFAULT), addressOf(key));
    }

    function test_takesKeysAndNoncesOfEitherParity() public {
        uint256 seen;
        for (uint256 key = 1; key <= 16; ++key) {
            IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, bytes32(key), 1, key);
            VM.prank(ALICE);
            registry.register(bytes32(key), registration);
            seen |= 2 ** (2 * (uint256(registration.y) % 2) + registration.terms.v() % 2);
        }
        VM.assertEq(seen, 15, "both parities of both must have been tried");
    }

    function test_pinsXLikeAnyOther() public {
        IKeyRegistry.Registration memory registration = pinnedTo(schnorrSigned(ALICE, DEFAULT, 1, 7));
        registers(registration);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, registration.x);
    }

    function test_oneProofForEveryChainIsGoodOnEach() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        bytes32 hash = TypedData.possession(ALICE, DEFAULT, 1, registration.x, registration.y);
        prove(registration, TypedData.everywhere(registry, hash));
        uint256[2] memory chains = [uint256(10), 31_337];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = VM.snapshotState();
            VM.chainId(chains[i]);
            registers(registration);
            VM.assertTrue(registry.isActive(ALICE, DEFAULT));
            VM.revertToState(snapshot);
        }
    }

    function test_refusesAProofForAnotherChain() public {
        VM.chainId(10);
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        VM.chainId(31_337);
        refuses(registration);
    }

    function test_refusesAProofForAnotherOwnerLabelOrVersion() public {
        refuses(schnorrSigned(BOB, DEFAULT, 1, 7));
        refuses(schnorrSigned(ALICE, DESK, 1, 7));
        refuses(schnorrSigned(ALICE, DEFAULT, 2, 7));
    }

    function test_refusesAProofByAnotherKey() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        bytes32 digest = registry.possessionDigest(ALICE, DEFAULT, 1, registration.x, registration.y);
        SchnorrSigner.Signature memory made = SchnorrSigner.sign(8, digest);
        (registration.r, registration.s) = (made.rx, made.z);
        setV(registration, made.prefix);
        refuses(registration);
    }

    function test_refusesAnEcdsaProofCalledSchnorrAndTheOtherWayRound() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        setV(registration, registration.terms.v() - 25);
        refuses(registration);
    }

    function test_refusesEveryPrefixButThatOfR() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        uint8 good = registration.terms.v();
        for (uint8 v = 0; v < 27; ++v) {
            setV(registration, v);
            if (v != good) refuses(registration);
        }
    }

    function test_refusesTheSameXWithTheOtherY() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        registration.y = bytes32(FIELD - uint256(registration.y));
        refuses(registration);
    }

    function test_refusesCoordinatesThatAreNotReduced() public {
        // The point with X = 1: unreduced, both coordinates still fit in 32 bytes only for tiny ones.
        bytes32 y = 0x4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee;
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        (registration.x, registration.y) = (bytes32(FIELD + 1), y);
        refuses(registration);
        (registration.x, registration.y) = (bytes32(FIELD), y);
        refuses(registration);
        (registration.x, registration.y) = (bytes32(uint256(1)), bytes32(FIELD));
        refuses(registration);
        (registration.x, registration.y) = (bytes32(uint256(1)), bytes32(type(uint256).max));
        refuses(registration);
    }

    function test_refusesPointsOffTheCurve() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        registration.y = bytes32(uint256(registration.y) ^ 1);
        refuses(registration);
        (registration.x, registration.y) = (bytes32(uint256(5)), bytes32(uint256(5)));
        refuses(registration);
    }

    /// @dev With the zero point c P is nothing: any (R, z) with z G = R would pass for its signature.
    function test_refusesTheZeroPoint() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        (registration.x, registration.y) = (0, 0);
        registration.r = bytes32(VM.createWallet(9).publicKeyX);
        registration.s = bytes32(uint256(9));
        for (uint8 v = 2; v < 4; ++v) {
            setV(registration, v);
            refuses(registration);
        }
    }

    function test_refusesAnRThatIsNoPointAndZOutOfRange() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        bytes32 r = registration.r;
        bytes32[4] memory none = [bytes32(0), bytes32(uint256(5)), bytes32(FIELD), bytes32(type(uint256).max)];
        for (uint256 i = 0; i < none.length; ++i) {
            registration.r = none[i];
            refuses(registration);
        }
        registration.r = r;
        bytes32[3] memory out = [bytes32(0), bytes32(ORDER), bytes32(type(uint256).max)];
        for (uint256 i = 0; i < out.length; ++i) {
            registration.s = out[i];
            refuses(registration);
        }
    }

    function testFuzz_refusesPointsThatNobodyProved(bytes32 x, bytes32 y, bytes32 r, bytes32 s, uint8 v) public {
        IKeyRegistry.Registration memory registration =
            IKeyRegistry.Registration(x, y, r, s, TermsLib.pack(v % 27, 0, 1, false));
        refuses(registration);
    }

    function test_refusesEverySingleFlippedBit() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        (bytes32 r, bytes32 s) = (registration.r, registration.s);
        for (uint256 bit = 0; bit < 256; bit += 5) {
            registration.r = bytes32(uint256(r) ^ 2 ** bit);
            refuses(registration);
            registration.r = r;
            registration.s = bytes32(uint256(s) ^ 2 ** bit);
            refuses(registration);
            registration.s = s;
        }
    }

    function registers(IKeyRegistry.Registration memory registration) private {
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    function refuses(IKeyRegistry.Registration memory registration) private {
        address signer = address(uint160(uint256(keccak256(abi.encode(registration.x, registration.y)))));
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.PossessionNotProven.selector, signer, address(0)));
        registers(registration);
    }

    /// @dev By key 7.
    function prove(IKeyRegistry.Registration memory registration, bytes32 digest) private {
        SchnorrSigner.Signature memory made = SchnorrSigner.sign(7, digest);
        (registration.r, registration.s) = (made.rx, made.z);
        setV(registration, made.prefix);
    }

    /// @dev The field's prime (SEC 2, 2.4.1).
    uint256 private constant FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
}
