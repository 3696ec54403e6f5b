// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IPegSwap
/// @notice Changes two stablecoins into each other at par, less a fee: one unit of `backing` for one of `dollar`.
/// @dev "In" is backing for dollars, "out" dollars for backing; both sides work alike. Neither token may take a fee on
/// transfer or rebase. Nobody can change anything after deployment.
interface IPegSwap {
    /// @notice One of the two tokens, and on what terms it is taken.
    struct Side {
        address token;
        address oracle; // IOracle: this token priced in the other one; zero: taken at par whatever happens
        uint128 cap; // most of it that the swap may hold, gifts included [token]
        uint32 fee; // of what comes in, kept in the other token; at most 100,000 [pips]
        uint32 tolerance; // how far below par the oracle may see it and it is still taken [pips]
    }

    /// @notice So much of both came in (positive) and was paid out (negative); the tokens' own events say by whom.
    event PegSwapped(int256 backing, int256 dollars);

    /// @notice The treasury paid stock in.
    event StockFunded(address indexed token, uint256 amount);

    /// @notice The treasury took stock back.
    event StockUnfunded(address indexed token, uint256 amount);

    /// @notice What was held beyond par went to the treasury.
    event SurplusCollected(address indexed token, uint256 amount);

    /// @notice Thrown when the token that would come in is worth too little of the other one. [1e36]
    error BelowPeg(address token, uint256 price, uint256 floor);

    /// @notice Thrown when less is there than would be paid out. [token]
    error InsufficientStock(address token, uint256 held, uint256 asked);

    /// @notice Thrown when the swap would hold more of a token than its cap; where the amount alone is more than
    /// that, `held` is the amount. [token]
    error CapExceeded(address token, uint256 held, uint256 cap);

    /// @notice Thrown when the treasury would take back more of a token than it has paid in. [token]
    error NotFunded(address token, uint256 funded, uint256 asked);

    /// @notice Thrown when a token is neither of the two.
    error NotASide(address token);

    /// @notice Thrown when someone else than the treasury moves its stock.
    error NotTreasury(address caller, address treasury);

    /// @notice Thrown when nothing would come in or go out.
    error ZeroAmount();

    /// @notice Thrown when a token delivered another amount than the one asked for.
    error WrongAmountReceived(address token, uint256 received, uint256 asked);

    /// @notice Thrown when a verb is called from within another.
    error Reentered();

    /// @notice Thrown at deployment when both sides are one token, or a token or the treasury is the zero address.
    error InvalidSide(address token);

    /// @notice Thrown at deployment when a token has more decimals than the swap is exact for.
    error TooManyDecimals(uint256 decimals, uint256 maxDecimals);

    /// @notice Thrown at deployment by a parameter outside its range; `name` says which.
    error InvalidParameter(string name, uint256 value);

    /// @notice Most decimals of a token.
    function MAX_DECIMALS() external view returns (uint256);

    /// @notice Largest fee. [pips]
    function MAX_FEE() external view returns (uint256);

    /// @notice Takes `amount` of backing from the caller and pays dollars to `to`.
    function swapIn(uint256 amount, address to) external returns (uint256 amountOut);

    /// @notice Takes `amount` of dollars from the caller and pays backing to `to`.
    function swapOut(uint256 amount, address to) external returns (uint256 amountOut);

    /// @notice What `swapIn` would pay now, or its refusal. [dollar]
    function quoteIn(uint256 amount) external view returns (uint256 amountOut);

    /// @notice What `swapOut` would pay now, or its refusal. [backing]
    function quoteOut(uint256 amount) external view returns (uint256 amountOut);

    /// @notice Pays stock of one of the tokens in. Only the treasury may.
    function fund(address token, uint256 amount) external;

    /// @notice Takes stock back, at most what was paid in of that token. Only the treasury may.
    /// @dev What others have swapped in stays: it stands behind what they were given.
    function unfund(address token, uint256 amount) external;

    /// @notice Sends the treasury as much of a token as is held of both beyond par: fees, roundings and gifts.
    function collect(address token) external returns (uint256 amount);

    /// @notice Where stock comes from, and where it and the surplus go.
    function treasury() external view returns (address);

    /// @notice The token that comes in by `swapIn`, and its terms.
    function backing() external view returns (Side memory);

    /// @notice The token that comes in by `swapOut`, and its terms.
    function dollar() external view returns (Side memory);

    /// @notice What the treasury has paid in of a token and not taken back. [token]
    function funded(address token) external view returns (uint256);

    /// @notice What is held of both tokens beyond what was funded, at par. [the finer token]
    function surplus() external view returns (uint256);
}
