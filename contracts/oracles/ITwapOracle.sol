// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IOracle} from "../interfaces/IOracle.sol";
import {IPriceHistory} from "../interfaces/IPriceHistory.sol";

/// @title ITwapOracle
/// @notice The geometric mean of a pool's price over the latest window of time, or a refusal.
/// @dev Immutable. Nothing inside a block moves the mean: the pool counts the time since its last change at the price that
/// held all that time. To move it by a factor f, somebody has to hold the pool's price away from the market's, against all
/// arbitrageurs, by f^(window / time held); so what protects it is the pool's liquidity and the length of the window.
///
/// Warning: the least liquidity holds at the moment of reading only. Nothing records what the pool held during the window,
/// so a pool that was drained, and whose price somebody moved for next to nothing while it was, passes as soon as
/// liquidity is back, and liquidity can be lent for one block. Lend on a {GuardedOracle} over this one, or on a pool whose
/// liquidity nobody can take away.
///
/// The pool must keep records (`increaseObservations`) that reach back over the window; until they do, there is no price.
interface ITwapOracle is IOracle {
    /// @notice What of a pool is trusted.
    struct Terms {
        uint32 window; // the mean is over at least this time [seconds]
        uint32 maxAge; // the pool changed no longer ago, and the mean begins no further before the window [seconds]
        uint128 minLiquidity; // what the pool must hold at the moment of reading [liquidity shares]
    }

    /// @notice Thrown when the pool has less liquidity than it must. [liquidity shares]
    error TooLittleLiquidity(uint256 poolId, uint256 liquidity, uint256 minLiquidity);

    /// @notice Thrown when nobody has traded with the pool for too long. [unix seconds]
    error QuietPool(uint256 poolId, uint256 updatedAt, uint256 maxAge, uint256 timestamp);

    /// @notice Thrown when the nearest record before the window lies too far before it. [unix seconds]
    error WindowTooLong(uint256 poolId, uint256 start, uint256 maxAge, uint256 wanted);

    /// @notice Thrown when the mean lies beyond the prices that can be told.
    error PriceTooSmall(uint256 poolId, uint256 meanLogPrice);

    /// @notice Thrown at deployment when there is no contract where the exchange should be.
    error NoExchange(address exchange);

    /// @notice Thrown at deployment when the exchange has no such pool.
    error NoPool(uint256 poolId);

    /// @notice Thrown at deployment when one of the terms is zero.
    error InvalidWindow(uint32 window, uint32 maxAge, uint128 minLiquidity);

    /// @notice Where the pool is.
    function exchange() external view returns (IPriceHistory);

    /// @notice The pool whose price is meant, by its key.
    function poolKey() external view returns (IPriceHistory.PoolKey memory);

    /// @notice The pool whose price is meant, by its id.
    function poolId() external view returns (uint256);

    /// @notice False: the price of token0 (the lower address) in token1. True: the price of token1 in token0.
    function inverse() external view returns (bool);

    /// @notice The mean is over at least this time. [seconds]
    function window() external view returns (uint32);

    /// @notice The pool changed no longer ago, and the mean begins no further before the window. [seconds]
    function maxAge() external view returns (uint32);

    /// @notice What the pool must hold at the moment of reading, whatever it held before. [liquidity shares]
    function minLiquidity() external view returns (uint128);
}
