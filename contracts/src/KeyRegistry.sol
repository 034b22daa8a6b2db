// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";
import {KeyPossession} from "./libraries/KeyPossession.sol";
import {RecordWord, RecordWordLib} from "./libraries/RecordWord.sol";
import {RegistryDomain} from "./libraries/RegistryDomain.sol";

/// @title KeyRegistry
/// @notice One identity key per (owner, label), provable with one storage proof. No admin, no proxy, no fee, no way to
/// change it; the same code at the same address on every chain.
contract KeyRegistry is IKeyRegistry {
    /// @dev What a record occupies. Layout: see `IKeyRegistry`.
    struct Slots {
        RecordWord word;
        bytes32 x;
        bytes32 bundleHash;
    }

    /// @dev Slot 0; part of the protocol, since clients prove it.
    mapping(address owner => mapping(bytes32 label => Slots)) private _records;

    /// @dev Slot 1; until when an operator may act for an owner. Reserved: no function of this version writes it.
    mapping(address owner => mapping(address operator => uint40 until)) private _operators;

    /// @inheritdoc IKeyRegistry
    function register(bytes32 label, Registration calldata registration) external {
        Slots storage slots = _records[msg.sender][label];
        RecordWord current = slots.word;
        if (current.exists() && !current.isRevoked()) revert AlreadyRegistered(msg.sender, label, current.version());

        RecordWord next = _nextWord(current, msg.sender, label, registration);
        if (next.signer() == current.signer()) revert RevokedKeyReused(next.signer());

        slots.word = next;
        bytes32 x = registration.x;
        if (!registration.pinned) {
            emit KeyRegistered(msg.sender, label, RecordWord.unwrap(next), x);
            return;
        }
        slots.x = x;
        emit PinnedKeyRegistered(msg.sender, label, RecordWord.unwrap(next), x);
    }

    /// @inheritdoc IKeyRegistry
    function rotate(bytes32 label, Registration calldata registration) external {
        Slots storage slots = _records[msg.sender][label];
        RecordWord current = slots.word;
        _requireUnrevoked(current, msg.sender, label);

        RecordWord next = _nextWord(current, msg.sender, label, registration);

        slots.word = next;
        bytes32 x = registration.x;
        if (!registration.pinned) {
            emit KeyRotated(msg.sender, label, RecordWord.unwrap(next), x);
            return;
        }
        slots.x = x;
        emit PinnedKeyRotated(msg.sender, label, RecordWord.unwrap(next), x);
    }

    /// @inheritdoc IKeyRegistry
    function revoke(bytes32 label, Reason reason) external {
        Slots storage slots = _records[msg.sender][label];
        RecordWord current = slots.word;
        _requireUnrevoked(current, msg.sender, label);

        RecordWord next = current.revoke(block.timestamp, reason);

        slots.word = next;
        emit KeyRevoked(msg.sender, label, RecordWord.unwrap(next));
    }

    /// @inheritdoc IKeyRegistry
    function pin(address owner, bytes32 label, bytes32 x, bytes32 y) external {
        Slots storage slots = _records[owner][label];
        RecordWord current = slots.word;
        _requireUnrevoked(current, owner, label);
        if (current.isExpired(block.timestamp)) revert KeyExpired(owner, label, current.validUntil());
        address offered = KeyPossession.addressOf(x, y);
        if (offered != current.signer()) revert KeyMismatch(current.signer(), offered);
        if (slots.x == x) revert AlreadyPinned(owner, label, current.version());

        slots.x = x;
        emit KeyPinned(owner, label, current.version(), x);
    }

    /// @inheritdoc IKeyRegistry
    function recordOf(address owner, bytes32 label) external view returns (Record memory) {
        Slots storage slots = _records[owner][label];
        RecordWord word = slots.word;
        bytes32 x = slots.x;
        return Record({
            signer: word.signer(),
            anchoredAt: word.anchoredAt(),
            validUntil: word.validUntil(),
            version: word.version(),
            scheme: word.scheme(),
            suiteFloor: word.suiteFloor(),
            revoked: word.isRevoked(),
            reason: word.reason(),
            x: KeyPossession.isXOf(x, word.signer()) ? x : bytes32(0),
            bundleHash: slots.bundleHash
        });
    }

    /// @inheritdoc IKeyRegistry
    function isActive(address owner, bytes32 label) external view returns (bool) {
        return _records[owner][label].word.isActive(block.timestamp);
    }

    /// @inheritdoc IKeyRegistry
    function signerOf(address owner, bytes32 label) external view returns (address) {
        RecordWord word = _records[owner][label].word;
        return word.isRevoked() || word.isExpired(block.timestamp) ? address(0) : word.signer();
    }

    /// @inheritdoc IKeyRegistry
    function possessionDigest(address owner, bytes32 label, uint16 version, bytes32 x, bytes32 y)
        external
        view
        returns (bytes32)
    {
        return RegistryDomain.digest(KeyPossession.hash(owner, label, version, x, y));
    }

    /// @inheritdoc IKeyRegistry
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return RegistryDomain.separator();
    }

    /// @inheritdoc IKeyRegistry
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        // 0x0f: name, version, chainId and verifyingContract are used, salt and extensions are not.
        return (hex"0f", RegistryDomain.NAME, RegistryDomain.VERSION, block.chainid, address(this), salt, extensions);
    }

    /// @dev Checks terms and possession of the key that is to follow `current`, and gives its word.
    function _nextWord(RecordWord current, address owner, bytes32 label, Registration calldata registration)
        private
        view
        returns (RecordWord next)
    {
        uint16 version = current.version();
        if (version == type(uint16).max) revert VersionsExhausted(owner, label);
        unchecked {
            ++version;
        }
        uint8 suiteFloor = registration.suiteFloor;
        if (suiteFloor > HYBRID_REQUIRED) revert SuiteFloorReserved(suiteFloor);
        uint32 validUntil = registration.validUntil;

        address signer = KeyPossession.addressOf(registration.x, registration.y);
        bytes32 structHash = KeyPossession.hash(owner, label, version, registration.x, registration.y);
        KeyPossession.check(RegistryDomain.digest(structHash), signer, registration.r, registration.vs);

        next = RecordWordLib.pack(signer, uint40(block.timestamp), validUntil, version, suiteFloor);
        if (next.isExpired(block.timestamp)) revert ExpiryNotInFuture(validUntil);
    }

    function _requireUnrevoked(RecordWord current, address owner, bytes32 label) private pure {
        if (!current.exists()) revert NotRegistered(owner, label);
        if (current.isRevoked()) revert KeyRevokedAlready(owner, label, current.version());
    }

    uint8 private constant HYBRID_REQUIRED = 1;
}
