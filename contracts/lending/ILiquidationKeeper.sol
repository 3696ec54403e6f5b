// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26;

import {SwapHop} from "../interfaces/ISwapVenue.sol";

/// @notice Liquidates accounts of one pool without capital: takes the collateral, sells it, and pays the debt out of the
/// proceeds, in one call. What is left is its owner's.
///
/// Between calls it holds nothing and has allowed nobody anything. Tokens that somebody sends it are nobody's.
interface ILiquidationKeeper {
    /* EVENTS */

    /// @notice `repaid` of the debt of `account` was paid with what `seized` of `token` fetched; the owner got `profit`.
    event Kept(address indexed account, address indexed token, uint256 repaid, uint256 seized, uint256 profit);

    /* ERRORS */

    /// @notice Thrown at deployment by a pool or a venue without code, or by an owner that is zero.
    error InvalidKeeper(address pool, address venue, address owner);

    /// @notice Thrown when another than the owner wants it to liquidate.
    error NotOwner(address caller, address owner);

    /// @notice Thrown when another than the pool says that there is a liquidation to pay for.
    error NotThePool(address caller, address pool);

    /// @notice Thrown when a path does not end at the pool's asset, with which the debt is paid.
    error PathEndsElsewhere(address asset);

    /* VERBS */

    /// @notice Liquidates `account`, sells all that was seized along `path`, pays what was repaid, and sends the owner the rest.
    /// @dev Owner only. The pool's and the venue's own refusals come through: a healthy account, dust left, too late. Less
    /// than `repaid + minProfit` for the collateral is the venue's refusal too, so the owner never pays but gas.
    /// @param token the collateral to take
    /// @param maxRepay most to repay; 2^256 - 1 for as much as is allowed [asset]
    /// @param maxSeize most to take; 2^256 - 1 for as much as is allowed [collateral]
    /// @param path from `token` to the pool's asset
    /// @param minProfit least that must be left for the owner [asset]
    /// @param deadline last moment to be mined at [unix seconds]
    /// @return repaid debt paid [asset]
    /// @return seized collateral sold [collateral]
    /// @return profit sent to the owner [asset]
    function liquidate(
        address account,
        address token,
        uint256 maxRepay,
        uint256 maxSeize,
        SwapHop[] calldata path,
        uint256 minProfit,
        uint256 deadline
    ) external returns (uint256 repaid, uint256 seized, uint256 profit);

    /// @notice The middle of {liquidate}: sells what was seized and lets the pool take what was repaid.
    /// @dev Of {ILendingCallback}. Pool only; and that calls nobody but the caller of its verb.
    function onLiquidate(address account, address token, uint256 repaid, uint256 seized, bytes calldata data) external;

    /* VIEWS */

    /// @notice Whose accounts it liquidates.
    function pool() external view returns (address);

    /// @notice Where it sells.
    function venue() external view returns (address);

    /// @notice The pool's asset: what debts are paid and profits are made in.
    function asset() external view returns (address);

    /// @notice Who may use it, and gets what it earns.
    function owner() external view returns (address);
}
