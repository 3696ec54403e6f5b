// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Tally} from "./Tally.sol";

/// @notice A ring of records of a pool's accumulated price, the oldest of which gives way to the newest.
/// @dev A record is one word: bits 0-103 the sum [Q64], bits 104-135 its moment [unix seconds]. Places are paid for before
/// they are used: such a place holds UNUSED, and the ring grows into it when it would otherwise begin again, so that
/// from the place after the latest, once round, the records are always in the order of time.
/// Python twin: `defi_kit.dex.observations`.
library Observations {
    /// @dev The most records a pool can keep.
    uint256 internal constant MAX = type(uint16).max;

    /// @dev The shortest time between two records [seconds]. They keep to its multiples, so it is `time / PERIOD` that
    /// has to differ.
    uint256 internal constant PERIOD = 300;

    uint256 private constant UNUSED = 1;

    /// @dev Enters the sum at `time`, which is later than every record, if its period has no record yet. There is a place.
    /// @param changedAt when the pool changed last before
    function record(mapping(uint256 place => uint256) storage ring, Tally tally, uint256 changedAt, uint256 time)
        internal
        returns (Tally)
    {
        uint256 observations = tally.observations();
        // Cannot overflow: places and their number fit in 16 bits.
        unchecked {
            if (changedAt / PERIOD == time / PERIOD) return tally;

            uint256 place = tally.latest() + 1;
            if (place == observations) {
                if (place != MAX && ring[place] == UNUSED) ++observations;
                else place = 0;
            }
            ring[place] = tally.cumulative() | time << 104;
            return tally.recorded(place, observations);
        }
    }

    /// @dev Pays for places up to `observations`. The very first is used at once, for the sum as it was at `changedAt`.
    function reserve(
        mapping(uint256 place => uint256) storage ring,
        Tally tally,
        uint256 changedAt,
        uint256 observations
    ) internal returns (Tally) {
        uint256 place = tally.observations();
        if (place == 0 && observations != 0) {
            ring[place++] = tally.cumulative() | changedAt << 104;
            tally = tally.recorded(0, 1);
        }
        for (; place < observations; ++place) {
            ring[place] = UNUSED;
        }
        return tally;
    }

    /// @dev The latest record that is not after `wanted`; a moment of zero when there is none, and then what there is
    /// begins at `oldest`, zero without records.
    function find(mapping(uint256 place => uint256) storage ring, Tally tally, uint256 wanted)
        internal
        view
        returns (uint256 cumulative, uint256 moment, uint256 oldest)
    {
        uint256 count = tally.observations();
        if (count == 0) return (0, 0, 0);

        // Cannot overflow: places and their number fit in 16 bits.
        unchecked {
            uint256 first = tally.latest() + 1;
            oldest = ring[first % count] >> 104;
            if (oldest > wanted) return (0, 0, oldest);

            // The record `low` places after the oldest is not after `wanted`, the one at `high` is.
            (uint256 low, uint256 high) = (0, count);
            while (high - low > 1) {
                uint256 middle = (low + high) / 2;
                if (ring[(first + middle) % count] >> 104 <= wanted) low = middle;
                else high = middle;
            }
            uint256 found = ring[(first + low) % count];
            return (uint104(found), found >> 104, oldest);
        }
    }
}
