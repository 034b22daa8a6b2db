// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM, Vm} from "./Vm.sol";

/// @notice Every way to offer a key that one does not hold, or for something else than it was offered for.
contract PossessionProofTest is RegistryTest {
    using TermsLib for IKeyRegistry.Terms;

    function test_refusesAProofForAnotherOwner() public {
        refuses(signed(BOB, DEFAULT, 1, 7), 7);
    }

    function test_refusesAProofForAnotherLabel() public {
        refuses(signed(ALICE, DESK, 1, 7), 7);
    }

    function test_refusesAProofForAnotherVersion() public {
        refuses(signed(ALICE, DEFAULT, 2, 7), 7);
    }

    function test_refusesAProofForAnotherChain() public {
        VM.chainId(10);
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        VM.chainId(31_337);
        refuses(registration, 7);
    }

    function test_refusesAProofForAnotherRegistry() public {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Countersign KeyRegistry"),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        bytes32 typeHash = keccak256("KeyPossession(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y)");
        bytes32 structHash = keccak256(abi.encode(typeHash, ALICE, DEFAULT, 1, registration.x, registration.y));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        prove(registration, 7, digest);
        refuses(registration, 7);
    }

    function test_oneProofForEveryChainIsGoodOnEach() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        bytes32 hash = TypedData.possession(ALICE, DEFAULT, 1, registration.x, registration.y);
        prove(registration, 7, TypedData.everywhere(registry, hash));
        uint256[2] memory chains = [uint256(10), 31_337];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = VM.snapshotState();
            VM.chainId(chains[i]);
            VM.prank(ALICE);
            registry.register(DEFAULT, registration);
            VM.assertTrue(registry.isActive(ALICE, DEFAULT));
            VM.revertToState(snapshot);
        }
    }

    function test_refusesAProofForEveryChainOfAnotherRegistryOrName() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        bytes32 hash = TypedData.possession(ALICE, DEFAULT, 1, registration.x, registration.y);
        prove(registration, 7, TypedData.everywhere(IKeyRegistry(address(this)), hash));
        refuses(registration, 7);
        prove(registration, 7, TypedData.digest(TypedData.domainOf(TypedData.NAME, "1", address(registry)), hash));
        refuses(registration, 7);
        bytes32 domain = TypedData.domainOf(TypedData.EVERY_CHAIN_NAME, "1", block.chainid, address(registry));
        prove(registration, 7, TypedData.digest(domain, hash));
        refuses(registration, 7);
    }

    function test_refusesRecoveryIdsThatAreNone() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        uint8[8] memory ids = [0, 1, 4, 26, 29, 30, 31, 255];
        for (uint256 i = 0; i < ids.length; ++i) {
            setV(registration, ids[i]);
            VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.PossessionNotProven.selector, addressOf(7), address(0)));
            VM.prank(ALICE);
            registry.register(DEFAULT, registration);
        }
    }

    function test_refusesCoordinatesThatAreNotReduced() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        registration.x = bytes32(FIELD + 1);
        refusesSomehow(registration);
        registration.y = bytes32(type(uint256).max);
        refusesSomehow(registration);
    }

    function test_refusesAProofByAnotherKey() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        bytes32 digest = registry.possessionDigest(ALICE, DEFAULT, 1, registration.x, registration.y);
        prove(registration, 8, digest);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.PossessionNotProven.selector, addressOf(7), addressOf(8)));
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    function test_refusesTheSameXWithTheOtherY() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        registration.y = bytes32(FIELD - uint256(registration.y));
        refusesSomehow(registration);
    }

    function test_refusesTheZeroPoint() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        (registration.x, registration.y) = (0, 0);
        refusesSomehow(registration);
    }

    function testFuzz_refusesPointsThatNobodyProved(bytes32 x, bytes32 y, bytes32 r, bytes32 s, uint8 v) public {
        s = bytes32(uint256(s) % (ORDER / 2 + 1));
        refusesSomehow(IKeyRegistry.Registration(x, y, r, s, TermsLib.pack(v, 0, 1, false)));
    }

    function test_refusesASignatureThatRecoversNobody() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        (registration.r, registration.s) = (0, 0);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.PossessionNotProven.selector, addressOf(7), address(0)));
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    function test_refusesEverySingleFlippedBitOfTheSignature() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        (bytes32 r, bytes32 s) = (registration.r, registration.s);
        for (uint256 bit = 0; bit < 256; bit += 5) {
            registration.r = bytes32(uint256(r) ^ 2 ** bit);
            refusesSomehow(registration);
            registration.r = r;
            registration.s = bytes32(uint256(s) ^ 2 ** bit);
            refusesSomehow(registration);
            registration.s = s;
        }
    }

    function test_refusesTheHighSTwin() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        bytes32 s = bytes32(ORDER - uint256(registration.s));
        registration.s = s;
        setV(registration, registration.terms.v() == 27 ? 28 : 27);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.MalleableSignature.selector, s));
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        registration.s = bytes32(ORDER / 2 + 1);
        VM.expectRevert(abi.encodeWithSelector(IKeyRegistry.MalleableSignature.selector, registration.s));
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    function test_halfTheOrderIsStillLow() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        registration.s = bytes32(ORDER / 2);
        VM.prank(ALICE);
        try registry.register(DEFAULT, registration) {
            VM.assertTrue(false, "an arbitrary s must not verify");
        } catch (bytes memory reason) {
            VM.assertTrue(selectorOf(reason) == IKeyRegistry.PossessionNotProven.selector);
        }
    }

    /// @dev With another digest the key recovered is another: which one says nothing.
    function refuses(IKeyRegistry.Registration memory registration, uint256 privateKey) private {
        VM.prank(ALICE);
        try registry.register(DEFAULT, registration) {
            VM.assertTrue(false, "the proof must be refused");
        } catch (bytes memory reason) {
            VM.assertTrue(selectorOf(reason) == IKeyRegistry.PossessionNotProven.selector);
            VM.assertEq(address(uint160(uint256(wordAt(reason, 4)))), addressOf(privateKey));
        }
    }

    function refusesSomehow(IKeyRegistry.Registration memory registration) private {
        VM.prank(ALICE);
        try registry.register(DEFAULT, registration) {
            VM.assertTrue(false, "the proof must be refused");
        } catch (bytes memory reason) {
            bytes4 selector = selectorOf(reason);
            bool named = selector == IKeyRegistry.PossessionNotProven.selector
                || selector == IKeyRegistry.MalleableSignature.selector;
            VM.assertTrue(named, "refused for want of possession");
        }
    }

    function wordAt(bytes memory data, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }

    /// @dev The field's prime (SEC 2, 2.4.1).
    uint256 private constant FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
}
