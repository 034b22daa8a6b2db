// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {VM} from "./Vm.sol";
import {VerifyTest} from "./VerifyTest.sol";

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
        refuses(Signed(agreement, signatureBy(9, digest), schnorr(10, digest)), notSigned(INITIATOR, 9, digest));
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
        (it.initiator,) = highTwin(ALICES_KEY, digest);
        refuses(it, notSigned(INITIATOR, ALICES_KEY, digest));
        it = countersigned(it.agreement);
        (it.responder,) = highTwin(BOBS_KEY, digest);
        refuses(it, notSigned(RESPONDER, BOBS_KEY, digest));
    }

    function testFuzz_refusesOtherSigners(uint256 stranger) public {
        stranger = 100 + stranger % (ORDER - 100);
        Signed memory it = countersigned(honest());
        bytes32 digest = verifier.digestOf(it.agreement);
        it.responder = signatureBy(stranger, digest);
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

contract VerifierDomainTest is VerifyTest {
    function test_saysWhatTheDomainIsMadeOf() public view {
        saysItsDomain(verifier.eip712Domain, "Countersign StateAgreement");
    }

    function test_takesTheWordOfTheRegistryAtItsOneAddress() public view {
        VM.assertEq(verifier.REGISTRY(), address(registry));
    }
}
