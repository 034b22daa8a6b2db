// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {PriceFeed} from "../script/PriceFeed.sol";
import {VM} from "./Vm.sol";

contract PriceFeedTest {
    event PriceSet(int256 price);

    function test_keepsThePriceInSlotZero() public {
        PriceFeed feed = new PriceFeed(address(this), 3000e8);
        VM.assertEq(feed.latestAnswer(), 3000e8);
        VM.assertEq(uint256(VM.load(address(feed), 0)), 3000e8);
        feed.setPrice(-1);
        VM.assertEq(uint256(VM.load(address(feed), 0)), type(uint256).max);
    }

    function test_tellsEachNewPrice() public {
        PriceFeed feed = new PriceFeed(address(this), 3000e8);
        VM.expectEmit(address(feed));
        emit PriceSet(3001e8);
        feed.setPrice(3001e8);
        VM.assertEq(feed.latestAnswer(), 3001e8);
    }

    function test_refusesAnyoneButItsOwner() public {
        PriceFeed feed = new PriceFeed(address(1), 3000e8);
        VM.assertEq(feed.OWNER(), address(1));
        VM.expectRevert(abi.encodeWithSelector(PriceFeed.NotOwner.selector, address(this)));
        feed.setPrice(0);
    }
}
