// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IOracle
/// @notice One question, one answer or a refusal: how much is the base asset worth in the quote asset?
interface IOracle {
    /// @notice Raw units of the quote asset that one raw unit of the base asset is worth, times 1e36. [1e36]
    /// @dev Reverts when the price cannot be trusted; never returns zero. `raw base * price / 1e36 = raw quote`.
    function price() external view returns (uint256);
}
