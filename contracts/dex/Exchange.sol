// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC6909} from "solady/tokens/ERC6909.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {ConstantProduct} from "./ConstantProduct.sol";
import {IExchange} from "./IExchange.sol";
import {PoolId, PoolKey} from "./PoolKey.sol";

/// @title Exchange
/// @notice Every pool in one contract: no factory, no router, no owner. See {IExchange} for what each verb promises.
/// @dev Python twin: `defi_kit.dex.exchange.ExchangeState`.
contract Exchange is IExchange, ERC6909, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* FIXED FOR EVER */

    /// @inheritdoc IExchange
    uint256 public constant MAX_FEE = 100_000; // 10 % [pips]

    /// @inheritdoc IExchange
    uint256 public constant LOCKED_SHARES = 1000;

    /// @inheritdoc IExchange
    uint256 public constant MAX_RESERVE = type(uint112).max;

    /* BOOKS */

    mapping(PoolId id => Pool pool) private pools;

    /// @inheritdoc IExchange
    mapping(address token => uint256 count) public fundedPools;

    /* POOLS */

    /// @inheritdoc IExchange
    function createPool(PoolKey calldata key) external nonReentrant returns (PoolId id) {
        require(key.token0 < key.token1 && key.token0 != address(0), UnorderedTokens(key.token0, key.token1));
        require(key.fee <= MAX_FEE, FeeTooHigh(key.fee, MAX_FEE));
        require(key.curve == 0, UnknownCurve(key.curve));
        id = key.toId();
        require(pools[id].updatedAt == 0, PoolExists(id));

        pools[id].updatedAt = uint32(block.timestamp);

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
    ) external nonReentrant returns (uint256 shares, uint256 amount0, uint256 amount1) {
        _checkTerms(to, deadline);
        PoolId id = key.toId();
        Pool memory state = _load(id);
        (shares, amount0, amount1) = _join(state, max0, max1);
        require(shares >= minShares, TooFewShares(shares, minShares));

        if (state.supply == 0) _fund(key, id);
        uint256 minted = state.supply == 0 ? shares + LOCKED_SHARES : shares;
        pools[id].supply = uint128(state.supply + minted);
        _store(id, state.reserve0 + amount0, state.reserve1 + amount1);
        _mint(to, PoolId.unwrap(id), shares);

        emit LiquidityAdded(id, msg.sender, to, amount0, amount1, shares);

        _pull(key.token0, amount0);
        _pull(key.token1, amount1);
    }

    /// @dev Shares for the most of both tokens that the maxima and the ratio allow.
    /// Shares never outgrow the square root of `reserve0 * reserve1`, so they fit in 112 bits, and nothing overflows.
    function _join(Pool memory state, uint256 max0, uint256 max1)
        private
        pure
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        amount0 = FixedPointMathLib.min(max0, MAX_RESERVE);
        amount1 = FixedPointMathLib.min(max1, MAX_RESERVE);
        uint256 supply = state.supply;

        if (supply == 0) {
            shares = FixedPointMathLib.sqrt(amount0 * amount1);
            require(shares > LOCKED_SHARES, FirstDepositTooSmall(shares, LOCKED_SHARES));
            return (shares - LOCKED_SHARES, amount0, amount1);
        }

        shares = FixedPointMathLib.min(amount0 * supply / state.reserve0, amount1 * supply / state.reserve1);
        require(shares != 0, ZeroAmount());
        amount0 = FixedPointMathLib.divUp(shares * state.reserve0, supply);
        amount1 = FixedPointMathLib.divUp(shares * state.reserve1, supply);
        _checkRoom(state.reserve0, amount0);
        _checkRoom(state.reserve1, amount1);
    }

    /// @dev Once in a pool's life: the locked shares go to nobody, and both tokens count one pool more.
    function _fund(PoolKey calldata key, PoolId id) private {
        fundedPools[key.token0]++;
        fundedPools[key.token1]++;
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
    ) external nonReentrant returns (uint256 amount0, uint256 amount1) {
        _checkTerms(to, deadline);
        PoolId id = key.toId();
        Pool memory state = _load(id);
        (amount0, amount1) = _leave(id, state, shares);
        uint256 balance = balanceOf(msg.sender, PoolId.unwrap(id));
        require(shares <= balance, SharesExceedBalance(shares, balance));
        require(amount0 >= min0, TooLittleFreed(key.token0, amount0, min0));
        require(amount1 >= min1, TooLittleFreed(key.token1, amount1, min1));

        pools[id].supply = uint128(state.supply - shares);
        _store(id, state.reserve0 - amount0, state.reserve1 - amount1);
        _burn(msg.sender, PoolId.unwrap(id), shares);

        emit LiquidityRemoved(id, msg.sender, to, amount0, amount1, shares);

        _push(key.token0, to, amount0);
        _push(key.token1, to, amount1);
    }

    /// @dev What `shares` free. Someone else always holds the locked shares, so neither reserve can reach zero.
    function _leave(PoolId id, Pool memory state, uint256 shares)
        private
        pure
        returns (uint256 amount0, uint256 amount1)
    {
        require(state.supply != 0, NoLiquidity(id));
        require(shares <= state.supply, SharesExceedBalance(shares, state.supply));
        amount0 = shares * state.reserve0 / state.supply;
        amount1 = shares * state.reserve1 / state.supply;
        require(amount0 != 0 || amount1 != 0, ZeroAmount());
    }

    /* TRADES */

    /// @inheritdoc IExchange
    function swapExactIn(
        PoolKey[] calldata path,
        address tokenIn,
        uint256 amountIn,
        uint256 minAmountOut,
        address to,
        uint256 deadline
    ) external nonReentrant returns (uint256 amountOut) {
        _checkTerms(to, deadline);
        require(path.length != 0, EmptyPath());

        amountOut = amountIn;
        address token = tokenIn;
        for (uint256 i; i < path.length; ++i) {
            PoolId id = path[i].toId();
            Pool memory state = _load(id);
            uint256 paid = amountOut;
            address sold = token;
            (token, amountOut) = _trade(path[i], id, state, sold, paid);
            _store(id, state.reserve0, state.reserve1);
            emit Swap(id, msg.sender, sold, paid, amountOut);
        }
        require(amountOut >= minAmountOut, TooLittleOut(amountOut, minAmountOut));

        _pull(tokenIn, amountIn);
        _push(token, to, amountOut);
    }

    /// @dev Moves `state` along its curve by a sale of `amountIn` of `tokenIn`.
    function _trade(PoolKey calldata key, PoolId id, Pool memory state, address tokenIn, uint256 amountIn)
        private
        pure
        returns (address tokenOut, uint256 amountOut)
    {
        bool zeroForOne = tokenIn == key.token0;
        require(zeroForOne || tokenIn == key.token1, TokenNotInPool(tokenIn, id));
        require(state.supply != 0, NoLiquidity(id));

        (uint256 reserveIn, uint256 reserveOut) =
            zeroForOne ? (state.reserve0, state.reserve1) : (state.reserve1, state.reserve0);
        _checkRoom(reserveIn, amountIn);
        amountOut = ConstantProduct.amountOutDown(amountIn, reserveIn, reserveOut, key.fee);
        require(amountOut != 0, ZeroAmount());

        // Casts are safe: there is room for what comes in, and less leaves than there is.
        unchecked {
            (uint112 newIn, uint112 newOut) = (uint112(reserveIn + amountIn), uint112(reserveOut - amountOut));
            (state.reserve0, state.reserve1) = zeroForOne ? (newIn, newOut) : (newOut, newIn);
        }
        tokenOut = zeroForOne ? key.token1 : key.token0;
    }

    /* SURPLUS */

    /// @inheritdoc IExchange
    function skim(address token, PoolKey[] calldata keys, address to) external nonReentrant returns (uint256 surplus) {
        _checkTerms(to, block.timestamp);
        uint256 booked = _booked(token, keys);
        uint256 balance = IERC20(token).balanceOf(address(this));
        require(balance > booked, NothingToSkim(token, balance, booked));
        surplus = balance - booked;

        emit Skimmed(token, to, surplus);

        _push(token, to, surplus);
    }

    /// @dev The sum of a token's reserves. Complete, because as many pools are listed as are funded, all of them
    /// different (ascending ids), and each really trades the token.
    function _booked(address token, PoolKey[] calldata keys) private view returns (uint256 booked) {
        require(keys.length == fundedPools[token], IncompleteList(token, keys.length, fundedPools[token]));
        PoolId previous;
        for (uint256 i; i < keys.length; ++i) {
            PoolId id = keys[i].toId();
            require(PoolId.unwrap(previous) < PoolId.unwrap(id), UnorderedPools(previous, id));
            Pool memory state = _load(id);
            require(state.supply != 0, NoLiquidity(id));
            require(token == keys[i].token0 || token == keys[i].token1, TokenNotInPool(token, id));
            booked += token == keys[i].token0 ? state.reserve0 : state.reserve1;
            previous = id;
        }
    }

    /* SHARED STEPS */

    function _checkTerms(address to, uint256 deadline) private view {
        require(block.timestamp <= deadline, Expired(deadline, block.timestamp));
        require(to != address(0) && to != address(this), InvalidRecipient(to));
    }

    function _checkRoom(uint256 reserve, uint256 amount) private pure {
        require(amount <= MAX_RESERVE - reserve, ReserveOverflow(reserve, amount, MAX_RESERVE));
    }

    function _load(PoolId id) private view returns (Pool memory state) {
        state = pools[id];
        require(state.updatedAt != 0, UnknownPool(id));
    }

    /// @dev One write: both reserves and the time share a slot. Callers have checked that the reserves fit.
    function _store(PoolId id, uint256 reserve0, uint256 reserve1) private {
        Pool storage pool_ = pools[id];
        pool_.reserve0 = uint112(reserve0);
        pool_.reserve1 = uint112(reserve1);
        pool_.updatedAt = uint32(block.timestamp);
    }

    /// @dev Takes `amount` from the caller and insists that it arrived. The lock keeps anyone from mixing another
    /// deposit into the measurement.
    function _pull(address token, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 afterwards = IERC20(token).balanceOf(address(this));
        require(
            afterwards == before + amount,
            WrongAmountReceived(token, FixedPointMathLib.zeroFloorSub(afterwards, before), amount)
        );
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
    function pool(PoolId id) external view nonReentrantView returns (Pool memory) {
        return pools[id];
    }

    /// @inheritdoc IExchange
    function totalSupply(uint256 id) external view nonReentrantView returns (uint256) {
        return pools[PoolId.wrap(id)].supply;
    }

    /// @inheritdoc IExchange
    function quoteExactIn(PoolKey[] calldata path, address tokenIn, uint256 amountIn)
        external
        view
        nonReentrantView
        returns (uint256 amountOut)
    {
        require(path.length != 0, EmptyPath());

        amountOut = amountIn;
        address token = tokenIn;
        PoolId[] memory ids = new PoolId[](path.length);
        Pool[] memory states = new Pool[](path.length);
        for (uint256 i; i < path.length; ++i) {
            ids[i] = path[i].toId();
            states[i] = _find(ids, states, i);
            (token, amountOut) = _trade(path[i], ids[i], states[i], token, amountOut);
        }
    }

    /// @dev Pool `i` of a path as the hops before `i` leave it. Shared memory, so a later visit sees an earlier one.
    function _find(PoolId[] memory ids, Pool[] memory states, uint256 i) private view returns (Pool memory) {
        for (uint256 j; j < i; ++j) {
            if (PoolId.unwrap(ids[j]) == PoolId.unwrap(ids[i])) return states[j];
        }
        return _load(ids[i]);
    }

    /// @inheritdoc IExchange
    function quoteAddLiquidity(PoolKey calldata key, uint256 max0, uint256 max1)
        external
        view
        nonReentrantView
        returns (uint256 shares, uint256 amount0, uint256 amount1)
    {
        return _join(_load(key.toId()), max0, max1);
    }

    /// @inheritdoc IExchange
    function quoteRemoveLiquidity(PoolKey calldata key, uint256 shares)
        external
        view
        nonReentrantView
        returns (uint256 amount0, uint256 amount1)
    {
        PoolId id = key.toId();
        return _leave(id, _load(id), shares);
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
