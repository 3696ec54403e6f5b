// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reserves, ReservesLibrary} from "../../contracts/dex/Reserves.sol";
import {Tally} from "../../contracts/dex/Tally.sol";
import {Assume} from "./Assume.sol";

/// @notice Packed words: proved for every value that the fields are meant to hold.
contract PackingProofs is Assume {
    function check_reservesComeBackAsTheyWere(uint112 a, uint112 b, uint32 time) external pure {
        Reserves packed = ReservesLibrary.pack(a, b, time);
        assert(packed.reserve0() == a && packed.reserve1() == b && packed.updatedAt() == time);
        assert(packed.isEmpty() == (a == 0));
    }

    /// @dev What comes in has room, what goes out is there: neither touches the other's bits, nor the time's.
    function check_aTradeMovesBothReservesAndNothingElse(
        uint112 a,
        uint112 b,
        uint32 time,
        bool zeroForOne,
        uint112 amountIn,
        uint112 amountOut
    ) external pure {
        Reserves before = ReservesLibrary.pack(a, b, time);
        (uint256 reserveIn, uint256 reserveOut) = before.ordered(zeroForOne);
        given(reserveIn + amountIn <= type(uint112).max && amountOut <= reserveOut);
        Reserves afterwards = before.traded(zeroForOne, amountIn, amountOut);
        (uint256 newIn, uint256 newOut) = afterwards.ordered(zeroForOne);
        assert(newIn == reserveIn + amountIn && newOut == reserveOut - amountOut);
        assert(afterwards.updatedAt() == time);
    }

    function check_aCutTakesFromOneReserveOnly(uint112 a, uint112 b, uint32 time, bool zeroForOne, uint112 cut)
        external
        pure
    {
        Reserves before = ReservesLibrary.pack(a, b, time);
        (uint256 reserveIn, uint256 reserveOut) = before.ordered(zeroForOne);
        given(cut <= reserveIn);
        (uint256 newIn, uint256 newOut) = before.reduced(zeroForOne, cut).ordered(zeroForOne);
        assert(newIn == reserveIn - cut && newOut == reserveOut);
        assert(before.reduced(zeroForOne, cut).updatedAt() == time);
    }

    function check_aStampChangesTheTimeOnly(uint256 word, uint32 time) external pure {
        Reserves before = Reserves.wrap(word);
        Reserves stamped = before.stampedAt(time);
        assert(stamped.updatedAt() == time);
        assert(stamped.reserve0() == before.reserve0() && stamped.reserve1() == before.reserve1());
    }

    function check_aTallysPartsDoNotMeet(uint256 word, uint104 sum, uint120 shares, uint16 latest, uint16 count)
        external
        pure
    {
        Tally tally = Tally.wrap(word);
        given(tally.cumulative() + sum <= type(uint104).max);
        given(tally.supply() + shares <= type(uint120).max);
        Tally next = tally.accrued(sum).minted(shares).recorded(latest, count);
        assert(next.cumulative() == tally.cumulative() + sum && next.supply() == tally.supply() + shares);
        assert(next.latest() == latest && next.observations() == count);
        assert(next.burned(shares).supply() == tally.supply());
        assert(next.burned(shares).cumulative() == next.cumulative());
    }
}

/// @notice The curve `x * y = k`: its bounds. Its rounding is proved over the integers, where there is no overflow.
contract ConstantProductProofs {
    uint256 private constant PIPS = 1e6;

    /// @dev Checked arithmetic at the largest of everything; all of it rises with each argument.
    function check_theCurveFitsAtItsMaxima() external pure {
        uint256 most = type(uint112).max;
        uint256 paid = most * PIPS;
        assert(paid * most / (most * PIPS + paid) < most);
        assert(most * most * PIPS != 0);
        assert(most << 143 >> 143 == most);
    }
}
