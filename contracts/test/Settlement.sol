// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";

/// @title Settlement
/// @notice Delivery against payment: swaps the tokens of two traders who countersigned the trade in a Countersign
/// session, both or none, once. The traders approve this contract for what they owe; anyone may settle.
/// @dev What a contract must add to `ICountersignVerifier.verify`: `terms` that name this contract and this chain, that
/// the traders are the parties, that each agreement counts once, and how old one may be.
contract Settlement {
    /// @notice What the parties agree to: the EIP-712 digest of this, in the domain ("Settlement", "1", chain id, this
    /// contract), is the agreement's `terms`.
    struct Trade {
        address seller;
        address asset;
        uint256 quantity;
        address buyer;
        address currency;
        uint256 price;
    }

    /// @notice The agreement is on something else.
    error OtherTerms(bytes32 agreed, bytes32 ofTrade);
    /// @notice Seller and buyer are not the owners of the two identities that agreed.
    error NotTheParties(address initiator, address responder);
    /// @notice The agreement is older than `MAX_AGE`. The traders must agree anew.
    error TooOld(uint40 agreedAt);
    /// @notice This agreement was settled before.
    error SettledAlready(bytes32 digest);

    /// @notice The tokens were swapped.
    event Settled(bytes32 indexed digest, address indexed seller, address indexed buyer);

    /// @notice Oldest agreement that is settled, in seconds: whoever stole a key gains nothing by dating one further
    /// back.
    uint256 public constant MAX_AGE = 5 minutes;

    /// @notice Who says whether an agreement is countersigned.
    ICountersignVerifier public immutable VERIFIER;

    /// @notice Whether an agreement was settled, by its digest.
    mapping(bytes32 digest => bool) public settled;

    constructor(ICountersignVerifier verifier) {
        VERIFIER = verifier;
    }

    /// @notice Swaps the tokens.
    /// @param trade What is to be done.
    /// @param agreement The two parties' agreement to it.
    /// @param initiatorSignature As `ICountersignVerifier.verify` takes it.
    /// @param responderSignature As `ICountersignVerifier.verify` takes it.
    function settle(
        Trade calldata trade,
        ICountersignVerifier.StateAgreement calldata agreement,
        bytes calldata initiatorSignature,
        bytes calldata responderSignature
    ) external {
        _requireTradeOf(agreement, trade);
        if (block.timestamp > agreement.agreedAt + MAX_AGE) revert TooOld(agreement.agreedAt);
        bytes32 digest = VERIFIER.verify(agreement, initiatorSignature, responderSignature);
        if (settled[digest]) revert SettledAlready(digest);

        settled[digest] = true;
        emit Settled(digest, trade.seller, trade.buyer);
        SafeTransferLib.safeTransferFrom(trade.asset, trade.seller, trade.buyer, trade.quantity);
        SafeTransferLib.safeTransferFrom(trade.currency, trade.buyer, trade.seller, trade.price);
    }

    /// @notice The `terms` of an agreement to this trade, here.
    function termsOf(Trade calldata trade) public view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
        bytes32 structHash = keccak256(abi.encode(TRADE_TYPEHASH, trade));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _requireTradeOf(ICountersignVerifier.StateAgreement calldata agreement, Trade calldata trade)
        private
        view
    {
        bytes32 terms = termsOf(trade);
        if (agreement.terms != terms) revert OtherTerms(agreement.terms, terms);
        (address initiator, address responder) = (agreement.state.initiator.owner, agreement.state.responder.owner);
        bool initiatorSells = trade.seller == initiator && trade.buyer == responder;
        bool initiatorBuys = trade.buyer == initiator && trade.seller == responder;
        if (!initiatorSells && !initiatorBuys) revert NotTheParties(initiator, responder);
    }

    bytes32 private constant NAME_HASH = keccak256("Settlement");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant TRADE_TYPEHASH =
        keccak256("Trade(address seller,address asset,uint256 quantity,address buyer,address currency,uint256 price)");
}
