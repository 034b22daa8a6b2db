// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {Settlement} from "./Settlement.sol";
import {SettlementTest} from "./SettlementTest.sol";
import {VM} from "./Vm.sol";

contract SettlementPaysTest is SettlementTest {
    function test_swapsTheTokensOfACountersignedTrade() public {
        Signed memory it = countersigned(agreed(sale()));
        bytes32 digest = verifier.digestOf(it.agreement);
        VM.expectEmit(address(settlement));
        emit Settled(digest, ALICE, BOB);
        settles(it);
        paid(1);
    }

    function test_paysTheInitiatorAsWellWhenItBuys() public {
        ICountersignVerifier.StateAgreement memory agreement = agreed(sale());
        (agreement.state.initiator, agreement.state.responder) = (agreement.state.responder, agreement.state.initiator);
        bytes32 digest = verifier.digestOf(agreement);
        settles(Signed(agreement, signatureBy(BOBS_KEY, digest), signatureBy(ALICES_KEY, digest)));
        paid(1);
    }

    function test_paysTheSameTradeAgainIfItIsAgreedAgain() public {
        ICountersignVerifier.StateAgreement memory agreement = agreed(sale());
        settles(countersigned(agreement));
        agreement.session = keccak256("another session");
        settles(countersigned(agreement));
        paid(2);
    }

    function test_paysAQuorum() public {
        VM.warp(NOW);
        registersSchnorr(BOB, DEFAULT, 9);
        VM.warp(AGREED_AT);
        ICountersignVerifier.StateAgreement memory agreement = agreed(sale());
        agreement.state.responder = recordOf(BOB, DEFAULT);
        bytes32 digest = verifier.digestOf(agreement);
        settles(Signed(agreement, signatureBy(ALICES_KEY, digest), schnorr(9, digest)));
        paid(1);
    }

    function test_paysAlthoughAKeyWasRevokedSince() public {
        Signed memory it = countersigned(agreed(sale()));
        VM.warp(AGREED_AT + 1);
        revokes(ALICE, DEFAULT, IKeyRegistry.Reason.KeyCompromised);
        settles(it);
        paid(1);
    }

    function test_paysNeitherIfOneCannotPay() public {
        Signed memory it = countersigned(agreed(sale()));
        VM.prank(BOB);
        currency.approve(address(settlement), PRICE - 1);
        // SafeTransferLib.TransferFromFailed()
        refuses(it, abi.encodeWithSignature("TransferFromFailed()"));
        VM.prank(BOB);
        currency.approve(address(settlement), PRICE);
        settles(it);
    }
}

contract SettlementRefusesTest is SettlementTest {
    function test_refusesAnythingAltered() public {
        for (uint256 field = 0; field < FIELDS; ++field) {
            Signed memory it = countersigned(agreed(sale()));
            bytes memory before = abi.encode(it.agreement);
            alter(it.agreement, field);
            VM.assertFalse(keccak256(before) == keccak256(abi.encode(it.agreement)), "nothing was altered");
            refusesSomehow(sale(), it);
        }
        settles(countersigned(agreed(sale())));
    }

    function test_refusesAnotherTradeThanTheOneAgreed() public {
        Signed memory it = countersigned(agreed(sale()));
        for (uint256 field = 0; field < 6; ++field) {
            Settlement.Trade memory trade = sale();
            if (field == 0) trade.seller = BOB;
            if (field == 1) trade.asset = address(currency);
            if (field == 2) ++trade.quantity;
            if (field == 3) trade.buyer = ALICE;
            if (field == 4) trade.currency = address(asset);
            if (field == 5) --trade.price;
            bytes32 terms = settlement.termsOf(trade);
            VM.expectRevert(abi.encodeWithSelector(Settlement.OtherTerms.selector, it.agreement.terms, terms));
            settlement.settle(trade, it.agreement, it.initiator, it.responder);
        }
    }

    /// @dev Two parties cannot agree on what a third one has to pay.
    function test_refusesToSpendATokenOfAnyoneElse() public {
        registers(address(0xca401), DEFAULT, 9);
        Settlement.Trade memory trade = sale();
        ICountersignVerifier.StateAgreement memory agreement = agreed(trade);
        agreement.state.initiator = recordOf(address(0xca401), DEFAULT);
        Signed memory it = countersigned(agreement);
        it.initiator = signatureBy(9, verifier.digestOf(agreement));
        refuses(it, abi.encodeWithSelector(Settlement.NotTheParties.selector, address(0xca401), BOB));
    }

    function test_refusesAnotherSigner() public {
        Signed memory it = countersigned(agreed(sale()));
        it.responder = signatureBy(9, verifier.digestOf(it.agreement));
        refuses(it, notSigned(RESPONDER, BOBS_KEY, it));
    }

    function test_refusesSwappedSignatures() public {
        Signed memory it = countersigned(agreed(sale()));
        (it.initiator, it.responder) = (it.responder, it.initiator);
        refuses(it, notSigned(INITIATOR, ALICES_KEY, it));
    }

    function test_refusesMalleableSignatures() public {
        Signed memory it = countersigned(agreed(sale()));
        (it.initiator,) = highTwin(ALICES_KEY, verifier.digestOf(it.agreement));
        refuses(it, notSigned(INITIATOR, ALICES_KEY, it));
    }

    function test_refusesToPayTwice() public {
        Signed memory it = countersigned(agreed(sale()));
        bytes32 digest = verifier.digestOf(it.agreement);
        settles(it);
        Settlement.Trade memory trade = sale();
        VM.expectRevert(abi.encodeWithSelector(Settlement.SettledAlready.selector, digest));
        settlement.settle(trade, it.agreement, it.initiator, it.responder);
        paid(1);
    }

    function test_refusesAnExpiredAgreement() public {
        ICountersignVerifier.StateAgreement memory agreement = agreed(sale());
        agreement.expiry = AGREED_AT + 60;
        VM.warp(AGREED_AT + 61);
        refuses(
            countersigned(agreement),
            abi.encodeWithSelector(ICountersignVerifier.AgreementExpired.selector, AGREED_AT + 60)
        );
    }

    function test_refusesAnOldAgreementThatIsNotExpired() public {
        Signed memory it = countersigned(agreed(sale()));
        uint256 last = AGREED_AT + settlement.MAX_AGE();
        VM.assertTrue(last + 1 < EXPIRY);
        VM.warp(last + 1);
        refuses(it, abi.encodeWithSelector(Settlement.TooOld.selector, AGREED_AT));
        VM.warp(last);
        settles(it);
    }

    function test_refusesAKeyRevokedBefore() public {
        VM.warp(AGREED_AT - 1);
        revokes(BOB, DESK, IKeyRegistry.Reason.KeyCompromised);
        VM.warp(AGREED_AT);
        refuses(
            countersigned(agreed(sale())),
            abi.encodeWithSelector(
                ICountersignVerifier.KeyNotInForce.selector, RESPONDER, AGREED_AT, NOW, AGREED_AT - 1
            )
        );
    }

    function test_refusesAKeyRotatedSince() public {
        Signed memory it = countersigned(agreed(sale()));
        rotates(ALICE, DEFAULT, 2, 9);
        refuses(it, abi.encodeWithSelector(ICountersignVerifier.VersionNotCurrent.selector, INITIATOR, 2, 1));
    }

    function test_refusesAnotherChain() public {
        ICountersignVerifier.StateAgreement memory agreement = agreed(sale());
        uint256 here = block.chainid;
        VM.chainId(10);
        Settlement.Trade memory trade = sale();
        // The terms name the chain too.
        bytes32 terms = settlement.termsOf(trade);
        refuses(
            countersigned(agreement), abi.encodeWithSelector(Settlement.OtherTerms.selector, agreement.terms, terms)
        );
        agreement.terms = terms;
        refuses(countersigned(agreement), abi.encodeWithSelector(ICountersignVerifier.OtherChain.selector, here, 10));
    }

    function test_refusesAnotherRegistry() public {
        address elsewhere = address(0xe15e);
        VM.etch(elsewhere, address(registry).code);
        bytes memory argument = abi.encode(elsewhere);
        verifier = ICountersignVerifier(VM.deployCode("CountersignVerifier.sol:CountersignVerifier", argument));
        address first = address(settlement);
        settlement = new Settlement(verifier);
        refuses(
            countersigned(agreed(sale())),
            abi.encodeWithSelector(ICountersignVerifier.OtherRegistry.selector, address(registry), elsewhere)
        );
        VM.assertFalse(first == address(settlement));
    }

    function test_refusesWhatWasAgreedForAnotherSettlement() public {
        Signed memory it = countersigned(agreed(sale()));
        settlement = new Settlement(verifier);
        bytes32 terms = settlement.termsOf(sale());
        refuses(it, abi.encodeWithSelector(Settlement.OtherTerms.selector, it.agreement.terms, terms));
    }

    function refusesSomehow(Settlement.Trade memory trade, Signed memory it) private {
        try settlement.settle(trade, it.agreement, it.initiator, it.responder) {
            VM.assertTrue(false, "an altered agreement was taken");
        } catch {
            paid(0);
        }
    }

    /// @dev Every member of the agreement, the state, both records and a reading, in their order.
    function alter(ICountersignVerifier.StateAgreement memory agreement, uint256 field) private pure {
        if (field == 0) agreement.session = keccak256("another session");
        if (field == 1) agreement.terms = keccak256("other terms");
        if (field == 2) --agreement.agreedAt;
        if (field == 3) ++agreement.expiry;
        if (field == 4) ++agreement.state.chainId;
        if (field == 5) ++agreement.state.blockNumber;
        if (field == 6) agreement.state.blockHash = keccak256("another block");
        if (field == 7) agreement.state.registry = address(1);
        if (field >= 8 && field < 16) alter(agreement.state.initiator, field - 8);
        if (field >= 16 && field < 24) alter(agreement.state.responder, field - 16);
        if (field == 24) agreement.state.valuation[0].source = address(1);
        if (field == 25) ++agreement.state.valuation[0].kind;
        if (field == 26) agreement.state.valuation[1].subject = keccak256("another slot");
        if (field == 27) agreement.state.valuation[1].value = keccak256("another price");
        if (field == 28) agreement.state.valuation = readings(1);
    }

    function alter(ICountersignVerifier.RegistryRecord memory record, uint256 field) private pure {
        if (field == 0) record.owner = address(1);
        if (field == 1) record.label = "another label";
        if (field == 2) ++record.version;
        if (field == 3) record.signer = address(1);
        if (field == 4) --record.anchoredAt;
        if (field == 5) ++record.validUntil;
        if (field == 6) record.scheme ^= 1;
        if (field == 7) record.suiteFloor ^= 1;
    }

    function notSigned(ICountersignVerifier.Party party, uint256 privateKey, Signed memory it)
        private
        returns (bytes memory)
    {
        bytes32 digest = verifier.digestOf(it.agreement);
        return abi.encodeWithSelector(ICountersignVerifier.NotSigned.selector, party, addressOf(privateKey), digest);
    }

    uint256 private constant FIELDS = 29;
}
