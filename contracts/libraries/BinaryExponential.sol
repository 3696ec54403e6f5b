// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

/// @notice Powers of two with 127 binary digits behind the point. Python twin: `defi_kit.math.exp2`.
/// @dev `2^x = e^(x ln 2) = 1 + t + t^2 / 2! + t^3 / 3! + ...` with `t = x ln 2`, Taylor's series, until its terms vanish:
/// 32 of them at the most. Each drops less than a unit of the last place, and so does t.
library BinaryExponential {
    uint256 private constant LN2 = 0xb17217f7d1cf79abc9e3b39803f2f6af; // the natural logarithm of 2 [Q128]

    /// @dev 2^x for x from 0 to just below 1 [Q64]; in [1, 2), never above the true value, and below it by less than
    /// 2^-121 of it. [Q127]
    function exp2(uint256 x) internal pure returns (uint256 result) {
        // Cannot overflow: x is below 2^64 and ln 2 below 2^128; terms are at most 2^127, the result is below 2^128.
        unchecked {
            uint256 t = x * LN2 >> 65; // [Q127]
            uint256 term = 1 << 127; // [Q127]
            for (uint256 n = 1; term != 0; ++n) {
                result += term;
                term = (term * t >> 127) / n;
            }
        }
    }
}
