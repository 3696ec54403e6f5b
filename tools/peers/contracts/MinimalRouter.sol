// SPDX-License-Identifier: MIT
pragma solidity 0.8.26;

import {IHooks} from "@uniswap/v4-core/src/interfaces/IHooks.sol";
import {IPoolManager} from "@uniswap/v4-core/src/interfaces/IPoolManager.sol";
import {IUnlockCallback} from "@uniswap/v4-core/src/interfaces/callback/IUnlockCallback.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {BalanceDelta} from "@uniswap/v4-core/src/types/BalanceDelta.sol";
import {Currency} from "@uniswap/v4-core/src/types/Currency.sol";
import {PoolKey} from "@uniswap/v4-core/src/types/PoolKey.sol";
import {ModifyLiquidityParams, SwapParams} from "@uniswap/v4-core/src/types/PoolOperation.sol";

interface IERC20 {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @title MinimalRouter
/// @notice The least that a user needs between themselves and Uniswap V4's PoolManager: to sell along a path, and to
/// have one position over all prices in a pool, with limits and a deadline. For plain tokens and pools without hooks.
contract MinimalRouter is IUnlockCallback {
    IPoolManager private immutable _manager;

    /// @notice One step of a path: the pool of this fee that trades the token at hand for `token`.
    struct Hop {
        address token;
        uint24 fee;
        int24 tickSpacing;
    }

    error Expired();
    error BeyondLimit();
    error NotManager();

    constructor(IPoolManager manager) {
        _manager = manager;
    }

    modifier before(uint256 deadline) {
        require(block.timestamp <= deadline, Expired());
        _;
    }

    /// @notice Sells exactly `amount` of `token` along `path` for at least `minimum` of its last token.
    function sell(address token, uint256 amount, Hop[] calldata path, uint256 minimum, address to, uint256 deadline)
        external
        before(deadline)
    {
        _manager.unlock(abi.encodePacked(msg.sender, msg.data));
    }

    /// @notice Adds liquidity for at most the limits, or takes some out (below zero) for at least the limits.
    function change(
        PoolKey calldata key,
        int256 liquidity,
        uint256 limit0,
        uint256 limit1,
        address to,
        uint256 deadline
    ) external before(deadline) {
        _manager.unlock(abi.encodePacked(msg.sender, msg.data));
    }

    /// @inheritdoc IUnlockCallback
    /// @param data whom the call came from, 20 bytes, and the call, selector first
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        require(msg.sender == address(_manager), NotManager());

        address payer = address(bytes20(data[:20]));
        if (bytes4(data[20:24]) == this.sell.selector) {
            (address token, uint256 amount, Hop[] memory path, uint256 minimum, address to) =
                abi.decode(data[24:], (address, uint256, Hop[], uint256, address));
            _sell(payer, token, amount, path, minimum, to);
        } else {
            (PoolKey memory key, int256 liquidity, uint256 limit0, uint256 limit1, address to) =
                abi.decode(data[24:], (PoolKey, int256, uint256, uint256, address));
            // The salt gives each owner a position of their own.
            (BalanceDelta delta,) = _manager.modifyLiquidity(
                key,
                ModifyLiquidityParams({
                    tickLower: TickMath.minUsableTick(key.tickSpacing),
                    tickUpper: TickMath.maxUsableTick(key.tickSpacing),
                    liquidityDelta: liquidity,
                    salt: bytes32(uint256(uint160(payer)))
                }),
                ""
            );
            _settle(key.currency0, delta.amount0(), limit0, payer, to);
            _settle(key.currency1, delta.amount1(), limit1, payer, to);
        }
        return "";
    }

    function _sell(address payer, address tokenIn, uint256 amountIn, Hop[] memory path, uint256 minimum, address to)
        private
    {
        address token = tokenIn;
        uint256 amount = amountIn;
        for (uint256 i; i < path.length; ++i) {
            Hop memory hop = path[i];
            bool zeroForOne = token < hop.token;
            PoolKey memory key = PoolKey({
                currency0: Currency.wrap(zeroForOne ? token : hop.token),
                currency1: Currency.wrap(zeroForOne ? hop.token : token),
                fee: hop.fee,
                tickSpacing: hop.tickSpacing,
                hooks: IHooks(address(0))
            });
            BalanceDelta delta = _manager.swap(
                key,
                SwapParams({
                    zeroForOne: zeroForOne,
                    amountSpecified: -int256(amount),
                    sqrtPriceLimitX96: zeroForOne ? TickMath.MIN_SQRT_PRICE + 1 : TickMath.MAX_SQRT_PRICE - 1
                }),
                ""
            );
            amount = uint256(int256(zeroForOne ? delta.amount1() : delta.amount0()));
            token = hop.token;
        }
        require(amount >= minimum, BeyondLimit());
        _manager.take(Currency.wrap(token), to, amount);
        _pay(Currency.wrap(tokenIn), payer, amountIn);
    }

    function _settle(Currency currency, int128 amount, uint256 limit, address payer, address to) private {
        if (amount < 0) {
            uint256 due = uint256(-int256(amount));
            require(due <= limit, BeyondLimit());
            _pay(currency, payer, due);
        } else {
            uint256 freed = uint256(int256(amount));
            require(freed >= limit, BeyondLimit());
            _manager.take(currency, to, freed);
        }
    }

    function _pay(Currency currency, address payer, uint256 amount) private {
        _manager.sync(currency);
        // Plain tokens revert when they cannot pay.
        IERC20(Currency.unwrap(currency)).transferFrom(payer, address(_manager), amount);
        _manager.settle();
    }
}
