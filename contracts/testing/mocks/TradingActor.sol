// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISwapCallback} from "../../interfaces/ISwapCallback.sol";
import {CallbackActor} from "./CallbackActor.sol";

/// @title TradingActor
/// @notice A {CallbackActor} that trades by flash swap and accepts ether. For tests only.
contract TradingActor is CallbackActor, ISwapCallback {
    /// @notice Accepts ether.
    receive() external payable {}

    /// @inheritdoc ISwapCallback
    function onSwap(address, uint256, address, uint256, bytes calldata) external {
        _carryOut();
    }
}
