// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../mocks/MockToken.sol";

/// @title FeeToken
/// @notice Wrong on purpose: burns part of every transfer, so that less arrives than was sent.
contract FeeToken is MockToken {
    /// @notice Part of each transfer that is burned. [bps]
    uint256 public feeBps = 100;

    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}

    /// @notice Sets the part that is burned. Anyone may. [bps]
    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    /// @notice Sends `amount`; the receiver gets less.
    function transfer(address to, uint256 amount) public override returns (bool) {
        _burn(msg.sender, amount * feeBps / 10_000);
        return super.transfer(to, amount - amount * feeBps / 10_000);
    }

    /// @notice Sends `amount` of `from`; the receiver gets less.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        uint256 fee = amount * feeBps / 10_000;
        _spendAllowance(from, msg.sender, fee);
        _burn(from, fee);
        return super.transferFrom(from, to, amount - fee);
    }
}
