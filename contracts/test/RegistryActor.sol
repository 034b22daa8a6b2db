// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {RegistryModel} from "./RegistryModel.sol";
import {RegistryPeople} from "./RegistryPeople.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";

/// @title RegistryActor
/// @notice Drives the registry through every transition of a few records, in every way that someone entitled has, and
/// tries those that must not exist: by strangers, by former operators, with other people's signatures, twice.
contract RegistryActor is RegistryModel {
    using TermsLib for IKeyRegistry.Terms;

    enum Way {
        Owner,
        OwnerWithoutSignature,
        Signature,
        SignatureForEveryChain,
        Operator,
        Many
    }

    /// @dev A key that is to become a record's next.
    struct Draft {
        address owner;
        bytes32 label;
        uint16 version;
        bool registers;
        IKeyRegistry.Registration registration;
    }

    RegistryPeople public immutable PEOPLE;

    constructor(IKeyRegistry registry) RegistryModel(registry) {
        PEOPLE = new RegistryPeople(registry);
    }

    /// @notice Registers or rotates, whichever the record's state allows, and is refused the other.
    function setKey(uint8 who, uint8 whichKey, uint8 how, uint32 validFor, bool pinned, bool schnorr) external {
        Draft memory draft = draftOf(who, whichKey, schnorr);
        uint32 expiry = validFor % 4 == 0 ? 0 : expiryIn(validFor);
        IKeyRegistry.Terms terms = draft.registration.terms;
        draft.registration.terms = TermsLib.pack(terms.v(), expiry, terms.suiteFloor(), pinned);
        // Many registers what was never there, of account keys, or nothing.
        Way way = Way(how % 6);
        if (way == Way.Many) return registerMany(draft, expiry);

        address sender = senderOf(draft.owner, way, how);
        draft.registers = !draft.registers;
        refused(sender, callOf(draft, way));
        draft.registers = !draft.registers;
        bytes memory call = callOf(draft, way);
        Model memory known = model[draft.owner][draft.label];
        bool fresh = !known.revoked || known.signer != signerOf(draft);
        bool entitled = way != Way.Operator || isLiveOperator(draft.owner, sender) && !known.revoked;
        if (!fresh || !entitled) return refused(sender, call);
        accepted(sender, call);
        if (way != Way.Owner) spent.push(call);
        learn(draft, expiry);
    }

    function revoke(uint8 who, uint8 how, uint8 why) external {
        (address owner, bytes32 label) = pick(who);
        Way way = Way(how % 5);
        address sender = senderOf(owner, way, how);
        IKeyRegistry.Reason reason = IKeyRegistry.Reason(why % 6);
        uint16 version = model[owner][label].versions;
        bytes memory call = abi.encodeCall(REGISTRY.revoke, (label, reason));
        if (way != Way.Owner) {
            bytes32 hash = TypedData.revocation(owner, label, version, reason, FOREVER);
            bytes memory signature = signatureOf(owner, way, hash);
            call = abi.encodeCall(REGISTRY.revokeFor, (owner, label, version, reason, FOREVER, signature));
        }
        bool entitled = way != Way.Operator || isLiveOperator(owner, sender);
        if (!isUnrevoked(owner, label) || !entitled) return refused(sender, call);
        accepted(sender, call);
        if (way != Way.Owner) spent.push(call);
        model[owner][label].revoked = true;
    }

    /// @notice Anybody shows a certificate: of the record's key, or of another one.
    function revokeByKey(uint8 who, uint8 whichKey, uint8 why, bool schnorr, bool everywhere) external {
        (address owner, bytes32 label) = pick(who);
        IKeyRegistry.Reason reason = IKeyRegistry.Reason(why % 6);
        address signer = PEOPLE.key(whichKey).addr;
        bytes32 hash = TypedData.certificate(owner, label, signer, reason);
        bytes memory certificate = PEOPLE.certificate(hash, whichKey, schnorr, everywhere);
        bytes memory call = abi.encodeCall(REGISTRY.revokeByKey, (owner, label, reason, certificate));
        Model storage known = model[owner][label];
        bool fits = isUnrevoked(owner, label) && known.signer == signer && known.schnorr == schnorr;
        if (!fits) return refused(address(this), call);
        accepted(address(this), call);
        known.revoked = true;
    }

    /// @notice Pins the record's key, or another one, as anybody.
    function pin(uint8 who, uint8 whichKey) external {
        (address owner, bytes32 label) = pick(who);
        bytes32 x = bytes32(PEOPLE.key(whichKey).publicKeyX);
        bytes memory call = abi.encodeCall(REGISTRY.pin, (owner, label, x, bytes32(PEOPLE.key(whichKey).publicKeyY)));
        bool fits = isLive(owner, label) && PEOPLE.key(whichKey).addr == model[owner][label].signer;
        if (fits && rebuilt[owner][label].x != x) accepted(address(this), call);
        else refused(address(this), call);
    }

    /// @notice The owner, an operator or a stranger anchors a bundle.
    function anchor(uint8 who, uint8 by, bytes32 bundleHash) external {
        (address owner, bytes32 label) = pick(who);
        address sender = by % 3 == 0 ? owner : by % 3 == 1 ? PEOPLE.operator(by / 3) : address(this);
        bytes memory call = abi.encodeCall(REGISTRY.anchorBundle, (owner, label, bundleHash));
        bool entitled = sender == owner || isLiveOperator(owner, sender);
        if (entitled && isUnrevoked(owner, label)) accepted(sender, call);
        else refused(sender, call);
    }

    function appoint(uint8 who, uint8 which, uint40 validFor) external {
        (address owner,) = pick(who);
        address operator = PEOPLE.operator(which);
        // forge-lint: disable-next-line(unsafe-typecast)
        uint40 end = validFor % 3 == 0 ? 0 : uint40(time) + validFor % 50_000_000;
        bytes memory call = abi.encodeCall(REGISTRY.setOperator, (operator, end));
        if (end != 0 && end <= time) return refused(owner, call);
        accepted(owner, call);
        operatorEnd[owner][operator] = end;
    }

    /// @notice A stranger uses what others signed: nothing of it reaches the owner's record.
    function steal(uint8 who, uint8 whichKey, uint8 how, bool schnorr) external {
        Draft memory draft = draftOf(who, whichKey, schnorr);
        address thief = how % 2 == 0 ? address(this) : PEOPLE.owner(uint256(who) + 1);
        refused(thief, abi.encodeCall(REGISTRY.register, (draft.label, draft.registration)));
        refused(thief, abi.encodeCall(REGISTRY.rotate, (draft.label, draft.registration)));
        refused(thief, callOf(draft, Way.OwnerWithoutSignature));
        // Another owner's signature, over all that is to happen.
        bytes memory signature = PEOPLE.consent(PEOPLE.owner(uint256(who) + 1), hashOf(draft), how % 3 == 0);
        refused(thief, callOf(draft, signature));
        IKeyRegistry.Reason why = IKeyRegistry.Reason.Policy;
        bytes32 hash = TypedData.revocation(draft.owner, draft.label, draft.version - 1, why, FOREVER);
        signature = how % 5 == 0 ? bytes("") : PEOPLE.consent(PEOPLE.owner(uint256(who) + 1), hash, how % 3 == 0);
        refused(
            thief,
            abi.encodeCall(REGISTRY.revokeFor, (draft.owner, draft.label, draft.version - 1, why, FOREVER, signature))
        );
        refused(thief, abi.encodeCall(REGISTRY.anchorBundle, (draft.owner, draft.label, hash)));
    }

    /// @notice Submits once more what was accepted once, as a stranger.
    function submitAgain(uint256 which) external {
        if (spent.length != 0) refused(address(this), spent[which % spent.length]);
    }

    function pass(uint24 delay) external {
        time += delay;
        VM.warp(time);
    }

    function registerMany(Draft memory draft, uint32 expiry) private {
        IKeyRegistry.SponsoredRegistration[] memory entries = new IKeyRegistry.SponsoredRegistration[](1);
        (bytes32 r, bytes32 vs) = PEOPLE.compactConsent(draft.owner, hashOf(draft), expiry % 2 == 0);
        entries[0] = IKeyRegistry.SponsoredRegistration(draft.owner, draft.label, FOREVER, draft.registration, r, vs);
        bytes memory call = abi.encodeCall(REGISTRY.registerForMany, (entries));
        if (model[draft.owner][draft.label].versions != 0) return passedOver(address(this), call);
        if (PEOPLE.isWallet(draft.owner)) return refused(address(this), call);
        accepted(address(this), call);
        learn(draft, expiry);
    }

    function learn(Draft memory draft, uint32 expiry) private {
        bool schnorr = draft.registration.terms.v() < 27;
        model[draft.owner][draft.label] = Model(draft.version, false, schnorr, signerOf(draft), expiry, time);
    }

    /// @dev The next version of a record that `who` chooses, in the one way that its state allows.
    function draftOf(uint8 who, uint8 whichKey, bool schnorr) private returns (Draft memory draft) {
        (draft.owner, draft.label) = pick(who);
        Model memory known = model[draft.owner][draft.label];
        draft.version = known.versions + 1;
        draft.registers = known.versions == 0 || known.revoked;
        draft.registration = PEOPLE.signed(draft.owner, draft.label, draft.version, whichKey, schnorr);
    }

    function callOf(Draft memory draft, Way way) private view returns (bytes memory) {
        if (way != Way.Owner) return callOf(draft, signatureOf(draft.owner, way, hashOf(draft)));
        return draft.registers
            ? abi.encodeCall(REGISTRY.register, (draft.label, draft.registration))
            : abi.encodeCall(REGISTRY.rotate, (draft.label, draft.registration));
    }

    function callOf(Draft memory draft, bytes memory signature) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            draft.registers ? REGISTRY.registerFor.selector : REGISTRY.rotateFor.selector,
            draft.owner,
            draft.label,
            draft.registration,
            FOREVER,
            signature
        );
    }

    function hashOf(Draft memory draft) private pure returns (bytes32) {
        return draft.registers
            ? TypedData.registration(draft.owner, draft.label, draft.version, draft.registration, FOREVER)
            : TypedData.rotation(draft.owner, draft.label, draft.version, draft.registration, FOREVER);
    }

    function signatureOf(address owner, Way way, bytes32 hash) private view returns (bytes memory) {
        if (way != Way.Signature && way != Way.SignatureForEveryChain) return "";
        return PEOPLE.consent(owner, hash, way == Way.SignatureForEveryChain);
    }

    function senderOf(address owner, Way way, uint8 how) private view returns (address) {
        if (way == Way.Operator) return PEOPLE.operator(how / 6);
        return way == Way.Owner || way == Way.OwnerWithoutSignature ? owner : address(this);
    }

    function signerOf(Draft memory draft) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(draft.registration.x, draft.registration.y)))));
    }

    function pick(uint8 who) private view returns (address, bytes32) {
        return (PEOPLE.owner(who), PEOPLE.label(who / 3));
    }

    /// @dev A few delays of `pass`, so that some keys expire within a run and some do not.
    function expiryIn(uint32 validFor) private view returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(time) + 1 + validFor % 100_000_000;
    }

    uint40 private constant FOREVER = type(uint40).max;
}
