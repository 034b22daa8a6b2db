// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

/// @title RegistryDomain
/// @notice The two EIP-712 domains of the registry that executes this code: that of its chain, and that of every chain,
/// which has another name and no chain id.
/// @dev Computed at each use. Storing the separator as an immutable would save about 60 gas, make the runtime code
/// different on every chain, and outlive a fork that changes the chain id. For the same reasons no library's EIP712
/// base serves: all of them keep immutables, and none has a domain without chain id.
library RegistryDomain {
    string internal constant NAME = "Countersign KeyRegistry";
    string internal constant VERSION = "1";

    /// @notice The domain separator on this chain.
    function separator() internal view returns (bytes32 result) {
        (bytes32 typeHash, bytes32 nameHash, bytes32 versionHash) = (DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH);
        // keccak256(abi.encode(typeHash, nameHash, versionHash, block.chainid, address(this))), in memory that is
        // free and stays so: abi.encode would allocate it.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 0x20), nameHash)
            mstore(add(free, 0x40), versionHash)
            mstore(add(free, 0x60), chainid())
            mstore(add(free, 0x80), address())
            result := keccak256(free, 0xa0)
        }
    }

    /// @notice The domain separator of what is signed for every chain at once.
    function everyChainSeparator() internal view returns (bytes32) {
        return keccak256(abi.encode(EVERY_CHAIN_DOMAIN_TYPEHASH, EVERY_CHAIN_NAME_HASH, VERSION_HASH, address(this)));
    }

    /// @notice The digest to sign for a struct, for this chain.
    /// @param structHash EIP-712 hashStruct of what is signed.
    function digest(bytes32 structHash) internal view returns (bytes32) {
        return typedDataHash(separator(), structHash);
    }

    /// @notice The digest to sign for a struct, for every chain at once.
    /// @param structHash EIP-712 hashStruct of what is signed.
    function everyChainDigest(bytes32 structHash) internal view returns (bytes32) {
        return typedDataHash(everyChainSeparator(), structHash);
    }

    /// @notice The digest to sign for a struct.
    /// @param domain The domain separator.
    /// @param structHash EIP-712 hashStruct of what is signed.
    function typedDataHash(bytes32 domain, bytes32 structHash) internal pure returns (bytes32 result) {
        // keccak256(abi.encodePacked(hex"1901", domain, structHash))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, hex"1901")
            mstore(add(free, 0x02), domain)
            mstore(add(free, 0x22), structHash)
            result := keccak256(free, 0x42)
        }
    }

    bytes32 private constant NAME_HASH = keccak256("Countersign KeyRegistry");
    bytes32 private constant EVERY_CHAIN_NAME_HASH = keccak256("Countersign KeyRegistry on every chain");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant EVERY_CHAIN_DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,address verifyingContract)");
}
