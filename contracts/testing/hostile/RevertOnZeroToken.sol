// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../mocks/MockToken.sol";

/// @title RevertOnZeroToken
/// @notice Wrong on purpose: refuses to transfer or approve nothing.
contract RevertOnZeroToken is MockToken {
    /// @notice Thrown by a transfer or an approval of zero.
    error ZeroAmount();

    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}

    /// @notice Sends `amount`, unless it is zero.
    function transfer(address to, uint256 amount) public override returns (bool) {
        require(amount != 0, ZeroAmount());
        return super.transfer(to, amount);
    }

    /// @notice Sends `amount` of `from`, unless it is zero.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        require(amount != 0, ZeroAmount());
        return super.transferFrom(from, to, amount);
    }

    /// @notice Approves, unless the amount is zero.
    function approve(address spender, uint256 amount) public override returns (bool) {
        require(amount != 0, ZeroAmount());
        return super.approve(spender, amount);
    }
}
