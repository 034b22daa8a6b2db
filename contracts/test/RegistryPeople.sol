// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {TermsLib} from "../src/libraries/Terms.sol";
import {SchnorrSigner} from "./SchnorrSigner.sol";
import {TypedData} from "./TypedData.sol";
import {VM, Vm} from "./Vm.sol";
import {SignerWallet} from "./wallets/SignerWallet.sol";

/// @dev What every key has signed, in both schemes.
bytes32 constant PROBE = keccak256("probe");

/// @title RegistryPeople
/// @notice Who there is in an invariant run: three owners, one of them a wallet, with two labels each; two operators;
/// five identity keys, so few that the same often comes again: renewed, reused after revocation, or pinned.
contract RegistryPeople {
    using SchnorrSigner for SchnorrSigner.Signature;

    IKeyRegistry private immutable REGISTRY;
    address[3] public owners;
    bytes32[2] public labels = [bytes32(0), "desk"];
    address[2] public operators = [address(0x0be1), address(0x0be2)];
    Vm.Wallet[] private keys;
    bytes[5] private ecdsaProbes;
    bytes[5] private schnorrProbes;

    constructor(IKeyRegistry registry) {
        REGISTRY = registry;
        owners = [addressOf(101), addressOf(102), address(new SignerWallet(addressOf(103)))];
        for (uint256 i = 0; i < 5; ++i) {
            keys.push(VM.createWallet(i + 1));
            ecdsaProbes[i] = bytesOf(i + 1, PROBE);
            schnorrProbes[i] = SchnorrSigner.sign(i + 1, PROBE).packed();
        }
    }

    function owner(uint256 who) public view returns (address) {
        return owners[who % 3];
    }

    function label(uint256 which) public view returns (bytes32) {
        return labels[which % 2];
    }

    function operator(uint256 which) public view returns (address) {
        return operators[which % 2];
    }

    function isWallet(address who) public view returns (bool) {
        return who == owners[2];
    }

    function key(uint256 which) public view returns (Vm.Wallet memory) {
        return keys[which % 5];
    }

    /// @notice The X coordinate of the key with that address, zero for none.
    function xOf(address signer) external view returns (bytes32) {
        uint256 i = indexOf(signer);
        return i == 5 ? bytes32(0) : bytes32(keys[i].publicKeyX);
    }

    /// @notice Signatures over `PROBE` by the key with that address, or by any one if there is none, in both schemes.
    function probes(address signer) external view returns (bytes memory, bytes memory) {
        uint256 i = indexOf(signer) % 5;
        return (ecdsaProbes[i], schnorrProbes[i]);
    }

    /// @notice The same by another key.
    function otherProbes(address signer) external view returns (bytes memory, bytes memory) {
        uint256 i = (indexOf(signer) + 1) % 5;
        return (ecdsaProbes[i], schnorrProbes[i]);
    }

    /// @notice A key with its possession proof.
    function signed(address who, bytes32 what, uint16 version, uint256 which, bool schnorr)
        external
        returns (IKeyRegistry.Registration memory made)
    {
        Vm.Wallet memory wallet = key(which);
        (made.x, made.y) = (bytes32(wallet.publicKeyX), bytes32(wallet.publicKeyY));
        bytes32 digest = REGISTRY.possessionDigest(who, what, version, made.x, made.y);
        uint8 v;
        if (schnorr) {
            SchnorrSigner.Signature memory quorum = SchnorrSigner.sign(wallet.privateKey, digest);
            (v, made.r, made.s) = (quorum.prefix, quorum.rx, quorum.z);
        } else {
            (v, made.r, made.s) = VM.sign(wallet.privateKey, digest);
        }
        made.terms = TermsLib.pack(v, 0, wallet.privateKey % 2 == 0 ? 0 : 1, false);
    }

    /// @notice The signature of an owner, of a wallet by its signer's key: for this chain or for every one.
    function consent(address who, bytes32 structHash, bool everywhere) external view returns (bytes memory) {
        return bytesOf(accountKeyOf(who), digestOf(structHash, everywhere));
    }

    /// @notice The same as r and vs (ERC-2098).
    function compactConsent(address who, bytes32 structHash, bool everywhere) external view returns (bytes32, bytes32) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(accountKeyOf(who), digestOf(structHash, everywhere));
        return (r, bytes32(uint256(s) | uint256(v - 27) << 255));
    }

    /// @notice A revocation certificate by a key.
    function certificate(bytes32 structHash, uint256 which, bool schnorr, bool everywhere)
        external
        returns (bytes memory)
    {
        bytes32 digest = digestOf(structHash, everywhere);
        uint256 privateKey = key(which).privateKey;
        return schnorr ? SchnorrSigner.sign(privateKey, digest).packed() : bytesOf(privateKey, digest);
    }

    /// @dev 5 for the address of no key.
    function indexOf(address signer) private view returns (uint256 i) {
        while (i < 5 && keys[i].addr != signer) {
            ++i;
        }
    }

    function accountKeyOf(address who) private view returns (uint256) {
        return who == owners[0] ? 101 : who == owners[1] ? 102 : 103;
    }

    function digestOf(bytes32 structHash, bool everywhere) private view returns (bytes32) {
        return everywhere ? TypedData.everywhere(REGISTRY, structHash) : TypedData.here(REGISTRY, structHash);
    }

    function bytesOf(uint256 privateKey, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    function addressOf(uint256 privateKey) private returns (address) {
        return VM.createWallet(privateKey).addr;
    }
}
