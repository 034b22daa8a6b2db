// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../../src/interfaces/IKeyRegistry.sol";

// Accounts that answer ERC-1271 so as to harm who asks.

/// @notice Changes its own record while it is asked, and agrees only if that was possible.
contract ReentrantWallet {
    IKeyRegistry private immutable REGISTRY;

    constructor(IKeyRegistry registry) {
        REGISTRY = registry;
    }

    /// @dev Not `view`, as nothing obliges it to be.
    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        REGISTRY.setOperator(address(this), type(uint40).max);
        return this.isValidSignature.selector;
    }
}

/// @notice Uses up all gas it is given.
contract LoopingWallet {
    uint256 private turns;

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        while (gasleft() >= turns) {}
        return this.isValidSignature.selector;
    }
}

/// @notice Answers half a megabyte, beginning with what is no yes.
contract FloodingWallet {
    fallback() external {
        assembly ("memory-safe") {
            return(mload(0x40), 500000)
        }
    }
}

/// @notice Refuses with half a megabyte that begins with a yes.
contract FloodingRefusalWallet {
    fallback() external {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, shl(224, 0x1626ba7e))
            revert(free, 500000)
        }
    }
}

/// @notice Has code that takes any call and says nothing, as many contracts do.
contract SilentWallet {
    fallback() external {}
}

/// @notice Answers with a word of its own choice.
contract AnsweringWallet {
    bytes32 private immutable ANSWER;

    constructor(bytes32 answer) {
        ANSWER = answer;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes32) {
        return ANSWER;
    }
}

/// @notice Says yes in four bytes, less than the word that the ABI asks for.
contract CurtWallet {
    fallback() external {
        assembly ("memory-safe") {
            mstore(0x00, shl(224, 0x1626ba7e))
            return(0x00, 4)
        }
    }
}
