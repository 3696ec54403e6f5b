// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title InterestIndex
/// @notice Debt as shares of a growing index. Python twin: `defi_kit.lending.interest`.
/// @dev assets = shares * index / 1e27. The index starts at 1e21, so that a debt share is a millionth of an asset unit:
/// a debt rounds by at most one unit, whatever the asset's decimals, and no one else's debt moves with it. It grows by
/// exp(rate * seconds), so that many short steps and one long one agree to within a step's rounding of the index.
library InterestIndex {
    /// @dev Where an index starts. [1e27 assets per share]
    uint256 internal constant START = 1e21;

    /// @dev Where an index stops: a debt grows at most five-million-million-fold, then bears no more interest.
    uint256 internal constant MAX = type(uint112).max;

    uint256 private constant RAY = 1e27;
    uint256 private constant MAX_EXPONENT = 30e27; // exp(30) already lifts START past MAX

    /// @dev What `shares` owe, rounded down. Cannot overflow: shares fit in 128 bits, an index in 112.
    function toAssetsDown(uint256 shares, uint256 index) internal pure returns (uint256) {
        unchecked {
            return shares * index / RAY;
        }
    }

    /// @dev What `shares` owe, rounded up: nobody owes less than they should. Cannot overflow, as above.
    function toAssetsUp(uint256 shares, uint256 index) internal pure returns (uint256) {
        unchecked {
            return (shares * index + (RAY - 1)) / RAY;
        }
    }

    /// @dev Shares that a repayment of `assets` cancels. Assets fit in 160 bits.
    function toSharesDown(uint256 assets, uint256 index) internal pure returns (uint256) {
        unchecked {
            return assets * RAY / index;
        }
    }

    /// @dev Shares that a loan of `assets` costs. Assets fit in 160 bits.
    function toSharesUp(uint256 assets, uint256 index) internal pure returns (uint256) {
        return (assets * RAY + (index - 1)) / index;
    }

    /// @dev The highest index at which `shares` owe no more than `assets`. Shares above zero; assets fit in 160 bits.
    function indexAt(uint256 shares, uint256 assets) internal pure returns (uint256) {
        return assets * RAY / shares;
    }

    /// @dev The index after interest of `exponent`, rate times time [1e27], at most `MAX`, rounded down.
    function grow(uint256 index, uint256 exponent) internal pure returns (uint256 grown) {
        // Cannot overflow: an index fits in 112 bits, and exp(30) in 134.
        unchecked {
            if (exponent > MAX_EXPONENT) exponent = MAX_EXPONENT;
            grown = index * expDown(exponent) / RAY;
            if (grown > MAX) grown = MAX;
        }
    }

    /// @dev e^x for x from 0 to 30 [ray]. Never above the true value, and below it by less than 2e-24 of it.
    /// Taylor's series until its terms vanish (27 of them at x = 1, three for a minute's interest), after halving x
    /// until it is at most 1; then as many squarings as there were halvings. Each term drops less than 1e-27, which
    /// five squarings multiply by 32.
    function expDown(uint256 x) internal pure returns (uint256 result) {
        // Cannot overflow: before the last squaring the result is at most e^15, 112 bits, and terms are at most 1.
        unchecked {
            uint256 halvings;
            for (; x > RAY; x >>= 1) {
                ++halvings;
            }
            result = RAY + x;
            uint256 term = x;
            for (uint256 n = 2; (term = term * x / (n * RAY)) != 0; ++n) {
                result += term;
            }
            for (; halvings != 0; --halvings) {
                result = result * result / RAY;
            }
        }
    }
}
