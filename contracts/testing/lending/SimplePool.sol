// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IOracle} from "../../interfaces/IOracle.sol";

/// @title SimplePool
/// @notice The smallest lending pool that is still right: one asset, one collateral, one rate. For tests only; it is there to
/// be broken, a line at a time, and for a tutorial to find out.
/// @dev Debts are shares of an index, loans shares of what the lenders own: `cash` and all debts.
contract SimplePool {
    using FixedPointMathLib for uint256;
    using SafeTransferLib for address;

    /// @notice What an account has in the pool.
    struct Position {
        uint256 shares; // of what all lenders own
        uint256 debtShares; // owes debtShares * index / 1e27
        uint256 collateral; // [collateral]
    }

    /// @notice Thrown where `account` has not let the caller act for it.
    error NotOperator(address account, address caller);

    /// @notice Thrown where a debt would exceed `limit`, what may be borrowed against the collateral.
    error DebtTooHigh(uint256 debt, uint256 limit);

    /// @notice Thrown where a debt of up to `limit` is not to be liquidated.
    error StillHealthy(uint256 debt, uint256 limit);

    /// @notice Thrown by a liquidation that would leave debt against collateral worth no more than dust.
    error WouldLeaveDust(uint256 valueLeft);

    uint256 public constant BORROW_LTV = 0.75e18; // [wad]
    uint256 public constant LIQUIDATION_LTV = 0.8e18; // [wad]
    uint256 public constant BONUS = 0.05e18; // [wad]
    uint256 public constant RATE = 3_170_979_198; // 10 % a year [wad per second]
    uint256 public constant DUST = 1e6; // [asset]

    uint256 private constant WAD = 1e18;
    uint256 private constant RAY = 1e27;
    uint256 private constant VIRTUAL_SHARES = 1e6;

    address public immutable asset;
    address public immutable collateral;
    IOracle public immutable oracle; // [asset] that one [collateral] is worth, times 1e36

    uint256 public cash; // [asset]
    uint256 public totalShares;
    uint256 public totalDebtShares;
    uint256 public totalCollateral; // [collateral]
    uint256 public index = RAY; // [ray]
    uint256 public accruedAt = block.timestamp; // [unix seconds]
    mapping(address account => Position) public positions;
    mapping(address account => mapping(address operator => bool)) public isOperator;

    constructor(address asset_, address collateral_, IOracle oracle_) {
        (asset, collateral, oracle) = (asset_, collateral_, oracle_);
    }

    modifier onlyFor(address account) {
        require(msg.sender == account || isOperator[account][msg.sender], NotOperator(account, msg.sender));
        _;
    }

    /// @notice Lets `operator` borrow and withdraw for the caller, or no longer.
    function setOperator(address operator, bool allowed) external {
        isOperator[msg.sender][operator] = allowed;
    }

    /// @notice Books the interest until now.
    function accrue() public {
        index = currentIndex();
        accruedAt = block.timestamp;
    }

    /// @notice Lends.
    function supply(uint256 assets) external {
        accrue();
        uint256 shares = assets.fullMulDiv(totalShares + VIRTUAL_SHARES, totalAssets() + 1);
        positions[msg.sender].shares += shares;
        totalShares += shares;
        cash += assets;
        asset.safeTransferFrom(msg.sender, address(this), assets);
    }

    /// @notice Takes back what `account` lent.
    function withdraw(uint256 assets, address account) external onlyFor(account) {
        accrue();
        uint256 shares = assets.fullMulDivUp(totalShares + VIRTUAL_SHARES, totalAssets() + 1);
        positions[account].shares -= shares;
        totalShares -= shares;
        cash -= assets;
        asset.safeTransfer(msg.sender, assets);
    }

    /// @notice Posts collateral.
    function supplyCollateral(uint256 amount) external {
        positions[msg.sender].collateral += amount;
        totalCollateral += amount;
        collateral.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Takes collateral of `account` back.
    function withdrawCollateral(uint256 amount, address account) external onlyFor(account) {
        accrue();
        positions[account].collateral -= amount;
        totalCollateral -= amount;
        _checkDebt(account);
        collateral.safeTransfer(msg.sender, amount);
    }

    /// @notice Borrows against the collateral of `account`.
    function borrow(uint256 assets, address account) external onlyFor(account) {
        accrue();
        uint256 shares = assets.fullMulDivUp(RAY, index);
        positions[account].debtShares += shares;
        totalDebtShares += shares;
        cash -= assets;
        _checkDebt(account);
        asset.safeTransfer(msg.sender, assets);
    }

    /// @notice Pays back for `account`; more than it owes pays all.
    function repay(uint256 assets, address account) external returns (uint256 repaid) {
        accrue();
        repaid = assets.min(debtOf(account));
        _cancel(account, repaid);
        cash += repaid;
        asset.safeTransferFrom(msg.sender, address(this), repaid);
    }

    /// @notice Repays up to `assets` of a debt above the limit, and gets the collateral for it, with a bonus.
    function liquidate(address account, uint256 assets) external returns (uint256 repaid, uint256 seized) {
        accrue();
        Position storage p = positions[account];
        uint256 price = oracle.price();
        uint256 limit = limitOf(account, LIQUIDATION_LTV);
        require(debtOf(account) > limit, StillHealthy(debtOf(account), limit));

        (repaid, seized) = _exchange(assets, debtOf(account), p.collateral, price);
        _cancel(account, repaid);
        p.collateral -= seized;
        totalCollateral -= seized;
        cash += repaid;
        if (p.collateral == 0) _cancel(account, debtOf(account)); // a loss for the lenders
        uint256 valueLeft = p.collateral.fullMulDiv(price, 1e36);
        require(p.debtShares == 0 || valueLeft > DUST, WouldLeaveDust(valueLeft));

        asset.safeTransferFrom(msg.sender, address(this), repaid);
        collateral.safeTransfer(msg.sender, seized);
    }

    /// @dev What a liquidator pays and gets: no more than is owed, and no more than there is.
    function _exchange(uint256 assets, uint256 debt, uint256 held, uint256 price)
        internal
        pure
        virtual
        returns (uint256 repaid, uint256 seized)
    {
        repaid = assets.min(debt);
        seized = _bought(repaid, price);
        if (seized > held) (repaid, seized) = (held.fullMulDivUp(price, 1e36).divWadUp(WAD + BONUS), held);
    }

    /// @dev Collateral for a repayment.
    function _bought(uint256 repaid, uint256 price) internal pure returns (uint256) {
        return repaid.mulWad(WAD + BONUS).fullMulDiv(1e36, price);
    }

    /// @dev Takes so much from a debt; all of it only where nothing would be left.
    function _cancel(address account, uint256 assets) private {
        uint256 shares = positions[account].debtShares;
        if (assets < debtOf(account)) shares = assets.fullMulDiv(RAY, index);
        positions[account].debtShares -= shares;
        totalDebtShares -= shares;
    }

    /// @dev Without debt nobody is asked for a price.
    function _checkDebt(address account) private view {
        uint256 debt = debtOf(account);
        if (debt == 0) return;
        uint256 limit = limitOf(account, BORROW_LTV);
        require(debt <= limit, DebtTooHigh(debt, limit));
    }

    /// @notice The index with interest until now. [ray]
    function currentIndex() public view returns (uint256) {
        return index.mulWad(uint256(FixedPointMathLib.expWad(int256(RATE * (block.timestamp - accruedAt)))));
    }

    /// @notice What all lenders own. [asset]
    function totalAssets() public view returns (uint256) {
        return cash + totalDebtShares.fullMulDiv(currentIndex(), RAY);
    }

    /// @notice What the claim of `account` would pay. [asset]
    function suppliedBy(address account) external view returns (uint256) {
        return positions[account].shares.fullMulDiv(totalAssets() + 1, totalShares + VIRTUAL_SHARES);
    }

    /// @notice What `account` owes. [asset]
    function debtOf(address account) public view returns (uint256) {
        return positions[account].debtShares.fullMulDivUp(currentIndex(), RAY);
    }

    /// @notice The debt that the collateral of `account` bears at this loan-to-value. [asset]
    function limitOf(address account, uint256 ltv) public view returns (uint256) {
        return positions[account].collateral.fullMulDiv(oracle.price(), 1e36).mulWad(ltv);
    }
}
