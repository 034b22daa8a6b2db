// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

/// @title ThresholdWallet
/// @notice Agrees as a Safe does: to signatures of enough of its owners, 65 bytes each, in rising order of address; or,
/// with no signature at all, to a digest that it approved before.
contract ThresholdWallet {
    uint256 public immutable THRESHOLD;
    mapping(address owner => bool) public isOwner;
    mapping(bytes32 digest => bool) public approved;

    error NotOwner(address caller);

    constructor(address[] memory owners, uint256 threshold) {
        THRESHOLD = threshold;
        for (uint256 i = 0; i < owners.length; ++i) {
            isOwner[owners[i]] = true;
        }
    }

    function approve(bytes32 digest) external {
        if (!isOwner[msg.sender]) revert NotOwner(msg.sender);
        approved[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata signatures) external view returns (bytes4) {
        bool agreed = signatures.length == 0 ? approved[digest] : enoughSigned(digest, signatures);
        return agreed ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function enoughSigned(bytes32 digest, bytes calldata signatures) private view returns (bool) {
        if (signatures.length != 65 * THRESHOLD) return false;
        address last;
        for (uint256 i = 0; i < signatures.length; i += 65) {
            (bytes32 r, bytes32 s) = abi.decode(signatures[i:i + 64], (bytes32, bytes32));
            address recovered = ecrecover(digest, uint8(signatures[i + 64]), r, s);
            if (recovered <= last || !isOwner[recovered]) return false;
            last = recovered;
        }
        return true;
    }
}
