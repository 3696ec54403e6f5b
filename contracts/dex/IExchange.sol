// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26;

import {IERC3156FlashLender} from "@openzeppelin/contracts/interfaces/IERC3156FlashLender.sol";
import {Hop, PoolId, PoolKey} from "./PoolKey.sol";

/// @notice One contract that holds every pool. A pool is a row in storage, named by its key.
///
/// Amounts are in the token's smallest unit; `0` in a name is the token with the lower address. Liquidity shares are
/// ERC-6909 balances under the pool's id, a count without decimals: the square root of the product of two raw amounts on
/// the constant product, the invariant D of both amounts brought to the same decimals on StableSwap.
///
/// Ether: the zero address names it wherever a trader says which token to pay in or to get. It is wrapped and unwrapped
/// in the same call, and the pool is wrapped ether's. Whoever pays ether sends at least what is asked; the rest comes back.
///
/// Warning: tokens must move exactly the amount asked. A token that takes a fee on the way in is refused; a token that
/// takes a fee from its sender on top, rebases downwards, or answers at two addresses can lose its own liquidity
/// providers money, but never those of other tokens.
interface IExchange is IERC3156FlashLender {
    /// @notice A pool at one moment.
    struct Pool {
        uint112 reserve0; // what traders trade against [token0]
        uint112 reserve1; // what traders trade against [token1]
        uint32 updatedAt; // last change of the reserves, creation at first; 0 = no such pool [unix seconds]
        uint128 cumulativeLogPrice; // 128 + log2(reserve1 / reserve0), summed over all seconds up to `updatedAt` [Q64]
        uint128 supply; // liquidity shares, the locked minimum included
        uint16 latestObservation; // place of the latest record of the price
        uint16 observations; // records of the price that are kept, 0 = none
    }

    /* EVENTS */

    /// @notice A pool came to be; it has no liquidity yet.
    event PoolCreated(PoolId indexed id, address indexed token0, address indexed token1, uint256 fee, uint256 curve);

    /// @notice `sender` paid both amounts in, `to` got the shares.
    event LiquidityAdded(
        PoolId indexed id, address indexed sender, address indexed to, uint256 amount0, uint256 amount1, uint256 shares
    );

    /// @notice `sender` gave up the shares, `to` got both amounts.
    event LiquidityRemoved(
        PoolId indexed id, address indexed sender, address indexed to, uint256 amount0, uint256 amount1, uint256 shares
    );

    /// @notice One hop of a trade through one pool; a path of three pools makes three of these.
    /// @dev Who trades is the transaction's to say: a word here would cost every hop 256 gas.
    /// @param change0 by how much the pool's reserve changed: above zero is what came in, below what went out [token0]
    /// @param change1 likewise, of the opposite sign [token1]
    event Swap(PoolId indexed id, int256 change0, int256 change1);

    /// @notice Tokens that belonged to nobody left.
    event Skimmed(address indexed token, address indexed to, uint256 amount);

    /// @notice The protocol's share of the fees paid in `token` left.
    event FeesCollected(address indexed token, address indexed to, uint256 amount);

    /// @notice `receiver` had `amount` of `token` for the length of a call, and brought it back.
    event FlashLoaned(address indexed receiver, address indexed token, uint256 amount);

    /// @notice Room for records of a pool's price was paid for.
    event ObservationsIncreased(PoolId indexed id, uint256 observations);

    /* ERRORS */

    /// @notice Thrown when a token or a callback calls into the middle of a verb.
    error Locked();

    /// @notice Thrown when a transaction arrives after its deadline [unix seconds].
    error Expired(uint256 deadline, uint256 timestamp);

    /// @notice Thrown when a verb would send tokens or new shares to the zero address or to the Exchange itself, or ether
    /// to wrapped ether. Shares that somebody owns are theirs to send anywhere (ERC-6909), the Exchange included, which
    /// cannot give them back.
    error InvalidRecipient(address to);

    /// @notice Thrown when an amount is zero, or is too small to buy or free anything at all.
    error ZeroAmount();

    /// @notice Thrown when a new key's tokens are equal, in the wrong order, or zero.
    error UnorderedTokens(address token0, address token1);

    /// @notice Thrown when a new key's fee is above the maximum [pips].
    error FeeTooHigh(uint256 fee, uint256 maxFee);

    /// @notice Thrown when a new key names a curve that this Exchange does not have, or parameters that it cannot have.
    error UnknownCurve(uint256 curve);

    /// @notice Thrown when a new key says other decimals of a token than the token does.
    error WrongDecimals(address token, uint256 said, uint256 decimals);

    /// @notice Thrown when a pool of this key exists already.
    error PoolExists(PoolId id);

    /// @notice Thrown when there is no pool of this key.
    error UnknownPool(PoolId id);

    /// @notice Thrown when a pool exists but holds nothing to trade against or to give back.
    error NoLiquidity(PoolId id);

    /// @notice Thrown when a path names no pool.
    error EmptyPath();

    /// @notice Thrown when `token` is not one of a listed pool's two.
    error TokenNotInPool(address token, PoolId id);

    /// @notice Thrown when a path that is walked backwards names a pool twice.
    error RepeatedPool(PoolId id);

    /// @notice Thrown when an amount would lift a reserve above what the pool's curve can hold.
    /// @dev `amount` is 2^256 - 1 when no amount that fits would buy what is wanted.
    error ReserveOverflow(uint256 reserve, uint256 amount, uint256 maxReserve);

    /// @notice Thrown when more is wanted of a pool than it can give: less than its reserve, always.
    error InsufficientLiquidity(PoolId id, uint256 wanted, uint256 reserve);

    /// @notice Thrown when a trade would yield less than the trader accepts.
    error TooLittleOut(uint256 amountOut, uint256 minAmountOut);

    /// @notice Thrown when a trade would cost more than the trader accepts.
    error TooMuchIn(uint256 amountIn, uint256 maxAmountIn);

    /// @notice Thrown when a deposit would mint fewer shares than the provider accepts.
    error TooFewShares(uint256 shares, uint256 minShares);

    /// @notice Thrown when a withdrawal would free less of `token` than the provider accepts.
    error TooLittleFreed(address token, uint256 amount, uint256 minAmount);

    /// @notice Thrown when a first deposit is worth no more shares than the locked minimum.
    error FirstDepositTooSmall(uint256 shares, uint256 lockedShares);

    /// @notice Thrown when someone gives up more shares than they hold.
    error SharesExceedBalance(uint256 shares, uint256 balance);

    /// @notice Thrown when a token delivered another amount than the one asked for.
    error WrongAmountReceived(address token, uint256 received, uint256 asked);

    /// @notice Thrown when ether came with a call that has no use for it.
    error UnexpectedEther(uint256 sent);

    /// @notice Thrown when less ether came than has to be paid.
    error TooLittleEther(uint256 sent, uint256 asked);

    /// @notice Thrown when a flash loan's receiver does not answer with the word that ERC-3156 asks for.
    error LoanRefused(address receiver);

    /// @notice Thrown when a flash loan leaves less behind than there was.
    error LoanNotRestored(address token, uint256 balance, uint256 before);

    /// @notice Thrown when a new Exchange's protocol share is above the maximum [pips].
    error ProtocolShareTooHigh(uint256 share, uint256 maxShare);

    /// @notice Thrown when more records of the price are asked for than a pool can keep.
    error TooManyObservations(uint256 observations, uint256 maxObservations);

    /// @notice Thrown when the price at `wanted` is no longer, or not yet, on record [unix seconds].
    error TooYoung(PoolId id, uint256 oldest, uint256 wanted);

    /// @notice Thrown when a list of pools is not in strictly ascending order of their ids.
    error UnorderedPools(PoolId previous, PoolId next);

    /// @notice Thrown when a list of pools leaves out some that hold the token.
    error IncompleteList(address token, uint256 listed, uint256 funded);

    /// @notice Thrown when the Exchange holds no more of a token than its pools account for.
    error NothingToSkim(address token, uint256 balance, uint256 booked);

    /* POOLS */

    /// @notice Opens a pool. Anyone may; it costs one storage write.
    /// @dev Neither token is asked whether it exists: a pool of a token without code cannot be funded. StableSwap asks
    /// both for their decimals, which scale the amounts for ever; a token that does not answer has none.
    /// @param key tokens in ascending order, fee at most `MAX_FEE`, a curve as {PoolKey} says
    function createPool(PoolKey calldata key) external returns (PoolId id);

    /* LIQUIDITY */

    /// @notice Pays both tokens in, at the pool's ratio, for shares. The first deposit sets the ratio.
    /// @dev Takes as much of both as yields the most shares, never more than either maximum, each rounded up; a
    /// maximum above 2^112 - 1 counts as that. The first deposit locks `LOCKED_SHARES` of the shares for ever.
    ///
    /// Warning: someone may move the ratio first. `minShares` protects against that, because at any other ratio the
    /// same maxima yield fewer shares. Ether sent along pays the side of wrapped ether, and is refused where there is none.
    /// @param max0 the most to pay [token0]
    /// @param max1 the most to pay [token1]
    /// @param minShares the fewest shares to accept
    /// @param to gets the shares
    /// @param deadline last moment to be mined at [unix seconds]
    /// @return shares minted to `to`
    /// @return amount0 paid [token0]
    /// @return amount1 paid [token1]
    function addLiquidity(
        PoolKey calldata key,
        uint256 max0,
        uint256 max1,
        uint256 minShares,
        address to,
        uint256 deadline
    ) external payable returns (uint256 shares, uint256 amount0, uint256 amount1);

    /// @notice Pays one token in for shares: sells part of it for the other token in the same pool, then joins with both.
    /// @dev Priced as the sale it implies, fee included. What the sale yields goes in whole; of the token paid, what does
    /// not fit the ratio is not taken. That is little in a pool near its middle. Deposits of a few units, deposits
    /// a hundred times the reserve at a high fee, and pools far out of balance may leave most of it with the caller, or
    /// be refused (ZeroAmount) where a sale and a deposit by hand would work: ask `quoteAddLiquidityOneSided` first.
    /// @param tokenIn one of the pool's two, or zero for ether
    /// @param maxAmountIn the most to pay [tokenIn]
    /// @param minShares the fewest shares to accept
    /// @param to gets the shares
    /// @param deadline last moment to be mined at [unix seconds]
    /// @return shares minted to `to`
    /// @return amountIn paid [tokenIn]
    function addLiquidityOneSided(
        PoolKey calldata key,
        address tokenIn,
        uint256 maxAmountIn,
        uint256 minShares,
        address to,
        uint256 deadline
    ) external payable returns (uint256 shares, uint256 amountIn);

    /// @notice Gives up the caller's shares for their part of both reserves, each rounded down.
    /// @param shares to give up, at most the caller's balance
    /// @param min0 the least to accept [token0]
    /// @param min1 the least to accept [token1]
    /// @param to gets both tokens
    /// @param deadline last moment to be mined at [unix seconds]
    function removeLiquidity(
        PoolKey calldata key,
        uint256 shares,
        uint256 min0,
        uint256 min1,
        address to,
        uint256 deadline
    ) external returns (uint256 amount0, uint256 amount1);

    /// @notice Gives up the caller's shares for one token: leaves with both, then sells the other one in the same pool.
    /// @dev Priced as the sale it implies, fee included.
    /// @param shares to give up, at most the caller's balance
    /// @param tokenOut one of the pool's two, or zero for ether
    /// @param minAmountOut the least to accept [tokenOut]
    /// @param to gets the token
    /// @param deadline last moment to be mined at [unix seconds]
    /// @return amountOut paid to `to` [tokenOut]
    function removeLiquidityOneSided(
        PoolKey calldata key,
        uint256 shares,
        address tokenOut,
        uint256 minAmountOut,
        address to,
        uint256 deadline
    ) external returns (uint256 amountOut);

    /* TRADES */

    /// @notice Sells exactly `amountIn` of `tokenIn` through every pool of `path` in turn.
    /// @dev Only the first token comes in and only the last goes out, however long the path. A pool may occur twice
    /// and the path may end where it began. Pays out what the last hop yields, rounded down at each hop.
    /// @param tokenIn the token sold, or zero for ether
    /// @param amountIn to sell, above zero [tokenIn]
    /// @param path the pools in order; each trades what the one before yields
    /// @param minAmountOut the least to accept [last token]
    /// @param to gets the last token
    /// @param deadline last moment to be mined at [unix seconds]
    /// @return amountOut paid to `to` [last token]
    function swapExactIn(
        address tokenIn,
        uint256 amountIn,
        Hop[] calldata path,
        uint256 minAmountOut,
        address to,
        uint256 deadline
    ) external payable returns (uint256 amountOut);

    /// @notice Buys exactly `amountOut` of the last token of `path`, for the least that each pool asks.
    /// @dev Walks the path from its end to its beginning, and emits its hops in that order; so no pool may occur twice.
    /// @param tokenIn the token paid, or zero for ether
    /// @param maxAmountIn the most to pay [tokenIn]
    /// @param path the pools in order; the last hop's token may be zero for ether
    /// @param amountOut to buy, above zero [last token]
    /// @param to gets the last token
    /// @param deadline last moment to be mined at [unix seconds]
    /// @return amountIn paid [tokenIn]
    function swapExactOut(
        address tokenIn,
        uint256 maxAmountIn,
        Hop[] calldata path,
        uint256 amountOut,
        address to,
        uint256 deadline
    ) external payable returns (uint256 amountIn);

    /// @notice As `swapExactIn`, but what is bought comes first, then the caller's `onSwap` is called, then it pays.
    /// @dev Only the caller is called and only the caller pays, by its allowance: no ether, no other token, no stranger.
    /// @param data handed on to the callback as it is
    function flashSwapExactIn(
        address tokenIn,
        uint256 amountIn,
        Hop[] calldata path,
        uint256 minAmountOut,
        address to,
        uint256 deadline,
        bytes calldata data
    ) external returns (uint256 amountOut);

    /// @notice As `swapExactOut`, but what is bought comes first, then the caller's `onSwap` is called, then it pays.
    /// @dev As `flashSwapExactIn`.
    /// @param data handed on to the callback as it is
    function flashSwapExactOut(
        address tokenIn,
        uint256 maxAmountIn,
        Hop[] calldata path,
        uint256 amountOut,
        address to,
        uint256 deadline,
        bytes calldata data
    ) external returns (uint256 amountIn);

    /// @notice Uses the caller's signature to give the Exchange an allowance of `token` (ERC-2612), if it still can.
    /// @dev A signature that somebody else has used already does not matter, so a failure is not one here: whatever
    /// needs the allowance says so. The same goes for a token without code. Meant as the first call of a `multicall`.
    /// @param amount the allowance that was signed [token]
    /// @param deadline last moment that was signed [unix seconds]
    function permit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Several calls of the caller in one: all succeed or none does. Takes no ether.
    /// @param data one encoded call of this contract each
    /// @return results what each of them returned
    function multicall(bytes[] calldata data) external payable returns (bytes[] memory results);

    /* PRICES ON RECORD */

    /// @notice Pays for room to keep `observations` records of the pool's price. Anyone may.
    /// @dev One record is made by the first change in each `OBSERVATION_PERIOD`, the oldest gives way to the newest. The
    /// pool must have liquidity. Room is never given back.
    /// @param observations records to keep altogether, at most 65,535
    function increaseObservations(PoolId id, uint256 observations) external;

    /* SURPLUS AND FEES */

    /// @notice Pays the protocol's share of the fees in `token` to its recipient. Anyone may.
    /// @return amount paid [token]
    function collect(address token) external returns (uint256 amount);

    /// @notice Sends `to` whatever the Exchange holds of `token` beyond its books: donations, mistakes, upward rebases.
    /// @dev Anyone may. A swap keeps no total per token (that would cost every trader two storage writes), so the
    /// caller lists the pools and the Exchange checks that none is missing.
    /// @param pools every pool with liquidity that trades `token`, in strictly ascending order of id
    /// @return surplus sent [token]
    function skim(address token, PoolKey[] calldata pools, address to) external returns (uint256 surplus);

    /* VIEWS */

    /// @notice The highest swap fee a key may have [pips: 1e6 = 100 %].
    function MAX_FEE() external view returns (uint256);

    /// @notice Shares that a pool's first deposit locks for ever.
    function LOCKED_SHARES() external view returns (uint256);

    /// @notice The most a pool can hold of one token [raw units; on StableSwap after scaling to the pool's decimals].
    function MAX_RESERVE() external view returns (uint256);

    /// @notice The highest protocol share that an Exchange can be deployed with [pips of the swap fee].
    function MAX_PROTOCOL_SHARE() external view returns (uint256);

    /// @notice The shortest time between two records of a price [seconds].
    function OBSERVATION_PERIOD() external view returns (uint256);

    /// @notice Wrapped ether; zero when this Exchange was deployed without.
    function WETH() external view returns (address);

    /// @notice The part of every swap fee that is the protocol's [pips of the swap fee].
    function PROTOCOL_SHARE() external view returns (uint256);

    /// @notice Gets the protocol's share of the fees.
    function PROTOCOL_RECIPIENT() external view returns (address);

    /// @notice The id of a key, whether or not there is such a pool.
    function poolId(PoolKey calldata key) external pure returns (PoolId id);

    /// @notice A pool's state; all zero when there is no such pool.
    /// @dev Reverts while the Exchange is in the middle of a call, as do the quotes: nobody can be shown a price there.
    function pool(PoolId id) external view returns (Pool memory);

    /// @notice Liquidity shares of a pool, the locked minimum included.
    function totalSupply(uint256 id) external view returns (uint256);

    /// @notice How many pools with liquidity trade `token`: as many as `skim` wants listed.
    function fundedPools(address token) external view returns (uint256);

    /// @notice The protocol's share of the fees paid in `token`, as long as nobody has collected it [token].
    function protocolFees(address token) external view returns (uint256);

    /// @notice The logarithm of the price, summed over all seconds from the first deposit to this moment.
    /// @dev Two readings, their difference divided by the seconds between them, less 2^71 (that is 128 [Q64]): the
    /// logarithm to base 2 of the geometric mean of reserve1 / reserve0 in that time. Each change of the reserves first
    /// closes the account of the time before, so nothing inside a block moves the mean. It only ever grows.
    function cumulativeLogPrice(PoolKey calldata key) external view returns (uint256);

    /// @notice A reading of `cumulativeLogPrice` as it was `secondsAgo`, or at the latest record before that.
    /// @dev Exact, never interpolated: the longer mean from `moment` is one that really was. Reads the present when nothing
    /// has changed since; needs records (`increaseObservations`) otherwise. TooYoung when they do not go back that far.
    /// @return cumulative the reading [Q64]
    /// @return moment when that was, at most `now - secondsAgo` [unix seconds]
    function observe(PoolKey calldata key, uint256 secondsAgo)
        external
        view
        returns (uint256 cumulative, uint256 moment);

    /// @notice What `swapExactIn` would pay out now, to the wei, or the refusal it would give.
    function quoteExactIn(address tokenIn, uint256 amountIn, Hop[] calldata path)
        external
        view
        returns (uint256 amountOut);

    /// @notice What `swapExactOut` would cost now, to the wei, or the refusal it would give.
    function quoteExactOut(address tokenIn, Hop[] calldata path, uint256 amountOut)
        external
        view
        returns (uint256 amountIn);

    /// @notice What `addLiquidity` would mint and take now, to the wei, or the refusal it would give.
    function quoteAddLiquidity(PoolKey calldata key, uint256 max0, uint256 max1)
        external
        view
        returns (uint256 shares, uint256 amount0, uint256 amount1);

    /// @notice What `addLiquidityOneSided` would mint and take now, to the wei, or the refusal it would give.
    function quoteAddLiquidityOneSided(PoolKey calldata key, address tokenIn, uint256 maxAmountIn)
        external
        view
        returns (uint256 shares, uint256 amountIn);

    /// @notice What `removeLiquidity` would free now, to the wei, or the refusal it would give.
    function quoteRemoveLiquidity(PoolKey calldata key, uint256 shares)
        external
        view
        returns (uint256 amount0, uint256 amount1);

    /// @notice What `removeLiquidityOneSided` would pay out now, to the wei, or the refusal it would give.
    function quoteRemoveLiquidityOneSided(PoolKey calldata key, uint256 shares, address tokenOut)
        external
        view
        returns (uint256 amountOut);
}
