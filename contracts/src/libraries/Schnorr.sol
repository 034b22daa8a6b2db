// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

/// @title Schnorr
/// @notice Schnorr signatures on secp256k1 as FROST(secp256k1, KECCAK-256) makes them: the construction of RFC 9591,
/// section 6.5, with Keccak-256 as its hash, so that one key or a threshold quorum signs alike.
/// @dev A signature (R, z) by P over m is valid if z G = R + c P with c = H2(R || P || m), both points in SEC 1
/// compressed form.
library Schnorr {
    /// @notice Whether (R, z) is a signature by (x, y) over `message`.
    /// @dev The curve is reached through `ecrecover`, which computes r^-1 (s R' - h G) for the point R' with X coordinate
    /// r: with r = x, s = -c x and h = -z x that is z G - c P, of which it gives the address. Points with an X coordinate
    /// of at least the group order cannot be had that way: one in 2^128 keys and nonces is refused.
    /// @param message What was signed.
    /// @param x X coordinate of the key P.
    /// @param y Y coordinate of P. Whether (x, y) is on the curve is checked here.
    /// @param prefix SEC 1 prefix of R: 2 for an even Y, 3 for an odd one.
    /// @param rx X coordinate of R.
    /// @param z The response, less than the group order.
    function isValid(bytes32 message, bytes32 x, bytes32 y, uint8 prefix, bytes32 rx, bytes32 z)
        internal
        pure
        returns (bool)
    {
        if (prefix & 0xfe != 2 || uint256(z) >= ORDER || !isOnCurve(x, y)) return false;
        // One bit: nothing is cut off.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint8 parity = uint8(uint256(y) & 1);
        uint256 c = challenge(message, x, 2 + parity, prefix, rx);
        uint256 negatedCx = ORDER - mulmod(c, uint256(x), ORDER);
        uint256 negatedZx = ORDER - mulmod(uint256(z), uint256(x), ORDER);
        address wanted = addressWithX(rx, prefix);
        address found = ecrecover(bytes32(negatedZx), 27 + parity, x, bytes32(negatedCx));
        return wanted != address(0) && found == wanted;
    }

    /// @notice Whether (x, y) is a point of the curve: y^2 = x^3 + 7, both reduced.
    function isOnCurve(bytes32 x, bytes32 y) internal pure returns (bool) {
        (uint256 u, uint256 v) = (uint256(x), uint256(y));
        return u < FIELD && v < FIELD && mulmod(v, v, FIELD) == addmod(mulmod(mulmod(u, u, FIELD), u, FIELD), 7, FIELD);
    }

    /// @notice Address of the point with that X coordinate and parity, zero if there is none.
    /// @dev With hash 0 and s = r = x, recovery gives x^-1 (x R - 0 G) = R.
    function addressWithX(bytes32 x, uint8 prefix) internal pure returns (address) {
        return ecrecover(0, prefix + 25, x, x);
    }

    /// @notice H2 of the ciphersuite: hash_to_field of RFC 9380, section 5.2, with expand_message_xmd (5.3.1) over
    /// Keccak-256 (block 136 bytes), for one scalar of 48 bytes.
    function challenge(bytes32 message, bytes32 x, uint8 prefix, uint8 rPrefix, bytes32 rx)
        private
        pure
        returns (uint256)
    {
        bytes memory block136 = new bytes(136);
        bytes memory dst = abi.encodePacked(DST, uint8(32));
        bytes32 b0 = keccak256(abi.encodePacked(block136, rPrefix, rx, prefix, x, message, uint16(48), uint8(0), dst));
        bytes32 b1 = keccak256(abi.encodePacked(b0, uint8(1), dst));
        bytes32 b2 = keccak256(abi.encodePacked(b0 ^ b1, uint8(2), dst));
        return addmod(mulmod(uint256(b1), 1 << 128, ORDER), uint256(b2) >> 128, ORDER);
    }

    /// @dev The ciphersuite's context string and `chal`: 32 bytes.
    bytes32 private constant DST = "FROST-secp256k1-KECCAK256-v1chal";
    /// @dev Order of the group (SEC 2, 2.4.1).
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    /// @dev Order of the field.
    uint256 private constant FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
}
