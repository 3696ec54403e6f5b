// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IOracle} from "../interfaces/IOracle.sol";

/// @title IGuardedOracle
/// @notice The price of one oracle, as long as a second one agrees; a refusal where they differ, or one of them refuses.
/// @dev Immutable. Two sources are worth something only if no one event can move both the same way: a feed and a TWAP,
/// not two adapters over one feed.
interface IGuardedOracle is IOracle {
    /// @notice Thrown when the two prices lie further apart than the maximum allows. [1e36, 1e36, wad]
    error PricesDisagree(uint256 price, uint256 guardPrice, uint256 maxDeviation);

    /// @notice Thrown when an oracle answers zero, which is no price.
    error ZeroPrice(address oracle);

    /// @notice Thrown at deployment when there is no contract where an oracle should be.
    error NoOracle(address oracle);

    /// @notice Thrown at deployment when an oracle would guard itself.
    error SameOracle(address oracle);

    /// @notice Thrown at deployment when the maximum is zero (two sources never agree to the last digit) or 100 % or
    /// more (the guard would let half or twice the price pass). [wad]
    error InvalidDeviation(uint256 maxDeviation);

    /// @notice Whose price is answered.
    function primary() external view returns (IOracle);

    /// @notice Who must agree with it.
    function guard() external view returns (IOracle);

    /// @notice How far apart the two may lie, as a part of the lower one. [wad]
    function maxDeviation() external view returns (uint256);
}
