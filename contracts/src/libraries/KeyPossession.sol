// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";
import {EcdsaSignature} from "./EcdsaSignature.sol";
import {RegistryDomain} from "./RegistryDomain.sol";
import {Schnorr} from "./Schnorr.sol";
import {TermsLib} from "./Terms.sol";

/// @title KeyPossession
/// @notice What an identity key signs to show that its holder wants it in a record, and how that is checked.
library KeyPossession {
    using TermsLib for IKeyRegistry.Terms;

    /// @notice EIP-712 hashStruct of `KeyPossession`.
    /// @dev The key is inside: without it anyone could "prove" a key that nobody holds, by choosing a signature and
    /// taking whatever key it recovers to.
    function hash(address owner, bytes32 label, uint16 version, bytes32 x, bytes32 y)
        internal
        pure
        returns (bytes32 result)
    {
        bytes32 typeHash = TYPEHASH;
        // keccak256(abi.encode(typeHash, owner, label, version, x, y))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 0x20), shr(96, shl(96, owner)))
            mstore(add(free, 0x40), label)
            mstore(add(free, 0x60), and(version, 0xffff))
            mstore(add(free, 0x80), x)
            mstore(add(free, 0xa0), y)
            result := keccak256(free, 0xc0)
        }
    }

    /// @notice Ethereum address of a public key. Does not check that (x, y) is on the curve.
    function addressOf(bytes32 x, bytes32 y) internal pure returns (address result) {
        // address(uint160(uint256(keccak256(abi.encodePacked(x, y))))), in scratch space
        assembly ("memory-safe") {
            mstore(0x00, x)
            mstore(0x20, y)
            result := shr(96, shl(96, keccak256(0x00, 0x40)))
        }
    }

    /// @notice Checks a possession proof, made for this chain or for every chain. It also proves the point to be on the
    /// curve: `ecrecover` gives only addresses of points that are, and no other (x, y) can be found with the same address.
    /// @param structHash EIP-712 hashStruct of what was to be signed.
    /// @param domain This chain's domain separator.
    /// @param signer Address of the key that was to sign it.
    /// @param registration The key and its signature.
    /// @return How the key signs.
    function check(bytes32 structHash, bytes32 domain, address signer, IKeyRegistry.Registration calldata registration)
        internal
        view
        returns (IKeyRegistry.Scheme)
    {
        (uint8 v, bytes32 r, bytes32 s) = (registration.terms.v(), registration.r, registration.s);
        if (v < FIRST_ECDSA) {
            checkSchnorr(structHash, domain, signer, registration);
            return IKeyRegistry.Scheme.Schnorr;
        }
        if (!EcdsaSignature.isLow(s)) revert IKeyRegistry.MalleableSignature(s);
        address recovered = ecrecover(RegistryDomain.typedDataHash(domain, structHash), v, r, s);
        if (recovered != signer && ecrecover(RegistryDomain.everyChainDigest(structHash), v, r, s) != signer) {
            revert IKeyRegistry.PossessionNotProven(signer, recovered);
        }
        return IKeyRegistry.Scheme.Ecdsa;
    }

    function checkSchnorr(
        bytes32 structHash,
        bytes32 domain,
        address signer,
        IKeyRegistry.Registration calldata registration
    ) private view {
        (bytes32 x, bytes32 y) = (registration.x, registration.y);
        (uint8 v, bytes32 r, bytes32 s) = (registration.terms.v(), registration.r, registration.s);
        if (Schnorr.isValid(RegistryDomain.typedDataHash(domain, structHash), x, y, v, r, s)) return;
        if (Schnorr.isValid(RegistryDomain.everyChainDigest(structHash), x, y, v, r, s)) return;
        revert IKeyRegistry.PossessionNotProven(signer, address(0));
    }

    /// @notice Whether `x` is the X coordinate of the key with address `signer`.
    function isXOf(bytes32 x, address signer) internal pure returns (bool) {
        return signer != address(0) && (Schnorr.addressWithX(x, 2) == signer || Schnorr.addressWithX(x, 3) == signer);
    }

    /// @dev Recovery ids begin here, SEC 1 prefixes end before.
    uint8 private constant FIRST_ECDSA = 27;
    bytes32 private constant TYPEHASH =
        keccak256("KeyPossession(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y)");
}
