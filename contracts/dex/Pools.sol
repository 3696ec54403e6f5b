// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC6909} from "solady/tokens/ERC6909.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {Curves} from "./Curves.sol";
import {IExchange} from "./IExchange.sol";
import {Observations} from "./Observations.sol";
import {PoolId, PoolKey} from "./PoolKey.sol";
import {Reserves, ReservesLibrary} from "./Reserves.sol";
import {Settlement} from "./Settlement.sol";
import {Tally} from "./Tally.sol";

/// @title Pools
/// @notice The {Exchange}'s books: which pools there are, what they hold, what their prices were, whose the fees are.
/// @dev Every change of a pool goes through here. Python twin: `defi_kit.dex.exchange.ExchangeState`.
abstract contract Pools is Settlement, ERC6909 {
    uint256 private constant PIPS = 1e6;

    /* FIXED FOR EVER */

    /// @inheritdoc IExchange
    uint256 public constant MAX_FEE = 100_000; // 10 % [pips]

    /// @inheritdoc IExchange
    uint256 public constant MAX_PROTOCOL_SHARE = 250_000; // 25 % [pips of the swap fee]

    /// @inheritdoc IExchange
    uint256 public constant LOCKED_SHARES = 1000;

    /// @inheritdoc IExchange
    uint256 public constant MAX_RESERVE = type(uint112).max;

    /// @inheritdoc IExchange
    uint256 public constant OBSERVATION_PERIOD = Observations.PERIOD;

    /// @inheritdoc IExchange
    uint256 public immutable PROTOCOL_SHARE;

    /// @inheritdoc IExchange
    address public immutable PROTOCOL_RECIPIENT;

    /* BOOKS */

    /// @dev Two slots a pool; a trade writes the first always and the second once a block.
    struct Books {
        Reserves reserves;
        Tally tally;
        mapping(uint256 place => uint256) ring; // records of the price, see {Observations}
    }

    mapping(PoolId id => Books books) internal pools;

    /// @inheritdoc IExchange
    mapping(address token => uint256 count) public fundedPools;

    /// @inheritdoc IExchange
    mapping(address token => uint256 amount) public protocolFees;

    constructor(address weth, uint256 protocolShare, address protocolRecipient) Settlement(weth) {
        require(protocolShare <= MAX_PROTOCOL_SHARE, ProtocolShareTooHigh(protocolShare, MAX_PROTOCOL_SHARE));
        require(protocolShare == 0 || protocolRecipient != address(0), InvalidRecipient(protocolRecipient));
        PROTOCOL_SHARE = protocolShare;
        PROTOCOL_RECIPIENT = protocolRecipient;
    }

    /* POOLS */

    /// @inheritdoc IExchange
    function createPool(PoolKey calldata key) external locks returns (PoolId id) {
        require(key.token0 < key.token1 && key.token0 != address(0), UnorderedTokens(key.token0, key.token1));
        require(key.fee <= MAX_FEE, FeeTooHigh(key.fee, MAX_FEE));
        Curves.check(key);
        id = key.toId();
        Books storage books = pools[id];
        // The second slot as well: of the first, only the time is sure not to be zero, and 32 bits of it end in 2106.
        require(books.reserves.updatedAt() == 0 && Tally.unwrap(books.tally) == 0, PoolExists(id));

        books.reserves = ReservesLibrary.pack(0, 0, block.timestamp);

        emit PoolCreated(id, key.token0, key.token1, key.fee, key.curve);
    }

    /// @inheritdoc IExchange
    function poolId(PoolKey calldata key) external pure returns (PoolId id) {
        return key.toId();
    }

    /// @inheritdoc IExchange
    function pool(PoolId id) external view unlocked returns (Pool memory) {
        Books storage books = pools[id];
        (Reserves reserves, Tally tally) = (books.reserves, books.tally);
        return Pool({
            reserve0: uint112(reserves.reserve0()),
            reserve1: uint112(reserves.reserve1()),
            updatedAt: uint32(reserves.updatedAt()),
            cumulativeLogPrice: uint128(tally.cumulative()),
            supply: uint128(tally.supply()),
            latestObservation: uint16(tally.latest()),
            observations: uint16(tally.observations())
        });
    }

    /// @inheritdoc IExchange
    function totalSupply(uint256 id) external view unlocked returns (uint256) {
        return pools[PoolId.wrap(id)].tally.supply();
    }

    /* CHANGES */

    function _checkTerms(address to, uint256 deadline) internal view {
        require(block.timestamp <= deadline, Expired(deadline, block.timestamp));
        require(to != address(0) && to != address(this), InvalidRecipient(to));
    }

    /// @dev Nothing to trade against: no pool, or none that was ever funded.
    function _refuseEmpty(PoolId id, Reserves reserves) internal pure {
        require(reserves.updatedAt() != 0, UnknownPool(id));
        revert NoLiquidity(id);
    }

    function _open(PoolId id) internal view returns (Books storage books, Reserves reserves) {
        books = pools[id];
        reserves = books.reserves;
        require(reserves.updatedAt() != 0, UnknownPool(id));
    }

    /// @dev Enters a trade into the books: the first of a block closes the account of the time before.
    function _commit(PoolId id, Books storage books, Reserves before, Reserves next, uint256 curve) internal {
        if (before.updatedAt() != block.timestamp) {
            books.tally = _accrued(books, books.tally, before, curve);
            next = next.stampedAt(block.timestamp);
        }
        books.reserves = next;

        // Casts are safe and differences small: reserves fit in 112 bits.
        unchecked {
            int256 change0 = int256(next.reserve0()) - int256(before.reserve0());
            int256 change1 = int256(next.reserve1()) - int256(before.reserve1());
            emit Swap(id, change0, change1);
        }
    }

    /// @dev The tally with the time since the last change counted, where there is liquidity and so a price.
    function _upToDate(Books storage books, Reserves reserves, uint256 curve) internal returns (Tally tally) {
        tally = books.tally;
        if (reserves.updatedAt() != block.timestamp && reserves.reserve0() != 0) {
            tally = _accrued(books, tally, reserves, curve);
        }
    }

    /// @dev Counts the time since the last change at the price that held all that time, before the change at hand, and
    /// keeps it on record where records are kept.
    function _accrued(Books storage books, Tally tally, Reserves reserves, uint256 curve) private returns (Tally) {
        uint256 changedAt = reserves.updatedAt();
        // Cannot overflow: see {TallyLibrary}.
        unchecked {
            uint256 elapsed = block.timestamp - changedAt;
            tally = tally.accrued(elapsed * Curves.logPrice(curve, reserves.reserve0(), reserves.reserve1()));
        }
        return tally.observations() == 0 ? tally : Observations.record(books.ring, tally, changedAt, block.timestamp);
    }

    /// @dev Takes the protocol's part of the fee on `amountIn` out of the reserves after a trade, and owes it to it.
    function _charge(address tokenIn, Reserves next, bool zeroForOne, uint256 amountIn, uint256 fee)
        internal
        returns (Reserves)
    {
        uint256 cut = _cut(amountIn, fee);
        protocolFees[tokenIn] += cut;
        return next.reduced(zeroForOne, cut);
    }

    /// @dev The protocol's part of the fee on `amountIn`, rounded down; so the pool always keeps some of a fee.
    function _cut(uint256 amountIn, uint256 fee) internal view returns (uint256) {
        // Cannot overflow: 112 bits of amount, 17 of fee and 18 of share.
        unchecked {
            return amountIn * fee * PROTOCOL_SHARE / (PIPS * PIPS);
        }
    }

    /* PRICES ON RECORD */

    /// @inheritdoc IExchange
    function increaseObservations(PoolId id, uint256 observations) external locks {
        require(observations <= Observations.MAX, TooManyObservations(observations, Observations.MAX));
        (Books storage books, Reserves reserves) = _open(id);
        require(reserves.reserve0() != 0, NoLiquidity(id));
        books.tally = Observations.reserve(books.ring, books.tally, reserves.updatedAt(), observations);

        emit ObservationsIncreased(id, observations);
    }

    /// @inheritdoc IExchange
    function observe(PoolKey calldata key, uint256 secondsAgo)
        external
        view
        unlocked
        returns (uint256 cumulative, uint256 moment)
    {
        PoolId id = key.toId();
        (Books storage books, Reserves reserves) = _open(id);
        require(reserves.reserve0() != 0, NoLiquidity(id));
        uint256 wanted = FixedPointMathLib.zeroFloorSub(block.timestamp, secondsAgo);
        if (wanted >= reserves.updatedAt()) return (_cumulativeAt(books.tally, reserves, key.curve, wanted), wanted);

        uint256 oldest;
        (cumulative, moment, oldest) = Observations.find(books.ring, books.tally, wanted);
        require(moment != 0, TooYoung(id, oldest == 0 ? reserves.updatedAt() : oldest, wanted));
    }

    /// @inheritdoc IExchange
    function cumulativeLogPrice(PoolKey calldata key) external view unlocked returns (uint256) {
        PoolId id = key.toId();
        (Books storage books, Reserves reserves) = _open(id);
        require(reserves.reserve0() != 0, NoLiquidity(id));
        return _cumulativeAt(books.tally, reserves, key.curve, block.timestamp);
    }

    /// @dev The accumulator at `time`, which is not before the last change.
    function _cumulativeAt(Tally tally, Reserves reserves, uint256 curve, uint256 time) private pure returns (uint256) {
        uint256 logPrice = Curves.logPrice(curve, reserves.reserve0(), reserves.reserve1());
        return tally.cumulative() + (time - reserves.updatedAt()) * logPrice;
    }

    /* SURPLUS AND FEES */

    /// @inheritdoc IExchange
    function skim(address token, PoolKey[] calldata keys, address to) external locks returns (uint256 surplus) {
        _checkTerms(to, block.timestamp);
        uint256 booked = _booked(token, keys);
        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        require(balance > booked, NothingToSkim(token, balance, booked));
        surplus = balance - booked;

        emit Skimmed(token, to, surplus);

        _push(token, to, surplus);
    }

    /// @dev The sum of a token's reserves and uncollected fees. Complete, because as many pools are listed as are funded,
    /// all of them different (ascending ids), each funded and each trading the token.
    function _booked(address token, PoolKey[] calldata keys) private view returns (uint256 booked) {
        require(keys.length == fundedPools[token], IncompleteList(token, keys.length, fundedPools[token]));
        booked = protocolFees[token];
        PoolId previous;
        for (uint256 i; i < keys.length; ++i) {
            PoolId id = keys[i].toId();
            require(PoolId.unwrap(previous) < PoolId.unwrap(id), UnorderedPools(previous, id));
            (, Reserves reserves) = _open(id);
            require(reserves.reserve0() != 0, NoLiquidity(id));
            require(token == keys[i].token0 || token == keys[i].token1, TokenNotInPool(token, id));
            booked += token == keys[i].token0 ? reserves.reserve0() : reserves.reserve1();
            previous = id;
        }
    }

    /// @inheritdoc IExchange
    function collect(address token) external locks returns (uint256 amount) {
        amount = protocolFees[token];
        require(amount != 0, ZeroAmount());
        protocolFees[token] = 0;

        emit FeesCollected(token, PROTOCOL_RECIPIENT, amount);

        _push(token, PROTOCOL_RECIPIENT, amount);
    }

    /* SHARES (ERC-6909) */

    /// @dev A pool's tokens cannot be read back from its id, so every pool's shares have one name.
    function name(uint256) public pure override returns (string memory) {
        return "defi_kit liquidity";
    }

    /// @dev See {name}.
    function symbol(uint256) public pure override returns (string memory) {
        return "LP";
    }

    /// @dev Shares are a count: see {IExchange}.
    function decimals(uint256) public pure override returns (uint8) {
        return 0;
    }

    /// @dev No metadata beyond the above.
    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}
