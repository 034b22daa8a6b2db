// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";
import {KeyPossession} from "./libraries/KeyPossession.sol";
import {RecordWord, RecordWordLib} from "./libraries/RecordWord.sol";
import {TermsLib} from "./libraries/Terms.sol";

/// @title KeyRecords
/// @notice The records, and what may become of them: Absent -> Active -> Active (next version) -> Revoked -> Active (next
/// version, another key). Asks nobody for permission: who may is the callers' business.
abstract contract KeyRecords is IKeyRegistry {
    using TermsLib for Terms;

    /// @dev What a record occupies. Layout: see `IKeyRegistry`.
    struct Slots {
        RecordWord word;
        bytes32 x;
        bytes32 bundleHash;
    }

    /// @dev Slot 0; part of the protocol, since clients prove it.
    mapping(address owner => mapping(bytes32 label => Slots)) internal _records;

    function _storeRegistered(
        Slots storage slots,
        address owner,
        bytes32 label,
        RecordWord next,
        Registration calldata registration
    ) internal {
        slots.word = next;
        bytes32 x = registration.x;
        if (!registration.terms.pinned()) {
            emit KeyRegistered(owner, label, RecordWord.unwrap(next), x);
            return;
        }
        slots.x = x;
        emit PinnedKeyRegistered(owner, label, RecordWord.unwrap(next), x);
    }

    function _storeRotated(
        Slots storage slots,
        address owner,
        bytes32 label,
        RecordWord next,
        Registration calldata registration
    ) internal {
        slots.word = next;
        bytes32 x = registration.x;
        if (!registration.terms.pinned()) {
            emit KeyRotated(owner, label, RecordWord.unwrap(next), x);
            return;
        }
        slots.x = x;
        emit PinnedKeyRotated(owner, label, RecordWord.unwrap(next), x);
    }

    function _storeRevoked(Slots storage slots, address owner, bytes32 label, RecordWord current, Reason reason)
        internal
    {
        RecordWord next = current.revoke(block.timestamp, reason);
        slots.word = next;
        emit KeyRevoked(owner, label, RecordWord.unwrap(next));
    }

    /// @dev The word that is to follow that of an Absent or Revoked record.
    function _nextOfFree(
        RecordWord current,
        address owner,
        bytes32 label,
        Registration calldata registration,
        bytes32 domain
    ) internal view returns (RecordWord next) {
        if (current.isUnrevoked()) {
            revert AlreadyRegistered(owner, label, current.version());
        }
        next = _nextWord(current, owner, label, registration, domain);
        if (next.signer() == current.signer()) revert RevokedKeyReused(next.signer());
    }

    /// @dev The word that is to follow that of an Active or Expired record.
    function _nextOfLive(
        RecordWord current,
        address owner,
        bytes32 label,
        Registration calldata registration,
        bytes32 domain
    ) internal view returns (RecordWord) {
        if (!current.isUnrevoked()) _refuse(current, owner, label);
        return _nextWord(current, owner, label, registration, domain);
    }

    /// @dev Checks terms and possession of the key that is to follow `current`, and gives its word.
    function _nextWord(
        RecordWord current,
        address owner,
        bytes32 label,
        Registration calldata registration,
        bytes32 domain
    ) internal view returns (RecordWord next) {
        uint16 version = current.version();
        if (version == type(uint16).max) revert VersionsExhausted(owner, label);
        unchecked {
            ++version;
        }
        registration.terms.check();

        address signer = KeyPossession.addressOf(registration.x, registration.y);
        bytes32 structHash = KeyPossession.hash(owner, label, version, registration.x, registration.y);
        Scheme scheme = KeyPossession.check(structHash, domain, signer, registration);

        next = RecordWordLib.pack(signer, uint40(block.timestamp), version, scheme, registration.terms);
        if (next.isExpired(block.timestamp)) revert ExpiryNotInFuture(next.validUntil());
    }

    /// @dev There is no key that was not revoked: says which of the two it is.
    function _refuse(RecordWord current, address owner, bytes32 label) internal pure {
        if (!current.exists()) revert NotRegistered(owner, label);
        revert KeyRevokedAlready(owner, label, current.version());
    }
}
