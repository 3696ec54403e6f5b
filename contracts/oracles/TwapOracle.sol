// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOracle} from "../interfaces/IOracle.sol";
import {IPriceHistory} from "../interfaces/IPriceHistory.sol";
import {BinaryExponential} from "../libraries/BinaryExponential.sol";
import {ITwapOracle} from "./ITwapOracle.sol";

/// @title TwapOracle
/// @notice The geometric mean of a pool's price over time. See ITwapOracle. Python twin: `defi_kit.oracles.twap`.
contract TwapOracle is ITwapOracle {
    uint256 private constant PRICE_SCALE = 1e36; // below 2^120
    uint256 private constant ZERO_LOG = 128; // stands for the logarithm of one

    /* FIXED AT BIRTH */

    /// @inheritdoc ITwapOracle
    IPriceHistory public immutable exchange;

    /// @inheritdoc ITwapOracle
    uint256 public immutable poolId;

    /// @inheritdoc ITwapOracle
    bool public immutable inverse;

    /// @inheritdoc ITwapOracle
    uint32 public immutable window;

    /// @inheritdoc ITwapOracle
    uint32 public immutable maxAge;

    /// @inheritdoc ITwapOracle
    uint128 public immutable minLiquidity;

    address private immutable _token0;
    address private immutable _token1;
    uint256 private immutable _fee;
    uint256 private immutable _curve;

    constructor(IPriceHistory exchange_, IPriceHistory.PoolKey memory key, bool inverse_, Terms memory terms) {
        require(address(exchange_).code.length != 0, NoExchange(address(exchange_)));
        bool given = terms.window != 0 && terms.maxAge != 0 && terms.minLiquidity != 0;
        require(given, InvalidWindow(terms.window, terms.maxAge, terms.minLiquidity));
        uint256 id = exchange_.poolId(key);
        (,, uint32 updatedAt,,) = exchange_.pool(id);
        require(updatedAt != 0, NoPool(id));

        (exchange, poolId, inverse) = (exchange_, id, inverse_);
        (_token0, _token1, _fee, _curve) = (key.token0, key.token1, key.fee, key.curve);
        (window, maxAge, minLiquidity) = (terms.window, terms.maxAge, terms.minLiquidity);
    }

    /* THE PRICE */

    /// @inheritdoc IOracle
    /// @dev Within a part of 2^-45 of the mean of the pool's logarithms, which are correct to 2^-45 themselves (to 2^-30
    /// where a raw unit of token0 was worth less than 2^-97 of one of token1); and rounded down.
    function price() external view returns (uint256 answer) {
        _checkPool();
        uint256 mean = _meanLogPrice();
        // The logarithm of the inverse: the sign turns, around the offset.
        uint256 logPrice = inverse ? (2 * ZERO_LOG << 64) - mean : mean;
        answer = _power(logPrice);
        require(answer != 0, PriceTooSmall(poolId, mean));
    }

    function _checkPool() private view {
        (,, uint256 updatedAt,, uint256 liquidity) = exchange.pool(poolId);
        require(liquidity >= minLiquidity, TooLittleLiquidity(poolId, liquidity, minLiquidity));
        bool busy = block.timestamp - updatedAt <= maxAge;
        require(busy, QuietPool(poolId, updatedAt, maxAge, block.timestamp));
    }

    /// @dev 128 + the mean of log2(token1 / token0) from the start of the window to now, rounded down. [Q64]
    function _meanLogPrice() private view returns (uint256) {
        (uint256 before, uint256 start) = exchange.observe(poolKey(), window);
        uint256 wanted = block.timestamp - window;
        require(wanted - start <= maxAge, WindowTooLong(poolId, start, maxAge, wanted));
        (uint256 present,) = exchange.observe(poolKey(), 0);
        // The window is longer than nothing, so there is something to divide by.
        return (present - before) / (block.timestamp - start);
    }

    /// @dev 2^(x - 128), rounded down. [Q64 to 1e36] Cannot overflow: 120 bits times 128. Cannot underflow: reserves fit in
    /// 112 bits, so that x lies between 16 and 240.
    function _power(uint256 x) private pure returns (uint256) {
        return PRICE_SCALE * BinaryExponential.exp2(uint64(x)) >> (255 - (x >> 64));
    }

    /* VIEWS */

    /// @inheritdoc ITwapOracle
    function poolKey() public view returns (IPriceHistory.PoolKey memory) {
        return IPriceHistory.PoolKey(_token0, _token1, _fee, _curve);
    }
}
