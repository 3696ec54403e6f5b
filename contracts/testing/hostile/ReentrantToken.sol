// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../mocks/MockToken.sol";

/// @title ReentrantToken
/// @notice Wrong on purpose: calls a target in the middle of a transfer, as a token with hooks does.
contract ReentrantToken is MockToken {
    /// @notice Whom the next transfer calls; zero when disarmed.
    address public target;

    /// @notice What the next transfer calls it with.
    bytes public callData;

    /// @notice How often a transfer has called out.
    uint256 public calls;

    /// @notice Whether the last call succeeded.
    bool public lastSucceeded;

    /// @notice What the last call returned, or the data of its revert.
    bytes public lastResult;

    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}

    /// @notice Makes the next transfer call `target_` with `callData_`, once. Anyone may.
    function arm(address target_, bytes calldata callData_) external {
        target = target_;
        callData = callData_;
    }

    function _afterTokenTransfer(address from, address to, uint256) internal override {
        if (target == address(0) || from == address(0) || to == address(0)) return;

        address callee = target;
        target = address(0); // once: the call may transfer this token itself
        calls++;
        (lastSucceeded, lastResult) = callee.call(callData);
    }
}
