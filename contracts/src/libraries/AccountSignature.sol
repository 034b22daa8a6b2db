// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";
import {EcdsaSignature} from "./EcdsaSignature.sol";
import {RegistryDomain} from "./RegistryDomain.sol";

/// @title AccountSignature
/// @notice Whether an account signed: as an EOA, as an ERC-1271 account, or, for an EOA with delegated code (EIP-7702),
/// either way.
library AccountSignature {
    /// @notice Whether `account` signed `digest`.
    /// @dev The account's key is asked before its code: a delegated EOA keeps its key, and its code may know nothing of
    /// signatures. The account's code is called statically and may use all gas but a 64th.
    /// @param account Who should have signed.
    /// @param digest What should have been signed.
    /// @param signature 64 bytes (r, vs; ERC-2098), 65 (r, s, v), or whatever the account's code takes.
    function isValid(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        address recovered = EcdsaSignature.recover(digest, signature);
        // Zero is no signature, and no account.
        if (recovered == account && recovered != address(0)) return true;
        if (account.code.length != 0) {
            return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(account, digest, signature);
        }
        EcdsaSignature.requireLowS(signature);
        return false;
    }

    /// @notice Refuses what was not signed by the account's own key, for this chain or for every chain.
    /// @param account Who should have signed.
    /// @param digest What should have been signed for this chain.
    /// @param structHash EIP-712 hashStruct of it.
    /// @param r The signature's r.
    /// @param vs Its s, with the parity of R in the top bit (ERC-2098).
    function requireKey(address account, bytes32 digest, bytes32 structHash, bytes32 r, bytes32 vs) internal view {
        (uint8 v, bytes32 s) = (uint8(uint256(vs) >> 255) + 27, vs & LOW_255_BITS);
        if (!EcdsaSignature.isLow(s)) revert IKeyRegistry.MalleableSignature(s);
        if (account != address(0) && ecrecover(digest, v, r, s) == account) return;
        if (account != address(0) && ecrecover(RegistryDomain.everyChainDigest(structHash), v, r, s) == account) {
            return;
        }
        revert IKeyRegistry.OwnerNotProven(account);
    }

    bytes32 private constant LOW_255_BITS = bytes32(type(uint256).max >> 1);
}
