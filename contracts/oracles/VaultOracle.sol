// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {IVaultOracle} from "./IVaultOracle.sol";

/// @title VaultOracle
/// @notice The price of an ERC-4626 share, its growth capped. See IVaultOracle. Python twin: `defi_kit.oracles.vault`.
contract VaultOracle is IVaultOracle {
    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_ASSET_DECIMALS = 24;
    uint256 private constant MAX_SHARE_DECIMALS = 30; // an asset's, and an offset of six against inflation
    uint256 private constant DIGITS = 18; // of the sample's worth, at a rate of one
    uint256 private constant MAX_GROWTH = 10 * WAD / uint256(365 days); // tenfold a year [wad per second]

    /* FIXED AT BIRTH */

    /// @inheritdoc IVaultOracle
    IERC4626 public immutable vault;

    /// @inheritdoc IVaultOracle
    IOracle public immutable assetOracle;

    /// @inheritdoc IVaultOracle
    uint256 public immutable maxGrowth;

    /// @inheritdoc IVaultOracle
    uint256 public immutable sample;

    /// @inheritdoc IVaultOracle
    uint256 public immutable startAssets;

    /// @inheritdoc IVaultOracle
    uint256 public immutable startedAt;

    /// @notice An oracle whose cap starts at what the sample is worth now, which must be no more than `maxAssets`.
    constructor(IERC4626 vault_, IOracle assetOracle_, uint256 maxGrowth_, uint128 maxAssets) {
        require(address(vault_).code.length != 0, NoVault(address(vault_)));
        require(address(assetOracle_).code.length != 0, NoOracle(address(assetOracle_)));
        require(maxGrowth_ <= MAX_GROWTH, GrowthTooFast(maxGrowth_, MAX_GROWTH));

        uint256 shareDecimals = vault_.decimals();
        uint256 assetDecimals = IERC20Metadata(vault_.asset()).decimals();
        require(shareDecimals <= MAX_SHARE_DECIMALS, TooManyDecimals(shareDecimals, MAX_SHARE_DECIMALS));
        require(assetDecimals <= MAX_ASSET_DECIMALS, TooManyDecimals(assetDecimals, MAX_ASSET_DECIMALS));

        (vault, assetOracle, maxGrowth) = (vault_, assetOracle_, maxGrowth_);
        sample = 10 ** (shareDecimals + FixedPointMathLib.zeroFloorSub(DIGITS, assetDecimals)); // at most 10^48
        startAssets = vault_.convertToAssets(sample);
        startedAt = block.timestamp;
        require(startAssets != 0 && startAssets <= maxAssets, StartOutOfBounds(startAssets, maxAssets));
    }

    /* THE PRICE */

    /// @inheritdoc IOracle
    function price() external view returns (uint256 answer) {
        uint256 assets = FixedPointMathLib.min(vault.convertToAssets(sample), cap());
        uint256 assetPrice = assetOracle.price();
        answer = FixedPointMathLib.fullMulDiv(assets, assetPrice, sample);
        require(answer != 0, WorthlessShares(address(vault), assets, assetPrice));
    }

    /// @inheritdoc IVaultOracle
    /// @dev A straight line, and nobody can move it: a cap that anyone might bring down to the present worth would be
    /// brought down in the middle of a call in which the vault's books are open.
    function cap() public view returns (uint256) {
        // Cannot overflow: the start fits in 128 bits, the growth in 39, and a time in 64.
        return startAssets + startAssets * maxGrowth * (block.timestamp - startedAt) / WAD;
    }
}
