// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// @title NaiveVault
/// @notice A vault that takes whatever it holds for its assets, so that a donation lifts what its shares are worth.
contract NaiveVault is ERC4626 {
    /// @notice A vault of `asset_`.
    constructor(IERC20 asset_) ERC20("Naive vault", "NAIVE") ERC4626(asset_) {}
}
