// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";
import {SignerWallet} from "./wallets/SignerWallet.sol";

/// @notice A revocation can be made by every entitled party in every state, always: the whole table, each cell by itself.
contract RevocationAlwaysTest is RegistryTest {
    using SchnorrSigner for SchnorrSigner.Signature;

    enum State {
        Active,
        AboutToExpire,
        Expired,
        Pinned,
        Bundled,
        Schnorr,
        ExpiredSchnorr,
        Rotated,
        BroughtBack,
        LastVersion,
        BeyondTime,
        InItsFirstBlock
    }

    enum Party {
        Owner,
        OwnerWithoutSignature,
        Operator,
        OwnersSignature,
        OwnersCompactSignature,
        OwnersSignatureForEveryChain,
        KeysCertificate,
        KeysCertificateForEveryChain
    }

    uint256 private constant ACCOUNT_KEY = uint256(keccak256("account"));
    uint40 private constant NEVER = type(uint40).max;
    IKeyRegistry.Reason private constant WHY = IKeyRegistry.Reason.OwnerDecision;

    function test_byEveryPartyInEveryStateOfAnAccountsRecord() public {
        everyCell(addressOf(ACCOUNT_KEY));
    }

    function test_byEveryPartyInEveryStateOfAWalletsRecord() public {
        everyCell(address(new SignerWallet(addressOf(ACCOUNT_KEY))));
    }

    /// @dev The key first, then the code: the account with delegated code is both of the above.
    /// forge-config: default.evm_version = "prague"
    function test_byEveryPartyInEveryStateOfADelegatedAccountsRecord() public {
        address owner = addressOf(ACCOUNT_KEY);
        VM.etch(owner, abi.encodePacked(hex"ef0100", address(new SignerWallet(address(0)))));
        everyCell(owner);
    }

    function everyCell(address owner) private {
        uint256 cells;
        for (uint8 state = 0; state <= uint8(type(State).max); ++state) {
            for (uint8 party = 0; party <= uint8(type(Party).max); ++party) {
                // A wallet like this one takes 65 bytes only; no one else can make a compact signature count.
                if (Party(party) == Party.OwnersCompactSignature && owner.code.length > 23) continue;
                uint256 snapshot = VM.snapshotState();
                revokes(owner, State(state), Party(party));
                VM.revertToState(snapshot);
                ++cells;
            }
        }
        VM.assertTrue(cells >= 84, "the table must have been walked");
    }

    function revokes(address owner, State state, Party party) private {
        VM.prank(owner);
        registry.setOperator(BOB, NEVER);
        uint256 key = bring(owner, state);
        (address sender, bytes memory call) = revocation(owner, party, key);
        uint16 version = registry.recordOf(owner, DEFAULT).version;
        VM.prank(sender);
        (bool success, bytes memory answer) = address(registry).call(call);
        VM.assertTrue(success, string.concat(VM.toString(uint8(state)), VM.toString(uint8(party)), VM.toString(answer)));
        IKeyRegistry.Record memory record = registry.recordOf(owner, DEFAULT);
        VM.assertTrue(record.revoked && record.reason == WHY && record.version == version);
        VM.assertFalse(registry.isActive(owner, DEFAULT));
    }

    /// @dev Brings the record to a state and gives its key.
    function bring(address owner, State state) private returns (uint256) {
        bool schnorr = state == State.Schnorr || state == State.ExpiredSchnorr;
        IKeyRegistry.Registration memory first =
            schnorr ? schnorrSigned(owner, DEFAULT, 1, 7) : signed(owner, DEFAULT, 1, 7);
        bool expires = state == State.Expired || state == State.ExpiredSchnorr || state == State.AboutToExpire;
        if (expires) until(first, NOW + 10);
        if (state == State.Pinned) pinnedTo(first);
        VM.prank(owner);
        registry.register(DEFAULT, first);
        if (state == State.InItsFirstBlock) return 7;
        VM.warp(state == State.AboutToExpire ? NOW + 9 : NOW + 1000);
        if (state == State.BeyondTime) VM.warp(uint256(type(uint32).max) + 1000);
        if (state == State.LastVersion) {
            uint256 last = wordOf(addressOf(7), NOW, 0, type(uint16).max, 1);
            VM.store(address(registry), bytes32(baseSlot(owner, DEFAULT)), bytes32(last));
        }
        if (state == State.Bundled) {
            VM.prank(owner);
            registry.anchorBundle(owner, DEFAULT, "bundle");
        }
        if (state != State.Rotated && state != State.BroughtBack) return 7;
        IKeyRegistry.Registration memory next = signed(owner, DEFAULT, 2, 8);
        if (state == State.BroughtBack) {
            VM.prank(owner);
            registry.revoke(DEFAULT, IKeyRegistry.Reason.Superseded);
        }
        VM.prank(owner);
        if (state == State.BroughtBack) registry.register(DEFAULT, next);
        else registry.rotate(DEFAULT, next);
        return 8;
    }

    /// @dev Who calls what. Whoever only submits is a stranger.
    function revocation(address owner, Party party, uint256 key) private returns (address, bytes memory) {
        if (party == Party.Owner) return (owner, abi.encodeCall(registry.revoke, (DEFAULT, WHY)));
        if (party == Party.KeysCertificate || party == Party.KeysCertificateForEveryChain) {
            bytes32 hash = TypedData.certificate(owner, DEFAULT, addressOf(key), WHY);
            bytes memory made = byKey(owner, key, digestOf(hash, party == Party.KeysCertificateForEveryChain));
            return (ALICE, abi.encodeCall(registry.revokeByKey, (owner, DEFAULT, WHY, made)));
        }
        uint16 version = registry.recordOf(owner, DEFAULT).version;
        bytes32 digest = digestOf(
            TypedData.revocation(owner, DEFAULT, version, WHY, NEVER), party == Party.OwnersSignatureForEveryChain
        );
        bytes memory signature;
        if (party == Party.OwnersCompactSignature) {
            signature = compactSignatureBy(ACCOUNT_KEY, digest);
        } else if (party != Party.Operator && party != Party.OwnerWithoutSignature) {
            signature = signatureBy(ACCOUNT_KEY, digest);
        }
        address sender = party == Party.Operator ? BOB : party == Party.OwnerWithoutSignature ? owner : ALICE;
        return (sender, abi.encodeCall(registry.revokeFor, (owner, DEFAULT, version, WHY, NEVER, signature)));
    }

    function byKey(address owner, uint256 key, bytes32 digest) private returns (bytes memory) {
        bool schnorr = registry.recordOf(owner, DEFAULT).scheme == IKeyRegistry.Scheme.Schnorr;
        return schnorr ? SchnorrSigner.sign(key, digest).packed() : signatureBy(key, digest);
    }

    function digestOf(bytes32 hash, bool everyChain) private view returns (bytes32) {
        return everyChain ? TypedData.everywhere(registry, hash) : TypedData.here(registry, hash);
    }
}
