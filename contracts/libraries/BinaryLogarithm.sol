// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice The logarithm to base 2 with 64 binary digits behind the point. Python twin: `defi_kit.math.log2`.
/// @dev With x scaled to `m` in [1, 2): `log2 m = 1/2 + log2(m / sqrt 2)`, and with `t = (m - sqrt 2) / (m + sqrt 2)` the
/// last term is `2 / ln 2 * (t + t^3 / 3 + t^5 / 5 + ...)`, the series of the area tangent. |t| is below 0.1716, so the
/// eight terms used leave an error below 2^-45.
library BinaryLogarithm {
    uint256 private constant SQRT2 = 0x16a09e667f3bcc908b2fb1366ea957d3e; // [Q128]

    /// @dev log2(x), for x above zero, correct to within 2^-45. [Q64]
    function log2(uint256 x) internal pure returns (uint256) {
        uint256 whole = FixedPointMathLib.log2(x);
        // Cannot overflow: m is in [2^128, 2^129), and the term added or taken away is at most one half.
        unchecked {
            uint256 m = x << (255 - whole) >> 127;
            uint256 middle = (whole << 64) + (1 << 63);
            return m < SQRT2 ? middle - _series(SQRT2 - m, SQRT2 + m) : middle + _series(m - SQRT2, m + SQRT2);
        }
    }

    /// @dev `2 / ln 2 * artanh(numerator / denominator)` for a quotient t of at most 0.1716. [Q64]
    function _series(uint256 numerator, uint256 denominator) private pure returns (uint256) {
        // Cannot overflow: the numerator is below 2^128, t below 2^126, its square below 2^123, sums below 2^126.
        unchecked {
            uint256 t = (numerator << 128) / denominator; // [Q128]
            uint256 square = t * t >> 128; // [Q128]
            // 2 / (ln 2 * (2k + 1)), k from 7 down to 0 [Q124]
            uint256 sum = 0x313e762d299ffbedcc688837937f43e;
            sum = 0x38d1ead1a62ec039c4789d2c6f1cb0c + (sum * square >> 128);
            sum = 0x4326a1265008b4a15c8e8b34835073d + (sum * square >> 128);
            sum = 0x5212c4f5f00aa3e1aa038db1f5d41bd + (sum * square >> 128);
            sum = 0x6985d8a9eb7b64fd91724877177e6ce + (sum * square >> 128);
            sum = 0x93bb62877cdff3c9653998a6ba7dcba + (sum * square >> 128);
            sum = 0xf6384ee1d01feba4fe0aa915e17c536 + (sum * square >> 128);
            sum = 0x2e2a8eca5705fc2eefa1ffb41a474fa2 + (sum * square >> 128);
            return sum * t >> 188;
        }
    }
}
