// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @notice A borrow rate that rises with utilisation along two straight lines that meet at the kink.
struct KinkedCurve {
    uint40 atZero; // rate when nothing is lent [wad per second]
    uint40 atKink; // rate at the kink [wad per second]
    uint40 atFull; // rate when everything is lent [wad per second]
    uint64 kink; // utilisation at which the slope changes, strictly between 0 and 1 [wad]
}

/// @title KinkedRate
/// @notice The rate on a kinked curve. Python twin: `defi_kit.lending.rates.KinkedRate`.
library KinkedRate {
    uint256 private constant WAD = 1e18;

    /// @notice Thrown when a curve falls somewhere, or has its kink at an end.
    error InvalidCurve(uint256 atZero, uint256 atKink, uint256 atFull, uint256 kink);

    /// @dev Reverts unless the curve never falls and its kink lies inside. 40 bits hold up to 3,467 % a year.
    function validate(KinkedCurve memory curve) internal pure {
        require(
            curve.atZero <= curve.atKink && curve.atKink <= curve.atFull && curve.kink > 0 && curve.kink < WAD,
            InvalidCurve(curve.atZero, curve.atKink, curve.atFull, curve.kink)
        );
    }

    /// @dev The rate at `utilisation`, from 0 to 1 [wad], on a validated curve, rounded down [wad per second].
    function rateDown(uint256 utilisation, uint256 atZero, uint256 atKink, uint256 atFull, uint256 kink)
        internal
        pure
        returns (uint256)
    {
        // Cannot overflow or divide by zero: the curve rises, its kink is inside, rates fit in 40 bits, ratios in 60.
        unchecked {
            if (utilisation <= kink) return atZero + (atKink - atZero) * utilisation / kink;
            return atKink + (atFull - atKink) * (utilisation - kink) / (WAD - kink);
        }
    }
}
