// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {TypedData} from "./TypedData.sol";
import {Cases} from "./Vectors.sol";
import {ViemTest} from "./ViemTest.sol";
import {VM} from "./Vm.sol";

contract KeyPossessionDigestTest is ViemTest {
    struct Claims {
        Documents all;
        uint256[] versions;
        bytes32[] x;
        bytes32[] y;
        address[] signers;
    }

    function name() internal pure override returns (string memory) {
        return "KeyPossession";
    }

    function check(Cases memory cases, Documents memory all) internal override returns (uint256 count) {
        Claims memory claims;
        claims.all = all;
        claims.versions = cases.uints(".message.version");
        (claims.x, claims.y) = (cases.words(".message.x"), cases.words(".message.y"));
        claims.signers = cases.addresses(".signer");
        for (count = 0; count < claims.versions.length; ++count) {
            agrees(claims, count);
            accepts(claims, count);
        }
    }

    function agrees(Claims memory claims, uint256 i) private {
        Documents memory all = claims.all;
        bytes32 digest = digestsAt(all, i)
            .possession(
                all.chains[i] == 0, all.owners[i], all.labels[i], uint16(claims.versions[i]), claims.x[i], claims.y[i]
            );
        VM.assertEq(digest, all.digests[i]);
    }

    function accepts(Claims memory claims, uint256 i) private {
        Documents memory all = claims.all;
        uint256 word = wordBefore(claims.versions[i], true);
        registryAt(all, i, word);
        IKeyRegistry.Registration memory registration;
        (registration.x, registration.y) = (claims.x[i], claims.y[i]);
        (registration.r, registration.s) = wordsAt(all.signatures[i], 0);
        registration.terms = TermsLib.pack(uint8(all.signatures[i][64]), 0, 0, false);
        if (all.chains[i] != 0) {
            bytes32 shown = registry.possessionDigest(
                all.owners[i], all.labels[i], uint16(claims.versions[i]), claims.x[i], claims.y[i]
            );
            VM.assertEq(shown, all.digests[i]);
        }
        VM.prank(all.owners[i]);
        if (word == 0) registry.register(all.labels[i], registration);
        else registry.rotate(all.labels[i], registration);
        VM.assertEq(wordAfter(all, i).signer, claims.signers[i]);
    }
}

/// @notice KeyRegistration and KeyRotation, which have the same members.
abstract contract KeyConsentDigestTest is ViemTest {
    struct Consents {
        Documents all;
        uint256[] versions;
        bytes32[] x;
        bytes32[] y;
        uint256[] schemes;
        uint256[] validUntils;
        uint256[] suiteFloors;
        bool[] pinned;
        uint256[] deadlines;
        bytes[] possessions;
        address[] signers;
    }

    /// @notice Whether the type is that of rotations.
    function rotates() internal pure virtual returns (bool);

    function check(Cases memory cases, Documents memory all) internal override returns (uint256 count) {
        Consents memory consents;
        consents.all = all;
        consents.versions = cases.uints(".message.version");
        (consents.x, consents.y) = (cases.words(".message.x"), cases.words(".message.y"));
        consents.schemes = cases.uints(".message.scheme");
        consents.validUntils = cases.uints(".message.validUntil");
        consents.suiteFloors = cases.uints(".message.suiteFloor");
        consents.pinned = cases.bools(".message.pinned");
        consents.deadlines = cases.uints(".message.deadline");
        consents.possessions = cases.texts(".possession");
        consents.signers = cases.addresses(".identitySigner");
        for (count = 0; count < consents.versions.length; ++count) {
            agrees(consents, count);
            accepts(consents, count);
        }
    }

    function agrees(Consents memory consents, uint256 i) private {
        Documents memory all = consents.all;
        uint256 next = wordOf(consents.signers[i], NOW, consents.validUntils[i], consents.versions[i], 0)
            | consents.schemes[i] * SCHNORR;
        bytes32 digest = digestsAt(all, i)
            .consent(
                all.chains[i] == 0,
                rotates(),
                all.owners[i],
                all.labels[i],
                RecordWord.wrap(next),
                registrationOf(consents, i),
                uint40(consents.deadlines[i])
            );
        VM.assertEq(digest, all.digests[i]);
    }

    function accepts(Consents memory consents, uint256 i) private {
        Documents memory all = consents.all;
        registryAt(all, i, wordBefore(consents.versions[i], rotates()));
        IKeyRegistry.Registration memory registration = registrationOf(consents, i);
        uint40 deadline = uint40(consents.deadlines[i]);
        if (rotates()) registry.rotateFor(all.owners[i], all.labels[i], registration, deadline, all.signatures[i]);
        else registry.registerFor(all.owners[i], all.labels[i], registration, deadline, all.signatures[i]);
        IKeyRegistry.Record memory record = wordAfter(all, i);
        VM.assertEq(record.signer, consents.signers[i]);
        VM.assertEq(record.version, consents.versions[i]);
        VM.assertEq(uint256(record.scheme), consents.schemes[i]);
        VM.assertEq(record.validUntil, consents.validUntils[i]);
        VM.assertEq(record.suiteFloor, consents.suiteFloors[i]);
        VM.assertEq(record.x, consents.pinned[i] ? consents.x[i] : bytes32(0));
    }

    function registrationOf(Consents memory consents, uint256 i)
        private
        pure
        returns (IKeyRegistry.Registration memory registration)
    {
        bool schnorr = consents.schemes[i] == 1;
        bytes memory proof = consents.possessions[i];
        (registration.x, registration.y) = (consents.x[i], consents.y[i]);
        // R (33 bytes) and z, or r, s, v.
        (registration.r, registration.s) = wordsAt(proof, schnorr ? 1 : 0);
        registration.terms = TermsLib.pack(
            uint8(proof[schnorr ? 0 : 64]),
            uint32(consents.validUntils[i]),
            uint8(consents.suiteFloors[i]),
            consents.pinned[i]
        );
    }
}

contract KeyRegistrationDigestTest is KeyConsentDigestTest {
    function name() internal pure override returns (string memory) {
        return "KeyRegistration";
    }

    function rotates() internal pure override returns (bool) {
        return false;
    }
}

contract KeyRotationDigestTest is KeyConsentDigestTest {
    function name() internal pure override returns (string memory) {
        return "KeyRotation";
    }

    function rotates() internal pure override returns (bool) {
        return true;
    }
}

contract KeyRevocationDigestTest is ViemTest {
    function name() internal pure override returns (string memory) {
        return "KeyRevocation";
    }

    function check(Cases memory cases, Documents memory all) internal override returns (uint256 count) {
        uint256[] memory versions = cases.uints(".message.version");
        uint256[] memory reasons = cases.uints(".message.reason");
        uint256[] memory deadlines = cases.uints(".message.deadline");
        for (count = 0; count < versions.length; ++count) {
            agrees(all, count, uint16(versions[count]), IKeyRegistry.Reason(reasons[count]), uint40(deadlines[count]));
        }
    }

    function agrees(Documents memory all, uint256 i, uint16 version, IKeyRegistry.Reason reason, uint40 deadline)
        private
    {
        (address owner, bytes32 label) = (all.owners[i], all.labels[i]);
        bytes32 digest = digestsAt(all, i).revocation(all.chains[i] == 0, owner, label, version, reason, deadline);
        VM.assertEq(digest, all.digests[i]);

        registryAt(all, i, wordOf(address(1), NOW - 1, 0, version, 0));
        registry.revokeFor(owner, label, version, reason, deadline, all.signatures[i]);
        VM.assertTrue(wordAfter(all, i).revoked && wordAfter(all, i).reason == reason, "revoked for that reason");
    }
}

contract RevocationCertificateDigestTest is ViemTest {
    function name() internal pure override returns (string memory) {
        return "RevocationCertificate";
    }

    function check(Cases memory cases, Documents memory all) internal override returns (uint256 count) {
        address[] memory signers = cases.addresses(".message.signer");
        uint256[] memory reasons = cases.uints(".message.reason");
        uint256[] memory schemes = cases.uints(".scheme");
        for (count = 0; count < signers.length; ++count) {
            agrees(all, count, signers[count], IKeyRegistry.Reason(reasons[count]), schemes[count]);
        }
    }

    function agrees(Documents memory all, uint256 i, address signer, IKeyRegistry.Reason reason, uint256 scheme)
        private
    {
        (address owner, bytes32 label) = (all.owners[i], all.labels[i]);
        VM.assertEq(digestsAt(all, i).certificate(all.chains[i] == 0, owner, label, signer, reason), all.digests[i]);

        registryAt(all, i, wordOf(signer, NOW - 1, 0, 7, 0) | scheme * SCHNORR);
        registry.revokeByKey(owner, label, reason, all.signatures[i]);
        VM.assertTrue(wordAfter(all, i).revoked && wordAfter(all, i).reason == reason, "revoked for that reason");
    }
}

contract Eip712DomainTest is RegistryTest {
    function test_saysWhatTheSeparatorIsMadeOf() public view {
        saysItsDomain(registry.eip712Domain, "Countersign KeyRegistry");
        bytes32 hash = TypedData.possession(ALICE, DESK, 3, "x", "y");
        VM.assertEq(registry.possessionDigest(ALICE, DESK, 3, "x", "y"), TypedData.here(registry, hash));
    }

    function test_followsAForkThatChangesTheChainId() public {
        bytes32 before = registry.possessionDigest(ALICE, DESK, 3, "x", "y");
        VM.chainId(10);
        VM.assertFalse(before == registry.possessionDigest(ALICE, DESK, 3, "x", "y"));
        (,,, uint256 chainId,,,) = registry.eip712Domain();
        VM.assertEq(chainId, 10);
    }
}
