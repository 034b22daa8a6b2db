// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {VM, Vm} from "./Vm.sol";

/// @title RegistryActor
/// @notice Drives the registry through every transition of a few records, tries those that must not exist, and keeps
/// two accounts of what should be there: a model of the state diagram, and the state rebuilt from events alone.
contract RegistryActor {
    using TermsLib for IKeyRegistry.Terms;

    struct Model {
        uint16 versions;
        bool revoked;
        address signer;
        uint32 expiry;
        uint256 since;
    }

    struct Rebuilt {
        uint256 word;
        bytes32 x;
    }

    IKeyRegistry public immutable REGISTRY;
    mapping(address owner => mapping(bytes32 label => Model)) public model;
    mapping(address owner => mapping(bytes32 label => Rebuilt)) public rebuilt;
    uint256 public time;
    Vm.Wallet[] private keys;

    address[2] public owners = [address(0xa11ce), address(0xb0b)];
    bytes32[2] public labels = [bytes32(0), DESK];

    constructor(IKeyRegistry registry) {
        REGISTRY = registry;
        time = block.timestamp;
        // Few keys, so that the same one often comes again: renewed, reused after revocation, or pinned.
        for (uint256 i = 0; i < 5; ++i) {
            keys.push(VM.createWallet(i + 1));
        }
        VM.recordLogs();
    }

    /// @notice Registers or rotates, whichever the record's state allows, and is refused the other.
    function setKey(uint8 who, uint8 which, uint8 whichKey, uint32 validFor, bool pinned) external {
        (address owner, bytes32 label) = pick(who, which);
        Model memory known = model[owner][label];
        bool registers = known.versions == 0 || known.revoked;
        IKeyRegistry.Registration memory registration =
            signed(owner, label, known.versions + 1, keys[whichKey % keys.length]);
        uint32 expiry = validFor % 4 == 0 ? 0 : expiryIn(validFor);
        registration.terms = TermsLib.pack(registration.terms.v(), expiry, registration.terms.suiteFloor(), pinned);
        address signer = addressOf(registration.x, registration.y);

        refused(owner, calldataOf(!registers, label, registration));
        bytes memory call = calldataOf(registers, label, registration);
        if (known.revoked && signer == known.signer) return refused(owner, call);
        accepted(owner, call);
        model[owner][label] = Model(known.versions + 1, false, signer, expiry, time);
    }

    function revoke(uint8 who, uint8 which, uint8 why) external {
        (address owner, bytes32 label) = pick(who, which);
        Model storage known = model[owner][label];
        bytes memory call = abi.encodeCall(REGISTRY.revoke, (label, IKeyRegistry.Reason(why % 6)));
        if (known.versions == 0 || known.revoked) return refused(owner, call);
        accepted(owner, call);
        known.revoked = true;
    }

    /// @notice Pins the record's key, or another one, as anybody.
    function pin(uint8 who, uint8 which, uint8 whichKey) external {
        (address owner, bytes32 label) = pick(who, which);
        Vm.Wallet memory key = keys[whichKey % keys.length];
        bytes32 x = bytes32(key.publicKeyX);
        bytes memory call = abi.encodeCall(REGISTRY.pin, (owner, label, x, bytes32(key.publicKeyY)));
        bool fits = isLive(owner, label) && key.addr == model[owner][label].signer && rebuilt[owner][label].x != x;
        if (fits) accepted(address(this), call);
        else refused(address(this), call);
    }

    /// @notice A stranger uses what an owner signed or could sign: nothing of it reaches the owner's record.
    function steal(uint8 who, uint8 which, uint8 whichKey) external {
        (address owner, bytes32 label) = pick(who, which);
        IKeyRegistry.Registration memory registration =
            signed(owner, label, model[owner][label].versions + 1, keys[whichKey % keys.length]);
        refused(address(this), calldataOf(true, label, registration));
        refused(address(this), calldataOf(false, label, registration));
        refused(address(this), abi.encodeCall(REGISTRY.revoke, (label, IKeyRegistry.Reason.Policy)));
    }

    function pass(uint24 delay) external {
        time += delay;
        VM.warp(time);
    }

    /// @notice Whether the model says that the record holds a key in force.
    function isLive(address owner, bytes32 label) public view returns (bool) {
        Model memory known = model[owner][label];
        return known.versions != 0 && !known.revoked && (known.expiry == 0 || known.expiry > time);
    }

    function accepted(address sender, bytes memory call) private {
        VM.prank(sender);
        (bool success, bytes memory answer) = address(REGISTRY).call(call);
        VM.assertTrue(success, string(answer));
        replay(VM.getRecordedLogs());
    }

    function refused(address sender, bytes memory call) private {
        VM.prank(sender);
        (bool success,) = address(REGISTRY).call(call);
        VM.assertFalse(success, "a transition that the state diagram does not have");
    }

    function replay(Vm.Log[] memory logs) private {
        VM.assertEq(logs.length, 1, "one event for each change");
        address owner = address(uint160(uint256(logs[0].topics[1])));
        Rebuilt storage state = rebuilt[owner][logs[0].topics[2]];
        bytes32 kind = logs[0].topics[0];
        if (kind == IKeyRegistry.KeyRevoked.selector) {
            state.word = abi.decode(logs[0].data, (uint256));
        } else if (kind == IKeyRegistry.KeyPinned.selector) {
            (, state.x) = abi.decode(logs[0].data, (uint16, bytes32));
        } else {
            (uint256 word, bytes32 x) = abi.decode(logs[0].data, (uint256, bytes32));
            state.word = word;
            bool compact = kind == IKeyRegistry.KeyRegistered.selector || kind == IKeyRegistry.KeyRotated.selector;
            if (!compact) state.x = x;
        }
    }

    function signed(address owner, bytes32 label, uint16 version, Vm.Wallet memory key)
        private
        view
        returns (IKeyRegistry.Registration memory registration)
    {
        registration.x = bytes32(key.publicKeyX);
        registration.y = bytes32(key.publicKeyY);
        bytes32 digest = REGISTRY.possessionDigest(owner, label, version, registration.x, registration.y);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key.privateKey, digest);
        (registration.r, registration.s) = (r, s);
        registration.terms = TermsLib.pack(v, 0, key.privateKey % 2 == 0 ? 0 : 1, false);
    }

    function calldataOf(bool registers, bytes32 label, IKeyRegistry.Registration memory registration)
        private
        view
        returns (bytes memory)
    {
        return registers
            ? abi.encodeCall(REGISTRY.register, (label, registration))
            : abi.encodeCall(REGISTRY.rotate, (label, registration));
    }

    /// @notice The X coordinate of the key with that address, zero for none.
    function xOf(address signer) external view returns (bytes32) {
        for (uint256 i = 0; i < keys.length; ++i) {
            if (keys[i].addr == signer) return bytes32(keys[i].publicKeyX);
        }
        return 0;
    }

    function pick(uint8 who, uint8 which) private view returns (address, bytes32) {
        return (owners[who % owners.length], labels[which % labels.length]);
    }

    /// @dev A few delays of `pass`, so that some keys expire within a run and some do not.
    function expiryIn(uint32 validFor) private view returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(time) + 1 + validFor % 100_000_000;
    }

    function addressOf(bytes32 x, bytes32 y) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(x, y)))));
    }

    bytes32 private constant DESK = "desk";
}
