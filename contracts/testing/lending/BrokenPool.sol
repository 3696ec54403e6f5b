// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IOracle} from "../../interfaces/IOracle.sol";
import {SimplePool} from "./SimplePool.sol";

/// @title BrokenPool
/// @notice SimplePool with a mistake that reviews miss. For tests only.
contract BrokenPool is SimplePool {
    using FixedPointMathLib for uint256;

    constructor(address asset_, address collateral_, IOracle oracle_) SimplePool(asset_, collateral_, oracle_) {}

    /// @dev What a liquidator pays and gets: no more than is owed, and no more than there is.
    function _exchange(uint256 assets, uint256 debt, uint256 held, uint256 price)
        internal
        pure
        override
        returns (uint256 repaid, uint256 seized)
    {
        seized = _bought(assets, price).min(held);
        repaid = assets.min(debt);
    }
}
