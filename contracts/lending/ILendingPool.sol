// SPDX-License-Identifier: MIT
pragma solidity >=0.8.26;

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {Adaptation} from "./AdaptiveRate.sol";
import {KinkedCurve} from "./KinkedRate.sol";

/// @notice A pool that lends one asset against several collaterals. Lenders hold ERC-4626 shares of it.
///
/// Amounts are in the token's smallest unit, written [asset] or [collateral]; [wad] is 1e18 = 1, [bps] is 1e4 = 1.
/// An account has one debt and up to sixteen collaterals. Its health is the sum of each collateral's value times its
/// liquidation LTV, over its debt; at 1 or above it is healthy. Everything is fixed at deployment: there is no owner.
///
/// Warning: tokens must move exactly the amount asked; what arrives short or long is refused, what rebases or is taken
/// from the pool by the token's issuer is lost to the pool. While the oracle of any collateral an account holds refuses
/// to answer, the account can neither borrow, nor withdraw collateral while in debt, nor be liquidated, however little of
/// that collateral it holds; a pool can never drop a collateral. Supplying more of a collateral it holds, repaying, and
/// leaving without debt never ask an oracle.
interface ILendingPool {
    /// @notice What a pool is made of, the rate curve and the collaterals apart.
    struct PoolParameters {
        address asset; // the token that is lent
        string name; // name of the share token
        string symbol; // symbol of the share token
        uint256 minimumDebt; // smallest debt an account may choose to have, at least 100 [asset]
        uint256 targetHealth; // health that a partial liquidation leads back to, above 1, at most 2 [bps]
        uint256 reserveFactor; // part of the interest that goes to the first-loss reserve, below 1 [bps]
    }

    /// @notice What a collateral is taken on. 0 < borrowLtv < liquidationLtv,
    /// (1 + maxBonus) * liquidationLtv <= fullBonusHealth < 1.
    struct CollateralParameters {
        address token; // the collateral: neither the asset, nor this pool's own shares, and listed once
        address oracle; // an IOracle: [asset] that one [collateral] is worth, times 1e36
        uint16 borrowLtv; // part of its value that may be borrowed [bps]
        uint16 liquidationLtv; // part of its value that counts for health [bps]
        uint16 maxBonus; // most a liquidator earns on top of what is repaid [bps]
        uint16 fullBonusHealth; // health at and below which the bonus is `maxBonus` [bps]
        uint120 cap; // nobody may add to it while the pool would hold more, gifts included; above zero [collateral]
    }

    /// @notice The pool's books as last written; interest since `accruedAt` is not in them yet. Two words of storage.
    struct Market {
        uint128 debtShares; // of all accounts; they owe debtShares * index / 1e27
        uint88 reserve; // part of the pool's assets that belongs to no lender and bears losses first [asset]
        uint40 rate; // on the curve, at the utilisation the last verb left; times exp(drift) [wad per second]
        uint112 index; // [1e27 asset per debt share]
        uint104 cash; // held and not lent [asset]
        uint40 accruedAt; // last accrual [unix seconds]
    }

    /// @notice What a liquidation does, as previewed and as done.
    struct Liquidation {
        uint256 health; // of the account before, below 1 [wad]
        uint256 bonus; // on top of what is repaid [wad]
        uint256 repaid; // paid by the liquidator [asset]
        uint256 seized; // paid to the liquidator [collateral]
        uint256 collateralLeft; // that the account keeps of it [collateral]
        uint256 debtShares; // cancelled, those of the bad debt included
        uint256 debtLeft; // owed afterwards; 0 when it was written off [asset]
        uint256 badDebt; // written off [asset]
    }

    /// @notice A collateral at one moment.
    struct CollateralState {
        address token;
        uint256 price; // what the oracle answers, 0 if it refuses [1e36]
        uint256 held; // by the pool, gifts included [collateral]
    }

    /// @notice An account at one moment.
    struct AccountState {
        uint256 shares; // of the pool's assets, as a lender
        uint256 debtShares; // as a borrower
        uint256[] collateral; // in the order of `collaterals()` [collateral]
    }

    /// @notice The pool and some of its accounts at one moment: all that a twin needs.
    struct Snapshot {
        uint256 timestamp; // [unix seconds]
        Market market; // as last written
        int256 drift; // of the curve at `market.accruedAt`, see {AdaptiveRate}; 0 for a curve that stays [1e27]
        uint256 totalShares; // of all lenders
        CollateralState[] collaterals;
        AccountState[] accounts; // in the order asked for
    }

    /* EVENTS */

    /// @notice Interest was added to the debts; `toReserve` of it went to the reserve, the rest to the lenders.
    event Accrued(uint256 interest, uint256 toReserve);

    /// @notice Collateral was posted for `account`; the token's own event says by whom.
    event CollateralSupplied(address indexed account, address token, uint256 amount);

    /// @notice `account` took collateral back; `receiver` got it.
    event CollateralWithdrawn(address indexed account, address indexed receiver, address token, uint256 amount);

    /// @notice `account` took on debt; `receiver` got the assets.
    event Borrowed(address indexed account, address indexed receiver, uint256 assets, uint256 debtShares);

    /// @notice `payer` paid back debt of `account`.
    event Repaid(address indexed account, address indexed payer, uint256 assets, uint256 debtShares);

    /// @notice `liquidator` repaid debt of an unhealthy `account` and got collateral worth that and the bonus [wad].
    event Liquidated(
        address indexed account,
        address indexed token,
        address indexed liquidator,
        uint256 repaid,
        uint256 seized,
        uint256 bonus
    );

    /// @notice What `account` still owed was written off: `fromReserve` by the reserve, the rest by the lenders.
    event BadDebt(address indexed account, uint256 loss, uint256 fromReserve);

    /// @notice `operator` may from now on act for `owner`, or no longer; signatures with a nonce below `nonce` are void.
    event AuthorizationSet(address indexed owner, address indexed operator, bool authorized, uint256 nonce);

    /// @notice `receiver` had `amount` of a token for the length of a call that `initiator` made.
    event FlashLoaned(address indexed receiver, address indexed initiator, address token, uint256 amount);

    /* ERRORS */

    /// @notice Thrown at deployment by a parameter outside its range; `name` says which.
    error InvalidParameter(string name, uint256 value);

    /// @notice Thrown at deployment by a collateral whose ratios break the order that `CollateralParameters` asks for.
    error InvalidRatios(
        address token, uint256 borrowLtv, uint256 liquidationLtv, uint256 maxBonus, uint256 fullBonusHealth
    );

    /// @notice Thrown at deployment by a collateral that is the asset, the pool itself, zero, or listed twice.
    error InvalidCollateral(address token);

    /// @notice Thrown when a token is none of this pool's collaterals.
    error UnknownCollateral(address token);

    /// @notice Thrown when a verb is called from within another.
    error Reentered();

    /// @notice Thrown when an amount is zero, or so small that nothing would move or no debt share be cancelled.
    error ZeroAmount();

    /// @notice Thrown when someone acts for `account` who is neither it nor authorized by it.
    error NotAuthorized(address account, address caller);

    /// @notice Thrown when the pool itself is to receive what it pays out: that would be lost.
    error InvalidReceiver(address receiver);

    /// @notice Thrown by a signature past its deadline [unix seconds].
    error SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice Thrown when a signature is not the signer's over exactly this, with the nonce that is due.
    error SignatureInvalid(address signer);

    /// @notice Thrown when a flash loan is larger than `maxFlashLoan`; zero for tokens that are not lent out.
    error LoanAboveMaximum(address token, uint256 amount, uint256 maximum);

    /// @notice Thrown when the receiver of a flash loan does not answer as ERC-3156 asks.
    error LoanNotAccepted(address receiver);

    /// @notice Thrown when a token delivered another amount than the one asked for.
    error WrongAmountReceived(address token, uint256 received, uint256 asked);

    /// @notice Thrown when a deposit is larger than `maxDeposit` [asset].
    error DepositAboveMaximum(uint256 assets, uint256 maximum);

    /// @notice Thrown when a mint is larger than `maxMint` [shares].
    error MintAboveMaximum(uint256 shares, uint256 maximum);

    /// @notice Thrown when a withdrawal costs more shares than the owner has.
    error SharesExceedBalance(uint256 shares, uint256 balance);

    /// @notice Thrown when more assets are asked for than the pool has not lent [asset].
    error InsufficientCash(uint256 assets, uint256 cash);

    /// @notice Thrown when the pool would hold more of a collateral than its cap [collateral].
    error CapExceeded(address token, uint256 held, uint256 cap);

    /// @notice Thrown when an account has less of a collateral than is asked for [collateral].
    error CollateralExceedsBalance(address token, uint256 amount, uint256 balance);

    /// @notice Thrown when an account would owe more than its collateral allows to borrow [asset].
    error DebtAboveLimit(address account, uint256 debt, uint256 limit);

    /// @notice Thrown when a borrower would be left with a debt that is not zero and below the minimum [asset].
    error DebtBelowMinimum(uint256 debt, uint256 minimum);

    /// @notice Thrown when there is no debt to repay.
    error NoDebt(address account);

    /// @notice Thrown when a healthy account is to be liquidated [wad].
    error HealthyAccount(address account, uint256 health);

    /// @notice Thrown when a liquidation would leave both some of the collateral it names, and either a debt below the
    /// minimum or collateral worth no more than dust [asset].
    error LeavesDust(uint256 debtLeft, uint256 minimumDebt, uint256 valueLeft, uint256 dust);

    /// @notice Thrown when a liquidation would yield less than the liquidator accepts [collateral].
    error TooLittleSeized(uint256 seized, uint256 minSeized);

    /// @notice Thrown when an oracle answers zero, which is no price.
    error ZeroPrice(address oracle);

    /* INTEREST */

    /// @notice Adds the interest since the last accrual. Every verb does so first; calling it alone changes nothing else.
    /// @dev However often it is called, a debt grows by exp(rate * seconds), rounded down by less than 2e-21 of it a call.
    function accrue() external;

    /* COLLATERAL */

    /// @notice Posts `amount` of a collateral for `account`.
    /// @dev A collateral that `account` does not hold yet may be added by `account` or whom it authorized only, in debt or
    /// not: else a stranger's grain of sand would keep liquidators away once its oracle dies. In debt that asks the
    /// oracle too. More of what it holds may come from anyone.
    /// @param amount above zero [collateral]
    function supplyCollateral(address token, uint256 amount, address account) external;

    /// @notice As `supplyCollateral`, but calls the caller's `onSupplyCollateral` before it takes the collateral.
    /// @dev The books already hold it then: `account` can borrow against it, and buy it with what it borrowed.
    /// @param data passed on
    function supplyCollateralWithCallback(address token, uint256 amount, address account, bytes calldata data) external;

    /// @notice Takes `amount` of a collateral of `account` back.
    /// @dev Asks oracles only when `account` has debt; then the debt must be within the borrow limit afterwards.
    /// @param amount above zero [collateral]
    /// @param receiver gets the collateral; not the pool
    /// @param account the caller, or one that authorized the caller
    function withdrawCollateral(address token, uint256 amount, address receiver, address account) external;

    /* DEBT */

    /// @notice Borrows `assets` for `account`, within its borrow limit and the pool's cash.
    /// @dev The debt grows by that, rounded up to a whole debt share: by a unit at most, until the index has grown a
    /// millionfold and a share is worth more than a unit.
    /// @param assets above zero [asset]
    /// @param receiver gets the assets; not the pool
    /// @param account the caller, or one that authorized the caller
    function borrow(uint256 assets, address receiver, address account) external;

    /// @notice Pays debt of `account` back. Anyone may; no oracle is asked.
    /// @param assets most to pay, above zero; what exceeds the debt is not taken, so 2^256 - 1 repays all [asset]
    /// @return repaid what was paid: `assets`, or the debt; less where a debt share is worth more than a unit, since
    /// what cancels no whole share is not taken [asset]
    function repay(uint256 assets, address account) external returns (uint256 repaid);

    /// @notice As `repay`, but calls the caller's `onRepay` before it takes the assets.
    /// @dev The books already show the debt repaid then: `account` can withdraw collateral, and sell it for what it owes.
    /// @param data passed on
    function repayWithCallback(uint256 assets, address account, bytes calldata data) external returns (uint256 repaid);

    /// @notice Repays debt of an unhealthy account and takes some of its collateral for it, with a bonus. Anyone may.
    /// @dev The bonus is 0 at health 1 and grows on a line to `maxBonus` at `fullBonusHealth`; where the collateral is
    /// hardly worth the debt, it is no more than what it is worth beyond it, but a quarter of `maxBonus` at least, save
    /// where the caller is the account: nobody gains by liquidating themselves in their own name. At
    /// most as much may be repaid as brings health back to `targetHealth`, or all where the rest would be below the minimum debt. What is
    /// repaid is the least of that, `maxRepay`, and what buys `maxSeize` or all there is of this collateral.
    ///
    /// A liquidation that leaves debt must take all there is of `token`, or leave at least the minimum debt and collateral
    /// worth more than dust (a hundredth of the minimum debt). If it leaves debt and no collateral worth more than
    /// dust, that debt is written off at once: from the reserve first, then from the share price.
    /// @param maxRepay most to pay; 2^256 - 1 for as much as is allowed [asset]
    /// @param maxSeize most to take; 2^256 - 1 for as much as is allowed [collateral]
    /// @param minSeized least to take [collateral]
    function liquidate(address account, address token, uint256 maxRepay, uint256 maxSeize, uint256 minSeized)
        external
        returns (uint256 repaid, uint256 seized);

    /// @notice As `liquidate`, but calls the caller's `onLiquidate` between paying out the collateral and taking the
    /// repayment: who liquidates can sell the one for the other, and needs no capital.
    /// @param data passed on
    function liquidateWithCallback(
        address account,
        address token,
        uint256 maxRepay,
        uint256 maxSeize,
        uint256 minSeized,
        bytes calldata data
    ) external returns (uint256 repaid, uint256 seized);

    /* AUTHORISATION */

    /// @notice Lets `operator` act for the caller, or no longer. Voids every signature the caller has given so far.
    /// @dev Warning: an operator can borrow for the caller, withdraw the caller's collateral to anyone, and add collaterals.
    /// It cannot touch the caller's shares; they have ERC-20 allowances.
    function setAuthorization(address operator, bool authorized) external;

    /// @notice The same for `owner`, by its EIP-712 signature (of an account, or of a contract after ERC-1271) over
    /// `Authorization(address owner,address operator,bool authorized,uint256 nonce,uint256 deadline)`
    /// in the domain of `DOMAIN_SEPARATOR()`, with the nonce that is due. Anyone may send it.
    /// @param deadline last second at which it is taken [unix seconds]
    function setAuthorizationBySignature(
        address owner,
        address operator,
        bool authorized,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Whether `operator` may act for `owner`. An account acts for itself without.
    function isAuthorized(address owner, address operator) external view returns (bool);

    /// @notice The nonce that the next authorisation signed by `owner` must have; apart from the permits' `nonces`.
    function authorizationNonce(address owner) external view returns (uint256);

    /* FLASH LOANS (ERC-3156) */

    /// @notice Lends `amount` for the length of a call to `receiver`, without a fee, then takes it back from `receiver`,
    /// which must have approved it. Anyone may call it for any receiver; the receiver is told who did.
    /// @dev The books do not move, and until the loan is back every verb is refused: nothing here can be done with what
    /// the pool itself misses.
    /// @return true
    function flashLoan(IERC3156FlashBorrower receiver, address token, uint256 amount, bytes calldata data)
        external
        returns (bool);

    /// @notice The most that `flashLoan` lends: all that the pool holds of its asset or a collateral, gifts included.
    function maxFlashLoan(address token) external view returns (uint256);

    /// @notice Always 0; reverts for tokens that are not lent out.
    function flashFee(address token, uint256 amount) external view returns (uint256);

    /* VIEWS */

    /// @notice What the pool was deployed with.
    function parameters()
        external
        view
        returns (PoolParameters memory pool, KinkedCurve memory curve, Adaptation memory adaptation);

    /// @notice The collaterals, in the order of their numbers.
    function collaterals() external view returns (CollateralParameters[] memory);

    /// @notice The pool's books as last written.
    function market() external view returns (Market memory);

    /// @notice What all accounts owe, with interest up to now, rounded down [asset].
    function totalDebt() external view returns (uint256);

    /// @notice What `account` owes, with interest up to now, rounded up [asset].
    function debtOf(address account) external view returns (uint256);

    /// @notice What `account` holds of a collateral [collateral].
    function collateralOf(address account, address token) external view returns (uint256);

    /// @notice Health of `account`, 2^256 - 1 without debt [wad]. Reverts as its oracles do.
    function healthOf(address account) external view returns (uint256);

    /// @notice The most that `borrow` allows `account` now [asset]. Reverts as its oracles do.
    function maxBorrow(address account) external view returns (uint256);

    /// @notice The most that `withdrawCollateral` allows `account` now [collateral]. With debt, reverts as the oracles of
    /// the other collaterals do; and as that of `token` does, unless the others bear the debt and all of it may go.
    function maxWithdrawCollateral(address account, address token) external view returns (uint256);

    /// @notice What `liquidate` with the same arguments, from the same caller, would do now, or the reason why not.
    function previewLiquidation(address account, address token, uint256 maxRepay, uint256 maxSeize)
        external
        view
        returns (Liquidation memory);

    /// @notice Those of `accounts` that are unhealthy now, in the order given. One whose oracles do not all answer cannot be
    /// liquidated, and is left out. Never reverts.
    function liquidatable(address[] calldata accounts) external view returns (address[] memory found);

    /// @notice The pool and these accounts, read at once. Never reverts.
    function snapshot(address[] calldata accounts) external view returns (Snapshot memory);
}
