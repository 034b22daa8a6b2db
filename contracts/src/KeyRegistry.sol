// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {KeyRecords} from "./KeyRecords.sol";
import {OwnerAuthority} from "./OwnerAuthority.sol";
import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";
import {AccountSignature} from "./libraries/AccountSignature.sol";
import {EcdsaSignature} from "./libraries/EcdsaSignature.sol";
import {IdentitySignature} from "./libraries/IdentitySignature.sol";
import {KeyPossession} from "./libraries/KeyPossession.sol";
import {OwnerConsent} from "./libraries/OwnerConsent.sol";
import {RecordWord} from "./libraries/RecordWord.sol";
import {RegistryDomain} from "./libraries/RegistryDomain.sol";
import {RevocationCertificate} from "./libraries/RevocationCertificate.sol";

/// @title KeyRegistry
/// @notice One identity key per (owner, label), provable with one storage proof. No admin, no proxy, no fee, no way to
/// change it; the same code at the same address on every chain.
contract KeyRegistry is KeyRecords, OwnerAuthority {
    /// @inheritdoc IKeyRegistry
    function register(bytes32 label, Registration calldata registration) external {
        Slots storage slots = _records[msg.sender][label];
        bytes32 domain = RegistryDomain.separator();
        RecordWord next = _nextOfFree(slots.word, msg.sender, label, registration, domain);
        _storeRegistered(slots, msg.sender, label, next, registration);
    }

    /// @inheritdoc IKeyRegistry
    function registerFor(
        address owner,
        bytes32 label,
        Registration calldata registration,
        uint40 deadline,
        bytes calldata signature
    ) external {
        Slots storage slots = _records[owner][label];
        RecordWord current = slots.word;
        bytes32 domain = RegistryDomain.separator();
        RecordWord next = _nextOfFree(current, owner, label, registration, domain);
        bytes32 structHash = OwnerConsent.hashRegistration(owner, label, next, registration, deadline);
        bool byOperator = _requireConsent(owner, structHash, domain, deadline, signature);
        if (byOperator && current.exists()) revert OnlyOwnerReactivates(owner, label);
        _storeRegistered(slots, owner, label, next, registration);
    }

    /// @inheritdoc IKeyRegistry
    function registerForMany(SponsoredRegistration[] calldata entries) external {
        bytes32 domain = RegistryDomain.separator();
        for (uint256 i = 0; i < entries.length; ++i) {
            SponsoredRegistration calldata entry = entries[i];
            (address owner, bytes32 label) = (entry.owner, entry.label);
            Slots storage slots = _records[owner][label];
            if (slots.word.exists()) continue;
            RecordWord next = _nextWord(RecordWord.wrap(0), owner, label, entry.registration, domain);
            bytes32 structHash = OwnerConsent.hashRegistration(owner, label, next, entry.registration, entry.deadline);
            _requireInTime(entry.deadline);
            AccountSignature.requireKey(
                owner, RegistryDomain.typedDataHash(domain, structHash), structHash, entry.r, entry.vs
            );
            _storeRegistered(slots, owner, label, next, entry.registration);
        }
    }

    /// @inheritdoc IKeyRegistry
    function rotate(bytes32 label, Registration calldata registration) external {
        Slots storage slots = _records[msg.sender][label];
        bytes32 domain = RegistryDomain.separator();
        RecordWord next = _nextOfLive(slots.word, msg.sender, label, registration, domain);
        _storeRotated(slots, msg.sender, label, next, registration);
    }

    /// @inheritdoc IKeyRegistry
    function rotateFor(
        address owner,
        bytes32 label,
        Registration calldata registration,
        uint40 deadline,
        bytes calldata signature
    ) external {
        Slots storage slots = _records[owner][label];
        bytes32 domain = RegistryDomain.separator();
        RecordWord next = _nextOfLive(slots.word, owner, label, registration, domain);
        bytes32 structHash = OwnerConsent.hashRotation(owner, label, next, registration, deadline);
        bool byOperator = _requireConsent(owner, structHash, domain, deadline, signature);
        if (byOperator && next.version() > LAST_VERSION_BY_OPERATOR) revert VersionsLeftToOwner(owner, label);
        _storeRotated(slots, owner, label, next, registration);
    }

    /// @inheritdoc IKeyRegistry
    function revoke(bytes32 label, Reason reason) external {
        Slots storage slots = _records[msg.sender][label];
        RecordWord current = slots.word;
        if (!current.isUnrevoked()) _refuse(current, msg.sender, label);
        _storeRevoked(slots, msg.sender, label, current, reason);
    }

    /// @inheritdoc IKeyRegistry
    function revokeFor(
        address owner,
        bytes32 label,
        uint16 version,
        Reason reason,
        uint40 deadline,
        bytes calldata signature
    ) external {
        Slots storage slots = _records[owner][label];
        RecordWord current = slots.word;
        if (!current.isUnrevoked()) _refuse(current, owner, label);
        if (version != current.version()) revert VersionNotCurrent(owner, label, current.version(), version);
        bytes32 structHash = OwnerConsent.hashRevocation(owner, label, version, reason, deadline);
        _requireConsent(owner, structHash, RegistryDomain.separator(), deadline, signature);
        _storeRevoked(slots, owner, label, current, reason);
    }

    /// @inheritdoc IKeyRegistry
    function revokeByKey(address owner, bytes32 label, Reason reason, bytes calldata signature) external {
        Slots storage slots = _records[owner][label];
        RecordWord current = slots.word;
        if (!current.isUnrevoked()) _refuse(current, owner, label);
        bytes32 structHash = RevocationCertificate.hash(owner, label, current.signer(), reason);
        bytes32 digest = RegistryDomain.digest(structHash);
        // The usual certificate, ECDSA and for this chain, takes the shortest way.
        if (!current.isEcdsaSigner(EcdsaSignature.recover(digest, signature))) {
            _requireCertificate(current, digest, structHash, signature);
        }
        _storeRevoked(slots, owner, label, current, reason);
    }

    /// @inheritdoc IKeyRegistry
    function setOperator(address operator, uint40 until) external {
        if (until != 0 && until <= block.timestamp) revert ExpiryNotInFuture(until);
        _operators[msg.sender][operator] = until;
        emit OperatorSet(msg.sender, operator, until);
    }

    /// @inheritdoc IKeyRegistry
    function anchorBundle(address owner, bytes32 label, bytes32 bundleHash) external {
        if (!_mayActFor(owner)) revert OwnerNotProven(owner);
        Slots storage slots = _records[owner][label];
        RecordWord current = slots.word;
        if (!current.isUnrevoked()) _refuse(current, owner, label);
        slots.bundleHash = bundleHash;
        emit BundleAnchored(owner, label, current.version(), bundleHash);
    }

    /// @inheritdoc IKeyRegistry
    function pin(address owner, bytes32 label, bytes32 x, bytes32 y) external {
        Slots storage slots = _records[owner][label];
        RecordWord current = slots.word;
        if (!current.isUnrevoked()) _refuse(current, owner, label);
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
    function storedWord(address owner, bytes32 label) external view returns (uint256) {
        return RecordWord.unwrap(_records[owner][label].word);
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
    function isValidSignatureFor(address owner, bytes32 label, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool)
    {
        RecordWord word = _records[owner][label].word;
        return word.isActive(block.timestamp) && IdentitySignature.isValid(word, digest, signature);
    }

    /// @inheritdoc IKeyRegistry
    function operatorUntil(address owner, address operator) external view returns (uint40) {
        return _operators[owner][operator];
    }

    /// @inheritdoc IKeyRegistry
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IKeyRegistry).interfaceId || interfaceId == 0x01ffc9a7
            || interfaceId == this.eip712Domain.selector;
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

    function _requireCertificate(RecordWord current, bytes32 digest, bytes32 structHash, bytes calldata signature)
        private
        view
    {
        if (IdentitySignature.isValid(current, digest, signature)) return;
        if (IdentitySignature.isValid(current, RegistryDomain.everyChainDigest(structHash), signature)) return;
        revert CertificateNotProven(current.signer());
    }

    /// @dev Half of them: whoever steals an operator's account could otherwise use up all versions of a label within
    /// minutes, and leave its owner without that label for ever.
    uint16 private constant LAST_VERSION_BY_OPERATOR = type(uint16).max / 2;
}
