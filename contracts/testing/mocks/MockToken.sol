// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @title MockToken
/// @notice An ERC-20 that anyone may mint, burn and switch off; base of the hostile tokens.
contract MockToken is ERC20 {
    /// @notice Thrown by transfers after `setTransfersOff(true)`.
    error TransfersOff();

    /// @notice Whether every transfer reverts.
    bool public transfersOff;

    uint8 private immutable _decimals;
    string private _symbol;

    /// @notice A token named by its symbol.
    constructor(string memory symbol_, uint8 decimals_) {
        _symbol = symbol_;
        _decimals = decimals_;
    }

    /// @notice Mints from nothing. Anyone may.
    function mint(address to, uint256 amount) external virtual {
        _mint(to, amount);
    }

    /// @notice Takes from anyone. Anyone may.
    function burn(address from, uint256 amount) external virtual {
        _burn(from, amount);
    }

    /// @notice Makes every transfer revert, or work again. Anyone may.
    function setTransfersOff(bool off) external {
        transfersOff = off;
    }

    /// @notice Name of the token: its symbol.
    function name() public view override returns (string memory) {
        return _symbol;
    }

    /// @notice Symbol of the token.
    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    /// @notice Decimals of the token.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal view override {
        // Minting and burning go on: a test may still arrange balances.
        if (from != address(0) && to != address(0)) require(!transfersOff, TransfersOff());
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
