// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice One step of a path: the pool of this fee and curve that trades the token at hand for `tokenOut`.
struct SwapHop {
    address tokenOut;
    uint256 fee; // [pips]
    uint256 curve;
}

/// @title ISwapVenue
/// @notice Where one token is sold for another: what other rooms see of the Exchange.
interface ISwapVenue {
    /// @notice Sells exactly `amountIn` of the caller's `tokenIn` through every pool of `path` in turn.
    /// @param tokenIn the token sold
    /// @param amountIn to sell, above zero [tokenIn]
    /// @param path the pools in order; each trades what the one before yields
    /// @param minAmountOut the least to accept; less is refused [last token]
    /// @param to gets the last token
    /// @param deadline last moment to be mined at [unix seconds]
    /// @return amountOut paid to `to` [last token]
    function swapExactIn(
        address tokenIn,
        uint256 amountIn,
        SwapHop[] calldata path,
        uint256 minAmountOut,
        address to,
        uint256 deadline
    ) external payable returns (uint256 amountOut);
}
