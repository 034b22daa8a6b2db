// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";

/// @title TypedData
/// @notice What people sign, by the formulas of EIP-712 and the types in the interface's head: not by the contract's code.
library TypedData {
    using TermsLib for IKeyRegistry.Terms;

    /// @notice The separator of a domain with a chain id.
    function domainOf(string memory name, string memory version, uint256 chainId, address place)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typeHash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(typeHash, keccak256(bytes(name)), keccak256(bytes(version)), chainId, place));
    }

    /// @notice The separator of a domain without chain id.
    function domainOf(string memory name, string memory version, address place) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256("EIP712Domain(string name,string version,address verifyingContract)");
        return keccak256(abi.encode(typeHash, keccak256(bytes(name)), keccak256(bytes(version)), place));
    }

    /// @notice The digest for the registry's domain on this chain.
    function here(IKeyRegistry registry, bytes32 structHash) internal view returns (bytes32) {
        return digest(domainOf(NAME, "1", block.chainid, address(registry)), structHash);
    }

    /// @notice The digest for the registry's domain of every chain.
    function everywhere(IKeyRegistry registry, bytes32 structHash) internal pure returns (bytes32) {
        return digest(domainOf(EVERY_CHAIN_NAME, "1", address(registry)), structHash);
    }

    function digest(bytes32 domain, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function possession(address owner, bytes32 label, uint16 version, bytes32 x, bytes32 y)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("KeyPossession(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y)");
        return keccak256(abi.encode(typeHash, owner, label, version, x, y));
    }

    function registration(
        address owner,
        bytes32 label,
        uint16 version,
        IKeyRegistry.Registration memory key,
        uint40 deadline
    ) internal pure returns (bytes32) {
        return consent(keccak256(bytes.concat("KeyRegistration", MEMBERS)), owner, label, version, key, deadline);
    }

    function rotation(
        address owner,
        bytes32 label,
        uint16 version,
        IKeyRegistry.Registration memory key,
        uint40 deadline
    ) internal pure returns (bytes32) {
        return consent(keccak256(bytes.concat("KeyRotation", MEMBERS)), owner, label, version, key, deadline);
    }

    function revocation(address owner, bytes32 label, uint16 version, IKeyRegistry.Reason reason, uint40 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typeHash =
            keccak256("KeyRevocation(address owner,bytes32 label,uint16 version,uint8 reason,uint40 deadline)");
        return keccak256(abi.encode(typeHash, owner, label, version, reason, deadline));
    }

    function certificate(address owner, bytes32 label, address signer, IKeyRegistry.Reason reason)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("RevocationCertificate(address owner,bytes32 label,address signer,uint8 reason)");
        return keccak256(abi.encode(typeHash, owner, label, signer, reason));
    }

    /// @dev All members are words: encoding them in two parts is encoding them.
    function consent(
        bytes32 typeHash,
        address owner,
        bytes32 label,
        uint16 version,
        IKeyRegistry.Registration memory key,
        uint40 deadline
    ) private pure returns (bytes32) {
        IKeyRegistry.Terms terms = key.terms;
        uint8 scheme = terms.v() < 27 ? 1 : 0;
        bytes memory first = abi.encode(typeHash, owner, label, version, key.x, key.y);
        return keccak256(
            bytes.concat(first, abi.encode(scheme, terms.validUntil(), terms.suiteFloor(), terms.pinned(), deadline))
        );
    }

    string internal constant NAME = "Countersign KeyRegistry";
    string internal constant EVERY_CHAIN_NAME = "Countersign KeyRegistry on every chain";
    bytes private constant MEMBERS =
        "(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y,uint8 scheme,uint32 validUntil,uint8 suiteFloor,bool pinned,uint40 deadline)";
}
