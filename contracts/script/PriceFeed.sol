// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

/// @title PriceFeed
/// @notice An instrument's price, kept by one account: what the demo and the end-to-end tests trade against.
/// @dev The price stands alone in storage slot 0, as a 256-bit two's complement integer, so that both parties of a
/// session can prove it with `eth_getProof` and bind their channel to it.
contract PriceFeed {
    /// @notice Price with 8 decimals, as Chainlink feeds quote USD pairs: 1 USD is 100,000,000. Slot 0.
    int256 public latestAnswer;

    /// @notice The only account that may set the price.
    address public immutable OWNER;

    /// @notice The caller is not the owner.
    error NotOwner(address caller);

    /// @notice The price changed.
    /// @param price The new price, 8 decimals.
    event PriceSet(int256 price);

    /// @param owner Who may set the price.
    /// @param price The first price, 8 decimals.
    constructor(address owner, int256 price) {
        OWNER = owner;
        _set(price);
    }

    /// @notice Sets the price.
    /// @param price The new price, 8 decimals.
    function setPrice(int256 price) external {
        if (msg.sender != OWNER) revert NotOwner(msg.sender);
        _set(price);
    }

    function _set(int256 price) private {
        latestAnswer = price;
        emit PriceSet(price);
    }
}
