// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";
import {RecordWord} from "./RecordWord.sol";
import {TermsLib} from "./Terms.sol";

/// @title OwnerConsent
/// @notice EIP-712 hashStructs of what an owner signs for somebody else to submit. The version inside is the nonce: a
/// record takes each of its versions once.
library OwnerConsent {
    using TermsLib for IKeyRegistry.Terms;

    /// @notice hashStruct of `KeyRegistration`.
    function hashRegistration(
        address owner,
        bytes32 label,
        RecordWord next,
        IKeyRegistry.Registration calldata registration,
        uint40 deadline
    ) internal pure returns (bytes32) {
        return hashKey(REGISTRATION_TYPEHASH, owner, label, next, registration, deadline);
    }

    /// @notice hashStruct of `KeyRotation`. Another type than `KeyRegistration`: a rotation signed before a revocation
    /// must not bring the record back after it.
    function hashRotation(
        address owner,
        bytes32 label,
        RecordWord next,
        IKeyRegistry.Registration calldata registration,
        uint40 deadline
    ) internal pure returns (bytes32) {
        return hashKey(ROTATION_TYPEHASH, owner, label, next, registration, deadline);
    }

    /// @notice hashStruct of `KeyRevocation`.
    function hashRevocation(address owner, bytes32 label, uint16 version, IKeyRegistry.Reason reason, uint40 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(REVOCATION_TYPEHASH, owner, label, version, reason, deadline));
    }

    function hashKey(
        bytes32 typeHash,
        address owner,
        bytes32 label,
        RecordWord next,
        IKeyRegistry.Registration calldata registration,
        uint40 deadline
    ) private pure returns (bytes32 result) {
        IKeyRegistry.Terms terms = registration.terms;
        (uint256 version, IKeyRegistry.Scheme scheme) = (next.version(), next.scheme());
        (uint256 validUntil, uint256 suiteFloor, bool pinned) = (terms.validUntil(), terms.suiteFloor(), terms.pinned());
        // keccak256(abi.encode(typeHash, owner, label, version, x, y, scheme, validUntil, suiteFloor, pinned, deadline)),
        // in memory that is free and stays so. x and y stand side by side at the head of a registration.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 0x20), shr(96, shl(96, owner)))
            mstore(add(free, 0x40), label)
            mstore(add(free, 0x60), version)
            calldatacopy(add(free, 0x80), registration, 0x40)
            mstore(add(free, 0xc0), scheme)
            mstore(add(free, 0xe0), validUntil)
            mstore(add(free, 0x100), suiteFloor)
            mstore(add(free, 0x120), pinned)
            mstore(add(free, 0x140), and(deadline, 0xffffffffff))
            result := keccak256(free, 0x160)
        }
    }

    bytes32 private constant REGISTRATION_TYPEHASH = keccak256(
        "KeyRegistration(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y,uint8 scheme,uint32 validUntil,uint8 suiteFloor,bool pinned,uint40 deadline)"
    );
    bytes32 private constant ROTATION_TYPEHASH = keccak256(
        "KeyRotation(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y,uint8 scheme,uint32 validUntil,uint8 suiteFloor,bool pinned,uint40 deadline)"
    );
    bytes32 private constant REVOCATION_TYPEHASH =
        keccak256("KeyRevocation(address owner,bytes32 label,uint16 version,uint8 reason,uint40 deadline)");
}
