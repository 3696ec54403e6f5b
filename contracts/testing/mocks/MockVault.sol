// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title MockVault
/// @notice As much of an ERC-4626 vault as an oracle asks, worth what a test says.
contract MockVault {
    /// @notice Thrown by `convertToAssets` after `setClosed(true)`.
    error VaultClosed();

    /// @notice Decimals of the shares.
    uint8 public immutable decimals;

    /// @notice The token that shares are worth.
    address public immutable asset;

    /// @notice Assets that `shares` shares are worth.
    uint256 public assets = 1;

    /// @notice See `assets`.
    uint256 public shares = 1;

    /// @notice Whether it refuses to say what shares are worth.
    bool public closed;

    /// @notice A vault in which a raw unit of the share is worth one of the asset.
    constructor(address asset_, uint8 decimals_) {
        (asset, decimals) = (asset_, decimals_);
    }

    /// @notice Makes `shares_` shares worth `assets_`. Anyone may.
    function setWorth(uint256 assets_, uint256 shares_) external {
        (assets, shares) = (assets_, shares_);
    }

    /// @notice Makes it refuse, or answer again. Anyone may.
    function setClosed(bool closed_) external {
        closed = closed_;
    }

    /// @notice What so many shares are worth.
    function convertToAssets(uint256 amount) external view returns (uint256) {
        require(!closed, VaultClosed());
        return amount * assets / shares;
    }
}
