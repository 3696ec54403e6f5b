// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice The curve `x * y = k`, with the fee taken from the amount paid in.
/// @dev Nothing here can overflow while reserves and amounts fit in 112 bits and the fee is at most 1e6:
/// the largest product has 112 + 20 + 112 = 244 bits. Python twin: `defi_kit.dex.pool.ConstantProductPool`.
library ConstantProduct {
    uint256 internal constant PIPS = 1e6;

    /// @dev What `amountIn` buys, rounded down: the pool keeps the dust. Always less than `reserveOut`.
    /// Solves `(reserveIn + paid) * (reserveOut - amountOut) >= reserveIn * reserveOut` for the largest `amountOut`,
    /// where `paid` is `amountIn` less the fee.
    /// @param fee taken from `amountIn` [pips]
    function amountOutDown(uint256 amountIn, uint256 reserveIn, uint256 reserveOut, uint256 fee)
        internal
        pure
        returns (uint256 amountOut)
    {
        // Cannot overflow: see the library's note. `fee` is below PIPS; `reserveIn` is not zero.
        unchecked {
            uint256 paid = amountIn * (PIPS - fee);
            amountOut = paid * reserveOut / (reserveIn * PIPS + paid);
        }
    }
}
