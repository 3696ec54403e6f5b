// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @dev What changes with a pool's liquidity and with time, in one word, so that a block's first trade costs one write more:
/// bits 0-103 the logarithm of the price summed over seconds [Q64], bits 104-119 how many records of it are kept,
/// bits 120-135 the place of the latest of them, bits 136-255 the supply of liquidity shares.
type Tally is uint256;

using TallyLibrary for Tally global;

/// @notice Reads and changes a packed tally.
/// @dev No part reaches its neighbour: 72 bits of logarithm times 32 bits of seconds are 104, and a pool never has
/// more than 2^113 shares, because none is ever minted for less than a share's part of a reserve.
library TallyLibrary {
    uint256 private constant SUM = type(uint104).max;
    uint256 private constant PLACES = uint256(type(uint32).max) << 104;

    function cumulative(Tally tally) internal pure returns (uint256) {
        return Tally.unwrap(tally) & SUM;
    }

    function observations(Tally tally) internal pure returns (uint256) {
        return Tally.unwrap(tally) >> 104 & 0xffff;
    }

    function latest(Tally tally) internal pure returns (uint256) {
        return Tally.unwrap(tally) >> 120 & 0xffff;
    }

    function supply(Tally tally) internal pure returns (uint256) {
        return Tally.unwrap(tally) >> 136;
    }

    /// @dev The tally with so much more of the logarithm.
    function accrued(Tally tally, uint256 sum) internal pure returns (Tally) {
        unchecked {
            return Tally.wrap(Tally.unwrap(tally) + sum);
        }
    }

    function minted(Tally tally, uint256 shares) internal pure returns (Tally) {
        unchecked {
            return Tally.wrap(Tally.unwrap(tally) + (shares << 136));
        }
    }

    /// @dev The supply has these shares.
    function burned(Tally tally, uint256 shares) internal pure returns (Tally) {
        unchecked {
            return Tally.wrap(Tally.unwrap(tally) - (shares << 136));
        }
    }

    /// @dev Both numbers fit in 16 bits.
    function recorded(Tally tally, uint256 latest_, uint256 observations_) internal pure returns (Tally) {
        return Tally.wrap(Tally.unwrap(tally) & ~PLACES | observations_ << 104 | latest_ << 120);
    }
}
