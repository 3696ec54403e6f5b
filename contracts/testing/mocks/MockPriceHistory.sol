// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceHistory} from "../../interfaces/IPriceHistory.sol";

/// @title MockPriceHistory
/// @notice An exchange of one pool that answers what a test said: one reading of the past, and one of the present.
contract MockPriceHistory is IPriceHistory {
    /// @notice Thrown by `observe` when the past reading is later than what is asked for.
    error NothingSoOld(uint256 at, uint256 wanted);

    uint32 private _updatedAt;
    uint128 private _supply;
    uint256 private _past;
    uint256 private _at;
    uint256 private _present;

    /// @notice Sets the pool's standing. Anyone may.
    function setPool(uint32 updatedAt, uint128 supply) external {
        (_updatedAt, _supply) = (updatedAt, supply);
    }

    /// @notice Sets both readings. Anyone may.
    function setReadings(uint256 past, uint256 at, uint256 present) external {
        (_past, _at, _present) = (past, at, present);
    }

    /// @inheritdoc IPriceHistory
    function pool(uint256) external view returns (uint112, uint112, uint32, uint128, uint128) {
        return (1, 1, _updatedAt, 0, _supply);
    }

    /// @inheritdoc IPriceHistory
    function observe(uint256, uint256 secondsAgo) external view returns (uint256, uint256) {
        if (secondsAgo == 0) return (_present, block.timestamp);
        uint256 wanted = block.timestamp - secondsAgo;
        require(_at <= wanted, NothingSoOld(_at, wanted));
        return (_past, _at);
    }
}
