// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title ISwapCallback
/// @notice What a contract must offer to trade by flash swap: it gets first and pays afterwards.
interface ISwapCallback {
    /// @notice Called on whoever asked for a flash swap, after the output was sent and before the input is taken.
    /// @dev Afterwards the Exchange takes `amountIn` of `tokenIn` from the contract, by its allowance. Nothing of the
    /// Exchange that shows a price can be read meanwhile, and no verb called.
    ///
    /// Warning: check that the caller is the Exchange.
    /// @param tokenIn what has to be paid
    /// @param amountIn how much [tokenIn]
    /// @param tokenOut what was bought; zero for ether
    /// @param amountOut how much was sent [tokenOut]
    /// @param data as it was given to the verb
    function onSwap(address tokenIn, uint256 amountIn, address tokenOut, uint256 amountOut, bytes calldata data)
        external;
}
