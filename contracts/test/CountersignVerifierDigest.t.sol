// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {AgreementTest} from "./AgreementTest.sol";
import {TypedData} from "./TypedData.sol";
import {Cases, Vectors} from "./Vectors.sol";
import {VM} from "./Vm.sol";

/// @notice Hashes and signatures against tests/vectors/eip712.json, which viem made.
contract StateAgreementDigestTest is AgreementTest {
    /// @dev The state hash stands inside the digest of whatever agreement.
    function test_agreesWithViemOnEveryState() public view {
        bytes32[] memory stateHashes = casesOf("SessionState").words(".hashStruct");
        uint256[] memory places = placesOf("SessionState");
        VM.assertTrue(places.length >= 7, "the vectors must have been read");
        for (uint256 i = 0; i < places.length; ++i) {
            ICountersignVerifier.StateAgreement memory agreement = honest();
            agreement.state = this.stateAt(places[i]);
            VM.assertEq(verifier.digestOf(agreement), digestWith(agreement, stateHashes[i]));
        }
    }

    /// @dev The signatures in the file are as foreign as the digests: the verifier must take them.
    function test_agreesWithViemOnEveryAgreement() public {
        Cases memory all = casesOf("StateAgreement");
        bytes32[] memory digests = all.words(".digest");
        address[] memory verifiers = all.addresses(".domain.verifyingContract");
        bytes[] memory initiators = all.texts(".initiatorSignature");
        bytes[] memory responders = all.texts(".responderSignature");
        uint256[] memory places = placesOf("StateAgreement");
        VM.assertTrue(places.length >= 20, "the vectors must have been read");
        for (uint256 i = 0; i < places.length; ++i) {
            ICountersignVerifier.StateAgreement memory agreement = this.agreementAt(places[i]);
            standsIn(verifiers[i], agreement);
            VM.assertEq(verifier.digestOf(agreement), digests[i]);
            VM.assertEq(verifier.verify(agreement, initiators[i], responders[i]), digests[i]);
        }
    }

    /// @dev Puts verifier, registry, records and time where the case has them.
    function standsIn(address place, ICountersignVerifier.StateAgreement memory agreement) private {
        ICountersignVerifier.SessionState memory state = agreement.state;
        VM.chainId(state.chainId);
        VM.warp(agreement.agreedAt);
        store(state.registry, state.initiator);
        store(state.registry, state.responder);
        // The registry is in the verifier's code.
        bytes memory argument = abi.encode(state.registry);
        VM.etch(place, VM.deployCode("CountersignVerifier.sol:CountersignVerifier", argument).code);
        verifier = ICountersignVerifier(place);
    }

    /// @dev Puts a record into a registry, by the documented layout.
    function store(address place, ICountersignVerifier.RegistryRecord memory record) private {
        uint256 word = wordOf(record.signer, record.anchoredAt, record.validUntil, record.version, record.suiteFloor);
        VM.etch(place, address(registry).code);
        VM.store(place, bytes32(baseSlot(record.owner, record.label)), bytes32(word | uint256(record.scheme) << 248));
    }

    /// @dev What both sign, from the documented types and a given state hash.
    function digestWith(ICountersignVerifier.StateAgreement memory agreement, bytes32 stateHash)
        private
        view
        returns (bytes32)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(bytes(agreementType())),
                agreement.session,
                stateHash,
                agreement.terms,
                agreement.agreedAt,
                agreement.expiry
            )
        );
        bytes32 domain = TypedData.domainOf("Countersign StateAgreement", "1", block.chainid, address(verifier));
        return TypedData.digest(domain, structHash);
    }

    /// @dev External, so that the memory that the whole file takes is given back.
    function agreementAt(uint256 place) external view returns (ICountersignVerifier.StateAgreement memory) {
        return abi.decode(messageAt(place, agreementType()), (ICountersignVerifier.StateAgreement));
    }

    /// @dev As `agreementAt`.
    function stateAt(uint256 place) external view returns (ICountersignVerifier.SessionState memory) {
        string memory state = string.concat(STATE, READING, RECORD);
        return abi.decode(messageAt(place, state), (ICountersignVerifier.SessionState));
    }

    function messageAt(uint256 place, string memory typeDescription) private view returns (bytes memory) {
        string memory path = string.concat("$.cases[", VM.toString(place), "].message");
        return VM.parseJsonType(VM.readFile("tests/vectors/eip712.json"), path, typeDescription);
    }

    function casesOf(string memory wanted) private view returns (Cases memory) {
        return Vectors.ofType("eip712.json", wanted);
    }

    /// @dev Where the cases of a type stand among all.
    function placesOf(string memory wanted) private view returns (uint256[] memory places) {
        bytes memory column = VM.parseJson(VM.readFile("tests/vectors/eip712.json"), "$.cases[*].type");
        string[] memory types = abi.decode(column, (string[]));
        places = new uint256[](types.length);
        uint256 count = 0;
        for (uint256 i = 0; i < types.length; ++i) {
            if (keccak256(bytes(types[i])) == keccak256(bytes(wanted))) places[count++] = i;
        }
        assembly ("memory-safe") {
            mstore(places, count)
        }
    }

    function agreementType() private pure returns (string memory) {
        return string.concat(AGREEMENT, READING, RECORD, STATE);
    }

    string private constant AGREEMENT =
        "StateAgreement(bytes32 session,SessionState state,bytes32 terms,uint40 agreedAt,uint40 expiry)";
    string private constant READING = "Reading(address source,uint8 kind,bytes32 subject,bytes32 value)";
    string private constant RECORD =
        "RegistryRecord(address owner,bytes32 label,uint16 version,address signer,uint40 anchoredAt,uint32 validUntil,uint8 scheme,uint8 suiteFloor)";
    string private constant STATE =
        "SessionState(uint256 chainId,uint64 blockNumber,bytes32 blockHash,address registry,RegistryRecord initiator,RegistryRecord responder,Reading[] valuation)";
}
