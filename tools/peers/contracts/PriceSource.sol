// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// @title PriceSource
/// @notice What Aave's oracle asks for a price, in dollars with 8 decimals. Anyone may set it.
contract PriceSource {
    int256 public latestAnswer;

    constructor(int256 answer) {
        latestAnswer = answer;
    }

    function setAnswer(int256 answer) external {
        latestAnswer = answer;
    }
}
