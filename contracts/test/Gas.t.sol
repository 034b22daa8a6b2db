// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @notice What a user pays for each call: a whole transaction, 21,000 and calldata included, as `isolate` runs it and
/// as receipts on Anvil say. The default label, a hybrid floor, an expiry where one can be given, a key without zero
/// bytes, ECDSA signatures in their compact form. The figures are committed in contracts/snapshots; a change fails the
/// test until it is committed too:
///
///     FORGE_SNAPSHOT_CHECK=false forge test --match-contract Gas
///
/// forge-config: default.isolate = true
contract GasTest is RegistryTest {
    using SchnorrSigner for SchnorrSigner.Signature;

    uint256 private constant OWNER_KEY = uint256(keccak256("the owner's account key"));
    address private constant TRADER = address(uint160(uint256(keccak256("trader"))));
    address private constant AGENT = address(uint160(uint256(keccak256("agent"))));
    uint40 private constant DEADLINE = NOW + 1 hours;
    IKeyRegistry.Reason private constant WHY = IKeyRegistry.Reason.KeyCompromised;

    function test_registerCompact() public {
        register(false);
        spendsAtMost("register compact", 52_800);
    }

    function test_registerPinned() public {
        register(true);
        spendsAtMost("register pinned", 75_200);
    }

    function test_registerForCompact() public {
        registerFor(false);
        spendsAtMost("registerFor compact", 59_100);
    }

    function test_registerForPinned() public {
        registerFor(true);
        spendsAtMost("registerFor pinned", 81_500);
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

    /// @dev What a sponsored call costs more than the owner's own is the owner's signature, as in registering.
    function test_rotateForCompact() public {
        address owner = registerFor(false);
        IKeyRegistry.Registration memory key = expiring(signed(owner, DEFAULT, 2, 8), false);
        bytes32 hash = TypedData.rotation(owner, DEFAULT, 2, key, DEADLINE);
        bytes memory signature = compactSignatureBy(OWNER_KEY, TypedData.here(registry, hash));
        registry.rotateFor(owner, DEFAULT, key, DEADLINE, signature);
        spendsAtMost("rotateFor compact", 42_000);
    }

    function test_revokeCompact() public {
        register(false);
        traderRevokes();
        spendsAtMost("revoke compact", 29_000);
    }

    function test_revokePinned() public {
        register(true);
        traderRevokes();
        spendsAtMost("revoke pinned", 29_000);
    }

    function test_revokeFor() public {
        address owner = registerFor(false);
        bytes32 digest = TypedData.here(registry, TypedData.revocation(owner, DEFAULT, 1, WHY, DEADLINE));
        registry.revokeFor(owner, DEFAULT, 1, WHY, DEADLINE, compactSignatureBy(OWNER_KEY, digest));
        spendsAtMost("revokeFor compact", 36_000);
    }

    function test_revokeByKeyCompact() public {
        register(false);
        registry.revokeByKey(TRADER, DEFAULT, WHY, compactSignatureBy(7, certificate()));
        spendsAtMost("revokeByKey compact", 34_500);
    }

    function test_revokeByKeyPinned() public {
        register(true);
        registry.revokeByKey(TRADER, DEFAULT, WHY, compactSignatureBy(7, certificate()));
        spendsAtMost("revokeByKey pinned", 34_500);
    }

    /// @dev registry.md has no figure for Schnorr keys: two recoveries instead of one, and twice the signature.
    function test_revokeByKeySchnorr() public {
        registerSchnorr();
        registry.revokeByKey(TRADER, DEFAULT, WHY, SchnorrSigner.sign(7, certificate()).packed());
        spendsAtMost("revokeByKey Schnorr", 43_000);
    }

    function test_registerSchnorr() public {
        registerSchnorr();
        spendsAtMost("register Schnorr compact", 59_000);
    }

    function test_registerForMany50() public {
        registry.registerForMany(entries(0, 50));
        spendsAtMost("registerForMany of 50", 50 * 38_400);
    }

    /// @dev One transaction may use at most 2^24 gas (EIP-7825): 500 identities take two.
    function test_registerForMany500InTwo() public {
        registry.registerForMany(entries(0, 250));
        spendsAtMost("registerForMany of 500, first 250", 250 * 38_400);
        registry.registerForMany(entries(250, 250));
        uint256 second = spendsAtMost("registerForMany of 500, other 250", 250 * 38_400);
        VM.assertLe(second, 2 ** 24, "the limit of a transaction");
    }

    function test_pin() public {
        IKeyRegistry.Registration memory key = register(false);
        registry.pin(TRADER, DEFAULT, key.x, key.y);
        spendsAtMost("pin", 50_000);
    }

    function test_setOperator() public {
        VM.prank(TRADER);
        registry.setOperator(AGENT, NOW + 365 days);
        spendsAtMost("setOperator first", 46_500);
        VM.prank(TRADER);
        registry.setOperator(AGENT, NOW + 366 days);
        spendsAtMost("setOperator again", 29_500);
    }

    function test_anchorBundle() public {
        register(false);
        VM.prank(TRADER);
        registry.anchorBundle(TRADER, DEFAULT, keccak256("first"));
        spendsAtMost("anchorBundle first", 50_000);
        VM.prank(TRADER);
        registry.anchorBundle(TRADER, DEFAULT, keccak256("second"));
        spendsAtMost("anchorBundle again", 33_000);
    }

    /// @dev A view is not run as a transaction: as one it costs 21,560 more, with its calldata. One cold load is 2,100.
    function test_read() public {
        register(false);
        registry.storedWord(TRADER, DEFAULT);
        spendsAtMost("storedWord", 24_100 - 21_560);
        registry.isActive(TRADER, DEFAULT);
        spendsAtMost("isActive", 2800);
        registry.signerOf(TRADER, DEFAULT);
        spendsAtMost("signerOf", 2950);
    }

    function test_isValidSignatureFor() public {
        bytes32 digest = keccak256("signed");
        register(false);
        registry.isValidSignatureFor(TRADER, DEFAULT, digest, signatureBy(7, digest));
        spendsAtMost("isValidSignatureFor ECDSA", 6700);
    }

    function test_isValidSignatureForSchnorr() public {
        bytes32 digest = keccak256("signed");
        registerSchnorr();
        registry.isValidSignatureFor(TRADER, DEFAULT, digest, SchnorrSigner.sign(7, digest).packed());
        spendsAtMost("isValidSignatureFor Schnorr", 13_000);
    }

    function register(bool pinned) private returns (IKeyRegistry.Registration memory registration) {
        registration = expiring(signed(TRADER, DEFAULT, 1, 7), pinned);
        VM.prank(TRADER);
        registry.register(DEFAULT, registration);
    }

    function registerSchnorr() private {
        IKeyRegistry.Registration memory registration = expiring(schnorrSigned(TRADER, DEFAULT, 1, 7), false);
        VM.prank(TRADER);
        registry.register(DEFAULT, registration);
    }

    function registerFor(bool pinned) private returns (address owner) {
        owner = addressOf(OWNER_KEY);
        IKeyRegistry.Registration memory key = expiring(signed(owner, DEFAULT, 1, 7), pinned);
        bytes32 digest = TypedData.here(registry, TypedData.registration(owner, DEFAULT, 1, key, DEADLINE));
        registry.registerFor(owner, DEFAULT, key, DEADLINE, compactSignatureBy(OWNER_KEY, digest));
    }

    function rotate(bool pinned) private {
        IKeyRegistry.Registration memory registration = expiring(signed(TRADER, DEFAULT, 2, 8), pinned);
        VM.prank(TRADER);
        registry.rotate(DEFAULT, registration);
    }

    function traderRevokes() private {
        VM.prank(TRADER);
        registry.revoke(DEFAULT, WHY);
    }

    function certificate() private returns (bytes32) {
        return TypedData.here(registry, TypedData.certificate(TRADER, DEFAULT, addressOf(7), WHY));
    }

    function entries(uint256 from, uint256 count) private returns (IKeyRegistry.SponsoredRegistration[] memory made) {
        made = new IKeyRegistry.SponsoredRegistration[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 accountKey = uint256(keccak256(abi.encode("account", from + i)));
            uint256 identityKey = uint256(keccak256(abi.encode("identity", from + i)));
            IKeyRegistry.SponsoredRegistration memory entry = made[i];
            (entry.owner, entry.deadline) = (addressOf(accountKey), DEADLINE);
            entry.registration = expiring(signed(entry.owner, DEFAULT, 1, identityKey), false);
            bytes32 hash = TypedData.registration(entry.owner, DEFAULT, 1, entry.registration, DEADLINE);
            bytes memory signature = compactSignatureBy(accountKey, TypedData.here(registry, hash));
            (entry.r, entry.vs) = abi.decode(signature, (bytes32, bytes32));
        }
    }

    function expiring(IKeyRegistry.Registration memory registration, bool pinned)
        private
        pure
        returns (IKeyRegistry.Registration memory)
    {
        until(registration, NOW + 365 days);
        return pinned ? pinnedTo(registration) : registration;
    }

    function spendsAtMost(string memory what, uint256 target) private returns (uint256 gas) {
        gas = VM.snapshotGasLastCall("KeyRegistry", what);
        VM.assertLe(gas, target, what);
    }
}
