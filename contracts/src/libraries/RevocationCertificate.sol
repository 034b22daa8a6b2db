// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";

/// @title RevocationCertificate
/// @notice What an identity key signs, ahead of time, so that anyone can end it.
library RevocationCertificate {
    /// @notice EIP-712 hashStruct of `RevocationCertificate`.
    function hash(address owner, bytes32 label, address signer, IKeyRegistry.Reason reason)
        internal
        pure
        returns (bytes32 result)
    {
        bytes32 typeHash = TYPEHASH;
        // keccak256(abi.encode(typeHash, owner, label, signer, reason))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 0x20), shr(96, shl(96, owner)))
            mstore(add(free, 0x40), label)
            mstore(add(free, 0x60), shr(96, shl(96, signer)))
            mstore(add(free, 0x80), reason)
            result := keccak256(free, 0xa0)
        }
    }

    bytes32 private constant TYPEHASH =
        keccak256("RevocationCertificate(address owner,bytes32 label,address signer,uint8 reason)");
}
