// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {AgreementTest} from "./AgreementTest.sol";
import {VM} from "./Vm.sol";

/// @notice What `verify` costs as a whole transaction, 21,000, calldata and both cold records included, as `isolate`
/// runs it. A contract that calls it pays neither the 21,000 nor, for the calldata, more than the copying.
///
/// forge-config: default.isolate = true
contract CountersignVerifierGasTest is AgreementTest {
    function test_verify() public {
        verifies("verify, no reading", 0, 60_000);
        verifies("verify, 2 readings", 2, 65_000);
        verifies("verify, 16 readings", 16, 100_000);
    }

    function test_verifyTwoQuorums() public {
        registersSchnorr(ALICE, DESK, 9);
        registersSchnorr(BOB, DEFAULT, 10);
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.state.initiator = recordOf(ALICE, DESK);
        agreement.state.responder = recordOf(BOB, DEFAULT);
        bytes32 digest = verifier.digestOf(agreement);
        spendsAtMost(
            "verify two quorums, 2 readings", Signed(agreement, schnorr(9, digest), schnorr(10, digest)), 90_000
        );
    }

    function verifies(string memory what, uint256 count, uint256 target) private {
        ICountersignVerifier.StateAgreement memory agreement = honest();
        agreement.state.valuation = readings(count);
        spendsAtMost(what, countersigned(agreement), target);
    }

    /// @dev Called as if it were no view: then it runs as a transaction.
    function spendsAtMost(string memory what, Signed memory it, uint256 target) private {
        (bool success,) =
            address(verifier).call(abi.encodeCall(verifier.verify, (it.agreement, it.initiator, it.responder)));
        VM.assertTrue(success);
        VM.assertLe(VM.snapshotGasLastCall("CountersignVerifier", what), target, what);
    }
}
