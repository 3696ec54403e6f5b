// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IPriceHistory
/// @notice What of an exchange a mean price is made of: pools, each with a logarithm of its price summed over time.
/// @dev The shape of `Exchange`, as far as an oracle needs it. The logarithm is to base 2, of the reserve of the token with
/// the higher address over the other's, in raw units, plus 128, with 64 binary digits behind the point [Q64].
interface IPriceHistory {
    /// @notice Everything that makes a pool the pool it is.
    struct PoolKey {
        address token0; // the lower address of the two
        address token1; // the higher address of the two
        uint256 fee; // [pips: 1e6 = 100 %]
        uint256 curve; // 0 = constant product, else the curve's parameters
    }

    /// @notice The id of a key, whether or not there is such a pool.
    function poolId(PoolKey calldata key) external pure returns (uint256 id);

    /// @notice A pool's state; all zero when there is no such pool. Whatever may follow in the answer is left unread.
    /// @return reserve0 what traders trade against [token0]
    /// @return reserve1 what traders trade against [token1]
    /// @return updatedAt last change of the reserves [unix seconds]
    /// @return cumulativeLogPrice the logarithm, summed over all seconds up to `updatedAt` [Q64]
    /// @return supply liquidity shares
    function pool(uint256 id)
        external
        view
        returns (uint112 reserve0, uint112 reserve1, uint32 updatedAt, uint128 cumulativeLogPrice, uint128 supply);

    /// @notice The sum as it was `secondsAgo`, or at the latest moment on record before that; exact, or a refusal.
    /// @return cumulativeLogPrice the sum [Q64]
    /// @return moment when that was, at most `now - secondsAgo` [unix seconds]
    function observe(PoolKey calldata key, uint256 secondsAgo)
        external
        view
        returns (uint256 cumulativeLogPrice, uint256 moment);
}
