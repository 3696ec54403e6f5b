// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IAlgoController
/// @notice Mints and redeems a dollar that stands partly on collateral and partly on confidence: on shares, which it
/// mints to pay redemptions and burns when dollars are bought. Every guard is a parameter.
/// @dev [$] is base units of the dollar, 1e18 to the dollar's worth that it aims at.
interface IAlgoController {
    /// @notice What a controller is deployed with; what a guard's zero means is said beside it.
    struct AlgoParameters {
        address collateral; // at most 24 decimals, no fee on transfer
        address shareOracle; // IOracle: share in collateral, hard to move (an average)
        address shareSpot; // IOracle: share in collateral, of now; zero: the same
        address collateralOracle; // IOracle: collateral in dollars' worth of 18 decimals; zero: always at par
        address dollarOracle; // IOracle: dollar in collateral; zero where the ratio is fixed
        uint64 ratio; // part of a dollar that is collateral, at the start [wad]
        uint64 minRatio; // [wad]
        uint64 maxRatio; // at most 1 [wad]
        uint64 ratioStep; // [wad]
        uint64 band; // how far from its peg a dollar moves the ratio [wad]
        uint32 stepPeriod; // from one step of the ratio to the next; zero: the ratio is fixed [seconds]
        uint32 mintSpread; // on top of what a dollar is worth; below 1e6 [pips]
        uint32 redeemSpread; // off what a dollar is worth; below 1e6 [pips]
        uint128 virtualLiquidity; // of either virtual pool in balance, below 2^112; zero: no slippage [$]
        uint32 recoveryTime; // in which a virtual pool's imbalance falls to 1/e [seconds]
        uint32 epochLength; // [seconds]
        uint32 maxShareGrowth; // shares minted in an epoch, of those at its start; zero: no limit [pips]
        uint64 breakerCover; // below so much collateral and shares per dollar it may end; zero: never [wad]
        uint32 breakerDelay; // from alarm to end [seconds]
    }

    /// @notice What there is at birth, and what it is called. Dollars only where the ratio is zero: nothing is paid in.
    struct Genesis {
        address holder;
        uint128 dollars; // [$]
        uint128 shares; // [share]
        string dollarName;
        string dollarSymbol;
        string shareName;
        string shareSymbol;
    }

    /// @notice `caller` paid collateral and shares for dollars.
    event DollarsMinted(
        address indexed caller, address indexed to, uint256 dollars, uint256 collateral, uint256 shares
    );

    /// @notice `caller` gave dollars up for collateral and new shares.
    event DollarsRedeemed(
        address indexed caller, address indexed to, uint256 dollars, uint256 collateral, uint256 shares
    );

    /// @notice `caller` gave dollars up for their part of the collateral, after the end.
    event DollarsClaimed(address indexed caller, address indexed to, uint256 dollars, uint256 collateral);

    /// @notice The ratio was looked at, and may have moved. [wad]
    event RatioStepped(uint256 ratio, uint256 price);

    /// @notice Too little stands behind a dollar, or nobody knows how much: the end may come.
    event AlarmRaised();

    /// @notice Enough stands behind a dollar again.
    event AlarmCleared();

    /// @notice From now on dollars are only redeemed for their part of the collateral.
    event ControllerEnded();

    /// @notice Thrown by whatever is over after the end.
    error AlgoEnded();

    /// @notice Thrown by what comes after the end only.
    error NotEnded();

    /// @notice Thrown when a mint would cost more collateral than the caller accepts. [collateral]
    error TooMuchCollateral(uint256 collateral, uint256 maxCollateral);

    /// @notice Thrown when a mint would cost more shares than the caller accepts. [share]
    error TooManyShares(uint256 shares, uint256 maxShares);

    /// @notice Thrown when a redemption would pay less collateral than the caller accepts. [collateral]
    error TooLittleCollateral(uint256 collateral, uint256 minCollateral);

    /// @notice Thrown when a redemption would pay fewer shares than the caller accepts. [share]
    error TooFewAlgoShares(uint256 shares, uint256 minShares);

    /// @notice Thrown when an epoch's share mint would pass its cap. [share]
    error EpochCapExceeded(uint256 minted, uint256 asked, uint256 cap);

    /// @notice Thrown when more dollars are asked for than the virtual pool has. [$]
    error VirtualPoolExhausted(uint256 asked, uint256 left);

    /// @notice Thrown when a supply, or the collateral, would not fit in its bits. [dollar, share or collateral]
    error SupplyTooLarge(uint256 supply, uint256 amount);

    /// @notice Thrown when the ratio is fixed for ever.
    error RatioFixed();

    /// @notice Thrown when the ratio was stepped too short ago. [unix seconds]
    error StepTooEarly(uint256 next, uint256 timestamp);

    /// @notice Thrown when there is no breaker.
    error BreakerOff();

    /// @notice Thrown when no alarm was raised, or too short ago; `alarmedAt` zero says none. [unix seconds]
    error AlarmTooYoung(uint256 alarmedAt, uint256 delay, uint256 timestamp);

    /// @notice Thrown when enough stands behind a dollar.
    error NotEndangered();

    /// @notice Thrown when too little gas is given to tell a refusing oracle from a starved one.
    error TooLittleGas(uint256 gas, uint256 minGas);

    /// @notice Thrown when an oracle answers zero, which is no price.
    error ZeroPrice(address oracle);

    /// @notice Thrown when nothing would move.
    error ZeroAmount();

    /// @notice Thrown when a token delivered another amount than the one asked for.
    error WrongAmountReceived(address token, uint256 received, uint256 asked);

    /// @notice Thrown when a verb is called from within another.
    error Reentered();

    /// @notice Thrown at deployment when a token has more decimals than this is exact for.
    error TooManyDecimals(uint256 decimals, uint256 maxDecimals);

    /// @notice Thrown at deployment by a parameter outside its range; `name` says which.
    error InvalidParameter(string name, uint256 value);

    /// @notice Mints `dollars` to `to` for collateral and shares of the caller, which are burned.
    function mint(uint256 dollars, uint256 maxCollateral, uint256 maxShares, address to)
        external
        returns (uint256 collateral, uint256 shares);

    /// @notice Burns `dollars` of the caller; `to` gets collateral and new shares.
    /// @dev Collateral is paid by the ratio, but never more than the dollars' part of what is there; shares for the rest.
    function redeem(uint256 dollars, uint256 minCollateral, uint256 minShares, address to)
        external
        returns (uint256 collateral, uint256 shares);

    /// @notice Moves the ratio one step towards the peg: up below it, down above. Anyone may, once a period.
    function stepRatio() external returns (uint256 ratio);

    /// @notice Raises the alarm where too little stands behind a dollar, clears it where enough does. Anyone may.
    function alarm() external returns (bool raised);

    /// @notice Ends it, when the alarm is old enough and still right. Anyone may. There is no way back.
    function end() external;

    /// @notice After the end: burns `dollars` of the caller for their part of the collateral. Asks no oracle.
    function claim(uint256 dollars, address to) external returns (uint256 collateral);

    /// @notice What `mint` would cost now, or its refusal.
    function quoteMint(uint256 dollars) external view returns (uint256 collateral, uint256 shares);

    /// @notice What `redeem` would pay now, or its refusal.
    function quoteRedeem(uint256 dollars) external view returns (uint256 collateral, uint256 shares);

    /// @notice Worth of collateral and of all shares, per dollar, at the average price. [wad]
    function cover() external view returns (uint256);

    /// @notice What it was deployed with.
    function parameters() external view returns (AlgoParameters memory);

    /// @notice The dollar's token.
    function dollar() external view returns (address);

    /// @notice The share's token.
    function share() external view returns (address);

    /// @notice The state of the books, `imbalance` as last written.
    /// @return ratio Part of a dollar that is collateral. [wad]
    /// @return steppedAt When the ratio was last looked at. [unix seconds]
    /// @return held Collateral in the books; gifts are not. [collateral]
    /// @return imbalance Dollars redeemed for shares less those minted, as far as not recovered. [$]
    /// @return imbalanceAt When it was written. [unix seconds]
    /// @return alarmedAt When the alarm was raised; zero when it is not. [unix seconds]
    /// @return ended Whether it is over.
    function books()
        external
        view
        returns (
            uint256 ratio,
            uint256 steppedAt,
            uint256 held,
            int256 imbalance,
            uint256 imbalanceAt,
            uint256 alarmedAt,
            bool ended
        );

    /// @notice The last epoch in which shares were minted.
    /// @return number Unix time over the epoch's length.
    /// @return startSupply Shares at the first mint in it, before it. [share]
    /// @return minted Shares minted in it. [share]
    function epoch() external view returns (uint256 number, uint256 startSupply, uint256 minted);
}
