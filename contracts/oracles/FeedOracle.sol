// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {IPriceFeed} from "../interfaces/IPriceFeed.sol";
import {IFeedOracle} from "./IFeedOracle.sol";

/// @title FeedOracle
/// @notice One or two AggregatorV3 feeds as an IOracle. See IFeedOracle. Python twin: `defi_kit.oracles.feed`.
contract FeedOracle is IFeedOracle {
    uint256 private constant MAX_DECIMALS = 24;
    uint256 private constant PRICE_DECIMALS = 36;

    /* FIXED AT BIRTH */

    IPriceFeed private immutable _baseFeed;
    uint32 private immutable _baseMaxAge; // [seconds]
    int128 private immutable _baseMin; // [feed units]
    int128 private immutable _baseMax; // [feed units]

    IPriceFeed private immutable _quoteFeed; // zero when there is one leg
    uint32 private immutable _quoteMaxAge; // [seconds]
    int128 private immutable _quoteMin; // [feed units]
    int128 private immutable _quoteMax; // [feed units]

    uint256 private immutable _baseFactor; // brings a base answer to the quote answer's decimals, at least
    uint256 private immutable _quoteFactor; // brings a quote answer to the base answer's decimals, at least
    uint256 private immutable _scale; // 10 ** (36 + quote token decimals - base token decimals)

    /// @inheritdoc IFeedOracle
    uint8 public immutable baseDecimals;

    /// @inheritdoc IFeedOracle
    uint8 public immutable quoteDecimals;

    /// @notice An oracle over one leg (`quote.feed` zero) or two, for tokens of the given decimals.
    constructor(Leg memory base, Leg memory quote, uint8 baseDecimals_, uint8 quoteDecimals_) {
        bool twoLegs = address(quote.feed) != address(0);
        uint256 baseFeedDecimals = _check(base);
        // Terms without a feed are a mistake, not a choice: nothing would ever be held to them.
        bool blank = quote.maxAge == 0 && quote.minAnswer == 0 && quote.maxAnswer == 0;
        require(twoLegs || blank, InvalidLeg(address(0), quote.maxAge, quote.minAnswer, quote.maxAnswer));
        uint256 quoteFeedDecimals = twoLegs ? _check(quote) : 0;
        _checkDecimals(baseDecimals_);
        _checkDecimals(quoteDecimals_);

        (_baseFeed, _baseMaxAge, _baseMin, _baseMax) = (base.feed, base.maxAge, base.minAnswer, base.maxAnswer);
        (_quoteFeed, _quoteMaxAge, _quoteMin, _quoteMax) = (quote.feed, quote.maxAge, quote.minAnswer, quote.maxAnswer);
        (baseDecimals, quoteDecimals) = (baseDecimals_, quoteDecimals_);

        // (base answer / 10^bf) / (quote answer / 10^qf): one of the two factors is one.
        _baseFactor = quoteFeedDecimals > baseFeedDecimals ? 10 ** (quoteFeedDecimals - baseFeedDecimals) : 1;
        _quoteFactor = baseFeedDecimals > quoteFeedDecimals ? 10 ** (baseFeedDecimals - quoteFeedDecimals) : 1;
        _scale = 10 ** (PRICE_DECIMALS + quoteDecimals_ - baseDecimals_); // 10^12 to 10^60

        // Both ends are tried here, so that no answer within the bounds can make `price` zero or overflow.
        (int128 lowest, int128 highest) = twoLegs ? (quote.minAnswer + 1, quote.maxAnswer - 1) : (int128(1), int128(1));
        _price(base.maxAnswer - 1, lowest);
        require(_price(base.minAnswer + 1, highest) != 0, BoundsTooWide(base.minAnswer + 1, highest));
    }

    function _check(Leg memory leg) private view returns (uint256 feedDecimals) {
        require(address(leg.feed).code.length != 0, NoFeed(address(leg.feed)));
        // Widened, since `minAnswer + 1` may not fit its type.
        bool room = leg.minAnswer >= 0 && int256(leg.minAnswer) + 1 < leg.maxAnswer;
        require(leg.maxAge != 0 && room, InvalidLeg(address(leg.feed), leg.maxAge, leg.minAnswer, leg.maxAnswer));

        feedDecimals = leg.feed.decimals();
        _checkDecimals(feedDecimals);
    }

    function _checkDecimals(uint256 decimals) private pure {
        require(decimals <= MAX_DECIMALS, TooManyDecimals(decimals, MAX_DECIMALS));
    }

    /* THE PRICE */

    /// @inheritdoc IOracle
    function price() external view returns (uint256) {
        int256 base = _answer(_baseFeed, _baseMaxAge, _baseMin, _baseMax);
        int256 quote = int256(1);
        if (address(_quoteFeed) != address(0)) quote = _answer(_quoteFeed, _quoteMaxAge, _quoteMin, _quoteMax);

        return _price(base, quote);
    }

    /// @dev The feed's answer, if all of it can be trusted.
    function _answer(IPriceFeed feed, uint256 maxAge, int256 min, int256 max) private view returns (int256 answer) {
        uint80 roundId;
        uint256 updatedAt;
        uint80 answeredInRound;
        (roundId, answer,, updatedAt, answeredInRound) = feed.latestRoundData();

        require(answer > 0, NonPositivePrice(address(feed), answer));
        require(answer > min && answer < max, PriceOutOfBounds(address(feed), answer, min, max));
        require(answeredInRound >= roundId, CarriedOverPrice(address(feed), roundId, answeredInRound));
        require(updatedAt <= block.timestamp, FuturePrice(address(feed), updatedAt, block.timestamp));
        // Cannot underflow: checked on the line above. A round dated zero was never answered, whatever age is allowed.
        bool fresh = updatedAt != 0 && block.timestamp - updatedAt <= maxAge;
        require(fresh, StalePrice(address(feed), updatedAt, maxAge, block.timestamp));
    }

    /// @dev Rounded down. Cannot overflow before the division: answers fit in 127 bits and the factors in 80.
    function _price(int256 base, int256 quote) private view returns (uint256) {
        // Safe casts: every answer that comes here is above a bound of zero or more.
        return FixedPointMathLib.fullMulDiv(uint256(base) * _baseFactor, _scale, uint256(quote) * _quoteFactor);
    }

    /* VIEWS */

    /// @inheritdoc IFeedOracle
    function baseLeg() external view returns (Leg memory) {
        return Leg(_baseFeed, _baseMaxAge, _baseMin, _baseMax);
    }

    /// @inheritdoc IFeedOracle
    function quoteLeg() external view returns (Leg memory) {
        return Leg(_quoteFeed, _quoteMaxAge, _quoteMin, _quoteMax);
    }
}
