// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

import {IOracle} from "../interfaces/IOracle.sol";

/// @title IVaultOracle
/// @notice The price of an ERC-4626 vault's share in a quote token: what the vault says a share is worth in its asset, but
/// no more than a cap, times what an oracle says the asset is worth.
/// @dev Immutable, and without a keeper: the cap is the share's worth at deployment, growing by `maxGrowth` of it a second.
/// Below the cap the vault is believed at once, so a loss shows in the block it happens in. Above it the cap is the price,
/// so a donation, which lifts the worth in one block, lifts the price at most to the cap.
///
/// Warning: a vault that earns less than `maxGrowth` leaves room under the cap, and so does a loss. Such room a donation
/// can fill, until the vault has really earned it: choose a `maxGrowth` little above what the vault earns.
///
/// Warning: a loss shows when the vault books it. A lender, for one, books a bad debt when somebody liquidates it; until
/// then its shares are told at what is owed. Leave room for that between what may be borrowed and what they are worth.
interface IVaultOracle is IOracle {
    /// @notice Thrown when the shares, or the asset, are worth nothing that could be told. [assets, 1e36]
    error WorthlessShares(address vault, uint256 assets, uint256 assetPrice);

    /// @notice Thrown at deployment when there is no contract where the vault should be.
    error NoVault(address vault);

    /// @notice Thrown at deployment when there is no contract where an oracle should be.
    error NoOracle(address oracle);

    /// @notice Thrown at deployment when the asset or the share has more decimals than this oracle is exact for.
    error TooManyDecimals(uint256 decimals, uint256 maxDecimals);

    /// @notice Thrown at deployment when the cap would grow faster than an oracle allows. [wad per second]
    error GrowthTooFast(uint256 maxGrowth, uint256 highest);

    /// @notice Thrown at deployment when the sample is worth more than the deployer accepts as a start, or nothing:
    /// someone may have donated just before. [assets]
    error StartOutOfBounds(uint256 assets, uint256 maxAssets);

    /// @notice The vault whose shares are priced.
    function vault() external view returns (IERC4626);

    /// @notice What the vault's asset is worth.
    function assetOracle() external view returns (IOracle);

    /// @notice By how much of its start the cap grows. [wad per second]
    function maxGrowth() external view returns (uint256);

    /// @notice The shares that the vault is asked about: so many that 18 digits of their worth are told. [shares]
    function sample() external view returns (uint256);

    /// @notice What the sample was worth at deployment: where the cap began. [assets]
    function startAssets() external view returns (uint256);

    /// @notice When the cap began to grow. [unix seconds]
    function startedAt() external view returns (uint256);

    /// @notice The most that the sample counts for at this moment. [assets]
    function cap() external view returns (uint256);
}
