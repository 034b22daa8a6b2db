// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {VM, Vm} from "./Vm.sol";

/// @title SchnorrSigner
/// @notice Signs as one holder of a FROST(secp256k1, KECCAK-256) key does, written from RFC 9591 and RFC 9380 and not
/// from the library that checks it.
library SchnorrSigner {
    /// @notice The key (x, y), and (R, z) with R as SEC 1 prefix and X coordinate.
    struct Signature {
        bytes32 x;
        bytes32 y;
        uint8 prefix;
        bytes32 rx;
        bytes32 z;
    }

    /// @notice The signature by a private key over a digest, with a nonce made from both.
    function sign(uint256 privateKey, bytes32 digest) internal returns (Signature memory made) {
        Vm.Wallet memory key = VM.createWallet(privateKey);
        uint256 nonce = uint256(keccak256(abi.encode("nonce", privateKey, digest))) % ORDER;
        Vm.Wallet memory commitment = VM.createWallet(nonce);
        (made.x, made.y) = (bytes32(key.publicKeyX), bytes32(key.publicKeyY));
        (made.prefix, made.rx) = (prefixOf(commitment), bytes32(commitment.publicKeyX));
        bytes memory input = abi.encodePacked(made.prefix, made.rx, prefixOf(key), made.x, digest);
        made.z = bytes32(addmod(nonce, mulmod(challenge(input), privateKey, ORDER), ORDER));
    }

    /// @notice The 129 bytes that an identity signs with: x, y, R (33, SEC 1), z.
    function packed(Signature memory made) internal pure returns (bytes memory) {
        return abi.encodePacked(made.x, made.y, made.prefix, made.rx, made.z);
    }

    function prefixOf(Vm.Wallet memory point) private pure returns (uint8) {
        return point.publicKeyY % 2 == 0 ? 2 : 3;
    }

    /// @dev H2 of RFC 9591, section 6.5, with Keccak-256: hash_to_field of one element, 48 bytes of expand_message_xmd.
    function challenge(bytes memory input) private pure returns (uint256) {
        bytes memory dst = bytes.concat("FROST-secp256k1-KECCAK256-v1", "chal", bytes1(uint8(32)));
        bytes32 first = keccak256(bytes.concat(new bytes(136), input, hex"003000", dst));
        bytes32 second = keccak256(bytes.concat(first, hex"01", dst));
        bytes32 third = keccak256(bytes.concat(first ^ second, hex"02", dst));
        // 48 bytes, big-endian: all of the second block, then half of the third.
        return addmod(mulmod(uint256(second), 2 ** 128, ORDER), uint256(third) / 2 ** 128, ORDER);
    }

    /// @dev Order of secp256k1 (SEC 2, 2.4.1).
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
}
