// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title LiquidationMath
/// @notice Who owes what when an account is liquidated. Python twin: `defi_kit.lending.liquidation`.
/// @dev `adjusted` is the sum of each collateral's value times its liquidation LTV [asset * bps]; health is `adjusted`
/// over debt, so an account is healthy while `adjusted >= debt * 1e4`, without any rounding.
library LiquidationMath {
    uint256 internal constant BPS = 1e4;
    uint256 internal constant WAD = 1e18;

    uint256 private constant WAD_PER_BPS = 1e14;
    uint256 private constant LEAST_BONUS_DIVISOR = 4;

    /// @dev What `amount` of a collateral is worth at `price` [1e36], rounded down [asset].
    /// Saturates at 1e41 instead of overflowing: all the cash a pool can hold is 2e31.
    function valueDown(uint256 amount, uint256 price) internal pure returns (uint256) {
        return FixedPointMathLib.saturatingMul(amount, price) / 1e36;
    }

    /// @dev Health of a debt above zero, rounded down [wad]. At least 1e18 exactly when the account is healthy.
    function healthDown(uint256 adjusted, uint256 debt) internal pure returns (uint256) {
        unchecked {
            return adjusted * WAD_PER_BPS / debt; // 157 + 47 bits
        }
    }

    /// @dev Bonus at a health below 1 [wad]: none at 1, `maxBonus` from `fullBonusHealth` down, a line between.
    /// It never falls as health falls.
    function bonusDown(uint256 health, uint256 maxBonus, uint256 fullBonusHealth) internal pure returns (uint256) {
        unchecked {
            uint256 depth = WAD - health;
            uint256 span = (BPS - fullBonusHealth) * WAD_PER_BPS;
            uint256 full = maxBonus * WAD_PER_BPS;
            return depth < span ? full * depth / span : full;
        }
    }

    /// @dev The part of a bonus that is paid where all collateral is worth `value`: no more than it is worth beyond the
    /// debt, as a part of the debt, or than a quarter of `maxBonus` where that is more [wad]. With a bonus up to
    /// value / debt - 1 a liquidation never lowers value / debt, so that no order of liquidations turns a covered debt
    /// into a bad one. The quarter is for someone to come all the same: a loss that nobody books is worse than a small one.
    function coveredDown(uint256 bonus, uint256 value, uint256 debt, uint256 maxBonus) internal pure returns (uint256) {
        unchecked {
            uint256 cover = value <= debt ? 0 : (value - debt) * WAD / debt; // 137 + 60 bits
            uint256 least = maxBonus * WAD_PER_BPS / LEAST_BONUS_DIVISOR;
            return FixedPointMathLib.min(bonus, FixedPointMathLib.max(cover, least));
        }
    }

    /// @dev The repayment r after which health is `target`: (adjusted - r (1 + bonus) ltv) / (debt - r) = target, so
    /// r = (target debt - adjusted) / (target - (1 + bonus) ltv), rounded up. `adjusted` is below `debt * 1e4`,
    /// `target` above 1e4 and (1 + bonus) ltv below 1e4 [bps], so both differences are positive. Debts fit in 150 bits.
    function repayToTargetUp(uint256 debt, uint256 adjusted, uint256 target, uint256 bonus, uint256 ltv)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            return FixedPointMathLib.divUp((target * debt - adjusted) * WAD, target * WAD - (WAD + bonus) * ltv);
        }
    }

    /// @dev Collateral that a repayment buys: its value times (1 + bonus), rounded down.
    function seizedDown(uint256 repaid, uint256 bonus, uint256 price) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDiv(repaid, (WAD + bonus) * WAD, price);
    }

    /// @dev Repayment that buys this much collateral, rounded up.
    function repaidUp(uint256 seized, uint256 bonus, uint256 price) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDivUp(seized, price, (WAD + bonus) * WAD);
    }
}
