// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryActor} from "./RegistryActor.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

/// @notice What holds after any sequence of calls by anyone, refused ones included.
contract InvariantsTest is RegistryTest {
    RegistryActor private actor;

    function setUp() public override {
        super.setUp();
        actor = new RegistryActor(registry);
    }

    /// @dev Read by forge: the contracts whose functions it calls at random.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    function invariant_eventsRebuildTheStateExactly() public view {
        for (uint256 i = 0; i < 4; ++i) {
            (address owner, bytes32 label) = record(i);
            (uint256 word, bytes32 x) = actor.rebuilt(owner, label);
            VM.assertEq(uint256(slotOf(owner, label, 0)), word, "record word");
            VM.assertEq(slotOf(owner, label, 1), x, "x");
            VM.assertEq(slotOf(owner, label, 2), 0, "bundle hash");
        }
    }

    function invariant_versionsCountKeysWithoutGaps() public view {
        for (uint256 i = 0; i < 4; ++i) {
            (address owner, bytes32 label) = record(i);
            (uint16 keys,, address signer,, uint256 since) = actor.model(owner, label);
            IKeyRegistry.Record memory shown = registry.recordOf(owner, label);
            VM.assertEq(shown.version, keys, "version");
            VM.assertEq(shown.signer, signer);
            VM.assertEq(shown.anchoredAt, since, "anchored at");
        }
    }

    function invariant_onlyAKeyInForceIsActive() public view {
        for (uint256 i = 0; i < 4; ++i) {
            (address owner, bytes32 label) = record(i);
            bool live = actor.isLive(owner, label);
            (,, address signer,,) = actor.model(owner, label);
            VM.assertTrue(registry.isActive(owner, label) == live, "is active");
            VM.assertEq(registry.signerOf(owner, label), live ? signer : address(0));
        }
    }

    function invariant_aRevokedKeyShowsWhenItEnded() public view {
        for (uint256 i = 0; i < 4; ++i) {
            (address owner, bytes32 label) = record(i);
            (, bool revoked,, uint32 expiry,) = actor.model(owner, label);
            IKeyRegistry.Record memory shown = registry.recordOf(owner, label);
            VM.assertTrue(shown.revoked == revoked, "revoked");
            if (!revoked) VM.assertEq(shown.validUntil, expiry, "expiry");
            else VM.assertTrue(shown.validUntil != 0 && shown.validUntil <= actor.time(), "end of validity");
            VM.assertTrue(revoked || shown.reason == IKeyRegistry.Reason.Unspecified, "reason without revocation");
        }
    }

    function invariant_xIsShownOnlyIfItIsTheKeys() public view {
        for (uint256 i = 0; i < 4; ++i) {
            (address owner, bytes32 label) = record(i);
            (,, address signer,,) = actor.model(owner, label);
            bytes32 stored = slotOf(owner, label, 1);
            bytes32 shown = stored == actor.xOf(signer) ? stored : bytes32(0);
            VM.assertEq(registry.recordOf(owner, label).x, shown, "x");
        }
    }

    function record(uint256 i) private view returns (address, bytes32) {
        return (actor.owners(i % 2), actor.labels(i / 2));
    }
}
