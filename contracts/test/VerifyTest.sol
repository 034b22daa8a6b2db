// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {AgreementTest} from "./AgreementTest.sol";
import {VM} from "./Vm.sol";

/// @title VerifyTest
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
