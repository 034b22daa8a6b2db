// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

/// @title SignerWallet
/// @notice The smallest ERC-1271 account: it agrees to what one key signed. Also the code of delegated accounts, since
/// its state is in storage, which is then the account's.
contract SignerWallet {
    address public signer;

    constructor(address itsSigner) {
        signer = itsSigner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0xffffffff;
        (bytes32 r, bytes32 s) = abi.decode(signature[:64], (bytes32, bytes32));
        address recovered = ecrecover(digest, uint8(signature[64]), r, s);
        return recovered != address(0) && recovered == signer ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
