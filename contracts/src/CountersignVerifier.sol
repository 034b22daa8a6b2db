// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "./interfaces/ICountersignVerifier.sol";
import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";
import {IdentitySignature} from "./libraries/IdentitySignature.sol";
import {RecordWord} from "./libraries/RecordWord.sol";
import {RegistryDomain} from "./libraries/RegistryDomain.sol";
import {StateAgreementHash} from "./libraries/StateAgreementHash.sol";

/// @title CountersignVerifier
/// @notice Whether both parties of a session signed an agreement. Keeps nothing, and nobody can change it; the same
/// code at the same address on every chain.
contract CountersignVerifier is ICountersignVerifier {
    /// @inheritdoc ICountersignVerifier
    address public immutable REGISTRY;

    /// @param registry Whose word to take. At one address on every chain, so that this contract is too.
    constructor(IKeyRegistry registry) {
        REGISTRY = address(registry);
    }

    /// @inheritdoc ICountersignVerifier
    function verify(
        StateAgreement calldata agreement,
        bytes calldata initiatorSignature,
        bytes calldata responderSignature
    ) external view returns (bytes32 digest) {
        _requireActionable(agreement);
        digest = digestOf(agreement);
        SessionState calldata state = agreement.state;
        _requireSigned(Party.Initiator, state.initiator, agreement.agreedAt, digest, initiatorSignature);
        _requireSigned(Party.Responder, state.responder, agreement.agreedAt, digest, responderSignature);
    }

    /// @inheritdoc ICountersignVerifier
    function digestOf(StateAgreement calldata agreement) public view returns (bytes32) {
        return RegistryDomain.typedDataHash(_domainSeparator(), StateAgreementHash.hash(agreement));
    }

    /// @inheritdoc ICountersignVerifier
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
        return (hex"0f", NAME, VERSION, block.chainid, address(this), salt, extensions);
    }

    /// @dev What the agreement says of itself: this chain, this registry, this time, two identities.
    function _requireActionable(StateAgreement calldata agreement) private view {
        SessionState calldata state = agreement.state;
        if (state.chainId != block.chainid) revert OtherChain(state.chainId, block.chainid);
        if (state.registry != REGISTRY) revert OtherRegistry(state.registry, REGISTRY);
        if (block.timestamp < agreement.agreedAt) revert NotYetAgreed(agreement.agreedAt);
        if (block.timestamp > agreement.expiry) revert AgreementExpired(agreement.expiry);
        (address owner, bytes32 label) = (state.initiator.owner, state.initiator.label);
        if (owner == state.responder.owner && label == state.responder.label) revert SameIdentity(owner, label);
    }

    function _requireSigned(
        Party party,
        RegistryRecord calldata record,
        uint40 agreedAt,
        bytes32 digest,
        bytes calldata signature
    ) private view {
        RecordWord stored = RecordWord.wrap(IKeyRegistry(REGISTRY).storedWord(record.owner, record.label));
        _requireRecord(party, record, stored);
        if (agreedAt < stored.anchoredAt() || stored.isExpired(agreedAt)) {
            revert KeyNotInForce(party, agreedAt, stored.anchoredAt(), stored.validUntil());
        }
        if (!IdentitySignature.isValid(stored, digest, signature)) revert NotSigned(party, stored.signer(), digest);
    }

    /// @dev The record agreed must be the one stored, but for what a revocation since has changed.
    function _requireRecord(Party party, RegistryRecord calldata record, RecordWord stored) private pure {
        // Of no record the signer is zero, and so is that of no signature.
        if (!stored.exists()) revert PartyNotRegistered(party, record.owner, record.label);
        if (record.version != stored.version()) revert VersionNotCurrent(party, stored.version(), record.version);
        if (
            record.signer != stored.signer() || record.anchoredAt != stored.anchoredAt()
                || record.scheme != uint8(stored.scheme()) || record.suiteFloor != stored.suiteFloor()
                || !_endsAsAgreed(record.validUntil, stored)
        ) revert RecordDiffers(party, RecordWord.unwrap(stored));
    }

    /// @dev A revocation brings the end of validity forward to its own time, and never puts it off.
    function _endsAsAgreed(uint32 validUntil, RecordWord stored) private pure returns (bool) {
        if (!stored.isRevoked()) return validUntil == stored.validUntil();
        return validUntil == 0 || validUntil >= stored.validUntil();
    }

    /// @dev Computed at each use, for the reasons given at `RegistryDomain`.
    function _domainSeparator() private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }

    string private constant NAME = "Countersign StateAgreement";
    string private constant VERSION = "1";
    bytes32 private constant NAME_HASH = keccak256("Countersign StateAgreement");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
}
