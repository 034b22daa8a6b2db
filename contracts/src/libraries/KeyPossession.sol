// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";

/// @title KeyPossession
/// @notice What an identity key signs to show that its holder wants it in a record, and how that is checked.
library KeyPossession {
    /// @notice EIP-712 hashStruct of `KeyPossession`.
    /// @dev The key is inside: without it anyone could "prove" a key that nobody holds, by choosing a signature and
    /// taking whatever key it recovers to.
    function hash(address owner, bytes32 label, uint16 version, bytes32 x, bytes32 y)
        internal
        pure
        returns (bytes32 result)
    {
        bytes32 typeHash = TYPEHASH;
        // keccak256(abi.encode(typeHash, owner, label, version, x, y))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 0x20), shr(96, shl(96, owner)))
            mstore(add(free, 0x40), label)
            mstore(add(free, 0x60), and(version, 0xffff))
            mstore(add(free, 0x80), x)
            mstore(add(free, 0xa0), y)
            result := keccak256(free, 0xc0)
        }
    }

    /// @notice Ethereum address of a public key. Does not check that (x, y) is on the curve.
    function addressOf(bytes32 x, bytes32 y) internal pure returns (address result) {
        // address(uint160(uint256(keccak256(abi.encodePacked(x, y))))), in scratch space
        assembly ("memory-safe") {
            mstore(0x00, x)
            mstore(0x20, y)
            result := shr(96, shl(96, keccak256(0x00, 0x40)))
        }
    }

    /// @notice Checks a possession proof. It also proves the point to be on the curve: `ecrecover` gives only addresses
    /// of points that are, and no other (x, y) hashes to the same address.
    /// @param digest What was to be signed.
    /// @param signer Address of the key that was to sign it.
    /// @param r The signature's r.
    /// @param vs The signature's s, with the parity of R in the top bit (ERC-2098).
    function check(bytes32 digest, address signer, bytes32 r, bytes32 vs) internal pure {
        bytes32 s = vs & LOW_255_BITS;
        if (uint256(s) > HALF_ORDER) revert IKeyRegistry.MalleableSignature(s);
        address recovered = ecrecover(digest, uint8(uint256(vs) >> 255) + 27, r, s);
        if (recovered != signer) revert IKeyRegistry.PossessionNotProven(signer, recovered);
    }

    /// @notice Whether `x` is the X coordinate of the key with address `signer`.
    /// @dev With digest 0 and s = r = x, recovery gives x^-1 (x R - 0 G) = R: the point with that X and the given
    /// parity, for the price of a precompile call instead of a square root.
    function isXOf(bytes32 x, address signer) internal pure returns (bool) {
        return signer != address(0) && (ecrecover(0, 27, x, x) == signer || ecrecover(0, 28, x, x) == signer);
    }

    bytes32 private constant TYPEHASH =
        keccak256("KeyPossession(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y)");
    bytes32 private constant LOW_255_BITS = bytes32(type(uint256).max >> 1);
    /// @dev Half the order of secp256k1, rounded down (SEC 2, 2.4.1).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
}
