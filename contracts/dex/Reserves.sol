// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @dev What a pool holds and since when, in one word, so that a trade costs one read and one write:
/// bits 0-111 reserve0, bits 112-223 reserve1, bits 224-255 the time of the last change [unix seconds].
type Reserves is uint256;

using ReservesLibrary for Reserves global;

/// @notice Reads and changes packed reserves. Callers check first that every reserve stays within 112 bits.
library ReservesLibrary {
    uint256 private constant MASK = type(uint112).max;

    function pack(uint256 amount0, uint256 amount1, uint256 time) internal pure returns (Reserves) {
        return Reserves.wrap(amount0 | amount1 << 112 | time << 224);
    }

    function reserve0(Reserves reserves) internal pure returns (uint256) {
        return Reserves.unwrap(reserves) & MASK;
    }

    function reserve1(Reserves reserves) internal pure returns (uint256) {
        return Reserves.unwrap(reserves) >> 112 & MASK;
    }

    function updatedAt(Reserves reserves) internal pure returns (uint256) {
        return Reserves.unwrap(reserves) >> 224;
    }

    /// @dev Whether there is nothing to trade against. Of a pool that was ever funded neither reserve is zero.
    function isEmpty(Reserves reserves) internal pure returns (bool) {
        return Reserves.unwrap(reserves) & MASK == 0;
    }

    /// @dev The reserve that a trade adds to, and the one it takes from.
    function ordered(Reserves reserves, bool zeroForOne) internal pure returns (uint256 reserveIn, uint256 reserveOut) {
        reserveIn = Reserves.unwrap(reserves) & MASK;
        reserveOut = Reserves.unwrap(reserves) >> 112 & MASK;
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
    }

    /// @dev The reserves after a trade, with the time unchanged.
    function traded(Reserves reserves, bool zeroForOne, uint256 amountIn, uint256 amountOut)
        internal
        pure
        returns (Reserves)
    {
        uint256 word = Reserves.unwrap(reserves);
        // No bit crosses into a neighbour: what comes in has room, what goes out is there.
        unchecked {
            return
                Reserves.wrap(zeroForOne ? word + amountIn - (amountOut << 112) : word + (amountIn << 112) - amountOut);
        }
    }

    /// @dev The reserves without a part of what a trade has just brought.
    function reduced(Reserves reserves, bool zeroForOne, uint256 cut) internal pure returns (Reserves) {
        unchecked {
            return Reserves.wrap(Reserves.unwrap(reserves) - (zeroForOne ? cut : cut << 112));
        }
    }

    /// @dev The same reserves, last changed at `time`. Seconds fit in 32 bits until 2106.
    function stampedAt(Reserves reserves, uint256 time) internal pure returns (Reserves) {
        return Reserves.wrap(Reserves.unwrap(reserves) << 32 >> 32 | time << 224);
    }
}
