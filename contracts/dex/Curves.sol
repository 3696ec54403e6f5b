// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {MetadataReaderLib} from "solady/utils/MetadataReaderLib.sol";
import {ConstantProduct} from "./ConstantProduct.sol";
import {IExchange} from "./IExchange.sol";
import {PoolKey} from "./PoolKey.sol";
import {StableSwap} from "./StableSwap.sol";

/// @notice Which curve a key's `curve` means: 0 is the constant product, anything else StableSwap with its parameters.
/// @dev The only place that knows. A curve is a pure library with these functions; adding one adds a branch to each.
/// Reserves and amounts are raw and went through `checkRoom`; both reserves are above zero in a trade and a price.
/// Python twin: `defi_kit.dex.curves`.
library Curves {
    uint256 private constant MAX_RESERVE = type(uint112).max;

    /// @dev Refuses parameters that do not exist, and decimals that are not the tokens': so a pool has one key.
    function check(PoolKey calldata key) internal view {
        uint256 curve = key.curve;
        if (curve == 0) return;

        require(StableSwap.isValid(curve), IExchange.UnknownCurve(curve));
        _checkDecimals(key.token0, StableSwap.decimals0(curve));
        _checkDecimals(key.token1, StableSwap.decimals1(curve));
    }

    function _checkDecimals(address token, uint256 said) private view {
        uint256 decimals = MetadataReaderLib.readDecimals(token);
        require(said == decimals, IExchange.WrongDecimals(token, said, decimals));
    }

    /// @dev Refuses an amount that the pool cannot hold on top of its reserve.
    /// @param side0 whether they are token0's
    function checkRoom(uint256 curve, bool side0, uint256 reserve, uint256 amount) internal pure {
        _checkRoom(curve == 0 ? MAX_RESERVE : MAX_RESERVE / StableSwap.scaleOf(curve, side0), reserve, amount);
    }

    function _checkRoom(uint256 limit, uint256 reserve, uint256 amount) private pure {
        // Cannot underflow: every reserve went through here.
        unchecked {
            require(amount <= limit - reserve, IExchange.ReserveOverflow(reserve, amount, limit));
        }
    }

    /// @dev What `amountIn` buys, rounded down, less than `reserveOut`; refused where the pool has no room for it.
    /// @param fee taken from `amountIn` [pips]
    function amountOutDown(
        uint256 curve,
        bool zeroForOne,
        uint256 amountIn,
        uint256 reserveIn,
        uint256 reserveOut,
        uint256 fee
    ) internal pure returns (uint256) {
        if (curve == 0) {
            _checkRoom(MAX_RESERVE, reserveIn, amountIn);
            return ConstantProduct.amountOutDown(amountIn, reserveIn, reserveOut, fee);
        }
        checkRoom(curve, zeroForOne, reserveIn, amountIn);
        return StableSwap.amountOutDown(curve, zeroForOne, amountIn, reserveIn, reserveOut, fee);
    }

    /// @dev The least that buys `amountOut`, which is below `reserveOut`; 2^256 - 1 when nothing does.
    /// @param fee taken from the amount paid in [pips]
    function amountInUp(
        uint256 curve,
        bool zeroForOne,
        uint256 amountOut,
        uint256 reserveIn,
        uint256 reserveOut,
        uint256 fee
    ) internal pure returns (uint256) {
        if (curve == 0) return ConstantProduct.amountInUp(amountOut, reserveIn, reserveOut, fee);
        return StableSwap.amountInUp(curve, zeroForOne, amountOut, reserveIn, reserveOut, fee);
    }

    /// @dev What a first deposit is worth in shares, rounded down: twice both reserves, twice as much. Zero when one is.
    function liquidityDown(uint256 curve, uint256 reserve0, uint256 reserve1) internal pure returns (uint256) {
        if (curve == 0) return ConstantProduct.liquidityDown(reserve0, reserve1);
        return StableSwap.liquidityDown(curve, reserve0, reserve1);
    }

    /// @dev The marginal price of token0 in token1 as a logarithm to base 2, plus 128 so that it is never negative. [Q64]
    function logPrice(uint256 curve, uint256 reserve0, uint256 reserve1) internal pure returns (uint256) {
        if (curve == 0) return ConstantProduct.logPrice(reserve0, reserve1);
        return StableSwap.logPrice(curve, reserve0, reserve1);
    }
}
