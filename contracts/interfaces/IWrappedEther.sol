// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IWrappedEther
/// @notice Ether as an ERC-20 token: what those who wrap it themselves need of it.
interface IWrappedEther {
    /// @notice Gives the caller as many tokens as it sends wei.
    function deposit() external payable;

    /// @notice Takes `amount` tokens of the caller and sends it as many wei.
    function withdraw(uint256 amount) external;
}
