// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title StandardToken
/// @notice OpenZeppelin's ERC-20, that anyone may mint: the token to measure gas with, as peers do.
contract StandardToken is ERC20 {
    uint8 private immutable _decimals;

    /// @notice A token named by its symbol.
    constructor(string memory symbol_, uint8 decimals_) ERC20(symbol_, symbol_) {
        _decimals = decimals_;
    }

    /// @notice Mints from nothing. Anyone may.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Decimals of the token.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
