// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord, RecordWordLib} from "../src/libraries/RecordWord.sol";
import {TermsLib} from "../src/libraries/Terms.sol";

/// @notice Packing, for all inputs. Here the libraries are compiled as tests are; `SymbolicStatesTest` and
/// `SymbolicAuthorityTest` prove what they come to in the deployed bytecode.
contract SymbolicPackingTest {
    using TermsLib for IKeyRegistry.Terms;

    function check_aWordGivesBackWhatWasPacked(
        address key,
        uint40 since,
        uint16 number,
        bool schnorr,
        uint32 until,
        uint8 floor
    ) public pure {
        floor &= 3;
        IKeyRegistry.Scheme how = schnorr ? IKeyRegistry.Scheme.Schnorr : IKeyRegistry.Scheme.Ecdsa;
        RecordWord word = RecordWordLib.pack(key, since, number, how, TermsLib.pack(27, until, floor, true));
        assert(word.signer() == key);
        assert(word.anchoredAt() == since);
        assert(word.version() == number);
        assert(word.scheme() == how);
        assert(word.isSchnorr() == schnorr);
        assert(word.validUntil() == until);
        assert(word.suiteFloor() == floor);
        assert(!word.isRevoked());
        assert(word.reason() == IKeyRegistry.Reason.Unspecified);
    }

    function check_termsGiveBackWhatWasPacked(uint8 v, uint32 until, uint8 floor, bool pinned) public pure {
        floor &= 3;
        IKeyRegistry.Terms terms = TermsLib.pack(v, until, floor, pinned);
        assert(terms.v() == v);
        assert(terms.validUntil() == until);
        assert(terms.suiteFloor() == floor);
        assert(terms.pinned() == pinned);
        assert(terms.inWord() == (uint256(until) << 200 | uint256(floor) << 249));
    }

    /// @notice Terms pass exactly if they are what `pack` makes of their own parts, with a floor that has a meaning.
    function check_termsPassOnlyIfEveryBitHasAMeaning(uint256 raw) public view {
        IKeyRegistry.Terms terms = IKeyRegistry.Terms.wrap(raw);
        IKeyRegistry.Terms repacked = TermsLib.pack(terms.v(), terms.validUntil(), terms.suiteFloor(), terms.pinned());
        bool meant = IKeyRegistry.Terms.unwrap(repacked) == raw && terms.suiteFloor() <= 1;
        bool passed;
        try this.checkTerms(terms) {
            passed = true;
        } catch {}
        assert(passed == meant);
    }

    function check_fieldsCoverTheWholeWordAndDoNotOverlap(uint256 raw) public pure {
        // Reasons above the last are no reasons.
        if (raw >> 252 > uint256(type(IKeyRegistry.Reason).max)) return;
        RecordWord word = RecordWord.wrap(raw);
        uint256 rebuilt = uint256(uint160(word.signer())) | uint256(word.anchoredAt()) << 160
            | uint256(word.validUntil()) << 200 | uint256(word.version()) << 232 | uint256(word.scheme()) << 248
            | uint256(word.suiteFloor()) << 249 | (word.isRevoked() ? uint256(1) << 251 : 0) | uint256(word.reason())
            << 252;
        assert(rebuilt == raw);
    }

    /// @notice Revoking touches the end of validity, the bit and the reason, only; and brings the end forward, only.
    function check_revocationTouchesValidityBitAndReasonOnly(uint256 raw, uint256 time, uint8 why) public pure {
        if (why > uint8(type(IKeyRegistry.Reason).max) || raw >> 251 != 0) return;
        RecordWord word = RecordWord.wrap(raw);
        RecordWord revoked = word.revoke(time, IKeyRegistry.Reason(why));
        uint256 untouched = ~(uint256(type(uint32).max) << 200 | uint256(0x1f) << 251);
        assert(RecordWord.unwrap(revoked) & untouched == raw & untouched);
        assert(revoked.isRevoked());
        assert(uint8(revoked.reason()) == why);
        uint256 end = word.validUntil() == 0 || word.validUntil() > time ? time : word.validUntil();
        assert(revoked.validUntil() == (end > type(uint32).max ? type(uint32).max : end));
    }

    function check_unrevokedMeansAVersionAndNoRevocation(uint256 raw) public pure {
        RecordWord word = RecordWord.wrap(raw);
        assert(word.isUnrevoked() == (word.version() != 0 && !word.isRevoked()));
        assert(word.exists() == (raw != 0));
    }

    function check_expiredFromValidUntilOn(uint256 raw, uint256 time) public pure {
        RecordWord word = RecordWord.wrap(raw);
        assert(word.isExpired(time) == (word.validUntil() != 0 && time >= word.validUntil()));
        assert(word.isActive(time) == (word.isUnrevoked() && !word.isExpired(time)));
    }

    function checkTerms(IKeyRegistry.Terms terms) external pure {
        terms.check();
    }
}
