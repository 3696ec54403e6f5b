// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ISwapVenue, SwapHop} from "../interfaces/ISwapVenue.sol";
import {ILendingPool} from "./ILendingPool.sol";
import {ILiquidationKeeper} from "./ILiquidationKeeper.sol";

/// @title LiquidationKeeper
/// @notice Liquidations without capital. See {ILiquidationKeeper}. Python twin: `defi_kit.keeper.twin.KeeperState`.
contract LiquidationKeeper is ILiquidationKeeper {
    using FixedPointMathLib for uint256;
    using SafeTransferLib for address;

    /* FIXED AT BIRTH */

    /// @inheritdoc ILiquidationKeeper
    address public immutable pool;

    /// @inheritdoc ILiquidationKeeper
    address public immutable venue;

    /// @inheritdoc ILiquidationKeeper
    address public immutable asset;

    /// @inheritdoc ILiquidationKeeper
    address public immutable owner;

    /* BOOKS */

    uint256 private transient _proceeds; // of the sale in the callback [asset]

    constructor(address pool_, address venue_, address owner_) {
        bool real = pool_.code.length != 0 && venue_.code.length != 0 && owner_ != address(0);
        require(real, InvalidKeeper(pool_, venue_, owner_));

        (pool, venue, owner) = (pool_, venue_, owner_);
        asset = IERC4626(pool_).asset();
    }

    /* LIQUIDATION */

    /// @inheritdoc ILiquidationKeeper
    function liquidate(
        address account,
        address token,
        uint256 maxRepay,
        uint256 maxSeize,
        SwapHop[] calldata path,
        uint256 minProfit,
        uint256 deadline
    ) external returns (uint256 repaid, uint256 seized, uint256 profit) {
        require(msg.sender == owner, NotOwner(msg.sender, owner));
        bool endsWell = path.length != 0 && path[path.length - 1].tokenOut == asset;
        require(endsWell, PathEndsElsewhere(asset));

        bytes memory sale = abi.encode(path, minProfit, deadline);
        (repaid, seized) = ILendingPool(pool).liquidateWithCallback(account, token, maxRepay, maxSeize, 0, sale);
        profit = _proceeds - repaid; // the sale yielded at least that and `minProfit`

        emit Kept(account, token, repaid, seized, profit);

        if (profit != 0) asset.safeTransfer(owner, profit); // some tokens refuse to move nothing
    }

    /// @inheritdoc ILiquidationKeeper
    /// @dev Both allowances are used up by the one call that follows each: the venue takes `seized`, the pool `repaid`.
    function onLiquidate(address, address token, uint256 repaid, uint256 seized, bytes calldata data) external {
        require(msg.sender == pool, NotThePool(msg.sender, pool));
        (SwapHop[] memory path, uint256 minProfit, uint256 deadline) = abi.decode(data, (SwapHop[], uint256, uint256));

        token.safeApprove(venue, seized);
        uint256 least = repaid.saturatingAdd(minProfit);
        _proceeds = ISwapVenue(venue).swapExactIn(token, seized, path, least, address(this), deadline);
        asset.safeApprove(pool, repaid);
    }
}
