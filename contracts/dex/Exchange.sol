// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC6909} from "solady/tokens/ERC6909.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ConstantProduct} from "./ConstantProduct.sol";
import {IExchange} from "./IExchange.sol";
import {Hop, PoolId, PoolKey} from "./PoolKey.sol";
import {Reserves, ReservesLibrary} from "./Reserves.sol";

/// @title Exchange
/// @notice Every pool in one contract: no factory, no router, no owner. See {IExchange} for what each verb promises.
/// @dev Python twin: `defi_kit.dex.exchange.ExchangeState`.
contract Exchange is IExchange, ERC6909 {
    using SafeERC20 for IERC20;

    /* FIXED FOR EVER */

    /// @inheritdoc IExchange
    uint256 public constant MAX_FEE = 100_000; // 10 % [pips]

    /// @inheritdoc IExchange
    uint256 public constant LOCKED_SHARES = 1000;

    /// @inheritdoc IExchange
    uint256 public constant MAX_RESERVE = type(uint112).max;

    /* BOOKS */

    /// @dev Two slots a pool; a trade writes the first always and the second once a block. The second counts two things
    /// that only grow by addition: supply << 128 | cumulative log price. 72 bits of logarithm times 32 bits of seconds
    /// stay below the supply, and the supply stays below 2^112, so neither ever reaches the other.
    struct Books {
        Reserves reserves;
        uint256 supplyAndLogPrice;
    }

    mapping(PoolId id => Books books) private pools;

    /// @inheritdoc IExchange
    mapping(address token => uint256 count) public fundedPools;

    /* LOCK */

    uint256 private transient entered; // 1 in the middle of a verb; a whole slot, so that setting it reads nothing

    /// @dev For verbs: one at a time, whatever a token calls.
    modifier locks() {
        require(entered == 0, Locked());
        entered = 1;
        _;
        entered = 0;
    }

    /// @dev For views that show a price or a part of one: the books are ahead of the tokens during a verb.
    modifier unlocked() {
        require(entered == 0, Locked());
        _;
    }

    /* POOLS */

    /// @inheritdoc IExchange
    function createPool(PoolKey calldata key) external locks returns (PoolId id) {
        require(key.token0 < key.token1 && key.token0 != address(0), UnorderedTokens(key.token0, key.token1));
        require(key.fee <= MAX_FEE, FeeTooHigh(key.fee, MAX_FEE));
        require(key.curve == 0, UnknownCurve(key.curve));
        id = key.toId();
        require(pools[id].reserves.updatedAt() == 0, PoolExists(id));

        pools[id].reserves = ReservesLibrary.pack(0, 0, block.timestamp);

        emit PoolCreated(id, key.token0, key.token1, key.fee, key.curve);
    }

    /* LIQUIDITY */

    /// @inheritdoc IExchange
    function addLiquidity(
        PoolKey calldata key,
        uint256 max0,
        uint256 max1,
        uint256 minShares,
        address to,
        uint256 deadline
    ) external locks returns (uint256 shares, uint256 amount0, uint256 amount1) {
        _checkTerms(to, deadline);
        PoolId id = key.toId();
        (shares, amount0, amount1) = _deposit(key, id, max0, max1);
        require(shares >= minShares, TooFewShares(shares, minShares));
        _mint(to, PoolId.unwrap(id), shares);

        emit LiquidityAdded(id, msg.sender, to, amount0, amount1, shares);

        _pull(key.token0, amount0);
        _pull(key.token1, amount1);
    }

    /// @dev Enters a deposit and the shares it is worth into the pool's books.
    function _deposit(PoolKey calldata key, PoolId id, uint256 max0, uint256 max1)
        private
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        (Books storage books, Reserves reserves) = _open(id);
        uint256 supply = books.supplyAndLogPrice >> 128;
        (shares, amount0, amount1) = _join(reserves, supply, max0, max1);

        if (supply == 0) _fund(key, id);
        else _accrue(books, reserves);
        books.supplyAndLogPrice += shares << 128;
        books.reserves =
            ReservesLibrary.pack(reserves.reserve0() + amount0, reserves.reserve1() + amount1, block.timestamp);
    }

    /// @dev Shares for the most of both tokens that the maxima and the ratio allow.
    /// Nothing overflows: shares never outgrow the square root of `reserve0 * reserve1`, so they fit in 112 bits.
    function _join(Reserves reserves, uint256 supply, uint256 max0, uint256 max1)
        private
        pure
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        amount0 = FixedPointMathLib.min(max0, MAX_RESERVE);
        amount1 = FixedPointMathLib.min(max1, MAX_RESERVE);
        if (supply == 0) {
            shares = FixedPointMathLib.sqrt(amount0 * amount1);
            require(shares > LOCKED_SHARES, FirstDepositTooSmall(shares, LOCKED_SHARES));
            return (shares - LOCKED_SHARES, amount0, amount1);
        }

        (uint256 reserve0, uint256 reserve1) = (reserves.reserve0(), reserves.reserve1());
        shares = FixedPointMathLib.min(amount0 * supply / reserve0, amount1 * supply / reserve1);
        require(shares != 0, ZeroAmount());
        amount0 = FixedPointMathLib.divUp(shares * reserve0, supply);
        amount1 = FixedPointMathLib.divUp(shares * reserve1, supply);
        _checkRoom(reserve0, amount0);
        _checkRoom(reserve1, amount1);
    }

    /// @dev Once in a pool's life: the locked shares go to nobody, and both tokens count one pool more.
    function _fund(PoolKey calldata key, PoolId id) private {
        fundedPools[key.token0]++;
        fundedPools[key.token1]++;
        pools[id].supplyAndLogPrice = LOCKED_SHARES << 128;
        _mint(address(0), PoolId.unwrap(id), LOCKED_SHARES);
    }

    /// @inheritdoc IExchange
    function removeLiquidity(
        PoolKey calldata key,
        uint256 shares,
        uint256 min0,
        uint256 min1,
        address to,
        uint256 deadline
    ) external locks returns (uint256 amount0, uint256 amount1) {
        _checkTerms(to, deadline);
        PoolId id = key.toId();
        (amount0, amount1) = _withdraw(id, shares);
        require(amount0 >= min0, TooLittleFreed(key.token0, amount0, min0));
        require(amount1 >= min1, TooLittleFreed(key.token1, amount1, min1));

        emit LiquidityRemoved(id, msg.sender, to, amount0, amount1, shares);

        _push(key.token0, to, amount0);
        _push(key.token1, to, amount1);
    }

    /// @dev Takes `shares` of the caller and what they free out of the books.
    function _withdraw(PoolId id, uint256 shares) private returns (uint256 amount0, uint256 amount1) {
        (Books storage books, Reserves reserves) = _open(id);
        (amount0, amount1) = _leave(id, reserves, books.supplyAndLogPrice >> 128, shares);
        uint256 balance = balanceOf(msg.sender, PoolId.unwrap(id));
        require(shares <= balance, SharesExceedBalance(shares, balance));

        _accrue(books, reserves);
        books.supplyAndLogPrice -= shares << 128;
        books.reserves =
            ReservesLibrary.pack(reserves.reserve0() - amount0, reserves.reserve1() - amount1, block.timestamp);
        _burn(msg.sender, PoolId.unwrap(id), shares);
    }

    /// @dev What `shares` free. Nobody holds the locked shares, so neither reserve can reach zero.
    function _leave(PoolId id, Reserves reserves, uint256 supply, uint256 shares)
        private
        pure
        returns (uint256 amount0, uint256 amount1)
    {
        require(supply != 0, NoLiquidity(id));
        require(shares <= supply - LOCKED_SHARES, SharesExceedBalance(shares, supply - LOCKED_SHARES));
        amount0 = shares * reserves.reserve0() / supply;
        amount1 = shares * reserves.reserve1() / supply;
        require(amount0 != 0 || amount1 != 0, ZeroAmount());
    }

    /* TRADES */

    /// @inheritdoc IExchange
    function swapExactIn(
        address tokenIn,
        uint256 amountIn,
        Hop[] calldata path,
        uint256 minAmountOut,
        address to,
        uint256 deadline
    ) external locks returns (uint256 amountOut) {
        _checkTerms(to, deadline);
        require(path.length != 0, EmptyPath());

        amountOut = amountIn;
        address token = tokenIn;
        for (uint256 i; i < path.length; ++i) {
            (token, amountOut) = _swap(token, amountOut, path[i]);
        }
        require(amountOut >= minAmountOut, TooLittleOut(amountOut, minAmountOut));

        _pull(tokenIn, amountIn);
        IERC20(token).safeTransfer(to, amountOut);
    }

    /// @dev One hop. Written back before the next, so a path may come through a pool again.
    function _swap(address tokenIn, uint256 amountIn, Hop calldata hop)
        private
        returns (address tokenOut, uint256 amountOut)
    {
        PoolId id;
        bool zeroForOne;
        (id, zeroForOne, tokenOut) = hop.from(tokenIn);
        (Books storage books, Reserves reserves) = _open(id);
        Reserves next;
        (next, amountOut) = _trade(id, reserves, zeroForOne, amountIn, hop.fee);

        _accrue(books, reserves);
        books.reserves = next.stampedAt(block.timestamp);

        // Casts are safe: both amounts fit in 112 bits.
        unchecked {
            (int256 paid, int256 taken) = (int256(amountIn), -int256(amountOut));
            if (!zeroForOne) (paid, taken) = (taken, paid);
            emit Swap(id, msg.sender, paid, taken);
        }
    }

    /// @dev The reserves after a sale of `amountIn`, and what it yields.
    function _trade(PoolId id, Reserves reserves, bool zeroForOne, uint256 amountIn, uint256 fee)
        private
        pure
        returns (Reserves next, uint256 amountOut)
    {
        (uint256 reserveIn, uint256 reserveOut) = reserves.ordered(zeroForOne);
        require(reserveIn != 0, NoLiquidity(id));
        _checkRoom(reserveIn, amountIn);
        amountOut = ConstantProduct.amountOutDown(amountIn, reserveIn, reserveOut, fee);
        require(amountOut != 0, ZeroAmount());
        next = reserves.traded(zeroForOne, amountIn, amountOut);
    }

    /* SURPLUS */

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

    /// @dev The sum of a token's reserves. Complete, because as many pools are listed as are funded, all of them
    /// different (ascending ids), each funded and each trading the token.
    function _booked(address token, PoolKey[] calldata keys) private view returns (uint256 booked) {
        require(keys.length == fundedPools[token], IncompleteList(token, keys.length, fundedPools[token]));
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

    /* SHARED STEPS */

    function _checkTerms(address to, uint256 deadline) private view {
        require(block.timestamp <= deadline, Expired(deadline, block.timestamp));
        require(to != address(0) && to != address(this), InvalidRecipient(to));
    }

    function _checkRoom(uint256 reserve, uint256 amount) private pure {
        // Cannot underflow: every reserve went through here.
        unchecked {
            require(amount <= MAX_RESERVE - reserve, ReserveOverflow(reserve, amount, MAX_RESERVE));
        }
    }

    function _open(PoolId id) private view returns (Books storage books, Reserves reserves) {
        books = pools[id];
        reserves = books.reserves;
        require(reserves.updatedAt() != 0, UnknownPool(id));
    }

    /// @dev Counts the time since the last change at the price that held all that time, before the change at hand:
    /// whatever happens inside a block, the first step of it closes the account of the time before.
    function _accrue(Books storage books, Reserves reserves) private {
        // Cannot overflow: see {Books}.
        unchecked {
            uint256 elapsed = block.timestamp - reserves.updatedAt();
            if (elapsed != 0) books.supplyAndLogPrice += elapsed * reserves.logPrice();
        }
    }

    /// @dev Takes `amount` from the caller and insists that it arrived. The lock keeps anyone from mixing another
    /// deposit into the measurement.
    function _pull(address token, uint256 amount) private {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        // Cannot wrap into equality: `amount` is below 2^112, and a fall of the balance gives another difference.
        unchecked {
            if (balance - before == amount) return;
        }
        revert WrongAmountReceived(token, FixedPointMathLib.zeroFloorSub(balance, before), amount);
    }

    /// @dev Some tokens refuse to move nothing; a drained pool may owe nothing of one of its tokens.
    function _push(address token, address to, uint256 amount) private {
        if (amount != 0) IERC20(token).safeTransfer(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IExchange
    function poolId(PoolKey calldata key) external pure returns (PoolId id) {
        return key.toId();
    }

    /// @inheritdoc IExchange
    function pool(PoolId id) external view unlocked returns (Pool memory) {
        Books storage books = pools[id];
        Reserves reserves = books.reserves;
        return Pool({
            reserve0: uint112(reserves.reserve0()),
            reserve1: uint112(reserves.reserve1()),
            updatedAt: uint32(reserves.updatedAt()),
            cumulativeLogPrice: uint128(books.supplyAndLogPrice),
            supply: uint128(books.supplyAndLogPrice >> 128)
        });
    }

    /// @inheritdoc IExchange
    function totalSupply(uint256 id) external view unlocked returns (uint256) {
        return pools[PoolId.wrap(id)].supplyAndLogPrice >> 128;
    }

    /// @inheritdoc IExchange
    function cumulativeLogPrice(PoolId id) external view unlocked returns (uint256) {
        (Books storage books, Reserves reserves) = _open(id);
        require(reserves.reserve0() != 0, NoLiquidity(id));
        uint256 elapsed = block.timestamp - reserves.updatedAt();
        return uint128(books.supplyAndLogPrice) + elapsed * reserves.logPrice();
    }

    /// @inheritdoc IExchange
    function quoteExactIn(address tokenIn, uint256 amountIn, Hop[] calldata path)
        external
        view
        unlocked
        returns (uint256 amountOut)
    {
        require(path.length != 0, EmptyPath());

        amountOut = amountIn;
        address token = tokenIn;
        PoolId[] memory ids = new PoolId[](path.length);
        Reserves[] memory visited = new Reserves[](path.length);
        for (uint256 i; i < path.length; ++i) {
            bool zeroForOne;
            (ids[i], zeroForOne, token) = path[i].from(token);
            (visited[i], amountOut) = _trade(ids[i], _revisit(ids, visited, i), zeroForOne, amountOut, path[i].fee);
        }
    }

    /// @dev What hop `i` of a path finds: the reserves as the last visit left them, or as they are in storage.
    function _revisit(PoolId[] memory ids, Reserves[] memory visited, uint256 i) private view returns (Reserves found) {
        for (uint256 j = i; j != 0; --j) {
            if (PoolId.unwrap(ids[j - 1]) == PoolId.unwrap(ids[i])) return visited[j - 1];
        }
        (, found) = _open(ids[i]);
    }

    /// @inheritdoc IExchange
    function quoteAddLiquidity(PoolKey calldata key, uint256 max0, uint256 max1)
        external
        view
        unlocked
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        (Books storage books, Reserves reserves) = _open(key.toId());
        return _join(reserves, books.supplyAndLogPrice >> 128, max0, max1);
    }

    /// @inheritdoc IExchange
    function quoteRemoveLiquidity(PoolKey calldata key, uint256 shares)
        external
        view
        unlocked
        returns (uint256 amount0, uint256 amount1)
    {
        PoolId id = key.toId();
        (Books storage books, Reserves reserves) = _open(id);
        return _leave(id, reserves, books.supplyAndLogPrice >> 128, shares);
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

    /// @dev Shares are a count: the square root of two raw amounts multiplied.
    function decimals(uint256) public pure override returns (uint8) {
        return 0;
    }

    /// @dev No metadata beyond the above.
    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}
