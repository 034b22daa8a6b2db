// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";
import {AccountSignature} from "./libraries/AccountSignature.sol";
import {RegistryDomain} from "./libraries/RegistryDomain.sol";

/// @title OwnerAuthority
/// @notice Who may act for an owner: its live operators, and whoever shows its signature.
abstract contract OwnerAuthority is IKeyRegistry {
    /// @dev Slot 1; until when an operator may act for an owner.
    mapping(address owner => mapping(address operator => uint40 until)) internal _operators;

    /// @dev Checks that the owner wants what is to be done: by its signature, for this chain or every chain, or because
    /// the caller speaks for it. Gives whether an operator does. An operator without a signature acts as one, even where
    /// the owner's code would take the empty signature from anybody.
    function _requireConsent(
        address owner,
        bytes32 structHash,
        bytes32 domain,
        uint40 deadline,
        bytes calldata signature
    ) internal view returns (bool byOperator) {
        _requireInTime(deadline);
        if (signature.length == 0 && _mayActFor(owner)) return msg.sender != owner;
        if (AccountSignature.isValid(owner, RegistryDomain.typedDataHash(domain, structHash), signature)) return false;
        if (AccountSignature.isValid(owner, RegistryDomain.everyChainDigest(structHash), signature)) return false;
        revert OwnerNotProven(owner);
    }

    function _mayActFor(address owner) internal view returns (bool) {
        return msg.sender == owner || block.timestamp < _operators[owner][msg.sender];
    }

    function _requireInTime(uint40 deadline) internal view {
        if (block.timestamp > deadline) revert SignatureExpired(deadline);
    }
}
