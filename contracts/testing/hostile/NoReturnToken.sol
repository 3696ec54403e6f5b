// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../mocks/MockToken.sol";

/// @title NoReturnToken
/// @notice Wrong on purpose: transfers and approvals return no data at all, as USDT's do.
contract NoReturnToken is MockToken {
    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}

    /// @notice Sends `amount`; returns nothing.
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        _returnNothing();
    }

    /// @notice Sends `amount` of `from`; returns nothing.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        _returnNothing();
    }

    /// @notice Approves; returns nothing.
    function approve(address spender, uint256 amount) public override returns (bool) {
        super.approve(spender, amount);
        _returnNothing();
    }

    function _returnNothing() private pure {
        // Ends the whole call with empty return data, which the declared `returns (bool)` cannot say.
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}
