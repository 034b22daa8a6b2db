// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {AgreementTest} from "./AgreementTest.sol";
import {Settlement} from "./Settlement.sol";
import {SettlementToken} from "./SettlementToken.sol";
import {VM} from "./Vm.sol";

/// @title SettlementTest
/// @notice ALICE sells 10 of the asset to BOB for 30,000 of the currency.
abstract contract SettlementTest is AgreementTest {
    Settlement internal settlement;
    SettlementToken internal asset;
    SettlementToken internal currency;

    uint256 internal constant QUANTITY = 10e18;
    uint256 internal constant PRICE = 30_000e6;

    event Settled(bytes32 indexed digest, address indexed seller, address indexed buyer);

    function setUp() public override {
        super.setUp();
        settlement = new Settlement(verifier);
        asset = new SettlementToken("ASSET", ALICE, 5 * QUANTITY);
        currency = new SettlementToken("CURRENCY", BOB, 5 * PRICE);
        VM.prank(ALICE);
        asset.approve(address(settlement), type(uint256).max);
        VM.prank(BOB);
        currency.approve(address(settlement), type(uint256).max);
    }

    function sale() internal view returns (Settlement.Trade memory) {
        return Settlement.Trade(ALICE, address(asset), QUANTITY, BOB, address(currency), PRICE);
    }

    /// @notice The parties' agreement to a trade.
    function agreed(Settlement.Trade memory trade)
        internal
        view
        returns (ICountersignVerifier.StateAgreement memory agreement)
    {
        agreement = honest();
        agreement.terms = settlement.termsOf(trade);
    }

    function settles(Signed memory it) internal {
        settlement.settle(sale(), it.agreement, it.initiator, it.responder);
        VM.assertTrue(settlement.settled(verifier.digestOf(it.agreement)));
    }

    function refuses(Signed memory it, bytes memory why) internal {
        Settlement.Trade memory trade = sale();
        VM.expectRevert(why);
        settlement.settle(trade, it.agreement, it.initiator, it.responder);
        paid(0);
    }

    /// @notice How often the tokens were swapped so far.
    function paid(uint256 times) internal view {
        VM.assertEq(asset.balanceOf(BOB), times * QUANTITY);
        VM.assertEq(currency.balanceOf(ALICE), times * PRICE);
        VM.assertEq(asset.balanceOf(ALICE), (5 - times) * QUANTITY);
        VM.assertEq(currency.balanceOf(BOB), (5 - times) * PRICE);
    }

    ICountersignVerifier.Party internal constant INITIATOR = ICountersignVerifier.Party.Initiator;
    ICountersignVerifier.Party internal constant RESPONDER = ICountersignVerifier.Party.Responder;
}
