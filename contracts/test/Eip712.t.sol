// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {KeyPossession} from "../src/libraries/KeyPossession.sol";
import {OwnerConsent} from "../src/libraries/OwnerConsent.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";
import {RegistryDomain} from "../src/libraries/RegistryDomain.sol";
import {RevocationCertificate} from "../src/libraries/RevocationCertificate.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {Cases, Vectors} from "./Vectors.sol";
import {VM} from "./Vm.sol";

/// @title RegistryDigests
/// @notice The registry's digests, as its libraries make them. To be put where the registry is to stand: the address is
/// part of the domain.
contract RegistryDigests {
    function possession(bool everyChain, address owner, bytes32 label, uint16 version, bytes32 x, bytes32 y)
        external
        view
        returns (bytes32)
    {
        return digest(everyChain, KeyPossession.hash(owner, label, version, x, y));
    }

    function consent(
        bool everyChain,
        bool rotates,
        address owner,
        bytes32 label,
        RecordWord next,
        IKeyRegistry.Registration calldata registration,
        uint40 deadline
    ) external view returns (bytes32) {
        bytes32 structHash = rotates
            ? OwnerConsent.hashRotation(owner, label, next, registration, deadline)
            : OwnerConsent.hashRegistration(owner, label, next, registration, deadline);
        return digest(everyChain, structHash);
    }

    function revocation(
        bool everyChain,
        address owner,
        bytes32 label,
        uint16 version,
        IKeyRegistry.Reason reason,
        uint40 deadline
    ) external view returns (bytes32) {
        return digest(everyChain, OwnerConsent.hashRevocation(owner, label, version, reason, deadline));
    }

    function certificate(bool everyChain, address owner, bytes32 label, address signer, IKeyRegistry.Reason reason)
        external
        view
        returns (bytes32)
    {
        return digest(everyChain, RevocationCertificate.hash(owner, label, signer, reason));
    }

    function digest(bool everyChain, bytes32 structHash) private view returns (bytes32) {
        return everyChain ? RegistryDomain.everyChainDigest(structHash) : RegistryDomain.digest(structHash);
    }
}

/// @title ViemTest
/// @notice One type of tests/vectors/eip712.json, which viem made: the libraries must give its digests, and the registry
/// must take its signatures, which are as foreign as the digests.
abstract contract ViemTest is RegistryTest {
    /// @notice What all types have.
    struct Documents {
        address[] places;
        /// 0 for what is signed for every chain.
        uint256[] chains;
        address[] owners;
        bytes32[] labels;
        bytes32[] digests;
        bytes[] signatures;
    }

    RegistryDigests internal digests;
    bytes private code;

    function setUp() public override {
        super.setUp();
        digests = new RegistryDigests();
        code = address(registry).code;
    }

    function test_agreesWithViemOnEveryCase() public {
        Cases memory cases = Vectors.ofType("eip712.json", name());
        Documents memory all = documents(cases);
        uint256 forEveryChain = 0;
        for (uint256 i = 0; i < all.chains.length; ++i) {
            if (all.chains[i] == 0) ++forEveryChain;
        }
        VM.assertTrue(forEveryChain >= 24 && all.chains.length - forEveryChain >= 24, "both domains");
        VM.assertEq(check(cases, all), all.chains.length);
    }

    /// @notice Name of the type.
    function name() internal pure virtual returns (string memory);

    /// @notice Checks all of the cases and gives their number.
    function check(Cases memory cases, Documents memory all) internal virtual returns (uint256);

    function documents(Cases memory cases) private pure returns (Documents memory all) {
        all.places = cases.addresses(".domain.verifyingContract");
        all.chains = cases.chains();
        all.owners = cases.addresses(".message.owner");
        all.labels = cases.words(".message.label");
        all.digests = cases.words(".digest");
        all.signatures = cases.texts(".signature");
    }

    /// @notice The libraries where the case has its registry, on its chain or on any.
    function digestsAt(Documents memory all, uint256 i) internal returns (RegistryDigests) {
        VM.chainId(all.chains[i] == 0 ? 1000 + i : all.chains[i]);
        VM.etch(all.places[i], address(digests).code);
        return RegistryDigests(all.places[i]);
    }

    /// @notice The registry in the same place, with `word` as the case's record. It can stand anywhere: its code holds no
    /// address.
    function registryAt(Documents memory all, uint256 i, uint256 word) internal {
        VM.etch(all.places[i], code);
        registry = IKeyRegistry(all.places[i]);
        VM.store(address(registry), bytes32(baseSlot(all.owners[i], all.labels[i])), bytes32(word));
    }

    /// @notice The word of a record that is to take `version` next by registration or, if `live`, by rotation.
    function wordBefore(uint256 version, bool live) internal pure returns (uint256) {
        if (version == 1) return 0;
        return wordOf(address(1), NOW - 1, 0, version - 1, 0) | (live ? 0 : REVOKED);
    }

    function wordAfter(Documents memory all, uint256 i) internal view returns (IKeyRegistry.Record memory) {
        return registry.recordOf(all.owners[i], all.labels[i]);
    }

    function wordsAt(bytes memory data, uint256 offset) internal pure returns (bytes32 first, bytes32 second) {
        assembly ("memory-safe") {
            first := mload(add(add(data, 0x20), offset))
            second := mload(add(add(data, 0x40), offset))
        }
    }

    uint256 private constant REVOKED = 1 << 251;
    uint256 internal constant SCHNORR = 1 << 248;
}

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
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = registry.eip712Domain();
        VM.assertEq(bytes32(fields), bytes32(bytes1(0x0f)));
        VM.assertEq(name, "Countersign KeyRegistry");
        VM.assertEq(version, "1");
        VM.assertEq(chainId, block.chainid);
        VM.assertEq(verifyingContract, address(registry));
        VM.assertEq(salt, 0);
        VM.assertEq(extensions.length, 0);
        bytes32 typeHash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(
            abi.encode(typeHash, keccak256(bytes(name)), keccak256(bytes(version)), chainId, verifyingContract)
        );
        typeHash = keccak256("KeyPossession(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y)");
        (bytes32 x, bytes32 y) = ("x", "y");
        bytes32 structHash = keccak256(abi.encode(typeHash, ALICE, DESK, 3, x, y));
        VM.assertEq(
            registry.possessionDigest(ALICE, DESK, 3, x, y), keccak256(abi.encodePacked(hex"1901", domain, structHash))
        );
    }

    function test_followsAForkThatChangesTheChainId() public {
        bytes32 before = registry.possessionDigest(ALICE, DESK, 3, "x", "y");
        VM.chainId(10);
        VM.assertFalse(before == registry.possessionDigest(ALICE, DESK, 3, "x", "y"));
        (,,, uint256 chainId,,,) = registry.eip712Domain();
        VM.assertEq(chainId, 10);
    }
}
