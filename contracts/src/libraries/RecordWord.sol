// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity >=0.8.20;

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";
import {TermsLib} from "./Terms.sol";

/// @notice A record in one storage word. Bits, low first: signer 0..159 | anchoredAt 160..199 | validUntil 200..231 |
/// version 232..247 | scheme 248 | suiteFloor 249..250 | revoked 251 | reason 252..255. Zero means absent.
type RecordWord is uint256;

using RecordWordLib for RecordWord global;

/// @title RecordWordLib
/// @notice Packs, reads and changes a record word. Knows no storage, no clock and no caller.
library RecordWordLib {
    using TermsLib for IKeyRegistry.Terms;

    /// @notice The word of a new key.
    /// @param key Address of the key.
    /// @param since Unix seconds of this block.
    /// @param number Version of the record, from 1.
    /// @param how How the key signs.
    /// @param terms The owner's: expiry and suite floor.
    function pack(address key, uint40 since, uint16 number, IKeyRegistry.Scheme how, IKeyRegistry.Terms terms)
        internal
        pure
        returns (RecordWord)
    {
        return RecordWord.wrap(
            uint256(uint160(key)) | uint256(since) << ANCHORED_AT | uint256(number) << VERSION | uint256(how) << SCHEME
                | terms.inWord()
        );
    }

    /// @notice The word after its key was revoked: validity ends at `time`, unless it ended before.
    /// @param time Unix seconds of this block. A time beyond 32 bits (from 2106) is stored as the greatest that fits:
    /// a revocation is never refused.
    /// @param why The reason to store.
    function revoke(RecordWord self, uint256 time, IKeyRegistry.Reason why) internal pure returns (RecordWord) {
        uint256 end = self.validUntil();
        if (!self.isExpired(time)) end = time > type(uint32).max ? type(uint32).max : time;
        uint256 kept = RecordWord.unwrap(self) & ~(uint256(type(uint32).max) << VALID_UNTIL);
        uint256 code;
        // A reason is in range wherever it comes from; converting it would check that once more.
        assembly ("memory-safe") {
            code := why
        }
        return RecordWord.wrap(kept | end << VALID_UNTIL | uint256(1) << REVOKED | code << REASON);
    }

    /// @notice Whether anything was ever registered.
    function exists(RecordWord self) internal pure returns (bool) {
        return RecordWord.unwrap(self) != 0;
    }

    /// @notice Whether there is a key that was not revoked.
    function isUnrevoked(RecordWord self) internal pure returns (bool) {
        // With all between version and revocation masked out, that is a number from 1 to the greatest version; zero, no
        // version, wraps. One comparison serves both questions.
        unchecked {
            return (RecordWord.unwrap(self) >> VERSION & (type(uint16).max | uint256(1) << (REVOKED - VERSION))) - 1
                < type(uint16).max;
        }
    }

    /// @notice Whether the key is expired at `time`, Unix seconds.
    function isExpired(RecordWord self, uint256 time) internal pure returns (bool) {
        // 0, no expiry, wraps to the end of time: one comparison serves both cases.
        unchecked {
            return uint256(self.validUntil()) - 1 < time;
        }
    }

    /// @notice Whether there is a key, neither revoked nor expired at `time`, Unix seconds.
    function isActive(RecordWord self, uint256 time) internal pure returns (bool) {
        return self.isUnrevoked() && !self.isExpired(time);
    }

    // Truncation is how a field is taken out of the word.
    // forge-lint: disable-start(unsafe-typecast)

    function signer(RecordWord self) internal pure returns (address) {
        return address(uint160(RecordWord.unwrap(self)));
    }

    function anchoredAt(RecordWord self) internal pure returns (uint40) {
        return uint40(RecordWord.unwrap(self) >> ANCHORED_AT);
    }

    function validUntil(RecordWord self) internal pure returns (uint32) {
        return uint32(RecordWord.unwrap(self) >> VALID_UNTIL);
    }

    function version(RecordWord self) internal pure returns (uint16) {
        return uint16(RecordWord.unwrap(self) >> VERSION);
    }

    function scheme(RecordWord self) internal pure returns (IKeyRegistry.Scheme) {
        return IKeyRegistry.Scheme(RecordWord.unwrap(self) >> SCHEME & 1);
    }

    function isSchnorr(RecordWord self) internal pure returns (bool) {
        return RecordWord.unwrap(self) >> SCHEME & 1 == 1;
    }

    /// @notice Whether the key signs by ECDSA and has that address.
    function isEcdsaSigner(RecordWord self, address key) internal pure returns (bool) {
        return RecordWord.unwrap(self) & (type(uint160).max | uint256(1) << SCHEME) == uint160(key);
    }

    function suiteFloor(RecordWord self) internal pure returns (uint8) {
        return uint8(RecordWord.unwrap(self) >> SUITE_FLOOR & 3);
    }

    // forge-lint: disable-end(unsafe-typecast)

    function isRevoked(RecordWord self) internal pure returns (bool) {
        return RecordWord.unwrap(self) >> REVOKED & 1 == 1;
    }

    function reason(RecordWord self) internal pure returns (IKeyRegistry.Reason) {
        return IKeyRegistry.Reason(RecordWord.unwrap(self) >> REASON);
    }

    uint256 private constant ANCHORED_AT = 160;
    uint256 private constant VALID_UNTIL = 200;
    uint256 private constant VERSION = 232;
    uint256 private constant SCHEME = 248;
    uint256 private constant SUITE_FLOOR = 249;
    uint256 private constant REVOKED = 251;
    uint256 private constant REASON = 252;
}
