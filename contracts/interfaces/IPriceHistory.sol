// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IPriceHistory
/// @notice What of an exchange a mean price is made of: pools, each with a logarithm of its price summed over time.
/// @dev The shape of `Exchange`, as far as an oracle needs it. The logarithm is to base 2, of the reserve of the token with
/// the higher address over the other's, in raw units, plus 128, with 64 binary digits behind the point [Q64].
interface IPriceHistory {
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
    /// @return at its moment, at most `now - secondsAgo` [unix seconds]
    function observe(uint256 id, uint256 secondsAgo) external view returns (uint256 cumulativeLogPrice, uint256 at);
}
