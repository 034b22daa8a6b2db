// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../interfaces/ICountersignVerifier.sol";

/// @title StateAgreementHash
/// @notice EIP-712 hashStructs of what two parties countersign. The client hashes the same.
/// @dev `abi.encode` refuses members that do not fit their type, so that no two encodings share a hash.
library StateAgreementHash {
    /// @notice hashStruct of `StateAgreement`.
    function hash(ICountersignVerifier.StateAgreement calldata agreement) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                STATE_AGREEMENT_TYPEHASH,
                agreement.session,
                hash(agreement.state),
                agreement.terms,
                agreement.agreedAt,
                agreement.expiry
            )
        );
    }

    /// @notice hashStruct of `SessionState`: the state hash that the session's key schedule binds.
    function hash(ICountersignVerifier.SessionState calldata state) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                SESSION_STATE_TYPEHASH,
                state.chainId,
                state.blockNumber,
                state.blockHash,
                state.registry,
                hash(state.initiator),
                hash(state.responder),
                hash(state.valuation)
            )
        );
    }

    /// @notice hashStruct of `RegistryRecord`: all members are words, and stand side by side.
    function hash(ICountersignVerifier.RegistryRecord calldata record) internal pure returns (bytes32) {
        return keccak256(abi.encode(REGISTRY_RECORD_TYPEHASH, record));
    }

    /// @notice hashStruct of `Reading`.
    function hash(ICountersignVerifier.Reading calldata reading) internal pure returns (bytes32) {
        return keccak256(abi.encode(READING_TYPEHASH, reading));
    }

    /// @notice What stands for `Reading[]`: the hash of its members' hashes, one after the other.
    function hash(ICountersignVerifier.Reading[] calldata readings) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](readings.length);
        for (uint256 i = 0; i < readings.length; ++i) {
            hashes[i] = hash(readings[i]);
        }
        return keccak256(abi.encodePacked(hashes));
    }

    bytes32 private constant STATE_AGREEMENT_TYPEHASH = keccak256(
        "StateAgreement(bytes32 session,SessionState state,bytes32 terms,uint40 agreedAt,uint40 expiry)"
        "Reading(address source,uint8 kind,bytes32 subject,bytes32 value)"
        "RegistryRecord(address owner,bytes32 label,uint16 version,address signer,uint40 anchoredAt,uint32 validUntil,uint8 scheme,uint8 suiteFloor)"
        "SessionState(uint256 chainId,uint64 blockNumber,bytes32 blockHash,address registry,RegistryRecord initiator,RegistryRecord responder,Reading[] valuation)"
    );
    bytes32 private constant SESSION_STATE_TYPEHASH = keccak256(
        "SessionState(uint256 chainId,uint64 blockNumber,bytes32 blockHash,address registry,RegistryRecord initiator,RegistryRecord responder,Reading[] valuation)"
        "Reading(address source,uint8 kind,bytes32 subject,bytes32 value)"
        "RegistryRecord(address owner,bytes32 label,uint16 version,address signer,uint40 anchoredAt,uint32 validUntil,uint8 scheme,uint8 suiteFloor)"
    );
    bytes32 private constant REGISTRY_RECORD_TYPEHASH = keccak256(
        "RegistryRecord(address owner,bytes32 label,uint16 version,address signer,uint40 anchoredAt,uint32 validUntil,uint8 scheme,uint8 suiteFloor)"
    );
    bytes32 private constant READING_TYPEHASH =
        keccak256("Reading(address source,uint8 kind,bytes32 subject,bytes32 value)");
}
