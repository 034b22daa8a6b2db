// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {EcdsaSignature} from "./EcdsaSignature.sol";
import {KeyPossession} from "./KeyPossession.sol";
import {RecordWord} from "./RecordWord.sol";
import {Schnorr} from "./Schnorr.sol";

/// @title IdentitySignature
/// @notice Whether an identity key, of which a record holds address and scheme, signed.
///
/// | scheme  | bytes | layout                                              |
/// |---------|-------|-----------------------------------------------------|
/// | ECDSA   | 64    | r, then s with the parity of R on top (ERC-2098)    |
/// | ECDSA   | 65    | r, s, v (27 or 28)                                  |
/// | Schnorr | 129   | x, y of the key; R, SEC 1 compressed (33); z        |
library IdentitySignature {
    /// @notice Whether the key of a record signed `digest`. A high s is no signature.
    /// @param word The record's word, not zero.
    /// @param digest What should have been signed.
    /// @param signature As drawn above.
    function isValid(RecordWord word, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        address signer = word.signer();
        if (word.isSchnorr()) return isValidSchnorr(signer, digest, signature);
        return EcdsaSignature.recover(digest, signature) == signer;
    }

    function isValidSchnorr(address signer, bytes32 digest, bytes calldata signature) private pure returns (bool) {
        if (signature.length != 129) return false;
        bytes32 x = bytes32(signature[:32]);
        bytes32 y = bytes32(signature[32:64]);
        return KeyPossession.addressOf(x, y) == signer
            && Schnorr.isValid(
            digest, x, y, uint8(signature[64]), bytes32(signature[65:97]), bytes32(signature[97:129])
        );
    }
}
