// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {ISwapCallback} from "../interfaces/ISwapCallback.sol";
import {Curves} from "./Curves.sol";
import {IExchange} from "./IExchange.sol";
import {Hop, PoolId, PoolKey, PoolKeys} from "./PoolKey.sol";
import {Pools} from "./Pools.sol";
import {Reserves, ReservesLibrary} from "./Reserves.sol";
import {Tally} from "./Tally.sol";

/// @title Exchange
/// @notice Every pool in one contract: no factory, no router, no owner. See {IExchange} for what each verb promises.
/// @dev What people do: join, leave, trade, ask. The books are in {Pools}, the money in {Settlement}.
/// Python twin: `defi_kit.dex.exchange.ExchangeState`.
contract Exchange is Pools {
    /// @dev How often a one-sided deposit looks closer at how much of it to sell.
    uint256 private constant ROUNDS = 3;

    /// @param weth wrapped ether; zero for an Exchange that does without
    /// @param protocolShare part of every swap fee that is the protocol's [pips of the swap fee]
    /// @param protocolRecipient gets it; may be zero where there is no share
    constructor(address weth, uint256 protocolShare, address protocolRecipient)
        Pools(weth, protocolShare, protocolRecipient)
    {}

    /* LIQUIDITY */

    /// @inheritdoc IExchange
    function addLiquidity(
        PoolKey calldata key,
        uint256 max0,
        uint256 max1,
        uint256 minShares,
        address to,
        uint256 deadline
    ) external payable locks returns (uint256 shares, uint256 amount0, uint256 amount1) {
        _checkTerms(to, deadline);
        PoolId id = key.toId();
        (shares, amount0, amount1) = _deposit(key, id, max0, max1);
        require(shares >= minShares, TooFewShares(shares, minShares));
        _mint(to, PoolId.unwrap(id), shares);

        emit LiquidityAdded(id, msg.sender, to, amount0, amount1, shares);

        (address token0, address token1) = (key.token0, key.token1);
        if (msg.value != 0) {
            require(token0 == WETH || token1 == WETH, UnexpectedEther(msg.value));
        }
        _takeSide(token0, amount0);
        _takeSide(token1, amount1);
    }

    /// @dev Enters a deposit and the shares it is worth into the pool's books.
    function _deposit(PoolKey calldata key, PoolId id, uint256 max0, uint256 max1)
        private
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        (Books storage books, Reserves reserves) = _open(id);
        Tally tally = _upToDate(books, reserves, key.curve);
        (shares, amount0, amount1) = _join(key.curve, reserves, tally.supply(), max0, max1);

        if (tally.supply() == 0) tally = _fund(key, id, tally);
        books.tally = tally.minted(shares);
        books.reserves =
            ReservesLibrary.pack(reserves.reserve0() + amount0, reserves.reserve1() + amount1, block.timestamp);
    }

    /// @dev Shares for the most of both tokens that the maxima and the ratio allow.
    /// Nothing overflows: shares never outgrow what a first deposit of the same reserves would be worth, 113 bits.
    function _join(uint256 curve, Reserves reserves, uint256 supply, uint256 max0, uint256 max1)
        private
        pure
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        amount0 = FixedPointMathLib.min(max0, MAX_RESERVE);
        amount1 = FixedPointMathLib.min(max1, MAX_RESERVE);
        (uint256 reserve0, uint256 reserve1) = (reserves.reserve0(), reserves.reserve1());
        if (supply != 0) {
            shares = FixedPointMathLib.min(amount0 * supply / reserve0, amount1 * supply / reserve1);
            require(shares != 0, ZeroAmount());
            amount0 = FixedPointMathLib.divUp(shares * reserve0, supply);
            amount1 = FixedPointMathLib.divUp(shares * reserve1, supply);
        }
        Curves.checkRoom(curve, true, reserve0, amount0);
        Curves.checkRoom(curve, false, reserve1, amount1);
        if (supply == 0) {
            shares = Curves.liquidityDown(curve, amount0, amount1);
            require(shares > LOCKED_SHARES, FirstDepositTooSmall(shares, LOCKED_SHARES));
            shares -= LOCKED_SHARES;
        }
    }

    /// @dev Once in a pool's life: the locked shares go to nobody, and both tokens count one pool more.
    function _fund(PoolKey calldata key, PoolId id, Tally tally) private returns (Tally) {
        fundedPools[key.token0]++;
        fundedPools[key.token1]++;
        _mint(address(0), PoolId.unwrap(id), LOCKED_SHARES);
        return tally.minted(LOCKED_SHARES);
    }

    /// @dev One side of a deposit: of the ether that came, if any did and this is the side of wrapped ether.
    function _takeSide(address token, uint256 amount) private {
        if (msg.value != 0 && token == WETH) _wrap(amount);
        else _pull(token, msg.sender, amount);
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
        (Books storage books, Reserves reserves) = _open(id);
        (amount0, amount1) = _leave(id, reserves, books.tally.supply(), shares);
        _withdraw(key, id, shares);
        books.reserves =
            ReservesLibrary.pack(reserves.reserve0() - amount0, reserves.reserve1() - amount1, block.timestamp);
        require(amount0 >= min0, TooLittleFreed(key.token0, amount0, min0));
        require(amount1 >= min1, TooLittleFreed(key.token1, amount1, min1));

        emit LiquidityRemoved(id, msg.sender, to, amount0, amount1, shares);

        _push(key.token0, to, amount0);
        _push(key.token1, to, amount1);
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

    /// @dev Takes `shares` of the caller out of the supply, before the reserves change.
    function _withdraw(PoolKey calldata key, PoolId id, uint256 shares) private {
        Books storage books = pools[id];
        uint256 balance = balanceOf(msg.sender, PoolId.unwrap(id));
        require(shares <= balance, SharesExceedBalance(shares, balance));

        books.tally = _upToDate(books, books.reserves, key.curve).burned(shares);
        _burn(msg.sender, PoolId.unwrap(id), shares);
    }

    /* LIQUIDITY, ONE-SIDED */

    /// @dev A sale and the liquidity before or after it, in one pool.
    struct OneSided {
        Reserves before; // the sale
        Reserves next; // after the sale
        uint256 sold; // of one token, altogether
        uint256 cut; // the protocol's part of that
        uint256 bought; // of the other token
        uint256 amount0; // of the deposit or withdrawal [token0]
        uint256 amount1; // likewise [token1]
        uint256 shares; // minted
        uint256 total; // paid by the caller, or to it
    }

    /// @inheritdoc IExchange
    function addLiquidityOneSided(
        PoolKey calldata key,
        address tokenIn,
        uint256 maxAmountIn,
        uint256 minShares,
        address to,
        uint256 deadline
    ) external payable locks returns (uint256 shares, uint256 amountIn) {
        _checkTerms(to, deadline);
        PoolId id = key.toId();
        OneSided memory entry = _enter(key, id, tokenIn, maxAmountIn);
        (shares, amountIn) = (entry.shares, entry.total);
        require(shares >= minShares, TooFewShares(shares, minShares));

        Books storage books = pools[id];
        _commit(id, books, entry.before, entry.next, key.curve);
        if (PROTOCOL_SHARE != 0) protocolFees[_traded(tokenIn)] += entry.cut;
        books.tally = books.tally.minted(shares);
        books.reserves = ReservesLibrary.pack(
            entry.next.reserve0() + entry.amount0, entry.next.reserve1() + entry.amount1, block.timestamp
        );
        _mint(to, PoolId.unwrap(id), shares);

        emit LiquidityAdded(id, msg.sender, to, entry.amount0, entry.amount1, shares);

        _receive(tokenIn, amountIn);
    }

    /// @dev A deposit of at most `amount` of one token.
    function _enter(PoolKey calldata key, PoolId id, address tokenIn, uint256 amount)
        private
        view
        returns (OneSided memory entry)
    {
        bool zeroForOne = _isToken0(key, id, tokenIn);
        (Books storage books, Reserves reserves) = _open(id);
        uint256 supply = books.tally.supply();
        require(supply != 0, NoLiquidity(id));
        amount = FixedPointMathLib.min(amount, MAX_RESERVE);
        entry.before = reserves;
        _chooseSale(key, zeroForOne, amount, entry);

        (uint256 reserveIn, uint256 reserveOut) = entry.next.ordered(zeroForOne);
        uint256 rest = amount - entry.sold;
        uint256 shares = FixedPointMathLib.min(rest * supply / reserveIn, entry.bought * supply / reserveOut);
        require(shares != 0, ZeroAmount());
        rest = FixedPointMathLib.divUp(shares * reserveIn, supply);
        (entry.shares, entry.total) = (shares, entry.sold + rest);
        (entry.amount0, entry.amount1) = zeroForOne ? (rest, entry.bought) : (entry.bought, rest);
    }

    /// @dev Sells as much of `amount` as leaves the rest at the ratio of what it buys. With L the liquidity of a pool's
    /// reserves x and y, that is the s of `(x + s) / (x + amount) = L(after the sale) / L(x + amount, y)`. Before the
    /// sale there is no more liquidity than after it, so L(x, y) gives an s that is too small, and each round comes nearer
    /// from below: what is bought is never too much for the ratio, and goes in whole.
    function _chooseSale(PoolKey calldata key, bool zeroForOne, uint256 amount, OneSided memory entry) private view {
        (uint256 reserveIn,) = entry.before.ordered(zeroForOne);
        Curves.checkRoom(key.curve, zeroForOne, reserveIn, amount);
        Reserves after_ = entry.before.traded(zeroForOne, amount, 0);
        uint256 whole = Curves.liquidityDown(key.curve, after_.reserve0(), after_.reserve1()) + 1;
        after_ = entry.before;
        for (uint256 round; round < ROUNDS; ++round) {
            uint256 part = Curves.liquidityDown(key.curve, after_.reserve0(), after_.reserve1());
            uint256 sold = FixedPointMathLib.zeroFloorSub((reserveIn + amount) * part / whole, reserveIn);
            if (sold <= entry.sold) break;
            (after_, entry.bought) = _sell(entry.before, key.curve, key.fee, zeroForOne, sold);
            (entry.sold, entry.cut) = (sold, _cut(sold, key.fee));
            after_ = after_.reduced(zeroForOne, entry.cut);
        }
        require(entry.sold != 0, ZeroAmount());
        entry.next = after_;
    }

    /// @inheritdoc IExchange
    function removeLiquidityOneSided(
        PoolKey calldata key,
        uint256 shares,
        address tokenOut,
        uint256 minAmountOut,
        address to,
        uint256 deadline
    ) external locks returns (uint256 amountOut) {
        _checkTerms(to, deadline);
        PoolId id = key.toId();
        OneSided memory exit = _exit(key, id, shares, tokenOut);
        amountOut = exit.total;
        _withdraw(key, id, shares);
        require(amountOut >= minAmountOut, TooLittleFreed(tokenOut, amountOut, minAmountOut));

        emit LiquidityRemoved(id, msg.sender, to, exit.amount0, exit.amount1, shares);

        _commit(id, pools[id], exit.before, exit.next, key.curve);
        if (PROTOCOL_SHARE != 0) {
            protocolFees[_traded(tokenOut) == key.token0 ? key.token1 : key.token0] += exit.cut;
        }

        _pay(tokenOut, to, amountOut);
    }

    /// @dev A withdrawal and the sale of the other token to what is left.
    function _exit(PoolKey calldata key, PoolId id, uint256 shares, address tokenOut)
        private
        view
        returns (OneSided memory exit)
    {
        bool zeroForOne = !_isToken0(key, id, tokenOut);
        (Books storage books, Reserves reserves) = _open(id);
        (uint256 amount0, uint256 amount1) = _leave(id, reserves, books.tally.supply(), shares);
        (exit.amount0, exit.amount1) = (amount0, amount1);
        exit.before =
            ReservesLibrary.pack(reserves.reserve0() - amount0, reserves.reserve1() - amount1, block.timestamp);
        uint256 kept;
        (exit.sold, kept) = zeroForOne ? (amount0, amount1) : (amount1, amount0);
        (exit.next, exit.bought) = _sell(exit.before, key.curve, key.fee, zeroForOne, exit.sold);
        exit.cut = _cut(exit.sold, key.fee);
        exit.next = exit.next.reduced(zeroForOne, exit.cut);
        exit.total = kept + exit.bought;
    }

    function _isToken0(PoolKey calldata key, PoolId id, address token) private view returns (bool) {
        address traded = _traded(token);
        require(traded == key.token0 || traded == key.token1, TokenNotInPool(token, id));
        return traded == key.token0;
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
    ) external payable locks returns (uint256 amountOut) {
        _checkTerms(to, deadline);
        address tokenOut;
        (tokenOut, amountOut) = _sellAlong(_traded(tokenIn), amountIn, path, minAmountOut);

        _receive(tokenIn, amountIn);
        _pay(tokenOut, to, amountOut);
    }

    /// @inheritdoc IExchange
    function flashSwapExactIn(
        address tokenIn,
        uint256 amountIn,
        Hop[] calldata path,
        uint256 minAmountOut,
        address to,
        uint256 deadline,
        bytes calldata data
    ) external locks returns (uint256 amountOut) {
        _checkTerms(to, deadline);
        address tokenOut;
        (tokenOut, amountOut) = _sellAlong(tokenIn, amountIn, path, minAmountOut);

        _payFirst(tokenIn, amountIn, tokenOut, amountOut, to, data);
    }

    /// @dev Sells `amountIn` through every pool of the path in turn.
    function _sellAlong(address tokenIn, uint256 amountIn, Hop[] calldata path, uint256 minAmountOut)
        private
        returns (address tokenOut, uint256 amountOut)
    {
        require(path.length != 0, EmptyPath());
        (tokenOut, amountOut) = (tokenIn, amountIn);
        for (uint256 i; i < path.length; ++i) {
            (tokenOut, amountOut) = _sellHop(tokenOut, amountOut, PoolKeys.hopAt(path, i));
        }
        require(amountOut >= minAmountOut, TooLittleOut(amountOut, minAmountOut));
    }

    /// @dev One hop. Written back before the next, so a path may come through a pool again.
    function _sellHop(address tokenIn, uint256 amountIn, Hop calldata hop) private returns (address, uint256) {
        (PoolId id, bool zeroForOne, address tokenOut) = hop.from(tokenIn, WETH);
        Books storage books = pools[id];
        Reserves reserves = books.reserves;
        if (reserves.isEmpty()) _refuseEmpty(id, reserves);
        (Reserves next, uint256 amountOut) = _sell(reserves, hop.curve, hop.fee, zeroForOne, amountIn);

        if (PROTOCOL_SHARE != 0) next = _charge(tokenIn, next, zeroForOne, amountIn, hop.fee);
        _commit(id, books, reserves, next, hop.curve);
        return (tokenOut, amountOut);
    }

    /// @dev The reserves after a sale of `amountIn`, the whole of it in the pool, and what it yields.
    function _sell(Reserves reserves, uint256 curve, uint256 fee, bool zeroForOne, uint256 amountIn)
        private
        pure
        returns (Reserves, uint256)
    {
        (uint256 reserveIn, uint256 reserveOut) = reserves.ordered(zeroForOne);
        uint256 amountOut = Curves.amountOutDown(curve, zeroForOne, amountIn, reserveIn, reserveOut, fee);
        require(amountOut != 0, ZeroAmount());
        return (reserves.traded(zeroForOne, amountIn, amountOut), amountOut);
    }

    /// @inheritdoc IExchange
    function swapExactOut(
        address tokenIn,
        uint256 maxAmountIn,
        Hop[] calldata path,
        uint256 amountOut,
        address to,
        uint256 deadline
    ) external payable locks returns (uint256 amountIn) {
        _checkTerms(to, deadline);
        amountIn = _buyAlong(_traded(tokenIn), maxAmountIn, path, amountOut);

        _receive(tokenIn, amountIn);
        _pay(path[path.length - 1].tokenOut, to, amountOut);
    }

    /// @inheritdoc IExchange
    function flashSwapExactOut(
        address tokenIn,
        uint256 maxAmountIn,
        Hop[] calldata path,
        uint256 amountOut,
        address to,
        uint256 deadline,
        bytes calldata data
    ) external locks returns (uint256 amountIn) {
        _checkTerms(to, deadline);
        amountIn = _buyAlong(tokenIn, maxAmountIn, path, amountOut);

        _payFirst(tokenIn, amountIn, path[path.length - 1].tokenOut, amountOut, to, data);
    }

    /// @dev Buys `amountOut` at the end of the path, then what that costs one hop before, and so on to the beginning.
    function _buyAlong(address tokenIn, uint256 maxAmountIn, Hop[] calldata path, uint256 amountOut)
        private
        returns (uint256 amountIn)
    {
        _checkPath(tokenIn, path);
        amountIn = amountOut;
        for (uint256 i = path.length; i != 0; --i) {
            amountIn = _buyHop(_tokenBefore(tokenIn, path, i - 1), amountIn, path[i - 1]);
        }
        require(amountIn <= maxAmountIn, TooMuchIn(amountIn, maxAmountIn));
    }

    /// @dev Walked backwards, the second visit to a pool would come before the first.
    function _checkPath(address tokenIn, Hop[] calldata path) private view {
        require(path.length != 0, EmptyPath());
        for (uint256 i = 1; i < path.length; ++i) {
            (PoolId id,,) = path[i].from(path[i - 1].tokenOut, WETH);
            for (uint256 j; j < i; ++j) {
                (PoolId earlier,,) = path[j].from(_tokenBefore(tokenIn, path, j), WETH);
                require(PoolId.unwrap(id) != PoolId.unwrap(earlier), RepeatedPool(id));
            }
        }
    }

    function _tokenBefore(address tokenIn, Hop[] calldata path, uint256 i) private pure returns (address) {
        return i == 0 ? tokenIn : path[i - 1].tokenOut;
    }

    /// @dev One hop of a path that is walked backwards.
    function _buyHop(address tokenIn, uint256 amountOut, Hop calldata hop) private returns (uint256) {
        (PoolId id, bool zeroForOne,) = hop.from(tokenIn, WETH);
        Books storage books = pools[id];
        Reserves reserves = books.reserves;
        if (reserves.isEmpty()) _refuseEmpty(id, reserves);
        (Reserves next, uint256 amountIn) = _buy(id, reserves, hop.curve, hop.fee, zeroForOne, amountOut);

        if (PROTOCOL_SHARE != 0) next = _charge(tokenIn, next, zeroForOne, amountIn, hop.fee);
        _commit(id, books, reserves, next, hop.curve);
        return amountIn;
    }

    /// @dev The reserves after a purchase of `amountOut`, the whole price in the pool, and what it costs.
    function _buy(PoolId id, Reserves reserves, uint256 curve, uint256 fee, bool zeroForOne, uint256 amountOut)
        private
        pure
        returns (Reserves, uint256)
    {
        (uint256 reserveIn, uint256 reserveOut) = reserves.ordered(zeroForOne);
        require(amountOut != 0, ZeroAmount());
        require(amountOut < reserveOut, InsufficientLiquidity(id, amountOut, reserveOut));
        uint256 amountIn = Curves.amountInUp(curve, zeroForOne, amountOut, reserveIn, reserveOut, fee);
        Curves.checkRoom(curve, zeroForOne, reserveIn, amountIn);
        return (reserves.traded(zeroForOne, amountIn, amountOut), amountIn);
    }

    /// @dev Sends what was bought, lets the caller use it, takes the payment. Only the caller is called, and only it pays.
    function _payFirst(
        address tokenIn,
        uint256 amountIn,
        address tokenOut,
        uint256 amountOut,
        address to,
        bytes calldata data
    ) private {
        _pay(tokenOut, to, amountOut);
        ISwapCallback(msg.sender).onSwap(tokenIn, amountIn, tokenOut, amountOut, data);
        _pull(tokenIn, msg.sender, amountIn);
    }

    /* QUOTES */

    /// @inheritdoc IExchange
    function quoteExactIn(address tokenIn, uint256 amountIn, Hop[] calldata path)
        external
        view
        unlocked
        returns (uint256 amountOut)
    {
        require(path.length != 0, EmptyPath());

        amountOut = amountIn;
        address token = _traded(tokenIn);
        PoolId[] memory ids = new PoolId[](path.length);
        Reserves[] memory visited = new Reserves[](path.length);
        for (uint256 i; i < path.length; ++i) {
            bool zeroForOne;
            (ids[i], zeroForOne, token) = path[i].from(token, WETH);
            Reserves found = _revisit(ids, visited, i);
            uint256 cut = _cut(amountOut, path[i].fee);
            (found, amountOut) = _sell(found, path[i].curve, path[i].fee, zeroForOne, amountOut);
            visited[i] = found.reduced(zeroForOne, cut);
        }
    }

    /// @dev What hop `i` of a path finds: the reserves as the last visit left them, or as they are in storage.
    function _revisit(PoolId[] memory ids, Reserves[] memory visited, uint256 i) private view returns (Reserves found) {
        for (uint256 j = i; j != 0; --j) {
            if (PoolId.unwrap(ids[j - 1]) == PoolId.unwrap(ids[i])) return visited[j - 1];
        }
        found = pools[ids[i]].reserves;
        if (found.isEmpty()) _refuseEmpty(ids[i], found);
    }

    /// @inheritdoc IExchange
    function quoteExactOut(address tokenIn, Hop[] calldata path, uint256 amountOut)
        external
        view
        unlocked
        returns (uint256 amountIn)
    {
        tokenIn = _traded(tokenIn);
        _checkPath(tokenIn, path);
        amountIn = amountOut;
        for (uint256 i = path.length; i != 0; --i) {
            Hop calldata hop = path[i - 1];
            (PoolId id, bool zeroForOne,) = hop.from(_tokenBefore(tokenIn, path, i - 1), WETH);
            Reserves reserves = pools[id].reserves;
            if (reserves.isEmpty()) _refuseEmpty(id, reserves);
            (, amountIn) = _buy(id, reserves, hop.curve, hop.fee, zeroForOne, amountIn);
        }
    }

    /// @inheritdoc IExchange
    function quoteAddLiquidity(PoolKey calldata key, uint256 max0, uint256 max1)
        external
        view
        unlocked
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        (Books storage books, Reserves reserves) = _open(key.toId());
        return _join(key.curve, reserves, books.tally.supply(), max0, max1);
    }

    /// @inheritdoc IExchange
    function quoteAddLiquidityOneSided(PoolKey calldata key, address tokenIn, uint256 maxAmountIn)
        external
        view
        unlocked
        returns (uint256 shares, uint256 amountIn)
    {
        OneSided memory entry = _enter(key, key.toId(), tokenIn, maxAmountIn);
        return (entry.shares, entry.total);
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
        return _leave(id, reserves, books.tally.supply(), shares);
    }

    /// @inheritdoc IExchange
    function quoteRemoveLiquidityOneSided(PoolKey calldata key, uint256 shares, address tokenOut)
        external
        view
        unlocked
        returns (uint256 amountOut)
    {
        return _exit(key, key.toId(), shares, tokenOut).total;
    }
}
