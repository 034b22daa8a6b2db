// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";

/// @title EcdsaSignature
/// @notice ECDSA signatures of 65 bytes (r, s, v) or 64 (r, vs; ERC-2098). Each has a twin with the other s; only the one
/// with the low s is taken, as on Ethereum (EIP-2).
library EcdsaSignature {
    /// @notice Address of the key that signed `digest`; zero where this is no signature, or one with a high s.
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address) {
        bytes32 s;
        assembly ("memory-safe") {
            s := calldataload(add(signature.offset, 0x20))
        }
        // In 64 bytes the parity of R stands on top.
        if (signature.length == 64) s = s << 1 >> 1;
        if (!isLow(s)) return address(0);
        return ECDSA.tryRecoverCalldata(digest, signature);
    }

    /// @notice Refuses what has the length of a signature and a high s.
    function requireLowS(bytes calldata signature) internal pure {
        if (signature.length != 64 && signature.length != 65) return;
        bytes32 s = bytes32(signature[32:64]);
        if (signature.length == 64) s = s << 1 >> 1;
        if (!isLow(s)) revert IKeyRegistry.MalleableSignature(s);
    }

    /// @notice Whether s is at most half the group order.
    function isLow(bytes32 s) internal pure returns (bool) {
        return uint256(s) <= HALF_ORDER;
    }

    /// @dev Half the order of secp256k1, rounded down (SEC 2, 2.4.1).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
}
