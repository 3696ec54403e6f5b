// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {BinaryLogarithm} from "../libraries/BinaryLogarithm.sol";

/// @notice The curve of two assets that should be worth the same: a sum near the middle, a product at the ends. Fee taken
/// from the amount paid in.
///
/// With x and y the reserves at the same decimals and a twice the amplification, the invariant D is the positive root of
/// `4xy * (a * (x + y) - (a - 1) * D) = D^3` (M. Egorov, "StableSwap", 2019, for two assets).
/// @dev Integers only, and no tolerance: D is rounded up, and each reserve is the smallest that carries it. So no trade
/// lowers the invariant, and the price of what is wanted is the smallest that buys it.
/// Nothing overflows while x and y fit in 112 bits and a in 21: D is at most x + y, which is its value where x = y, so
/// `D^3 / 4xy` has at most 226 bits. Python twin: `defi_kit.dex.stable_swap`.
library StableSwap {
    uint256 internal constant MAX_AMPLIFICATION = 1e6;
    uint256 internal constant MAX_DECIMALS = 24;
    uint256 private constant MAX_RESERVE = type(uint112).max; // at the pool's decimals
    uint256 private constant PIPS = 1e6;

    /* PARAMETERS: amplification << 16 | decimals of token0 << 8 | decimals of token1 */

    /// @dev Whether a key may name this curve: all of the word is used, and used within bounds.
    function isValid(uint256 curve) internal pure returns (bool) {
        uint256 amplification = curve >> 16;
        return amplification != 0 && amplification <= MAX_AMPLIFICATION && decimals0(curve) <= MAX_DECIMALS
            && decimals1(curve) <= MAX_DECIMALS;
    }

    function decimals0(uint256 curve) internal pure returns (uint256) {
        return curve >> 8 & 0xff;
    }

    function decimals1(uint256 curve) internal pure returns (uint256) {
        return curve & 0xff;
    }

    /// @dev What brings a token's amounts to the greater decimals of the two, exactly.
    /// @param side0 whether it is token0
    function scaleOf(uint256 curve, bool side0) internal pure returns (uint256) {
        (uint256 digits, uint256 others) =
            side0 ? (decimals0(curve), decimals1(curve)) : (decimals1(curve), decimals0(curve));
        // Cannot overflow: at most 24 digits.
        unchecked {
            return digits < others ? 10 ** (others - digits) : 1;
        }
    }

    function _parameters(uint256 curve, bool zeroForOne)
        private
        pure
        returns (uint256 a, uint256 scaleIn, uint256 scaleOut)
    {
        a = curve >> 16 << 1;
        (scaleIn, scaleOut) = (scaleOf(curve, zeroForOne), scaleOf(curve, !zeroForOne));
    }

    /* TRADES */

    /// @dev What `amountIn` buys, rounded down: the pool keeps the dust. Always less than `reserveOut`.
    /// Both reserves are above zero, and `reserveIn` has room for `amountIn`.
    /// @param fee taken from `amountIn` [pips]
    function amountOutDown(
        uint256 curve,
        bool zeroForOne,
        uint256 amountIn,
        uint256 reserveIn,
        uint256 reserveOut,
        uint256 fee
    ) internal pure returns (uint256) {
        (uint256 a, uint256 scaleIn, uint256 scaleOut) = _parameters(curve, zeroForOne);
        // Cannot overflow: amounts are below 2^112 after scaling, and what is left is at least one.
        unchecked {
            (uint256 x, uint256 y) = (reserveIn * scaleIn, reserveOut * scaleOut);
            uint256 d = invariantUp(x, y, a);
            uint256 left = smallestReserve(x + amountIn * scaleIn * (PIPS - fee) / PIPS, d, a);
            return left < y ? (y - left) / scaleOut : 0;
        }
    }

    /// @dev The least that buys `amountOut`, which is below `reserveOut`; 2^256 - 1 when no pool could hold that much.
    /// @param fee taken from the amount paid in [pips]
    function amountInUp(
        uint256 curve,
        bool zeroForOne,
        uint256 amountOut,
        uint256 reserveIn,
        uint256 reserveOut,
        uint256 fee
    ) internal pure returns (uint256) {
        (uint256 a, uint256 scaleIn, uint256 scaleOut) = _parameters(curve, zeroForOne);
        // Cannot overflow: as above. Cannot underflow: less of one token asks for more of the other.
        unchecked {
            (uint256 x, uint256 y) = (reserveIn * scaleIn, reserveOut * scaleOut);
            uint256 needed = smallestReserve(y - amountOut * scaleOut, invariantUp(x, y, a), a);
            if (needed == type(uint256).max) return needed;
            return FixedPointMathLib.divUp((needed - x) * PIPS, (PIPS - fee) * scaleIn);
        }
    }

    /* BOOKS */

    /// @dev D, rounded down; zero when a reserve is.
    function liquidityDown(uint256 curve, uint256 reserve0, uint256 reserve1) internal pure returns (uint256) {
        if (reserve0 == 0 || reserve1 == 0) return 0;
        (uint256 a, uint256 scale0, uint256 scale1) = _parameters(curve, true);
        unchecked {
            (uint256 x, uint256 y) = (reserve0 * scale0, reserve1 * scale1);
            uint256 d = invariantUp(x, y, a);
            return _carry(x, y, d, a) ? d : d - 1;
        }
    }

    /// @dev The marginal price of token0 in token1 as a logarithm to base 2, plus 128 so that it is never negative. [Q64]
    /// `p = reserve1 * (a * x + k) / (reserve0 * (a * y + k))` with `k = a * (x + y) - (a - 1) * D`, which is positive: so
    /// p lies between the ratio of the reserves and the ratio of the scales. Of the derivatives of the invariant.
    function logPrice(uint256 curve, uint256 reserve0, uint256 reserve1) internal pure returns (uint256) {
        (uint256 a, uint256 scale0, uint256 scale1) = _parameters(curve, true);
        // Cannot overflow: 112 bits of reserve times 135 of the rest; the quotient has at most 112 + 143.
        unchecked {
            (uint256 x, uint256 y) = (reserve0 * scale0, reserve1 * scale1);
            uint256 k = a * (x + y) - (a - 1) * invariantUp(x, y, a);
            uint256 price = FixedPointMathLib.fullMulDiv(reserve1 * (a * x + k), 1 << 143, reserve0 * (a * y + k));
            return BinaryLogarithm.log2(price) - (15 << 64);
        }
    }

    /* THE INVARIANT */

    /// @dev D, rounded up: the smallest integer that is not below the root. Newton's method from above: the function is
    /// convex and rising, so no step jumps over the root, and rounding each step up keeps it so. Both are above zero.
    /// @param x one reserve, at the pool's decimals
    /// @param y the other reserve, at the pool's decimals
    /// @param a twice the amplification
    function invariantUp(uint256 x, uint256 y, uint256 a) internal pure returns (uint256 d) {
        // Cannot overflow: see the library's note. The root is above one.
        unchecked {
            (uint256 product, uint256 sum) = (4 * x * y, a * (x + y));
            uint256 next = x + y;
            do {
                d = next;
                uint256 part = FixedPointMathLib.fullMulDiv(d * d, d, product);
                next = FixedPointMathLib.fullMulDivUp(sum + 2 * part, d, (a - 1) * d + 3 * part);
            } while (next < d);
            // A last step of less than one is none, rounded up: from 10, where x, y and a are 8, 2 and 2, to 9.01.
            while (FixedPointMathLib.fullMulDiv((d - 1) * (d - 1), d - 1, product) + (a - 1) * (d - 1) >= sum) --d;
        }
    }

    /// @dev The smallest reserve that carries the invariant `d` beside a reserve of `x`, which is above zero;
    /// 2^256 - 1 when it does not fit in 112 bits. The positive root of `y^2 + (x - (a - 1) * d / a) * y = d^3 / (4 * a * x)`,
    /// at most a few units away from what rounded arithmetic finds; those are settled by the invariant itself.
    function smallestReserve(uint256 x, uint256 d, uint256 a) internal pure returns (uint256 y) {
        // Cannot overflow: a root below 2^112 has `d^3 / ax` below 2^228, and anything above is turned away first.
        unchecked {
            uint256 ax = a * x;
            if (d * d / ax > (1 << 228) / d) return type(uint256).max;
            uint256 root = FixedPointMathLib.fullMulDiv(d * d, d, ax);
            uint256 shift = (a - 1) * d / a;
            if (shift > x) {
                shift -= x;
                y = (FixedPointMathLib.sqrt(shift * shift + root) + shift) / 2;
            } else {
                shift = x - shift;
                y = (FixedPointMathLib.sqrt(shift * shift + root) - shift) / 2;
            }

            if (_carry(x, y, d, a)) {
                while (_carry(x, y - 1, d, a)) --y;
            } else {
                do {
                    ++y;
                } while (!_carry(x, y, d, a));
            }
            if (y > MAX_RESERVE) return type(uint256).max;
        }
    }

    /// @dev Whether the invariant of `x` and `y` is at least `d`. It is at most their sum.
    function _carry(uint256 x, uint256 y, uint256 d, uint256 a) private pure returns (bool) {
        // Cannot overflow: see the library's note.
        unchecked {
            if (y == 0 || d > x + y) return false;
            return FixedPointMathLib.fullMulDivUp(d * d, d, 4 * x * y) + (a - 1) * d <= a * (x + y);
        }
    }
}
