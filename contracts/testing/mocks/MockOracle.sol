// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOracle} from "../../interfaces/IOracle.sol";

/// @title MockOracle
/// @notice An oracle that says what a test told it, or refuses.
contract MockOracle is IOracle {
    /// @notice Thrown by `price` after `setReverting(true)`.
    error OracleOff();

    /// @notice What `price` answers, zero included. [1e36]
    uint256 public answer;

    /// @notice Whether `price` reverts.
    bool public reverting;

    /// @notice An oracle that answers `price_`.
    constructor(uint256 price_) {
        answer = price_;
    }

    /// @notice Sets the answer. Anyone may. [1e36]
    function setPrice(uint256 price_) external {
        answer = price_;
    }

    /// @notice Makes `price` revert, or answer again. Anyone may.
    function setReverting(bool reverting_) external {
        reverting = reverting_;
    }

    /// @inheritdoc IOracle
    function price() external view returns (uint256) {
        require(!reverting, OracleOff());
        return answer;
    }
}
