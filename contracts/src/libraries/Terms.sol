// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity >=0.8.20;

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";

/// @title TermsLib
/// @notice Packs and reads the terms of a registration. Bits, low first: v 0..7 | pinned 8 | validUntil 200..231 |
/// suiteFloor 249..250, the last two where the record word has them; all others zero.
library TermsLib {
    using TermsLib for IKeyRegistry.Terms;

    /// @notice Terms from their parts.
    /// @param how How the key signs: 27 or 28 ECDSA, 2 or 3 Schnorr. See `IKeyRegistry.Terms`.
    /// @param until Unix seconds of expiry, 0 for none.
    /// @param floor Weakest suite allowed: 0 classical, 1 hybrid.
    /// @param storesX Whether the key is pinned.
    function pack(uint8 how, uint32 until, uint8 floor, bool storesX) internal pure returns (IKeyRegistry.Terms) {
        uint256 pin = storesX ? 1 : 0;
        return
            IKeyRegistry.Terms.wrap(how | pin << PINNED | uint256(until) << VALID_UNTIL | uint256(floor) << SUITE_FLOOR);
    }

    /// @notice Refuses bits without meaning.
    function check(IKeyRegistry.Terms self) internal pure {
        if (IKeyRegistry.Terms.unwrap(self) & RESERVED == 0) return;
        if (self.suiteFloor() > 1) revert IKeyRegistry.SuiteFloorReserved(self.suiteFloor());
        revert IKeyRegistry.TermsReserved(self);
    }

    // Truncation is how a field is taken out of the word.
    // forge-lint: disable-start(unsafe-typecast)

    function v(IKeyRegistry.Terms self) internal pure returns (uint8) {
        return uint8(IKeyRegistry.Terms.unwrap(self));
    }

    function validUntil(IKeyRegistry.Terms self) internal pure returns (uint32) {
        return uint32(IKeyRegistry.Terms.unwrap(self) >> VALID_UNTIL);
    }

    function suiteFloor(IKeyRegistry.Terms self) internal pure returns (uint8) {
        return uint8(IKeyRegistry.Terms.unwrap(self) >> SUITE_FLOOR & 3);
    }

    // forge-lint: disable-end(unsafe-typecast)

    function pinned(IKeyRegistry.Terms self) internal pure returns (bool) {
        return IKeyRegistry.Terms.unwrap(self) >> PINNED & 1 == 1;
    }

    /// @notice The fields that the record word takes over, in their places.
    function inWord(IKeyRegistry.Terms self) internal pure returns (uint256) {
        return IKeyRegistry.Terms.unwrap(self) & (uint256(type(uint32).max) << VALID_UNTIL | uint256(3) << SUITE_FLOOR);
    }

    uint256 private constant PINNED = 8;
    uint256 private constant VALID_UNTIL = 200;
    uint256 private constant SUITE_FLOOR = 249;
    /// @dev All bits but v, pinned, validUntil and the low one of the suite floor.
    uint256 private constant RESERVED =
        ~(uint256(0x1ff) | uint256(type(uint32).max) << VALID_UNTIL | uint256(1) << SUITE_FLOOR);
}
