// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {VM, Vm} from "./Vm.sol";

/// @notice The deploy script, as tests call it.
interface DeployScript {
    function run() external returns (IKeyRegistry registry, ICountersignVerifier verifier, bool already);
    function registryAddress() external view returns (address);
    function verifierAddress() external view returns (address);
    function DEPLOYER() external view returns (address);
    function REGISTRY_SALT() external view returns (bytes32);
    function VERIFIER_SALT() external view returns (bytes32);
}

/// @title RegistryTest
/// @notice A registry deployed by the script that users run, an owner, and the words to speak of keys.
abstract contract RegistryTest {
    using TermsLib for IKeyRegistry.Terms;

    IKeyRegistry internal registry;

    address internal constant ALICE = address(0xa11ce);
    address internal constant BOB = address(0xb0b);
    bytes32 internal constant DEFAULT = 0;
    bytes32 internal constant DESK = "desk";
    uint32 internal constant NOW = 1_767_225_600;

    /// @dev Order of secp256k1 (SEC 2, 2.4.1).
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function setUp() public virtual {
        VM.warp(NOW);
        registry = deployed();
    }

    /// @notice The registry, deployed as users deploy it.
    function deployed() internal returns (IKeyRegistry atItsAddress) {
        DeployScript script = deployScript();
        VM.etch(script.DEPLOYER(), DETERMINISTIC_DEPLOYER);
        (atItsAddress,,) = script.run();
    }

    function deployScript() internal returns (DeployScript) {
        return DeployScript(VM.deployCode("Deploy.s.sol:Deploy"));
    }

    /// @notice A compact registration of a key without expiry, hybrid only, with the signature that `version` needs.
    function signed(address owner, bytes32 label, uint16 version, uint256 privateKey)
        internal
        returns (IKeyRegistry.Registration memory registration)
    {
        Vm.Wallet memory key = VM.createWallet(privateKey);
        registration.x = bytes32(key.publicKeyX);
        registration.y = bytes32(key.publicKeyY);
        registration.terms = TermsLib.pack(0, 0, 1, false);
        prove(
            registration, privateKey, registry.possessionDigest(owner, label, version, registration.x, registration.y)
        );
    }

    /// @notice The same with a key that signs by Schnorr from now on.
    function schnorrSigned(address owner, bytes32 label, uint16 version, uint256 privateKey)
        internal
        returns (IKeyRegistry.Registration memory registration)
    {
        registration = signed(owner, label, version, privateKey);
        bytes32 digest = registry.possessionDigest(owner, label, version, registration.x, registration.y);
        SchnorrSigner.Signature memory made = SchnorrSigner.sign(privateKey, digest);
        (registration.r, registration.s) = (made.rx, made.z);
        setV(registration, made.prefix);
    }

    /// @notice Replaces the possession proof by an ECDSA signature over `digest`.
    function prove(IKeyRegistry.Registration memory registration, uint256 privateKey, bytes32 digest) internal pure {
        uint8 v;
        (v, registration.r, registration.s) = VM.sign(privateKey, digest);
        setV(registration, v);
    }

    /// @notice The 65 bytes r, s, v.
    function signatureBy(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice The compact form of ERC-2098.
    function compactSignatureBy(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(privateKey, digest);
        return abi.encodePacked(r, v == 28 ? uint256(s) | 2 ** 255 : uint256(s));
    }

    /// @notice The other signature that verifies for the same key and digest, (r, order - s) with the other v; and its s.
    function highTwin(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory, bytes32) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(privateKey, digest);
        s = bytes32(ORDER - uint256(s));
        return (abi.encodePacked(r, s, v == 27 ? 28 : 27), s);
    }

    function setV(IKeyRegistry.Registration memory registration, uint8 v) internal pure {
        IKeyRegistry.Terms terms = registration.terms;
        registration.terms = TermsLib.pack(v, terms.validUntil(), terms.suiteFloor(), terms.pinned());
    }

    function pinnedTo(IKeyRegistry.Registration memory registration)
        internal
        pure
        returns (IKeyRegistry.Registration memory)
    {
        IKeyRegistry.Terms terms = registration.terms;
        registration.terms = TermsLib.pack(terms.v(), terms.validUntil(), terms.suiteFloor(), true);
        return registration;
    }

    /// @notice The same with an expiry, Unix seconds.
    function until(IKeyRegistry.Registration memory registration, uint32 validUntil)
        internal
        pure
        returns (IKeyRegistry.Registration memory)
    {
        IKeyRegistry.Terms terms = registration.terms;
        registration.terms = TermsLib.pack(terms.v(), validUntil, terms.suiteFloor(), terms.pinned());
        return registration;
    }

    function floored(IKeyRegistry.Registration memory registration, uint8 suiteFloor)
        internal
        pure
        returns (IKeyRegistry.Registration memory)
    {
        IKeyRegistry.Terms terms = registration.terms;
        registration.terms = TermsLib.pack(terms.v(), terms.validUntil(), suiteFloor, terms.pinned());
        return registration;
    }

    /// @notice Registers a key for an identity that never had one.
    function registers(address owner, bytes32 label, uint256 privateKey)
        internal
        returns (IKeyRegistry.Registration memory registration)
    {
        registration = signed(owner, label, 1, privateKey);
        VM.prank(owner);
        registry.register(label, registration);
    }

    /// @notice Registers a key for ALICE's default identity.
    function aliceRegisters(uint256 privateKey) internal returns (IKeyRegistry.Registration memory) {
        return registers(ALICE, DEFAULT, privateKey);
    }

    function aliceRevokes() internal {
        VM.prank(ALICE);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.Unspecified);
    }

    /// @notice Checks that a contract describes its domain as EIP-5267 has it: that name, version 1, this chain, itself.
    function saysItsDomain(
        function()
            external
            view returns (
                bytes1,
                string memory,
                string memory,
                uint256,
                address,
                bytes32,
                uint256[] memory
            ) eip712Domain,
        string memory expected
    ) internal view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = eip712Domain();
        VM.assertEq(bytes32(fields), bytes32(bytes1(0x0f)));
        VM.assertEq(name, expected);
        VM.assertEq(version, "1");
        VM.assertEq(chainId, block.chainid);
        VM.assertEq(verifyingContract, eip712Domain.address);
        VM.assertEq(salt, 0);
        VM.assertEq(extensions.length, 0);
    }

    function addressOf(uint256 privateKey) internal returns (address) {
        return VM.createWallet(privateKey).addr;
    }

    function selectorOf(bytes memory reason) internal pure returns (bytes4 selector) {
        assembly ("memory-safe") {
            selector := mload(add(reason, 0x20))
        }
    }

    /// @notice The base slot of a record, from the documented formula.
    function baseSlot(address owner, bytes32 label) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(label, keccak256(abi.encode(owner, uint256(0))))));
    }

    /// @notice What stands in slot `base + offset` of a record.
    function slotOf(address owner, bytes32 label, uint256 offset) internal view returns (bytes32) {
        return VM.load(address(registry), bytes32(baseSlot(owner, label) + offset));
    }

    /// @notice The word of an unrevoked ECDSA record, from the documented layout.
    function wordOf(address signer, uint256 anchoredAt, uint256 validUntil, uint256 version, uint256 suiteFloor)
        internal
        pure
        returns (uint256)
    {
        return uint256(uint160(signer)) | anchoredAt << 160 | validUntil << 200 | version << 232 | suiteFloor << 249;
    }

    /// @dev The runtime of the deterministic deployer as it stands on public chains. A test chain starts without it.
    bytes internal constant DETERMINISTIC_DEPLOYER =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
}
