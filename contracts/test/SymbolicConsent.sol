// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";
import {SymbolicRegistry, VM} from "./SymbolicRegistry.sol";

/// @notice An ERC-1271 account that approves any set of digests, whatever the signature.
/// @dev With symbolic storage: every such set at once. What it calls back cannot matter, it is called statically.
contract SymbolicWallet {
    mapping(bytes32 digest => bool) public approved;

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return approved[digest] ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @title SymbolicConsent
/// @notice What is signed, written out from the specification and not taken from the contract's libraries.
/// @dev `ecrecover` and keccak-256 are uninterpreted functions to Halmos: nothing is assumed of the first, and of the
/// second that different inputs have different hashes. "Signed by A" means: `ecrecover` gives A for this very digest.
abstract contract SymbolicConsent is SymbolicRegistry {
    /// @dev Neither the owner nor a live operator of it.
    function assumeStranger(address caller, address owner) internal view {
        VM.assume(caller != owner);
        VM.assume(registry.operatorUntil(owner, caller) <= block.timestamp);
    }

    /// @notice The consent that a stored word takes: every member but label, key and deadline is read back from storage.
    function keyConsent(
        bytes32 typeHash,
        address owner,
        bytes32 label,
        RecordWord stored,
        IKeyRegistry.Registration memory registration,
        uint40 deadline
    ) internal pure returns (bytes32) {
        uint256 raw = RecordWord.unwrap(stored);
        bool pinned = IKeyRegistry.Terms.unwrap(registration.terms) >> 8 & 1 == 1;
        bytes memory terms = abi.encode(raw >> 248 & 1, raw >> 200 & type(uint32).max, raw >> 249 & 3, pinned, deadline);
        return keccak256(
            bytes.concat(abi.encode(typeHash, owner, label, versionOf(stored), registration.x, registration.y), terms)
        );
    }

    function revocationConsent(address owner, bytes32 label, uint256 version, uint256 reason, uint40 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(REVOCATION, owner, label, version, reason, deadline));
    }

    function certificate(address owner, bytes32 label, address signer, uint256 reason) internal pure returns (bytes32) {
        return keccak256(abi.encode(CERTIFICATE, owner, label, signer, reason));
    }

    function digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 name = keccak256("Countersign KeyRegistry");
        bytes32 domain = keccak256(abi.encode(DOMAIN, name, keccak256("1"), block.chainid, registry));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function everyChainDigest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 name = keccak256("Countersign KeyRegistry on every chain");
        bytes32 domain = keccak256(abi.encode(EVERY_CHAIN_DOMAIN, name, keccak256("1"), registry));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @notice Whether the key of an account signed a struct, in either domain, with a low s.
    function isSigned(address by, bytes32 structHash, bytes memory signature) internal view returns (bool) {
        return
            isSignature(by, digest(structHash), signature) || isSignature(by, everyChainDigest(structHash), signature);
    }

    function isSignature(address by, bytes32 hash, bytes memory signature) internal pure returns (bool) {
        if (signature.length != 64 && signature.length != 65) return false;
        (bytes32 r, uint256 s, uint8 v) = (word(signature, 0), uint256(word(signature, 32)), 0);
        if (signature.length == 65) v = uint8(signature[64]);
        // One bit: nothing is cut off.
        // forge-lint: disable-next-line(unsafe-typecast)
        else (v, s) = (uint8(s >> 255) + 27, s & type(uint256).max >> 1);
        return s <= HALF_ORDER && ecrecover(hash, v, r, bytes32(s)) == by;
    }

    function word(bytes memory from, uint256 offset) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := mload(add(add(from, 0x20), offset))
        }
    }

    bytes32 internal constant REGISTRATION = keccak256(
        "KeyRegistration(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y,uint8 scheme,uint32 validUntil,uint8 suiteFloor,bool pinned,uint40 deadline)"
    );
    bytes32 internal constant ROTATION = keccak256(
        "KeyRotation(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y,uint8 scheme,uint32 validUntil,uint8 suiteFloor,bool pinned,uint40 deadline)"
    );
    bytes32 private constant REVOCATION =
        keccak256("KeyRevocation(address owner,bytes32 label,uint16 version,uint8 reason,uint40 deadline)");
    bytes32 private constant CERTIFICATE =
        keccak256("RevocationCertificate(address owner,bytes32 label,address signer,uint8 reason)");
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant EVERY_CHAIN_DOMAIN =
        keccak256("EIP712Domain(string name,string version,address verifyingContract)");
    /// @dev Half the order of secp256k1 (SEC 2, 2.4.1).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
}
