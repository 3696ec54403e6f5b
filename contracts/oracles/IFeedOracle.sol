// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IOracle} from "../interfaces/IOracle.sol";
import {IPriceFeed} from "../interfaces/IPriceFeed.sol";

/// @title IFeedOracle
/// @notice The price of a base token in a quote token from one feed (base in the quote's currency) or two (both in a
/// third currency), or a refusal.
/// @dev Immutable: other feeds, ages or bounds are another oracle.
interface IFeedOracle is IOracle {
    /// @notice One feed, and what of it is trusted. Both bounds are exclusive: a feed that sits on its circuit
    /// breaker's bound does not know the price.
    struct Leg {
        IPriceFeed feed;
        uint32 maxAge; // an answer this old is still good; older is stale [seconds]
        int128 minAnswer; // zero or more [feed units]
        int128 maxAnswer; // [feed units]
    }

    /// @notice Thrown when the feed's answer is older than the leg allows, or dated zero: a round not answered yet.
    error StalePrice(address feed, uint256 updatedAt, uint256 maxAge, uint256 timestamp);

    /// @notice Thrown when the feed's answer is dated after the present block.
    error FuturePrice(address feed, uint256 updatedAt, uint256 timestamp);

    /// @notice Thrown when the feed's answer was carried over from an earlier round.
    error CarriedOverPrice(address feed, uint80 roundId, uint80 answeredInRound);

    /// @notice Thrown when the feed's answer is zero or negative.
    error NonPositivePrice(address feed, int256 answer);

    /// @notice Thrown when the feed's answer lies on or beyond a bound.
    error PriceOutOfBounds(address feed, int256 answer, int256 minAnswer, int256 maxAnswer);

    /// @notice Thrown at deployment when there is no contract where a feed should be.
    error NoFeed(address feed);

    /// @notice Thrown at deployment when a leg's maximum age is zero, or no answer lies between its bounds; and when a
    /// quote leg without a feed is not all zero.
    error InvalidLeg(address feed, uint32 maxAge, int128 minAnswer, int128 maxAnswer);

    /// @notice Thrown at deployment when a feed or a token has more decimals than this oracle is exact for.
    error TooManyDecimals(uint256 decimals, uint256 maxDecimals);

    /// @notice Thrown at deployment when an answer within the bounds could round to a price of zero.
    error BoundsTooWide(int128 baseAnswer, int128 quoteAnswer);

    /// @notice The feed of the base token and what of it is trusted.
    function baseLeg() external view returns (Leg memory);

    /// @notice The feed of the quote token; all zero when the base feed already prices in the quote token.
    function quoteLeg() external view returns (Leg memory);

    /// @notice Decimals of the base token.
    function baseDecimals() external view returns (uint8);

    /// @notice Decimals of the quote token.
    function quoteDecimals() external view returns (uint8);
}
