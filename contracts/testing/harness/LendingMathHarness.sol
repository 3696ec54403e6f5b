// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AdaptiveRate, Adaptation} from "../../lending/AdaptiveRate.sol";
import {InterestIndex} from "../../lending/InterestIndex.sol";
import {KinkedCurve, KinkedRate} from "../../lending/KinkedRate.sol";
import {LiquidationMath} from "../../lending/LiquidationMath.sol";

/// @title LendingMathHarness
/// @notice Opens the arithmetic of lending to its twin.
contract LendingMathHarness {
    /// @notice See {InterestIndex}.
    function expDown(uint256 x) external pure returns (uint256) {
        return InterestIndex.expDown(x);
    }

    /// @notice See {InterestIndex}.
    function grow(uint256 index, uint256 exponent) external pure returns (uint256) {
        return InterestIndex.grow(index, exponent);
    }

    /// @notice Drift after `elapsed` seconds at `rate`, and the sum of exp(drift) over them. See {AdaptiveRate}.
    function drift(KinkedCurve memory curve, Adaptation memory a, uint256 rate, int256 from, uint256 elapsed)
        external
        pure
        returns (int256, uint256)
    {
        AdaptiveRate.validate(a, curve);
        uint256 pace = AdaptiveRate.paceDown(rate, curve.atZero, curve.atKink, curve.atFull, a.speed);
        int256 bound = rate < curve.atKink ? -int256(uint256(a.fall)) : int256(uint256(a.rise));
        return AdaptiveRate.advance(from, bound, pace, elapsed);
    }

    /// @notice Shares to assets, down and up, and assets to shares, down and up. See {InterestIndex}.
    function convert(uint256 amount, uint256 index) external pure returns (uint256, uint256, uint256, uint256) {
        return (
            InterestIndex.toAssetsDown(amount, index),
            InterestIndex.toAssetsUp(amount, index),
            InterestIndex.toSharesDown(amount, index),
            InterestIndex.toSharesUp(amount, index)
        );
    }

    /// @notice See {KinkedRate}. Reverts for a curve that no pool would take.
    function rateDown(KinkedCurve memory curve, uint256 utilisation) external pure returns (uint256) {
        KinkedRate.validate(curve);
        return KinkedRate.rateDown(utilisation, curve.atZero, curve.atKink, curve.atFull, curve.kink);
    }

    /// @notice See {LiquidationMath}.
    function valueDown(uint256 amount, uint256 price) external pure returns (uint256) {
        return LiquidationMath.valueDown(amount, price);
    }

    /// @notice See {LiquidationMath}.
    function healthDown(uint256 adjusted, uint256 debt) external pure returns (uint256) {
        return LiquidationMath.healthDown(adjusted, debt);
    }

    /// @notice See {LiquidationMath}.
    function bonusDown(uint256 health, uint256 maxBonus, uint256 fullBonusHealth) external pure returns (uint256) {
        return LiquidationMath.bonusDown(health, maxBonus, fullBonusHealth);
    }

    /// @notice See {LiquidationMath}.
    function coveredDown(uint256 bonus, uint256 value, uint256 debt, uint256 maxBonus) external pure returns (uint256) {
        return LiquidationMath.coveredDown(bonus, value, debt, maxBonus);
    }

    /// @notice See {LiquidationMath}.
    function repayToTargetUp(uint256 debt, uint256 adjusted, uint256 target, uint256 bonus, uint256 ltv)
        external
        pure
        returns (uint256)
    {
        return LiquidationMath.repayToTargetUp(debt, adjusted, target, bonus, ltv);
    }

    /// @notice Repayment for a seizure, and seizure for a repayment. See {LiquidationMath}.
    function exchange(uint256 amount, uint256 bonus, uint256 price) external pure returns (uint256, uint256) {
        return (LiquidationMath.repaidUp(amount, bonus, price), LiquidationMath.seizedDown(amount, bonus, price));
    }
}
