// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

/// @notice What a user pays for each call: a whole transaction, 21,000 and calldata included, as `isolate` runs it and
/// as receipts on Anvil say. The default label, a hybrid floor, an expiry where one can be given, a key without zero
/// bytes. The figures are committed in contracts/snapshots; a change fails the test until it is committed too:
///
///     FORGE_SNAPSHOT_CHECK=false forge test --match-contract Gas
///
/// forge-config: default.isolate = true
contract GasTest is RegistryTest {
    function test_registerCompact() public {
        register(false);
        spendsAtMost("register compact", 52_800);
    }

    function test_registerPinned() public {
        register(true);
        spendsAtMost("register pinned", 75_200);
    }

    function test_rotateCompact() public {
        register(false);
        rotate(false);
        spendsAtMost("rotate compact", 35_600);
    }

    function test_rotatePinned() public {
        register(true);
        rotate(true);
        spendsAtMost("rotate pinned", 41_000);
    }

    function test_revokeCompact() public {
        register(false);
        aliceRevokesForReason();
        spendsAtMost("revoke compact", 29_000);
    }

    function test_revokePinned() public {
        register(true);
        aliceRevokesForReason();
        spendsAtMost("revoke pinned", 29_000);
    }

    function test_pin() public {
        IKeyRegistry.Registration memory key = register(false);
        registry.pin(ALICE, DEFAULT, key.x, key.y);
        spendsAtMost("pin", 50_000);
    }

    /// @dev A view is not run as a transaction: as one it costs 21,000 and 560 for calldata more. One cold load is 2,100.
    function test_read() public {
        register(false);
        registry.isActive(ALICE, DEFAULT);
        spendsAtMost("isActive", 2800);
        registry.signerOf(ALICE, DEFAULT);
        spendsAtMost("signerOf", 2800);
    }

    function register(bool pinned) private returns (IKeyRegistry.Registration memory registration) {
        registration = expiring(signed(ALICE, DEFAULT, 1, 7), pinned);
        VM.prank(ALICE);
        registry.register(DEFAULT, registration);
    }

    function rotate(bool pinned) private {
        IKeyRegistry.Registration memory registration = expiring(signed(ALICE, DEFAULT, 2, 8), pinned);
        VM.prank(ALICE);
        registry.rotate(DEFAULT, registration);
    }

    function aliceRevokesForReason() private {
        VM.prank(ALICE);
        registry.revoke(DEFAULT, IKeyRegistry.Reason.KeyCompromised);
    }

    function expiring(IKeyRegistry.Registration memory registration, bool pinned)
        private
        pure
        returns (IKeyRegistry.Registration memory)
    {
        registration.validUntil = NOW + 365 days;
        registration.pinned = pinned;
        return registration;
    }

    function spendsAtMost(string memory what, uint256 target) private {
        VM.assertLe(VM.snapshotGasLastCall("KeyRegistry", what), target, what);
    }
}
