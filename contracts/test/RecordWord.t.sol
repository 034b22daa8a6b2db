// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord, RecordWordLib} from "../src/libraries/RecordWord.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {VM} from "./Vm.sol";

contract RecordWordTest {
    function testFuzz_givesBackWhatWasPacked(
        address key,
        uint40 since,
        uint32 until,
        uint16 number,
        uint8 floor,
        bool schnorr
    ) public pure {
        IKeyRegistry.Scheme how = schnorr ? IKeyRegistry.Scheme.Schnorr : IKeyRegistry.Scheme.Ecdsa;
        floor &= 3;
        RecordWord word = RecordWordLib.pack(key, since, number, how, TermsLib.pack(27, until, floor, true));
        VM.assertEq(word.signer(), key);
        VM.assertEq(word.anchoredAt(), since);
        VM.assertEq(word.validUntil(), until);
        VM.assertEq(word.version(), number);
        VM.assertEq(word.suiteFloor(), floor);
        VM.assertTrue(word.scheme() == how);
        VM.assertTrue(word.isSchnorr() == schnorr);
        VM.assertFalse(word.isRevoked());
        VM.assertTrue(word.reason() == IKeyRegistry.Reason.Unspecified);
    }

    function testFuzz_fieldsCoverTheWholeWordAndDoNotOverlap(uint256 raw) public pure {
        // Reasons above the last are no reasons: keep the four bits within the enum.
        raw = raw & (type(uint256).max >> 4) | (raw >> 252) % 6 << 252;
        RecordWord word = RecordWord.wrap(raw);
        uint256 rebuilt = uint256(uint160(word.signer())) | uint256(word.anchoredAt()) << 160
            | uint256(word.validUntil()) << 200 | uint256(word.version()) << 232 | uint256(word.scheme()) << 248
            | uint256(word.suiteFloor()) << 249 | (word.isRevoked() ? uint256(1) << 251 : 0) | uint256(word.reason())
            << 252;
        VM.assertEq(rebuilt, raw);
    }

    function testFuzz_revocationTouchesValidityBitAndReasonOnly(uint256 raw, uint64 time, uint8 why) public pure {
        raw &= type(uint256).max >> 5;
        RecordWord word = RecordWord.wrap(raw);
        RecordWord revoked = word.revoke(time, IKeyRegistry.Reason(why % 6));
        uint256 untouched = ~(uint256(type(uint32).max) << 200) & (type(uint256).max >> 5);
        VM.assertEq(RecordWord.unwrap(revoked) & untouched, raw & untouched);
        VM.assertTrue(revoked.isRevoked());
        VM.assertEq(uint256(revoked.reason()), why % 6);
        uint256 end = word.validUntil() == 0 || word.validUntil() > time ? time : word.validUntil();
        VM.assertEq(revoked.validUntil(), end > type(uint32).max ? type(uint32).max : end);
    }

    function testFuzz_isExpiredFromValidUntilOn(uint32 until, uint64 time) public pure {
        RecordWord word =
            RecordWordLib.pack(address(1), 0, 1, IKeyRegistry.Scheme.Ecdsa, TermsLib.pack(27, until, 0, false));
        VM.assertTrue(word.isExpired(time) == (until != 0 && time >= until));
        VM.assertTrue(word.isActive(time) == !word.isExpired(time));
    }

    function test_onlyTheZeroWordIsAbsent() public pure {
        VM.assertFalse(RecordWord.wrap(0).exists());
        VM.assertFalse(RecordWord.wrap(0).isActive(0));
        for (uint256 bit = 0; bit < 256; ++bit) {
            VM.assertTrue(RecordWord.wrap(2 ** bit).exists());
        }
    }
}
