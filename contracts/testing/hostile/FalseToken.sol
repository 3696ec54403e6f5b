// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../mocks/MockToken.sol";

/// @title FalseToken
/// @notice Wrong on purpose: answers false instead of reverting, and moves nothing then.
contract FalseToken is MockToken {
    /// @notice Whether every transfer and approval answers false.
    bool public failing;

    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}

    /// @notice Makes every transfer and approval answer false, or work again. Anyone may.
    function setFailing(bool failing_) external {
        failing = failing_;
    }

    /// @notice Sends `amount`, or answers false.
    function transfer(address to, uint256 amount) public override returns (bool) {
        if (failing || balanceOf(msg.sender) < amount) return false;
        return super.transfer(to, amount);
    }

    /// @notice Sends `amount` of `from`, or answers false.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (failing || balanceOf(from) < amount || allowance(from, msg.sender) < amount) return false;
        return super.transferFrom(from, to, amount);
    }

    /// @notice Approves, or answers false.
    function approve(address spender, uint256 amount) public override returns (bool) {
        if (failing) return false;
        return super.approve(spender, amount);
    }
}
