// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {BinaryLogarithm} from "../libraries/BinaryLogarithm.sol";

/// @notice The curve `x * y = k`, with the fee taken from the amount paid in.
/// @dev Nothing here can overflow while reserves and amounts fit in 112 bits and the fee is at most 1e6:
/// the largest product has 112 + 20 + 112 = 244 bits. Python twin: `defi_kit.dex.constant_product`.
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

    /// @dev The least that buys `amountOut`, which is below `reserveOut`: the same inequality solved for the smallest
    /// `amountIn`.
    /// @param fee taken from the amount paid in [pips]
    function amountInUp(uint256 amountOut, uint256 reserveIn, uint256 reserveOut, uint256 fee)
        internal
        pure
        returns (uint256)
    {
        // Cannot overflow or divide by zero: see the library's note.
        unchecked {
            return FixedPointMathLib.divUp(amountOut * reserveIn * PIPS, (PIPS - fee) * (reserveOut - amountOut));
        }
    }

    /// @dev The root of the product, rounded down.
    function liquidityDown(uint256 reserve0, uint256 reserve1) internal pure returns (uint256) {
        // Cannot overflow: see the library's note.
        unchecked {
            return FixedPointMathLib.sqrt(reserve0 * reserve1);
        }
    }

    /// @dev The price of token0 in token1 as a logarithm to base 2, plus 128 so that it is never negative. [Q64]
    /// Both reserves are above zero. Cannot overflow: 112 + 143 bits. Correct to 2^-45 at prices from 2^-97 up; below
    /// that the quotient has fewer digits, down to 31 at 2^-112, where the logarithm is correct to 2^-30.
    function logPrice(uint256 reserve0, uint256 reserve1) internal pure returns (uint256) {
        unchecked {
            return BinaryLogarithm.log2((reserve1 << 143) / reserve0) - (15 << 64);
        }
    }
}
