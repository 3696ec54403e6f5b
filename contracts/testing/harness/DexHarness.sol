// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConstantProduct} from "../../dex/ConstantProduct.sol";
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
