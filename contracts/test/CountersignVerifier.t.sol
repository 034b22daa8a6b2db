// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {AgreementTest} from "./AgreementTest.sol";
import {VM} from "./Vm.sol";

/// @notice What is countersigned, and what each party could do to make it seem so.
abstract contract VerifyTest is AgreementTest {
    function accepts(Signed memory it) internal view {
        VM.assertEq(verifier.verify(it.agreement, it.initiator, it.responder), verifier.digestOf(it.agreement));
    }

    function refuses(Signed memory it, bytes memory why) internal {
        VM.expectRevert(why);
        verifier.verify(it.agreement, it.initiator, it.responder);
    }

    function notInForce(
        ICountersignVerifier.Party party,
        ICountersignVerifier.StateAgreement memory agreement,
        uint40 anchoredAt,
        uint32 validUntil
    ) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(
            ICountersignVerifier.KeyNotInForce.selector, party, agreement.agreedAt, anchoredAt, validUntil
        );
    }

    ICountersignVerifier.Party internal constant INITIATOR = ICountersignVerifier.Party.Initiator;
    ICountersignVerifier.Party internal constant RESPONDER = ICountersignVerifier.Party.Responder;
}

contract VerifySignaturesTest is VerifyTest {
    function test_givesTheDigestThatBothSigned() public view {
        accepts(countersigned(honest()));
    }

    function test_takesAnAgreementWithoutReadings() public view {
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.state.valuation = readings(0);
        accepts(countersigned(agreement));
    }

    function test_takesCompactSignatures() public view {
        Signed memory it = countersigned(honest());
        it.responder = compact(BOBS_KEY, verifier.digestOf(it.agreement));
        VM.assertEq(it.responder.length, 64);
        accepts(it);
    }

    function test_takesAQuorumOnEitherSide() public {
        registersSchnorr(ALICE, DESK, 9);
        registersSchnorr(BOB, DEFAULT, 10);
        VM.warp(AGREED_AT + 1);
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.agreedAt = AGREED_AT + 1;
        agreement.state.initiator = recordOf(ALICE, DESK);
        agreement.state.responder = recordOf(BOB, DEFAULT);
        VM.assertEq(agreement.state.initiator.scheme, 1);
        bytes32 digest = verifier.digestOf(agreement);
        accepts(Signed(agreement, schnorr(9, digest), schnorr(10, digest)));
        refuses(Signed(agreement, ecdsa(9, digest), schnorr(10, digest)), notSigned(INITIATOR, 9, digest));
    }

    function test_refusesSwappedSignatures() public {
        Signed memory it = countersigned(honest());
        (it.initiator, it.responder) = (it.responder, it.initiator);
        refuses(it, notSigned(INITIATOR, ALICES_KEY, verifier.digestOf(it.agreement)));
    }

    function test_refusesWhatOnlyOneSideSigned() public {
        Signed memory it = countersigned(honest());
        bytes32 digest = verifier.digestOf(it.agreement);
        bytes memory good = it.responder;
        it.responder = it.initiator;
        refuses(it, notSigned(RESPONDER, BOBS_KEY, digest));
        it.responder = "";
        refuses(it, notSigned(RESPONDER, BOBS_KEY, digest));
        (it.initiator, it.responder) = ("", good);
        refuses(it, notSigned(INITIATOR, ALICES_KEY, digest));
    }

    function test_refusesMalleableSignatures() public {
        Signed memory it = countersigned(honest());
        bytes32 digest = verifier.digestOf(it.agreement);
        it.initiator = highS(ALICES_KEY, digest);
        refuses(it, notSigned(INITIATOR, ALICES_KEY, digest));
        it = countersigned(it.agreement);
        it.responder = highS(BOBS_KEY, digest);
        refuses(it, notSigned(RESPONDER, BOBS_KEY, digest));
    }

    function testFuzz_refusesOtherSigners(uint256 stranger) public {
        stranger = 100 + stranger % (ORDER - 100);
        Signed memory it = countersigned(honest());
        bytes32 digest = verifier.digestOf(it.agreement);
        it.responder = ecdsa(stranger, digest);
        refuses(it, notSigned(RESPONDER, BOBS_KEY, digest));
    }

    /// @dev Whatever bit of the agreement is another, it is not what was signed.
    function testFuzz_refusesAnyOtherAgreement(uint256 bit) public view {
        Signed memory it = countersigned(honest());
        bytes memory encoded = abi.encode(it.agreement);
        bit %= encoded.length * 8;
        encoded[bit / 8] ^= bytes1(0x80) >> bit % 8;
        try this.decoded(encoded) returns (ICountersignVerifier.StateAgreement memory other) {
            (bool taken,) =
                address(verifier).staticcall(abi.encodeCall(verifier.verify, (other, it.initiator, it.responder)));
            VM.assertFalse(taken);
        } catch {
            // No agreement at all: the verifier cannot read it either.
            return;
        }
    }

    function decoded(bytes calldata encoded) external pure returns (ICountersignVerifier.StateAgreement memory) {
        return abi.decode(encoded, (ICountersignVerifier.StateAgreement));
    }

    function compact(uint256 privateKey, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(privateKey, digest);
        return abi.encodePacked(r, bytes32(uint256(v - 27) << 255 | uint256(s)));
    }

    function notSigned(ICountersignVerifier.Party party, uint256 privateKey, bytes32 digest)
        private
        returns (bytes memory)
    {
        return abi.encodeWithSelector(ICountersignVerifier.NotSigned.selector, party, addressOf(privateKey), digest);
    }
}

contract VerifyPlaceAndTimeTest is VerifyTest {
    function test_refusesAnotherChain() public {
        Signed memory it = countersigned(honest());
        uint256 here = block.chainid;
        VM.chainId(10);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.OtherChain.selector, here, 10));
        // Nor by signing anew: the state is that of the other chain.
        it = countersigned(it.agreement);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.OtherChain.selector, here, 10));
    }

    function test_refusesAnotherRegistry() public {
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.state.registry = address(1);
        refuses(
            countersigned(agreement),
            abi.encodeWithSelector(ICountersignVerifier.OtherRegistry.selector, address(1), address(registry))
        );
    }

    function test_refusesSignaturesForAnotherVerifier() public {
        Signed memory it = countersigned(honest());
        bytes memory registryArgument = abi.encode(address(registry));
        verifier = ICountersignVerifier(VM.deployCode("CountersignVerifier.sol:CountersignVerifier", registryArgument));
        bytes32 digest = verifier.digestOf(it.agreement);
        address signer = addressOf(ALICES_KEY);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.NotSigned.selector, INITIATOR, signer, digest));
        accepts(countersigned(it.agreement));
    }

    function test_refusesTheFuture() public {
        Signed memory it = countersigned(honest());
        VM.warp(AGREED_AT - 1);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.NotYetAgreed.selector, AGREED_AT));
    }

    function test_takesItUntilItsExpiryAndNoLonger() public {
        Signed memory it = countersigned(honest());
        VM.warp(EXPIRY);
        accepts(it);
        VM.warp(EXPIRY + 1);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.AgreementExpired.selector, EXPIRY));
    }
}

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
        it.responder = ecdsa(9, verifier.digestOf(agreement));
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
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.VersionNotCurrent.selector, RESPONDER, 1, 2));
    }

    function test_refusesARenewedKeyUnderItsOldVersion() public {
        Signed memory it = countersigned(honest());
        rotates(ALICE, DEFAULT, 2, ALICES_KEY);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.VersionNotCurrent.selector, INITIATOR, 1, 2));
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

contract VerifierDomainTest is AgreementTest {
    function test_saysWhatTheDomainIsMadeOf() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = verifier.eip712Domain();
        VM.assertEq(bytes32(fields), bytes32(bytes1(0x0f)));
        VM.assertEq(name, "Countersign StateAgreement");
        VM.assertEq(version, "1");
        VM.assertEq(chainId, block.chainid);
        VM.assertEq(verifyingContract, address(verifier));
        VM.assertEq(salt, 0);
        VM.assertEq(extensions.length, 0);
    }

    function test_takesTheWordOfTheRegistryAtItsOneAddress() public view {
        VM.assertEq(verifier.REGISTRY(), address(registry));
    }
}
