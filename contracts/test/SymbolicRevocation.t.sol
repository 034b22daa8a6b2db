// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";
import {Schnorr} from "../src/libraries/Schnorr.sol";
import {SymbolicConsent} from "./SymbolicConsent.sol";
import {VM} from "./SymbolicRegistry.sol";

/// @notice Everyone who is entitled to revoke can, whatever the record, the time and the chain: a call that reverts here
/// fails the proof.
/// @custom:halmos --array-lengths signature={0,64,65,129}
contract SymbolicRevocationTest is SymbolicConsent {
    function check_theOwnerCanAlwaysRevoke(address owner, bytes32 label, uint8 reason) public {
        assumeRevocable(owner, label, reason);
        VM.prank(owner);
        succeeds(owner, label, abi.encodeCall(IKeyRegistry.revoke, (label, IKeyRegistry.Reason(reason))));
    }

    function check_aLiveOperatorCanAlwaysRevoke(address caller, address owner, bytes32 label, uint8 reason) public {
        RecordWord current = assumeRevocable(owner, label, reason);
        VM.assume(registry.operatorUntil(owner, caller) > block.timestamp);
        VM.prank(caller);
        succeeds(owner, label, revokeFor(owner, label, current, reason, uint40(block.timestamp), ""));
    }

    function check_theOwnersSignatureAlwaysRevokes(
        address caller,
        address owner,
        bytes32 label,
        uint8 reason,
        uint40 deadline,
        bytes memory signature
    ) public {
        RecordWord current = assumeRevocable(owner, label, reason);
        VM.assume(block.timestamp <= deadline && owner != address(0) && owner.code.length == 0);
        VM.assume(isSigned(owner, revocationConsent(owner, label, versionOf(current), reason, deadline), signature));
        VM.prank(caller);
        succeeds(owner, label, revokeFor(owner, label, current, reason, deadline, signature));
    }

    function check_theKeysCertificateAlwaysRevokes(
        address caller,
        address owner,
        bytes32 label,
        uint8 reason,
        bytes memory signature
    ) public {
        RecordWord current = assumeRevocable(owner, label, reason);
        VM.assume(isCertified(current, certificate(owner, label, signerOf(current), reason), signature));
        VM.prank(caller);
        succeeds(owner, label, revokeByKey(owner, label, reason, signature));
    }

    /// @notice And nothing else than the key's certificate does, by that way.
    function check_onlyTheKeysCertificateRevokesByKey(
        address caller,
        address owner,
        bytes32 label,
        uint8 reason,
        bytes memory signature
    ) public {
        RecordWord current = assumeRevocable(owner, label, reason);
        VM.prank(caller);
        (bool done,) = address(registry).call(revokeByKey(owner, label, reason, signature));
        if (!done) return;
        assert(isCertified(current, certificate(owner, label, signerOf(current), reason), signature));
    }

    function assumeRevocable(address owner, bytes32 label, uint8 reason) private view returns (RecordWord current) {
        VM.assume(reason <= uint8(type(IKeyRegistry.Reason).max));
        current = wordOf(owner, label);
        // No key has address zero: that hash has no known preimage.
        VM.assume(isUnrevoked(current) && signerOf(current) != address(0));
    }

    function succeeds(address owner, bytes32 label, bytes memory call) private {
        (bool done,) = address(registry).call(call);
        assert(done);
        assert(isRevoked(readWord(owner, label)));
    }

    function isCertified(RecordWord current, bytes32 structHash, bytes memory signature) private view returns (bool) {
        bool schnorr = RecordWord.unwrap(current) >> 248 & 1 == 1;
        if (!schnorr) return isSigned(signerOf(current), structHash, signature);
        return isSchnorr(signerOf(current), digest(structHash), signature)
            || isSchnorr(signerOf(current), everyChainDigest(structHash), signature);
    }

    /// @dev That `Schnorr.isValid` is right is shown by vectors of another implementation, not here.
    function isSchnorr(address signer, bytes32 hash, bytes memory signature) private pure returns (bool) {
        if (signature.length != 129) return false;
        (bytes32 x, bytes32 y) = (word(signature, 0), word(signature, 32));
        if (address(uint160(uint256(keccak256(abi.encodePacked(x, y))))) != signer) return false;
        return Schnorr.isValid(hash, x, y, uint8(signature[64]), word(signature, 65), word(signature, 97));
    }

    function revokeFor(
        address owner,
        bytes32 label,
        RecordWord current,
        uint8 reason,
        uint40 deadline,
        bytes memory signature
    ) private pure returns (bytes memory) {
        return abi.encodeCall(
            IKeyRegistry.revokeFor,
            (owner, label, uint16(versionOf(current)), IKeyRegistry.Reason(reason), deadline, signature)
        );
    }

    function revokeByKey(address owner, bytes32 label, uint8 reason, bytes memory signature)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IKeyRegistry.revokeByKey, (owner, label, IKeyRegistry.Reason(reason), signature));
    }
}
