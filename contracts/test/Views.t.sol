// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

contract RecordOfTest is RegistryTest {
    function test_isAllZeroWhereNothingIsRegistered() public view {
        bytes memory record = abi.encode(registry.recordOf(ALICE, DEFAULT));
        VM.assertEq(keccak256(record), keccak256(new bytes(320)));
    }

    function test_unpacksEveryField() public {
        IKeyRegistry.Registration memory registration = pinnedTo(signed(ALICE, DESK, 1, 7));
        until(registration, NOW + 1 days);
        VM.prank(ALICE);
        registry.register(DESK, registration);
        VM.warp(NOW + 60);
        VM.prank(ALICE);
        registry.revoke(DESK, IKeyRegistry.Reason.CeasedOperation);
        IKeyRegistry.Record memory expected = IKeyRegistry.Record({
            signer: addressOf(7),
            anchoredAt: NOW,
            validUntil: NOW + 60,
            version: 1,
            scheme: IKeyRegistry.Scheme.Ecdsa,
            suiteFloor: 1,
            revoked: true,
            reason: IKeyRegistry.Reason.CeasedOperation,
            x: registration.x,
            bundleHash: 0
        });
        VM.assertEq(keccak256(abi.encode(registry.recordOf(ALICE, DESK))), keccak256(abi.encode(expected)));
    }

    function test_showsSchemeAndBundle() public {
        IKeyRegistry.Registration memory registration = schnorrSigned(ALICE, DEFAULT, 1, 7);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.prank(ALICE);
        registry.anchorBundle(ALICE, DEFAULT, "bundle");
        IKeyRegistry.Record memory record = registry.recordOf(ALICE, DEFAULT);
        VM.assertTrue(record.scheme == IKeyRegistry.Scheme.Schnorr);
        VM.assertEq(record.suiteFloor, 1);
        VM.assertEq(record.bundleHash, "bundle");
    }

    /// @dev No transition leads here. 5 is no X coordinate: its recovery gives zero, which is also an absent signer.
    function test_showsNoXWithoutAKey() public {
        VM.store(address(registry), bytes32(baseSlot(ALICE, DEFAULT) + 1), bytes32(uint256(5)));
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, 0);
    }

    function testFuzz_givesThePinnedXOfAnyKeyAndOfNoOther(uint256 privateKey, bytes32 other) public {
        privateKey = privateKey % (ORDER - 1) + 1;
        IKeyRegistry.Registration memory registration = pinnedTo(signed(ALICE, DEFAULT, 1, privateKey));
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, registration.x);
        VM.store(address(registry), bytes32(baseSlot(ALICE, DEFAULT) + 1), other);
        VM.assertEq(registry.recordOf(ALICE, DEFAULT).x, other == registration.x ? other : bytes32(0));
    }
}

contract IsActiveTest is RegistryTest {
    function test_isFalseWhereNothingIsRegistered() public view {
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    function test_isTrueFromRegistrationOn() public {
        aliceRegisters(7);
        VM.assertTrue(registry.isActive(ALICE, DEFAULT));
        VM.warp(type(uint40).max);
        VM.assertTrue(registry.isActive(ALICE, DEFAULT), "no expiry means none");
    }

    function test_isFalseFromTheSecondOfExpiryOn() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, NOW + 10);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.warp(NOW + 9);
        VM.assertTrue(registry.isActive(ALICE, DEFAULT));
        VM.warp(NOW + 10);
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    function test_isFalseAfterRevocation() public {
        aliceRegisters(7);
        aliceRevokes();
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
    }

    /// @dev No transition leads here: the bit must count even if validity never ended.
    function test_theRevokedBitAloneSuffices() public {
        aliceRegisters(7);
        uint256 word = uint256(slotOf(ALICE, DEFAULT, 0)) | uint256(1) << 251;
        VM.store(address(registry), bytes32(baseSlot(ALICE, DEFAULT)), bytes32(word));
        VM.assertFalse(registry.isActive(ALICE, DEFAULT));
        VM.assertEq(registry.signerOf(ALICE, DEFAULT), address(0));
    }
}

contract SignerOfTest is RegistryTest {
    function test_isZeroWhereNothingIsRegistered() public view {
        VM.assertEq(registry.signerOf(ALICE, DEFAULT), address(0));
    }

    function test_isTheKeyWhileActive() public {
        aliceRegisters(7);
        VM.assertEq(registry.signerOf(ALICE, DEFAULT), addressOf(7));
        VM.assertEq(registry.signerOf(ALICE, DESK), address(0));
        VM.assertEq(registry.signerOf(BOB, DEFAULT), address(0));
    }

    function test_isZeroFromTheSecondOfExpiryOn() public {
        IKeyRegistry.Registration memory registration = signed(ALICE, DEFAULT, 1, 7);
        until(registration, NOW + 10);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
        VM.warp(NOW + 9);
        VM.assertEq(registry.signerOf(ALICE, DEFAULT), addressOf(7));
        VM.warp(NOW + 10);
        VM.assertEq(registry.signerOf(ALICE, DEFAULT), address(0));
    }

    function test_isZeroAfterRevocation() public {
        aliceRegisters(7);
        aliceRevokes();
        VM.assertEq(registry.signerOf(ALICE, DEFAULT), address(0));
    }
}

contract StoredWordTest is RegistryTest {
    function test_isZeroWhereNothingIsRegistered() public view {
        VM.assertEq(registry.storedWord(ALICE, DEFAULT), 0);
    }

    function test_isTheSlotInEveryState() public {
        IKeyRegistry.Registration memory key = until(signed(ALICE, DEFAULT, 1, 7), NOW + 10);
        VM.prank(ALICE);
        registry.register(DEFAULT, key);
        uint256 word = wordOf(addressOf(7), NOW, NOW + 10, 1, 1);
        VM.assertEq(registry.storedWord(ALICE, DEFAULT), word, "active");
        VM.warp(NOW + 10);
        VM.assertEq(registry.storedWord(ALICE, DEFAULT), word, "expired");
        aliceRevokes();
        VM.assertEq(registry.storedWord(ALICE, DEFAULT), word | uint256(1) << 251, "revoked");
        VM.assertEq(registry.storedWord(ALICE, DESK), 0, "another label");
    }
}

contract SupportsInterfaceTest is RegistryTest {
    function test_namesItsInterfaces() public view {
        VM.assertTrue(registry.supportsInterface(0x01ffc9a7), "ERC-165");
        VM.assertTrue(registry.supportsInterface(0x84b0196e), "ERC-5267");
        VM.assertTrue(registry.supportsInterface(type(IKeyRegistry).interfaceId), "this one");
    }

    function testFuzz_namesNoOther(bytes4 interfaceId) public view {
        bool known =
            interfaceId == 0x01ffc9a7 || interfaceId == 0x84b0196e || interfaceId == type(IKeyRegistry).interfaceId;
        VM.assertTrue(registry.supportsInterface(interfaceId) == known);
        VM.assertFalse(registry.supportsInterface(0xffffffff), "never, by ERC-165");
    }
}
