// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../mocks/MockToken.sol";

/// @title BlocklistToken
/// @notice Wrong on purpose: refuses to move to or from the accounts it was told to block, as USDC and USDT do.
contract BlocklistToken is MockToken {
    /// @notice Thrown by a transfer that touches a blocked account.
    error Blocked(address account);

    /// @notice Whether the account is blocked.
    mapping(address account => bool) public blocked;

    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}

    /// @notice Blocks or unblocks. Anyone may.
    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    /// @notice Sends `amount`, unless either side is blocked.
    function transfer(address to, uint256 amount) public override returns (bool) {
        _check(msg.sender, to);
        return super.transfer(to, amount);
    }

    /// @notice Sends `amount` of `from`, unless either side is blocked.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _check(from, to);
        return super.transferFrom(from, to, amount);
    }

    function _check(address from, address to) private view {
        require(!blocked[from], Blocked(from));
        require(!blocked[to], Blocked(to));
    }
}
