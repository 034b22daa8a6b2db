// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {RoundFeed} from "./RoundFeed.sol";

/// @title SwapPool
/// @notice A price out of a pool's reserves and another contract's feed: for the end-to-end tests. Anyone may sync.
contract SwapPool {
    /// @notice What the quote token is worth.
    RoundFeed public immutable FEED;

    /// @notice What is in the pool, each with its token's decimals.
    uint112 public baseReserve;
    uint112 public quoteReserve;

    /// @notice Fee in basis points.
    uint256 public fee = 30;

    /// @notice The pool is empty, so it has no price.
    error NoLiquidity();

    /// @param feed What the quote token is worth.
    constructor(RoundFeed feed) {
        FEED = feed;
    }

    /// @notice Sets the reserves.
    /// @param base Of the base token.
    /// @param quote Of the quote token.
    function sync(uint112 base, uint112 quote) external {
        (baseReserve, quoteReserve) = (base, quote);
    }

    /// @notice What one base token brings, the fee taken.
    /// @return Price in USD with 8 decimals.
    function price() external view returns (uint256) {
        (uint256 base, uint256 quote) = (baseReserve, quoteReserve);
        if (base == 0) revert NoLiquidity();
        (, int256 answer,,,) = FEED.latestRoundData();
        // A negative answer becomes so large that the product overflows, which reverts.
        // forge-lint: disable-next-line(unsafe-typecast)
        return quote * uint256(answer) * (10_000 - fee) / base / 10_000;
    }
}
