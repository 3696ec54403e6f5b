// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BinaryExponential} from "../../libraries/BinaryExponential.sol";

/// @title OracleMathHarness
/// @notice Opens the oracles' arithmetic to its twin, many cases a call.
contract OracleMathHarness {
    /// @notice Two to the power of each number. [Q64 to Q127]
    function exp2s(uint256[] calldata numbers) external pure returns (uint256[] memory powers) {
        powers = new uint256[](numbers.length);
        for (uint256 i; i < numbers.length; ++i) {
            powers[i] = BinaryExponential.exp2(numbers[i]);
        }
    }
}
