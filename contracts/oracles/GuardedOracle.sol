// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {IGuardedOracle} from "./IGuardedOracle.sol";

/// @title GuardedOracle
/// @notice One oracle's price, as long as another agrees. See IGuardedOracle. Python twin: `defi_kit.oracles.guarded`.
contract GuardedOracle is IGuardedOracle {
    uint256 private constant WAD = 1e18;

    /* FIXED AT BIRTH */

    /// @inheritdoc IGuardedOracle
    IOracle public immutable primary;

    /// @inheritdoc IGuardedOracle
    IOracle public immutable guard;

    /// @inheritdoc IGuardedOracle
    uint256 public immutable maxDeviation;

    // The two are not asked for a price yet: a TWAP that is still too young may be guarded from its first day.
    constructor(IOracle primary_, IOracle guard_, uint256 maxDeviation_) {
        require(address(primary_).code.length != 0, NoOracle(address(primary_)));
        require(address(guard_).code.length != 0, NoOracle(address(guard_)));
        require(address(primary_) != address(guard_), SameOracle(address(guard_)));
        require(maxDeviation_ != 0 && maxDeviation_ < WAD, InvalidDeviation(maxDeviation_));

        (primary, guard, maxDeviation) = (primary_, guard_, maxDeviation_);
    }

    /* THE PRICE */

    /// @inheritdoc IOracle
    function price() external view returns (uint256 answer) {
        answer = _ask(primary);
        uint256 other = _ask(guard);
        (uint256 low, uint256 high) = answer < other ? (answer, other) : (other, answer);
        // The part is rounded down and the difference is whole, so the comparison is exact.
        bool close = high - low <= FixedPointMathLib.fullMulDiv(low, maxDeviation, WAD);
        require(close, PricesDisagree(answer, other, maxDeviation));
    }

    function _ask(IOracle oracle) private view returns (uint256 answer) {
        answer = oracle.price();
        require(answer != 0, ZeroPrice(address(oracle)));
    }
}
