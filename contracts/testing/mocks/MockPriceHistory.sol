// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceHistory} from "../../interfaces/IPriceHistory.sol";

/// @title MockPriceHistory
/// @notice An exchange of one pool, whose price a test sets, on record or off it.
contract MockPriceHistory is IPriceHistory {
    /// @notice The sum at one moment.
    struct Record {
        uint128 cumulative; // [Q64]
        uint64 moment; // [unix seconds]
    }

    /// @notice Thrown when there is no record as old as what is asked for.
    error NothingSoOld(uint256 wanted);

    /// @notice What may be looked up, oldest first.
    Record[] public records;

    /// @notice The logarithm of the price since the last change. [Q64]
    uint256 public logPrice;

    /// @notice Liquidity shares of the pool.
    uint128 public supply;

    Record private _latest;

    /// @notice A pool with this price, on record.
    constructor(uint256 logPrice_, uint128 supply_) {
        (_latest.moment, supply) = (uint64(block.timestamp), supply_);
        setLogPrice(logPrice_, true);
    }

    /// @notice Changes the price; what it was until now is counted, and put on record if so wished. Anyone may.
    function setLogPrice(uint256 logPrice_, bool record) public {
        _latest = Record(uint128(_sum(block.timestamp)), uint64(block.timestamp));
        logPrice = logPrice_;
        if (record) records.push(_latest);
    }

    /// @notice Sets the liquidity. Anyone may.
    function setSupply(uint128 supply_) external {
        supply = supply_;
    }

    /// @inheritdoc IPriceHistory
    function poolId(PoolKey calldata key) external pure returns (uint256) {
        return key.fee; // any number will do
    }

    /// @inheritdoc IPriceHistory
    function pool(uint256 id) external view returns (uint112, uint112, uint32, uint128, uint128) {
        if (id == 0) return (0, 0, 0, 0, 0); // the pool that there is not
        return (1, 1, uint32(_latest.moment), _latest.cumulative, supply);
    }

    /// @inheritdoc IPriceHistory
    function observe(PoolKey calldata, uint256 secondsAgo) external view returns (uint256, uint256) {
        uint256 wanted = block.timestamp - secondsAgo;
        if (wanted >= _latest.moment) return (_sum(wanted), wanted);
        for (uint256 i = records.length; i != 0; --i) {
            if (records[i - 1].moment <= wanted) return (records[i - 1].cumulative, records[i - 1].moment);
        }
        revert NothingSoOld(wanted);
    }

    function _sum(uint256 moment) private view returns (uint256) {
        return _latest.cumulative + (moment - _latest.moment) * logPrice;
    }
}
