// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {ILendingCallback} from "../../lending/ILendingCallback.sol";

/// @title CallbackActor
/// @notice Does what anyone says, and in the middle of a callback what it was told to do then. For tests only.
contract CallbackActor is ILendingCallback, IERC3156FlashBorrower {
    /// @notice One call of a plan.
    struct Call {
        address target;
        bytes data;
    }

    /// @notice Whether it answers flash loans wrongly.
    bool public refusing;

    /// @notice How many callbacks it has got.
    uint256 public callbacks;

    Call[] private _plan;

    /// @notice Answers flash loans wrongly from now on, or as ERC-3156 asks.
    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    /// @notice Adds a call to what it does in its next callback.
    function plan(address target, bytes calldata data) external {
        _plan.push(Call(target, data));
    }

    /// @notice Calls `target`; what it refuses is passed on.
    function perform(address target, bytes calldata data) external {
        _call(target, data);
    }

    /// @notice Plans these calls, and calls `target`, in one.
    function carryOut(Call[] calldata calls, address target, bytes calldata data) external {
        for (uint256 i; i < calls.length; ++i) {
            _plan.push(calls[i]);
        }
        _call(target, data);
    }

    /// @inheritdoc ILendingCallback
    function onSupplyCollateral(address, uint256, bytes calldata) external {
        _carryOut();
    }

    /// @inheritdoc ILendingCallback
    function onRepay(uint256, bytes calldata) external {
        _carryOut();
    }

    /// @inheritdoc ILendingCallback
    function onLiquidate(address, address, uint256, uint256, bytes calldata) external {
        _carryOut();
    }

    /// @inheritdoc IERC3156FlashBorrower
    function onFlashLoan(address, address, uint256, uint256, bytes calldata) external returns (bytes32) {
        _carryOut();
        return refusing ? bytes32(0) : keccak256("ERC3156FlashBorrower.onFlashLoan");
    }

    function _carryOut() internal {
        ++callbacks;
        Call[] memory calls = _plan;
        delete _plan;
        for (uint256 i; i < calls.length; ++i) {
            _call(calls[i].target, calls[i].data);
        }
    }

    function _call(address target, bytes memory data) private {
        (bool ok, bytes memory result) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }
}
