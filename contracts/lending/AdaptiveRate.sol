// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {InterestIndex} from "./InterestIndex.sol";
import {KinkedCurve} from "./KinkedRate.sol";

/// @notice How a curve moves by itself towards the utilisation at its kink. All zero for a curve that stays.
struct Adaptation {
    uint48 speed; // that the logarithm of its rates moves with while all or nothing is lent [wad per second]
    uint96 fall; // most that this logarithm falls, at most 10 [1e27]
    uint96 rise; // most that this logarithm rises, at most 10 [1e27]
}

/// @title AdaptiveRate
/// @notice A kinked curve whose rates drift: up while more is lent than at the kink, down while less. Python twin:
/// `defi_kit.lending.rates.AdaptiveRate`.
/// @dev All rates are times exp(drift). With an error e from -1 (nothing is lent) over 0 (the kink) to 1 (all is lent), the
/// drift moves by speed * e a second until it is at a bound. Between two verbs utilisation, and so e, stands still; then
/// the interest is rate * (exp(end) - exp(start)) / (speed * e), exactly, and rate * exp(bound) a second from a bound on.
/// Sums of such differences telescope: many short accruals and one long one agree to within their rounding.
library AdaptiveRate {
    uint256 private constant RAY = 1e27;
    uint256 private constant MAX_DRIFT = 10e27;

    /// @dev Errors are counted in millionths, rounded down: the quotient above would lose the digits of smaller ones.
    uint256 private constant ERROR_UNITS = 1e6;

    /// @notice Thrown by bounds beyond 10, or by an adapting curve that is flat somewhere.
    error InvalidAdaptation(uint256 speed, uint256 fall, uint256 rise);

    /// @dev Reverts unless the bounds are in range, and an adapting curve rises on both sides of its kink: its error is
    /// read off its rate.
    function validate(Adaptation memory a, KinkedCurve memory curve) internal pure {
        bool rises = curve.atZero < curve.atKink && curve.atKink < curve.atFull;
        require(
            a.fall <= MAX_DRIFT && a.rise <= MAX_DRIFT && (a.speed == 0 || rises),
            InvalidAdaptation(a.speed, a.fall, a.rise)
        );
    }

    /// @dev How fast the drift moves at `rate` on the curve [1e27 per second]; up at and above the rate at the kink.
    function paceDown(uint256 rate, uint256 atZero, uint256 atKink, uint256 atFull, uint256 speed)
        internal
        pure
        returns (uint256)
    {
        // Cannot overflow or divide by zero: rates fit in 40 bits, speeds in 48, and the curve rises.
        unchecked {
            uint256 part = rate < atKink
                ? (atKink - rate) * ERROR_UNITS / (atKink - atZero)
                : (rate - atKink) * ERROR_UNITS / (atFull - atKink);
            return part * speed * 1e9 / ERROR_UNITS;
        }
    }

    /// @dev Drift after `elapsed` seconds on the way to `bound`, and the sum of exp(drift) over them [1e27 seconds].
    function advance(int256 drift, int256 bound, uint256 pace, uint256 elapsed)
        internal
        pure
        returns (int256 next, uint256 sum)
    {
        // Cannot overflow: a pace fits in 78 bits, a time in 40, and exp(10) in 105.
        unchecked {
            uint256 path = pace * elapsed;
            uint256 moved = FixedPointMathLib.min(path, FixedPointMathLib.dist(drift, bound));
            next = bound > drift ? drift + int256(moved) : drift - int256(moved);
            sum = exp(next);
            if (pace == 0) return (next, sum * elapsed);
            sum = (FixedPointMathLib.dist(exp(drift), sum) * RAY + sum * (path - moved)) / pace;
        }
    }

    /// @dev e^drift for drifts from -10 to 10 [1e27].
    function exp(int256 drift) internal pure returns (uint256) {
        unchecked {
            return
                drift < 0 ? RAY * RAY / InterestIndex.expDown(uint256(-drift)) : InterestIndex.expDown(uint256(drift));
        }
    }
}
