// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

/// @notice A contract account (ERC-1271) that obeys one key, or, delegated to (EIP-7702), the code of an account that
/// has a key of its own besides. Its signatures are no account's: 20 bytes of its key's address, then r, s, v.
contract KeyedWallet {
    address private immutable KEY;

    constructor(address key) {
        KEY = key;
    }

    function execute(address to, bytes calldata data) external {
        require(msg.sender == KEY);
        (bool success,) = to.call(data);
        require(success);
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length == 4) return _burn(uint32(bytes4(signature)));
        if (signature.length != 85 || address(bytes20(signature[:20])) != KEY) return 0;
        (bytes32 r, bytes32 s) = (bytes32(signature[20:52]), bytes32(signature[52:84]));
        return ecrecover(digest, uint8(signature[84]), r, s) == KEY ? bytes4(0x1626ba7e) : bytes4(0);
    }

    /// @dev Agrees to anything, at the cost of whoever asks.
    function _burn(uint256 gas) private view returns (bytes4) {
        uint256 end = gasleft() - gas;
        while (gasleft() > end) {}
        return 0x1626ba7e;
    }
}
