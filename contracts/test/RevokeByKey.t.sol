// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

contract RevokeByKeyTest is RegistryTest {
    using SchnorrSigner for SchnorrSigner.Signature;

    IKeyRegistry.Reason private constant WHY = IKeyRegistry.Reason.KeyCompromised;

    function test_writesAndTellsWhatRevokingDoes() public {
        aliceRegisters(7);
        VM.warp(NOW + 60);
        bytes memory signature = certificate(7);
        uint256 word = wordOf(addressOf(7), NOW, NOW + 60, 1, 1) | uint256(1) << 251 | uint256(WHY) << 252;
        VM.expectEmit(address(registry));
        emit IKeyRegistry.KeyRevoked(ALICE, DEFAULT, word);
        VM.prank(BOB);
        registry.revokeByKey(ALICE, DEFAULT, WHY, signature);
        VM.assertEq(uint256(slotOf(ALICE, DEFAULT, 0)), word);
    }

    function testFuzz_takesEveryKeysCertificateInEitherFormFromAnyone(uint256 key, bool compact, address sender)
        public
    {
        key = key % (ORDER - 1) + 1;
        aliceRegisters(key);
        bytes32 digest = TypedData.here(registry, hashFor(addressOf(key)));
        takes(
            sender == address(VM) ? BOB : sender, compact ? compactSignatureBy(key, digest) : signatureBy(key, digest)
        );
    }

    function test_takesACertificateSignedBeforeTheKeyWasRegistered() public {
        bytes memory signature = certificate(7);
        VM.warp(NOW + 3650 days);
        aliceRegisters(7);
        takes(BOB, signature);
    }

    function testFuzz_takesASchnorrKeysCertificate(uint256 key) public {
        key = key % (ORDER - 1) + 1;
        aliceRegistersSchnorr(key);
        bytes32 digest = TypedData.here(registry, hashFor(addressOf(key)));
        takes(BOB, SchnorrSigner.sign(key, digest).packed());
    }

    function test_oneCertificateForEveryChainIsGoodOnEach() public {
        bytes memory signature = signatureBy(7, TypedData.everywhere(registry, hashFor(addressOf(7))));
        uint256[3] memory chains = [uint256(1), 10, 31_337];
        for (uint256 i = 0; i < chains.length; ++i) {
            uint256 snapshot = VM.snapshotState();
            VM.chainId(chains[i]);
            aliceRegisters(7);
            takes(BOB, signature);
            VM.revertToState(snapshot);
        }
    }

    function test_takesASchnorrCertificateForEveryChain() public {
        aliceRegistersSchnorr(7);
        takes(BOB, SchnorrSigner.sign(7, TypedData.everywhere(registry, hashFor(addressOf(7)))).packed());
    }

    function test_refusesACertificateForAnotherChain() public {
        aliceRegisters(7);
        VM.chainId(10);
        bytes memory signature = certificate(7);
        VM.chainId(31_337);
        refuses(signature, addressOf(7));
    }

    function test_refusesACertificateForAnotherRegistry() public {
        aliceRegisters(7);
        IKeyRegistry other = IKeyRegistry(address(0xbad));
        refuses(signatureBy(7, TypedData.here(other, hashFor(addressOf(7)))), addressOf(7));
        refuses(signatureBy(7, TypedData.everywhere(other, hashFor(addressOf(7)))), addressOf(7));
    }

    function test_refusesDomainsOfAnotherName() public {
        aliceRegisters(7);
        address place = address(registry);
        bytes32[4] memory domains = [
            TypedData.domainOf(TypedData.EVERY_CHAIN_NAME, "1", block.chainid, place),
            TypedData.domainOf(TypedData.NAME, "1", place),
            TypedData.domainOf("Another KeyRegistry", "1", block.chainid, place),
            TypedData.domainOf(TypedData.NAME, "2", block.chainid, place)
        ];
        for (uint256 i = 0; i < domains.length; ++i) {
            refuses(signatureBy(7, TypedData.digest(domains[i], hashFor(addressOf(7)))), addressOf(7));
        }
    }

    function test_refusesACertificateForAnythingElse() public {
        aliceRegisters(7);
        bytes32[4] memory hashes = [
            TypedData.certificate(BOB, DEFAULT, addressOf(7), WHY),
            TypedData.certificate(ALICE, DESK, addressOf(7), WHY),
            TypedData.certificate(ALICE, DEFAULT, addressOf(8), WHY),
            TypedData.certificate(ALICE, DEFAULT, addressOf(7), IKeyRegistry.Reason.Policy)
        ];
        for (uint256 i = 0; i < hashes.length; ++i) {
            refuses(signatureBy(7, TypedData.here(registry, hashes[i])), addressOf(7));
        }
    }

    function testFuzz_refusesEveryOtherKeysCertificate(uint256 key) public {
        key = key % (ORDER - 1) + 1;
        if (key == 7) return;
        aliceRegisters(7);
        refuses(signatureBy(key, TypedData.here(registry, hashFor(addressOf(7)))), addressOf(7));
        refuses(certificate(key), addressOf(7));
    }

    function test_refusesThePossessionProofAndTheOwnersRevocationAsCertificates() public {
        IKeyRegistry.Registration memory key = aliceRegisters(7);
        bytes32 possession = TypedData.possession(ALICE, DEFAULT, 1, key.x, key.y);
        refuses(signatureBy(7, TypedData.here(registry, possession)), addressOf(7));
        bytes32 revocation = TypedData.revocation(ALICE, DEFAULT, 1, WHY, NOW + 1);
        refuses(signatureBy(7, TypedData.here(registry, revocation)), addressOf(7));
    }

    function test_refusesTheHighSTwin() public {
        aliceRegisters(7);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(7, TypedData.here(registry, hashFor(addressOf(7))));
        s = bytes32(ORDER - uint256(s));
        refuses(abi.encodePacked(r, s, v == 27 ? 28 : 27), addressOf(7));
    }

    function test_refusesWhatIsNoSignature() public {
        aliceRegisters(7);
        bytes memory good = certificate(7);
        // Not 64: cut to that, it is the ERC-2098 form of itself wherever v is 27, which the registry's address decides.
        uint8[6] memory lengths = [0, 1, 63, 66, 128, 129];
        for (uint256 i = 0; i < lengths.length; ++i) {
            refuses(spread(good, lengths[i]), addressOf(7));
        }
        uint8[6] memory ids = [0, 1, 4, 26, 29, 255];
        for (uint256 i = 0; i < ids.length; ++i) {
            good[64] = bytes1(ids[i]);
            refuses(good, addressOf(7));
        }
    }

    function test_refusesWhatIsNoSchnorrSignature() public {
        aliceRegistersSchnorr(7);
        bytes memory good = SchnorrSigner.sign(7, TypedData.here(registry, hashFor(addressOf(7)))).packed();
        uint8[8] memory lengths = [0, 1, 64, 65, 66, 97, 128, 130];
        for (uint256 i = 0; i < lengths.length; ++i) {
            refuses(spread(good, lengths[i]), addressOf(7));
        }
        for (uint256 i = 0; i < 129; ++i) {
            good[i] ^= 0x01;
            refuses(good, addressOf(7));
            good[i] ^= 0x01;
        }
    }

    function test_theSchemeOfTheRecordDecides() public {
        aliceRegisters(7);
        bytes32 digest = TypedData.here(registry, hashFor(addressOf(7)));
        refuses(SchnorrSigner.sign(7, digest).packed(), addressOf(7));
        IKeyRegistry.Registration memory schnorr = schnorrSigned(ALICE, DEFAULT, 2, 7);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, schnorr);
        refuses(signatureBy(7, digest), addressOf(7));
        takes(BOB, SchnorrSigner.sign(7, digest).packed());
    }

    function test_isOfNoUseAfterARotationUntilTheKeyReturns() public {
        aliceRegisters(7);
        bytes memory signature = certificate(7);
        aliceRotates(8, 2);
        refuses(signature, addressOf(8));
        aliceRotates(7, 3);
        takes(BOB, signature);
    }

    function test_isOfNoUseTwice() public {
        aliceRegisters(7);
        bytes memory signature = certificate(7);
        takes(BOB, signature);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyRevokedAlready.selector, ALICE, DEFAULT, 1));
        registry.revokeByKey(ALICE, DEFAULT, WHY, signature);
    }

    function test_isOfNoUseAgainstTheFreshKeyAfterARevocation() public {
        aliceRegisters(7);
        bytes memory signature = certificate(7);
        takes(BOB, signature);
        IKeyRegistry.Registration memory fresh = signed(ALICE, DEFAULT, 2, 8);
        VM.prank(ALICE);
        registry.register(DEFAULT, fresh);
        refuses(signature, addressOf(8));
    }

    function test_refusesWhereNothingIsRegistered() public {
        bytes memory signature = certificate(7);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.NotRegistered.selector, ALICE, DEFAULT));
        registry.revokeByKey(ALICE, DEFAULT, WHY, signature);
    }

    function test_refusesAReasonThatIsNone() public {
        aliceRegisters(7);
        bytes memory call = abi.encodeWithSelector(registry.revokeByKey.selector, ALICE, DEFAULT, 6, certificate(7));
        (bool success,) = address(registry).call(call);
        VM.assertFalse(success, "a reason that is none");
    }

    function takes(address sender, bytes memory signature) private {
        VM.prank(sender);
        registry.revokeByKey(ALICE, DEFAULT, WHY, signature);
        VM.assertTrue(registry.recordOf(ALICE, DEFAULT).revoked);
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    function refuses(bytes memory signature, address signer) private {
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.CertificateNotProven.selector, signer));
        registry.revokeByKey(ALICE, DEFAULT, WHY, signature);
    }

    function certificate(uint256 key) private returns (bytes memory) {
        return signatureBy(key, TypedData.here(registry, hashFor(addressOf(key))));
    }

    function hashFor(address signer) private pure returns (bytes32) {
        return TypedData.certificate(ALICE, DEFAULT, signer, WHY);
    }

    function aliceRegistersSchnorr(uint256 key) private {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, key);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    function aliceRotates(uint256 key, uint16 version) private {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, version, key);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, registration);
    }

    /// @dev Bytes of a good signature, over and over, to another length.
    function spread(bytes memory good, uint256 length) private pure returns (bytes memory result) {
        result = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            result[i] = good[i % good.length];
        }
    }
}
