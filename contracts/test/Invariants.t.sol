// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryActor} from "./RegistryActor.sol";
import {PROBE, RegistryPeople} from "./RegistryPeople.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

/// @notice What holds after any sequence of calls by anyone, refused ones included. That nobody but those entitled
/// changes a record is the actor's to see: it knows who may, and every refused call must have been refused.
///
/// One campaign for all of them: forge would make one for each, and depth counts for more.
contract InvariantsTest is RegistryTest {
    RegistryActor private actor;
    RegistryPeople private people;

    function setUp() public override {
        super.setUp();
        actor = new RegistryActor(registry);
        people = actor.PEOPLE();
    }

    /// @dev Read by forge: the contracts whose functions it calls at random.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    function invariant_ofEveryRecord() public view {
        for (uint256 i = 0; i < 6; ++i) {
            (address owner, bytes32 label) = (people.owner(i), people.label(i / 3));
            eventsRebuildTheStateExactly(owner, label);
            versionsCountKeysWithoutGaps(owner, label);
            onlyAKeyInForceVerifies(owner, label);
            aRevokedKeyShowsWhenItEnded(owner, label);
            xIsShownOnlyIfItIsTheKeys(owner, label);
        }
        eventsRebuildWhoMayOperate();
    }

    function eventsRebuildTheStateExactly(address owner, bytes32 label) private view {
        (uint256 word, bytes32 x, bytes32 bundleHash) = actor.rebuilt(owner, label);
        VM.assertEq(uint256(slotOf(owner, label, 0)), word, "record word");
        VM.assertEq(slotOf(owner, label, 1), x, "x");
        VM.assertEq(slotOf(owner, label, 2), bundleHash, "bundle hash");
        VM.assertEq(registry.storedWord(owner, label), word, "stored word");
    }

    function eventsRebuildWhoMayOperate() private view {
        for (uint256 i = 0; i < 6; ++i) {
            (address owner, address operator) = (people.owner(i), people.operator(i / 3));
            uint40 end = registry.operatorUntil(owner, operator);
            VM.assertEq(end, actor.rebuiltOperatorEnd(owner, operator), "operator, by events");
            VM.assertEq(end, actor.operatorEnd(owner, operator), "operator, by the model");
        }
    }

    /// @dev The model's count only rises, and by one.
    function versionsCountKeysWithoutGaps(address owner, bytes32 label) private view {
        (uint16 versions,, bool schnorr, address signer,, uint256 since) = actor.model(owner, label);
        IKeyRegistry.Record memory shown = registry.recordOf(owner, label);
        VM.assertEq(shown.version, versions, "version");
        VM.assertEq(shown.signer, signer);
        VM.assertEq(shown.anchoredAt, since, "anchored at");
        VM.assertTrue((shown.scheme == IKeyRegistry.Scheme.Schnorr) == schnorr, "scheme");
    }

    function onlyAKeyInForceVerifies(address owner, bytes32 label) private view {
        bool live = actor.isLive(owner, label);
        (,, bool schnorr, address signer,,) = actor.model(owner, label);
        VM.assertTrue(registry.isActive(owner, label) == live, "is active");
        VM.assertEq(registry.signerOf(owner, label), live ? signer : address(0));
        (bytes memory ecdsaProbe, bytes memory schnorrProbe) = people.probes(signer);
        bool verifies = registry.isValidSignatureFor(owner, label, PROBE, ecdsaProbe);
        VM.assertTrue(verifies == (live && !schnorr), "ECDSA");
        verifies = registry.isValidSignatureFor(owner, label, PROBE, schnorrProbe);
        VM.assertTrue(verifies == (live && schnorr), "Schnorr");
        (ecdsaProbe, schnorrProbe) = people.otherProbes(signer);
        VM.assertFalse(registry.isValidSignatureFor(owner, label, PROBE, ecdsaProbe), "another key");
        VM.assertFalse(registry.isValidSignatureFor(owner, label, PROBE, schnorrProbe), "another key");
    }

    function aRevokedKeyShowsWhenItEnded(address owner, bytes32 label) private view {
        (, bool revoked,,, uint32 expiry,) = actor.model(owner, label);
        IKeyRegistry.Record memory shown = registry.recordOf(owner, label);
        VM.assertTrue(shown.revoked == revoked, "revoked");
        if (!revoked) VM.assertEq(shown.validUntil, expiry, "expiry");
        else VM.assertTrue(shown.validUntil != 0 && shown.validUntil <= actor.time(), "end of validity");
        VM.assertTrue(revoked || shown.reason == IKeyRegistry.Reason.Unspecified, "reason without revocation");
    }

    function xIsShownOnlyIfItIsTheKeys(address owner, bytes32 label) private view {
        (,,, address signer,,) = actor.model(owner, label);
        bytes32 stored = slotOf(owner, label, 1);
        bytes32 shown = stored == people.xOf(signer) ? stored : bytes32(0);
        VM.assertEq(registry.recordOf(owner, label).x, shown, "x");
    }
}
