// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {VM} from "./Vm.sol";

contract IsValidSignatureForTest is RegistryTest {
    using SchnorrSigner for SchnorrSigner.Signature;

    bytes32 private constant DIGEST = keccak256("what was signed");

    function testFuzz_isTrueForTheKeysSignatureInEitherForm(uint256 key, bytes32 digest) public {
        key = key % (ORDER - 1) + 1;
        aliceRegisters(key);
        VM.assertTrue(registry.isValidSignatureFor(ALICE, DEFAULT, digest, signatureBy(key, digest)), "65 bytes");
        VM.assertTrue(registry.isValidSignatureFor(ALICE, DEFAULT, digest, compactSignatureBy(key, digest)), "64 bytes");
    }

    function testFuzz_isTrueForASchnorrKeysSignature(uint256 key, bytes32 digest) public {
        key = key % (ORDER - 1) + 1;
        aliceRegistersSchnorr(key);
        VM.assertTrue(isValid(digest, SchnorrSigner.sign(key, digest).packed()), "Schnorr");
    }

    function testFuzz_isFalseForEveryOtherDigestAndKey(uint256 key, bytes32 digest) public {
        key = key % (ORDER - 1) + 1;
        if (digest == DIGEST || key == 7) return;
        aliceRegisters(7);
        VM.assertFalse(isValid(digest, signatureBy(7, DIGEST)), "another digest");
        VM.assertFalse(isValid(DIGEST, signatureBy(key, DIGEST)), "another key");
    }

    function testFuzz_isFalseForOtherSchnorrDigestsAndKeys(uint256 key, bytes32 digest) public {
        key = key % (ORDER - 1) + 1;
        if (digest == DIGEST || key == 7) return;
        aliceRegistersSchnorr(7);
        VM.assertFalse(isValid(digest, SchnorrSigner.sign(7, DIGEST).packed()), "another digest");
        VM.assertFalse(isValid(DIGEST, SchnorrSigner.sign(key, DIGEST).packed()), "another key");
    }

    function testFuzz_isFalseForAnyOtherBytes(bytes calldata junk) public {
        aliceRegisters(7);
        VM.assertFalse(isValid(DIGEST, junk), "ECDSA");
        IKeyRegistry.Registration memory schnorr = schnorrSigned(ALICE, DEFAULT, 2, 7);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, schnorr);
        VM.assertFalse(isValid(DIGEST, junk), "Schnorr");
    }

    function test_isFalseForTheHighSTwin() public {
        aliceRegisters(7);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(7, DIGEST);
        bytes32 high = bytes32(ORDER - uint256(s));
        VM.assertFalse(isValid(DIGEST, abi.encodePacked(r, high, v == 27 ? 28 : 27)), "high s");
        VM.assertTrue(isValid(DIGEST, abi.encodePacked(r, s, v)), "low s");
    }

    function test_isFalseForRecoveryIdsThatAreNone() public {
        aliceRegisters(7);
        bytes memory signature = signatureBy(7, DIGEST);
        uint8[6] memory ids = [0, 1, 4, 26, 29, 255];
        for (uint256 i = 0; i < ids.length; ++i) {
            signature[64] = bytes1(ids[i]);
            VM.assertFalse(isValid(DIGEST, signature), "no recovery id");
        }
    }

    function test_theSchemeOfTheRecordDecides() public {
        aliceRegisters(7);
        VM.assertFalse(isValid(DIGEST, SchnorrSigner.sign(7, DIGEST).packed()), "the record says ECDSA");
        IKeyRegistry.Registration memory schnorr = schnorrSigned(ALICE, DEFAULT, 2, 7);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, schnorr);
        VM.assertFalse(isValid(DIGEST, signatureBy(7, DIGEST)), "the record says Schnorr");
    }

    function test_isFalseForASchnorrSignatureWithTheOtherY() public {
        aliceRegistersSchnorr(7);
        SchnorrSigner.Signature memory made = SchnorrSigner.sign(7, DIGEST);
        made.y = bytes32(FIELD - uint256(made.y));
        VM.assertFalse(isValid(DIGEST, made.packed()), "another key");
    }

    function test_isFalseForTheOtherRAndZOutOfRange() public {
        aliceRegistersSchnorr(7);
        SchnorrSigner.Signature memory made = SchnorrSigner.sign(7, DIGEST);
        made.prefix ^= 1;
        VM.assertFalse(isValid(DIGEST, made.packed()), "the other R");
        made.prefix ^= 1;
        for (uint8 i = 0; i < 27; i += 13) {
            uint8 kept = made.prefix;
            made.prefix = i;
            VM.assertFalse(isValid(DIGEST, made.packed()), "no prefix");
            made.prefix = kept;
        }
        made.rx = bytes32(uint256(5));
        VM.assertFalse(isValid(DIGEST, made.packed()), "no point has this X");
        made = SchnorrSigner.sign(7, DIGEST);
        made.z = bytes32(ORDER);
        VM.assertFalse(isValid(DIGEST, made.packed()), "z is the order");
    }

    function test_isFalseWhereNothingIsRegistered() public view {
        VM.assertFalse(isValid(DIGEST, signatureBy(7, DIGEST)), "absent");
        VM.assertFalse(isValid(DIGEST, new bytes(65)), "absent, and no signature");
        VM.assertFalse(isValid(DIGEST, ""), "absent, and nothing");
    }

    function test_isFalseFromTheSecondOfExpiryOn() public {
        IKeyRegistry.Registration memory key = until(signed(ALICE, DEFAULT, 1, 7), NOW + 10);
        VM.prank(ALICE);
        registry.register(DEFAULT, key);
        VM.warp(NOW + 9);
        VM.assertTrue(isValid(DIGEST, signatureBy(7, DIGEST)), "active");
        VM.warp(NOW + 10);
        VM.assertFalse(isValid(DIGEST, signatureBy(7, DIGEST)), "expired");
    }

    function test_isFalseAfterRevocationInEitherScheme() public {
        aliceRegisters(7);
        aliceRevokes();
        VM.assertFalse(isValid(DIGEST, signatureBy(7, DIGEST)), "revoked");
        IKeyRegistry.Registration memory schnorr = schnorrSigned(ALICE, DEFAULT, 2, 8);
        VM.prank(ALICE);
        registry.register(DEFAULT, schnorr);
        VM.assertTrue(isValid(DIGEST, SchnorrSigner.sign(8, DIGEST).packed()), "active");
        aliceRevokes();
        VM.assertFalse(isValid(DIGEST, SchnorrSigner.sign(8, DIGEST).packed()), "revoked");
    }

    function test_isFalseForTheKeyBeforeTheRotation() public {
        aliceRegisters(7);
        IKeyRegistry.Registration memory next = signed(ALICE, DEFAULT, 2, 8);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, next);
        VM.assertFalse(isValid(DIGEST, signatureBy(7, DIGEST)), "rotated away");
        VM.assertTrue(isValid(DIGEST, signatureBy(8, DIGEST)), "current");
    }

    function isValid(bytes32 digest, bytes memory signature) private view returns (bool) {
        return registry.isValidSignatureFor(ALICE, DEFAULT, digest, signature);
    }

    function aliceRegistersSchnorr(uint256 key) private {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, key);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    /// @dev The field's prime (SEC 2, 2.4.1).
    uint256 private constant FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
}
