// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IPriceFeed
/// @notice A price published by rounds, in the shape of Chainlink's AggregatorV3Interface.
/// @dev Warning: nothing in this shape says that an answer is recent, positive or right. Read it through an `IOracle`,
/// which refuses what cannot be trusted.
interface IPriceFeed {
    /// @notice Decimals of every answer.
    function decimals() external view returns (uint8);

    /// @notice What is priced in what, for people: "ETH / USD".
    function description() external view returns (string memory);

    /// @notice Version of the feed's code.
    function version() external view returns (uint256);

    /// @notice The answer of one round.
    /// @param roundId_ The round asked for.
    /// @return roundId The round answered.
    /// @return answer The price, with `decimals` decimals. [feed units]
    /// @return startedAt When the round began. [unix seconds]
    /// @return updatedAt When the answer was computed; zero while the round is open. [unix seconds]
    /// @return answeredInRound The round in which the answer was computed.
    function getRoundData(uint80 roundId_)
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The answer of the newest round.
    /// @return roundId The newest round.
    /// @return answer The price, with `decimals` decimals. [feed units]
    /// @return startedAt When the round began. [unix seconds]
    /// @return updatedAt When the answer was computed. [unix seconds]
    /// @return answeredInRound The round in which the answer was computed.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
