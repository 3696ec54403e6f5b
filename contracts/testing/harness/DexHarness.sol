// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConstantProduct} from "../../dex/ConstantProduct.sol";
import {Curves} from "../../dex/Curves.sol";
import {Reserves, ReservesLibrary} from "../../dex/Reserves.sol";
import {BinaryLogarithm} from "../../libraries/BinaryLogarithm.sol";

/// @title DexHarness
/// @notice Opens the exchange's internal maths to its twins, thousands of cases a call.
contract DexHarness {
    /// @notice One sale to a curve.
    struct Sale {
        uint256 amountIn;
        uint256 reserveIn;
        uint256 reserveOut;
        uint256 fee; // [pips]
    }

    /// @notice What each sale fetches on the curve of the constant product.
    function amountsOut(Sale[] calldata sales) external pure returns (uint256[] memory amounts) {
        amounts = new uint256[](sales.length);
        for (uint256 i; i < sales.length; ++i) {
            Sale calldata sale = sales[i];
            amounts[i] = ConstantProduct.amountOutDown(sale.amountIn, sale.reserveIn, sale.reserveOut, sale.fee);
        }
    }

    /// @notice Every function of a curve at many states. Six words a state: curve, 1 if token0 is sold, amount, reserve of
    /// the token sold, reserve of the other, fee [pips]. Four words an answer: what the amount buys, what buys the amount
    /// (0 if it is not below the other reserve), the liquidity, the logarithm of the price [Q64].
    function curves(uint256[] calldata states) external pure returns (uint256[] memory answers) {
        uint256 count = states.length / 6;
        answers = new uint256[](4 * count);
        for (uint256 i; i < count; ++i) {
            (uint256 curve, bool zeroForOne) = (states[6 * i], states[6 * i + 1] == 1);
            (uint256 amount, uint256 reserveIn) = (states[6 * i + 2], states[6 * i + 3]);
            (uint256 reserveOut, uint256 fee) = (states[6 * i + 4], states[6 * i + 5]);
            answers[4 * i] = Curves.amountOutDown(curve, zeroForOne, amount, reserveIn, reserveOut, fee);
            if (amount < reserveOut) {
                answers[4 * i + 1] = Curves.amountInUp(curve, zeroForOne, amount, reserveIn, reserveOut, fee);
            }
            (uint256 reserve0, uint256 reserve1) = zeroForOne ? (reserveIn, reserveOut) : (reserveOut, reserveIn);
            answers[4 * i + 2] = Curves.liquidityDown(curve, reserve0, reserve1);
            answers[4 * i + 3] = Curves.logPrice(curve, reserve0, reserve1);
        }
    }

    /// @notice The logarithm of each number to base 2. [Q64]
    function log2s(uint256[] calldata numbers) external pure returns (uint256[] memory logarithms) {
        logarithms = new uint256[](numbers.length);
        for (uint256 i; i < numbers.length; ++i) {
            logarithms[i] = BinaryLogarithm.log2(numbers[i]);
        }
    }

    /// @notice Each pair packed into one word, and unpacked again after a trade and a stamp.
    function packed(uint256 reserve0, uint256 reserve1, uint256 time, bool zeroForOne, uint256 paid, uint256 taken)
        external
        pure
        returns (uint256, uint256, uint256)
    {
        Reserves reserves = ReservesLibrary.pack(reserve0, reserve1, 1);
        reserves = reserves.traded(zeroForOne, paid, taken).stampedAt(time);
        return (reserves.reserve0(), reserves.reserve1(), reserves.updatedAt());
    }
}
