// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {VM} from "./Vm.sol";

/// @title AgreementTest
/// @notice Both contracts deployed by the script that users run, ALICE who dialled, BOB's desk who answered, and what
/// they agreed to a minute after both registered.
abstract contract AgreementTest is RegistryTest {
    using SchnorrSigner for SchnorrSigner.Signature;

    /// @dev An agreement and what stands beside it in a call.
    struct Signed {
        ICountersignVerifier.StateAgreement agreement;
        bytes initiator;
        bytes responder;
    }

    ICountersignVerifier internal verifier;

    uint256 internal constant ALICES_KEY = 7;
    uint256 internal constant BOBS_KEY = 8;
    uint32 internal constant AGREED_AT = NOW + 60;
    uint32 internal constant EXPIRY = AGREED_AT + 600;

    function setUp() public virtual override {
        super.setUp();
        (, verifier,) = deployScript().run();
        registers(ALICE, DEFAULT, ALICES_KEY);
        registers(BOB, DESK, BOBS_KEY);
        VM.warp(AGREED_AT);
    }

    /// @notice Registers a key that signs as a threshold quorum does.
    function registersSchnorr(address owner, bytes32 label, uint256 privateKey) internal {
        IKeyRegistry.Registration memory registration = schnorrSigned(owner, label, 1, privateKey);
        VM.prank(owner);
        registry.register(label, registration);
    }

    function rotates(address owner, bytes32 label, uint16 version, uint256 privateKey) internal {
        IKeyRegistry.Registration memory registration = signed(owner, label, version, privateKey);
        VM.prank(owner);
        registry.rotate(label, registration);
    }

    function revokes(address owner, bytes32 label, IKeyRegistry.Reason reason) internal {
        VM.prank(owner);
        registry.revoke(label, reason);
    }

    /// @notice What ALICE and BOB agreed, both of them honest, with two readings.
    function honest() internal view returns (ICountersignVerifier.StateAgreement memory agreement) {
        agreement.session = keccak256("session");
        agreement.state.chainId = block.chainid;
        agreement.state.blockNumber = 24_000_000;
        agreement.state.blockHash = keccak256("block");
        agreement.state.registry = address(registry);
        agreement.state.initiator = recordOf(ALICE, DEFAULT);
        agreement.state.responder = recordOf(BOB, DESK);
        agreement.state.valuation = readings(2);
        agreement.terms = keccak256("terms");
        agreement.agreedAt = AGREED_AT;
        agreement.expiry = EXPIRY;
    }

    function readings(uint256 count) internal pure returns (ICountersignVerifier.Reading[] memory valuation) {
        valuation = new ICountersignVerifier.Reading[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 word = keccak256(abi.encode(i));
            valuation[i] = ICountersignVerifier.Reading(address(uint160(uint256(word))), 0, bytes32(i), word);
        }
    }

    /// @notice The record that parties prove to each other now.
    function recordOf(address owner, bytes32 label) internal view returns (ICountersignVerifier.RegistryRecord memory) {
        IKeyRegistry.Record memory record = registry.recordOf(owner, label);
        return ICountersignVerifier.RegistryRecord({
            owner: owner,
            label: label,
            version: record.version,
            signer: record.signer,
            anchoredAt: record.anchoredAt,
            validUntil: record.validUntil,
            scheme: uint8(record.scheme),
            suiteFloor: record.suiteFloor
        });
    }

    /// @notice An agreement signed by both keys that the parties registered first.
    function countersigned(ICountersignVerifier.StateAgreement memory agreement) internal view returns (Signed memory) {
        bytes32 digest = verifier.digestOf(agreement);
        return Signed(agreement, signatureBy(ALICES_KEY, digest), signatureBy(BOBS_KEY, digest));
    }

    function schnorr(uint256 privateKey, bytes32 digest) internal returns (bytes memory) {
        return SchnorrSigner.sign(privateKey, digest).packed();
    }
}
