// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26;

/// @notice What a pool calls on the caller of a verb `...WithCallback`: after its books are closed, before it takes the
/// tokens from the caller, who must hold and have approved them when the callback returns.
/// @dev Implement what is used; check that `msg.sender` is the pool. Nobody but the caller of the verb is ever called.
interface ILendingCallback {
    /// @notice The pool will take `amount` of a collateral.
    function onSupplyCollateral(address token, uint256 amount, bytes calldata data) external;

    /// @notice The pool will take `repaid` of its asset.
    function onRepay(uint256 repaid, bytes calldata data) external;

    /// @notice The pool has paid out `seized` of the collateral `token`, and will take `repaid` of its asset.
    function onLiquidate(address account, address token, uint256 repaid, uint256 seized, bytes calldata data) external;
}
