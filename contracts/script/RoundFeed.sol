// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

/// @title RoundFeed
/// @notice A price that has to be computed: what the end-to-end tests value by a view call. Anyone may publish.
/// @dev Reads like a Chainlink aggregator. The newest round's number leads to its entry, so no one slot has the price.
contract RoundFeed {
    struct Round {
        int256 answer;
        uint64 startedAt;
        uint64 updatedAt;
    }

    /// @notice The newest round, zero before the first.
    uint80 public latestRound;

    mapping(uint256 round => Round) private _rounds;

    /// @notice Nothing was published yet.
    error NoDataPresent();

    /// @notice A round was published.
    /// @param round Its number.
    /// @param answer The price, 8 decimals.
    event Published(uint80 round, int256 answer);

    /// @notice Publishes the next round.
    /// @param answer The price, 8 decimals.
    function publish(int256 answer) external {
        uint80 round = ++latestRound;
        _rounds[round] = Round(answer, uint64(block.timestamp), uint64(block.timestamp));
        emit Published(round, answer);
    }

    /// @notice The newest round, as Chainlink's `AggregatorV3Interface` gives it.
    /// @return roundId Its number.
    /// @return answer The price, 8 decimals.
    /// @return startedAt Unix seconds.
    /// @return updatedAt Unix seconds.
    /// @return answeredInRound Its number.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        roundId = latestRound;
        if (roundId == 0) revert NoDataPresent();
        Round memory round = _rounds[roundId];
        return (roundId, round.answer, round.startedAt, round.updatedAt, roundId);
    }

    /// @notice The sum of the answers of the first rounds, published or not: as many slots as rounds.
    /// @param count How many.
    /// @return sum The price, 8 decimals, times `count`.
    function sumOfAnswers(uint256 count) external view returns (int256 sum) {
        for (uint256 i = 0; i < count; ++i) {
            sum += _rounds[i].answer;
        }
    }

    /// @notice The end of a chain of slots, each of which names the next.
    /// @param links How many are followed.
    /// @return last Where it ends.
    function follow(uint256 links) external view returns (uint256 last) {
        for (uint256 i = 0; i < links; ++i) {
            last = uint256(keccak256(abi.encode(_rounds[last].answer, last)));
        }
    }

    /// @notice Takes whatever gas there is.
    /// @return work Nobody will see it.
    function exhaust() external view returns (uint256 work) {
        while (gasleft() != 0) {
            ++work;
        }
    }
}
