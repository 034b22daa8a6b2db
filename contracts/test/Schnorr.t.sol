// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {Schnorr} from "../src/libraries/Schnorr.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {Cases, Vectors} from "./Vectors.sol";
import {VM} from "./Vm.sol";

/// @notice Signatures, one member of all in each array: tests/vectors/frost.json by column.
struct Signatures {
    bytes32[] digest;
    bytes32[] x;
    bytes32[] y;
    uint256[] prefix;
    bytes32[] rx;
    bytes32[] z;
}

/// @notice The signatures of frost-secp256k1-evm and the library's own edges.
contract SchnorrTest {
    using SchnorrSigner for uint256;

    function test_takesWhatQuorumsSigned() public view {
        Signatures memory all = signatures(Cases(VM.readFile("tests/vectors/frost.json"), "$.cases[*]"));
        VM.assertTrue(all.z.length >= 24, "the vectors must have been read");
        uint256 kinds = 0;
        for (uint256 i = 0; i < all.z.length; ++i) {
            VM.assertTrue(isValid(all, i), "a quorum's signature");
            kinds |= uint256(1) << (uint256(all.y[i]) % 2 * 2 + all.prefix[i] % 2);
        }
        VM.assertEq(kinds, 15, "even and odd keys, each with even and odd R");
    }

    function test_refusesWhatWasAltered() public view {
        Signatures memory all = signatures(Cases(VM.readFile("tests/vectors/frost.json"), "$.refused[*]"));
        VM.assertTrue(all.z.length >= 100, "the vectors must have been read");
        for (uint256 i = 0; i < all.z.length; ++i) {
            VM.assertFalse(isValid(all, i), string.concat("refused[", VM.toString(i), "]"));
        }
    }

    function testFuzz_takesWhatAnyKeySigned(uint256 privateKey, bytes32 digest) public {
        VM.assertTrue(isValid(key(privateKey).sign(digest), digest), "a signature");
    }

    function testFuzz_refusesOneBitOfDifference(uint256 privateKey, bytes32 digest, uint8 place) public {
        SchnorrSigner.Signature memory made = key(privateKey).sign(digest);
        bytes32 bit = bytes32(uint256(1) << place);
        VM.assertFalse(isValid(made, digest ^ bit), "another digest");
        made.z ^= bit;
        VM.assertFalse(isValid(made, digest), "another z");
        made.z ^= bit;
        made.rx ^= bit;
        VM.assertFalse(isValid(made, digest), "another R");
        made.rx ^= bit;
        made.x ^= bit;
        VM.assertFalse(isValid(made, digest), "another x");
        made.x ^= bit;
        made.y ^= bit;
        VM.assertFalse(isValid(made, digest), "another y");
    }

    function testFuzz_refusesEveryOtherPrefix(uint256 privateKey, bytes32 digest, uint8 prefix) public {
        SchnorrSigner.Signature memory made = key(privateKey).sign(digest);
        if (prefix == made.prefix) prefix ^= 1;
        made.prefix = prefix;
        VM.assertFalse(isValid(made, digest), "another prefix");
    }

    function testFuzz_refusesNoise(bytes32 digest, bytes32 x, bytes32 y, uint8 prefix, bytes32 rx, bytes32 z)
        public
        pure
    {
        VM.assertFalse(Schnorr.isValid(digest, x, y, prefix, rx, z), "noise");
    }

    function testFuzz_refusesNoiseOfARealKey(uint256 privateKey, bytes32 digest, bool odd, bytes32 rx, bytes32 z)
        public
    {
        SchnorrSigner.Signature memory made = key(privateKey).sign(digest);
        VM.assertFalse(Schnorr.isValid(digest, made.x, made.y, odd ? 3 : 2, rx, z), "noise");
    }

    function testFuzz_refusesZOfTheOrderOrMore(uint256 privateKey, bytes32 digest, uint256 excess) public {
        SchnorrSigner.Signature memory made = key(privateKey).sign(digest);
        made.z = bytes32(ORDER + excess % (type(uint256).max - ORDER + 1));
        VM.assertFalse(isValid(made, digest), "z out of range");
    }

    function test_knowsThePointsOfTheCurve() public pure {
        VM.assertTrue(Schnorr.isOnCurve(GENERATOR_X, GENERATOR_Y));
        VM.assertFalse(Schnorr.isOnCurve(GENERATOR_Y, GENERATOR_X));
        VM.assertFalse(Schnorr.isOnCurve(0, 0));
        VM.assertFalse(Schnorr.isOnCurve(bytes32(uint256(5)), bytes32(uint256(5))));
    }

    /// @dev The same points again, with a coordinate that is not reduced.
    function test_takesReducedCoordinatesOnly() public pure {
        bytes32 one = bytes32(uint256(1));
        VM.assertTrue(Schnorr.isOnCurve(one, Y_OF_X_1));
        VM.assertFalse(Schnorr.isOnCurve(bytes32(FIELD + 1), Y_OF_X_1));
        VM.assertTrue(Schnorr.isOnCurve(X_OF_Y_1, one));
        VM.assertFalse(Schnorr.isOnCurve(X_OF_Y_1, bytes32(FIELD + 1)));
    }

    function test_givesTheAddressesOfBothPointsWithAnX() public {
        SchnorrSigner.Signature memory made = uint256(7).sign(0);
        uint8 parity = uint8(uint256(made.y) % 2);
        VM.assertEq(Schnorr.addressWithX(made.x, 2 + parity), VM.createWallet(7).addr);
        VM.assertEq(Schnorr.addressWithX(made.x, 3 - parity), VM.createWallet(ORDER - 7).addr);
        VM.assertEq(Schnorr.addressWithX(bytes32(uint256(5)), 2), address(0));
        VM.assertEq(Schnorr.addressWithX(bytes32(uint256(5)), 3), address(0));
    }

    function isValid(Signatures memory all, uint256 i) private pure returns (bool) {
        return Schnorr.isValid(all.digest[i], all.x[i], all.y[i], uint8(all.prefix[i]), all.rx[i], all.z[i]);
    }

    function isValid(SchnorrSigner.Signature memory made, bytes32 digest) private pure returns (bool) {
        return Schnorr.isValid(digest, made.x, made.y, made.prefix, made.rx, made.z);
    }

    function signatures(Cases memory cases) private pure returns (Signatures memory all) {
        (all.digest, all.x, all.y) = (cases.words(".digest"), cases.words(".x"), cases.words(".y"));
        (all.prefix, all.rx, all.z) = (cases.uints(".prefix"), cases.words(".rx"), cases.words(".z"));
    }

    function key(uint256 seed) private pure returns (uint256) {
        return seed % (ORDER - 1) + 1;
    }

    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    bytes32 private constant GENERATOR_X = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
    bytes32 private constant GENERATOR_Y = 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8;
    bytes32 private constant Y_OF_X_1 = 0x4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee;
    bytes32 private constant X_OF_Y_1 = 0x1fe1e5ef3fceb5c135ab7741333ce5a6e80d68167653f6b2b24bcbcfaaaff507;
}

/// @notice What quorums signed for the registry: that they hold their key, and that it is revoked.
contract QuorumTest is RegistryTest {
    /// @notice A record of a quorum's key, and what the quorum signed for it.
    struct Quorum {
        address owner;
        bytes32 label;
        uint16 version;
        bytes possession;
        bytes certificate;
        IKeyRegistry.Reason reason;
        bytes32 digest;
        bytes overDigest;
    }

    /// @notice The documents of all quorums.
    struct Ceremonies {
        address[] places;
        uint256[] chains;
        address[] owners;
        bytes32[] labels;
        uint256[] versions;
        bytes[] possessions;
        bytes[] certificates;
        uint256[] reasons;
        bytes32[] digests;
        bytes[] overDigests;
    }

    function test_aQuorumRegistersSignsAndRevokesItself() public {
        Ceremonies memory all = ceremonies();
        // Each quorum signed for a chain and for every chain.
        VM.assertEq(all.places.length, 2 * all.digests.length);
        bytes memory code = address(registry).code;
        for (uint256 i = 0; i < all.places.length; ++i) {
            VM.etch(all.places[i], code);
            VM.chainId(all.chains[i] == 0 ? 1000 + i : all.chains[i]);
            registry = IKeyRegistry(all.places[i]);
            play(
                Quorum({
                    owner: all.owners[i],
                    label: all.labels[i],
                    version: uint16(all.versions[i]),
                    possession: all.possessions[i],
                    certificate: all.certificates[i],
                    reason: IKeyRegistry.Reason(all.reasons[i]),
                    digest: all.digests[i / 2],
                    overDigest: all.overDigests[i / 2]
                })
            );
        }
    }

    function ceremonies() private view returns (Ceremonies memory all) {
        Cases memory claims = Vectors.ofType("frost.json", "KeyPossession");
        Cases memory ends = Vectors.ofType("frost.json", "RevocationCertificate");
        Cases memory digests = Vectors.ofType("frost.json", "Digest");
        all.places = claims.addresses(".domain.verifyingContract");
        all.chains = claims.chains();
        all.owners = claims.addresses(".message.owner");
        all.labels = claims.words(".message.label");
        all.versions = claims.uints(".message.version");
        all.possessions = claims.texts(".signature");
        all.certificates = ends.texts(".signature");
        all.reasons = ends.uints(".message.reason");
        all.digests = digests.words(".digest");
        all.overDigests = digests.texts(".signature");
    }

    function play(Quorum memory quorum) private {
        (address owner, bytes32 label) = (quorum.owner, quorum.label);
        registers(quorum);
        IKeyRegistry.Record memory record = registry.recordOf(owner, label);
        VM.assertTrue(record.scheme == IKeyRegistry.Scheme.Schnorr, "the record says how its key signs");
        VM.assertEq(record.version, quorum.version);

        VM.assertTrue(registry.isValidSignatureFor(owner, label, quorum.digest, quorum.overDigest), "its signature");
        VM.assertFalse(
            registry.isValidSignatureFor(owner, label, ~quorum.digest, quorum.overDigest), "of another digest"
        );

        registry.revokeByKey(owner, label, quorum.reason, quorum.certificate);
        record = registry.recordOf(owner, label);
        VM.assertTrue(record.revoked && record.reason == quorum.reason, "revoked for the reason signed");
        VM.assertFalse(registry.isValidSignatureFor(owner, label, quorum.digest, quorum.overDigest), "revoked");
    }

    function registers(Quorum memory quorum) private {
        uint256 before = quorum.version > 1 ? wordOf(address(1), NOW, 0, quorum.version - 1, 0) : 0;
        VM.store(address(registry), bytes32(baseSlot(quorum.owner, quorum.label)), bytes32(before));
        IKeyRegistry.Registration memory registration = registrationOf(quorum.possession);
        VM.prank(quorum.owner);
        if (before == 0) registry.register(quorum.label, registration);
        else registry.rotate(quorum.label, registration);
    }

    /// @dev From x, y, R (33 bytes), z.
    function registrationOf(bytes memory possession) private pure returns (IKeyRegistry.Registration memory) {
        bytes32[4] memory words;
        uint8 prefix = uint8(possession[64]);
        assembly ("memory-safe") {
            mstore(words, mload(add(possession, 0x20)))
            mstore(add(words, 0x20), mload(add(possession, 0x40)))
            mstore(add(words, 0x40), mload(add(possession, 0x61)))
            mstore(add(words, 0x60), mload(add(possession, 0x81)))
        }
        return IKeyRegistry.Registration(words[0], words[1], words[2], words[3], TermsLib.pack(prefix, 0, 1, true));
    }
}
