// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {VM} from "./Vm.sol";
import {VerifyTest} from "./VerifyTest.sol";

contract VerifyRecordsTest is VerifyTest {
    function test_refusesAnAgreementWithOneself() public {
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.state.responder = agreement.state.initiator;
        Signed memory it = countersigned(agreement);
        it.responder = it.initiator;
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.SameIdentity.selector, ALICE, DEFAULT));
    }

    function test_takesTwoIdentitiesOfOneOwner() public {
        VM.warp(NOW);
        registers(ALICE, DESK, 9);
        VM.warp(AGREED_AT);
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.state.responder = recordOf(ALICE, DESK);
        Signed memory it = countersigned(agreement);
        it.responder = signatureBy(9, verifier.digestOf(agreement));
        accepts(it);
    }

    /// @dev An absent record is all zero, and so is the signer of what is no signature.
    function test_refusesPartiesThatNeverRegistered() public {
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.state.responder = recordOf(BOB, DEFAULT);
        Signed memory it = countersigned(agreement);
        it.responder = "";
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.PartyNotRegistered.selector, RESPONDER, BOB, DEFAULT));

        agreement = honest();
        agreement.state.initiator = recordOf(BOB, DEFAULT);
        it = countersigned(agreement);
        it.initiator = new bytes(65);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.PartyNotRegistered.selector, INITIATOR, BOB, DEFAULT));
    }

    function test_refusesARotatedKey() public {
        Signed memory it = countersigned(honest());
        rotates(BOB, DESK, 2, 9);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.VersionNotCurrent.selector, RESPONDER, 2, 1));
    }

    function test_refusesARenewedKeyUnderItsOldVersion() public {
        Signed memory it = countersigned(honest());
        rotates(ALICE, DEFAULT, 2, ALICES_KEY);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.VersionNotCurrent.selector, INITIATOR, 2, 1));
    }

    function test_refusesRecordsThatTheRegistryDoesNotHold() public {
        for (uint256 field = 0; field < 5; ++field) {
            ICountersignVerifier.StateAgreement memory agreement = honest();
            alter(agreement.state.initiator, field);
            refuses(countersigned(agreement), differs(INITIATOR, ALICE, DEFAULT));
            agreement = honest();
            alter(agreement.state.responder, field);
            refuses(countersigned(agreement), differs(RESPONDER, BOB, DESK));
        }
    }

    function test_refusesAnAgreementBeforeTheKeyWasAnchored() public {
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.agreedAt = NOW;
        accepts(countersigned(agreement));
        agreement.agreedAt = NOW - 1;
        refuses(countersigned(agreement), notInForce(INITIATOR, agreement, NOW, 0));
    }

    function alter(ICountersignVerifier.RegistryRecord memory record, uint256 field) private pure {
        if (field == 0) record.signer = address(1);
        if (field == 1) ++record.anchoredAt;
        if (field == 2) record.validUntil = NOW + 365 days;
        if (field == 3) record.scheme = 1;
        if (field == 4) record.suiteFloor = 0;
    }

    function differs(ICountersignVerifier.Party party, address owner, bytes32 label)
        internal
        view
        returns (bytes memory)
    {
        uint256 word = registry.storedWord(owner, label);
        return abi.encodeWithSelector(ICountersignVerifier.RecordDiffers.selector, party, word);
    }
}

contract VerifyEndOfKeyTest is VerifyTest {
    uint32 private constant END = NOW + 120;

    /// @dev BOB's desk renews its key with an expiry a minute after the agreement.
    function expiring() private returns (ICountersignVerifier.StateAgreement memory agreement) {
        VM.warp(NOW);
        IKeyRegistry.Registration memory registration = until(signed(BOB, DESK, 2, BOBS_KEY), END);
        VM.prank(BOB);
        registry.rotate(DESK, registration);
        VM.warp(AGREED_AT);
        return honest();
    }

    function test_takesWhatWasAgreedBeforeTheKeyExpired() public {
        ICountersignVerifier.StateAgreement memory agreement = expiring();
        agreement.agreedAt = END - 1;
        VM.warp(END + 60);
        accepts(countersigned(agreement));
    }

    function test_refusesWhatWasAgreedWithAnExpiredKey() public {
        ICountersignVerifier.StateAgreement memory agreement = expiring();
        agreement.agreedAt = END;
        VM.warp(END);
        refuses(countersigned(agreement), notInForce(RESPONDER, agreement, NOW, END));
    }

    function test_aRevocationSinceUndoesNothing() public {
        Signed memory it = countersigned(honest());
        VM.warp(AGREED_AT + 1);
        revokes(BOB, DESK, IKeyRegistry.Reason.KeyCompromised);
        revokes(ALICE, DEFAULT, IKeyRegistry.Reason.Unspecified);
        accepts(it);
    }

    function test_refusesWhatWasAgreedWithARevokedKey() public {
        Signed memory it = countersigned(honest());
        revokes(ALICE, DEFAULT, IKeyRegistry.Reason.Unspecified);
        // In the very second of the revocation it was revoked.
        refuses(it, notInForce(INITIATOR, it.agreement, NOW, AGREED_AT));
        VM.warp(AGREED_AT + 1);
        it.agreement.agreedAt = AGREED_AT + 1;
        refuses(countersigned(it.agreement), notInForce(INITIATOR, it.agreement, NOW, AGREED_AT));
    }

    function test_aRevocationAfterTheExpiryChangesNothing() public {
        Signed memory it = countersigned(expiring());
        VM.warp(END + 1);
        revokes(BOB, DESK, IKeyRegistry.Reason.Superseded);
        accepts(it);
    }

    /// @dev A revocation never puts the end off, so the record agreed cannot have ended earlier than it does now.
    function test_refusesAnEndBeforeThatOfTheRevokedRecord() public {
        ICountersignVerifier.StateAgreement memory agreement = expiring();
        VM.warp(AGREED_AT + 10);
        revokes(BOB, DESK, IKeyRegistry.Reason.Unspecified);
        accepts(countersigned(agreement));
        agreement.state.responder.validUntil = AGREED_AT + 10;
        accepts(countersigned(agreement));
        agreement.state.responder.validUntil = AGREED_AT + 9;
        uint256 word = registry.storedWord(BOB, DESK);
        refuses(
            countersigned(agreement),
            abi.encodeWithSelector(ICountersignVerifier.RecordDiffers.selector, RESPONDER, word)
        );
    }
}
