// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {KeyPossession} from "../src/libraries/KeyPossession.sol";
import {OwnerConsent} from "../src/libraries/OwnerConsent.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";
import {RegistryDomain} from "../src/libraries/RegistryDomain.sol";
import {RevocationCertificate} from "../src/libraries/RevocationCertificate.sol";
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
