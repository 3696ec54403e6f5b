// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../mocks/MockToken.sol";

/// @title RebasingToken
/// @notice Wrong on purpose: every balance changes when the index does, without any transfer.
contract RebasingToken is MockToken {
    /// @notice What one share is worth; balances are shares times this. [wad]
    uint256 public index = 1e18;

    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}

    /// @notice Multiplies every balance: 2e18 doubles what was minted, 5e17 halves it. Anyone may. [wad]
    function setIndex(uint256 index_) external {
        index = index_;
    }

    /// @notice Balance at the present index.
    function balanceOf(address owner) public view override returns (uint256) {
        return super.balanceOf(owner) * index / 1e18;
    }

    /// @notice Supply at the present index.
    function totalSupply() public view override returns (uint256) {
        return super.totalSupply() * index / 1e18;
    }

    /// @notice Sends `amount`, in shares rounded down.
    function transfer(address to, uint256 amount) public override returns (bool) {
        return super.transfer(to, amount * 1e18 / index);
    }

    /// @notice Sends `amount` of `from`, in shares rounded down.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _spendAllowance(from, msg.sender, amount);
        _transfer(from, to, amount * 1e18 / index);
        return true;
    }
}
