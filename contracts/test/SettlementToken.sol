// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @title SettlementToken
/// @notice An ERC-20 token with all of its supply in the hands of one account.
contract SettlementToken is ERC20 {
    string private _symbol;

    constructor(string memory symbol_, address holder, uint256 supply) {
        _symbol = symbol_;
        _mint(holder, supply);
    }

    function name() public view override returns (string memory) {
        return _symbol;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }
}
