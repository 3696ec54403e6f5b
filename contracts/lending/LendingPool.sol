// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Adaptation} from "./AdaptiveRate.sol";
import {ILendingCallback} from "./ILendingCallback.sol";
import {ILendingPool} from "./ILendingPool.sol";
import {InterestIndex} from "./InterestIndex.sol";
import {KinkedCurve} from "./KinkedRate.sol";
import {LendingAuthorization} from "./LendingAuthorization.sol";
import {LendingVault} from "./LendingVault.sol";
import {LiquidationMath} from "./LiquidationMath.sol";

/// @title LendingPool
/// @notice Lends one asset against several collaterals: the borrowers' half, on top of {LendingVault}. See {ILendingPool}.
/// Python twin: `defi_kit.lending.pool.Pool`.
contract LendingPool is LendingAuthorization {
    using FixedPointMathLib for uint256;
    using InterestIndex for uint256;
    using LiquidationMath for uint256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    /// @dev One account's debt, and which collaterals it holds, in one word: bit i is set while balance i is not zero.
    struct Account {
        uint128 debtShares;
        uint16 held;
    }

    /// @dev What an account holds of a collateral. A struct, so that a verb finds its slot once.
    struct Balance {
        uint256 amount; // [collateral]
    }

    /// @dev What a collateral counts for, by number. One word, read for each collateral an account holds.
    struct Risk {
        address oracle;
        uint16 borrowLtv; // [bps]
        uint16 liquidationLtv; // [bps]
        uint16 maxBonus; // [bps]
        uint16 fullBonusHealth; // [bps]
    }

    /// @dev All collateral of one account, appraised; the last three lines are about the collateral in focus.
    struct Appraisal {
        uint256 value; // [asset]
        uint256 borrowing; // sum of value * borrowLtv [asset * bps]
        uint256 liquidation; // sum of value * liquidationLtv [asset * bps]
        uint256 balance; // [collateral]
        uint256 price; // [1e36]
        Risk risk;
    }

    /// @dev What a liquidator asks for.
    struct Request {
        address account;
        address token;
        uint256 number; // of the collateral
        uint256 maxRepay; // [asset]
        uint256 maxSeize; // [collateral]
    }

    uint256 private constant MAX_COLLATERALS = 16;
    uint256 private constant NO_FOCUS = MAX_COLLATERALS;

    bytes32 private constant LOAN_ACCEPTED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    /// @dev Collateral worth a hundredth of the minimum debt is dust.
    uint256 private constant DUST_DIVISOR = 100;

    /* FIXED AT BIRTH */

    uint256 private immutable _minimumDebt; // [asset]
    uint256 private immutable _targetHealth; // [bps]
    address[] private _tokens;
    Risk[MAX_COLLATERALS] private _risks;

    /* BOOKS */

    mapping(address token => uint256) private _listings; // cap << 8 | number; 0 = not a collateral: caps are above it
    mapping(address account => Account) private _accounts;
    mapping(address account => Balance[MAX_COLLATERALS]) private _balances; // by number

    constructor(
        PoolParameters memory pool,
        KinkedCurve memory curve,
        Adaptation memory adaptation,
        CollateralParameters[] memory list
    ) LendingVault(pool, curve, adaptation) {
        require(pool.minimumDebt >= DUST_DIVISOR, InvalidParameter("minimumDebt", pool.minimumDebt));
        require(pool.minimumDebt <= MAX_ASSETS, InvalidParameter("minimumDebt", pool.minimumDebt));
        require(pool.targetHealth > BPS, InvalidParameter("targetHealth", pool.targetHealth));
        require(pool.targetHealth <= 2 * BPS, InvalidParameter("targetHealth", pool.targetHealth));
        require(list.length > 0 && list.length <= MAX_COLLATERALS, InvalidParameter("collaterals", list.length));

        _minimumDebt = pool.minimumDebt;
        _targetHealth = pool.targetHealth;
        for (uint256 i; i < list.length; ++i) {
            _list(list[i], i);
        }
    }

    function _list(CollateralParameters memory c, uint256 number) private {
        // The pool's own shares lose value exactly when its loans do, so they can back none of them.
        require(c.token != address(this) && c.token != _asset, InvalidCollateral(c.token));
        require(_listings[c.token] == 0, InvalidCollateral(c.token));
        require(
            c.borrowLtv > 0 && c.borrowLtv < c.liquidationLtv && c.fullBonusHealth < BPS
                && (BPS + c.maxBonus) * c.liquidationLtv <= c.fullBonusHealth * BPS,
            InvalidRatios(c.token, c.borrowLtv, c.liquidationLtv, c.maxBonus, c.fullBonusHealth)
        );
        require(c.cap > 0, InvalidParameter("cap", c.cap));
        _decimalsOf(c.token);
        _priceOf(c.oracle);

        _tokens.push(c.token);
        _listings[c.token] = uint256(c.cap) << 8 | number;
        _risks[number] = Risk(c.oracle, c.borrowLtv, c.liquidationLtv, c.maxBonus, c.fullBonusHealth);
    }

    /* COLLATERAL */

    /// @inheritdoc ILendingPool
    function supplyCollateral(address token, uint256 amount, address account) external nonReentrant {
        uint256 cap = _post(token, amount, account);

        uint256 held = _take(token, msg.sender, amount);
        require(held <= cap, CapExceeded(token, held, cap));
    }

    /// @inheritdoc ILendingPool
    function supplyCollateralWithCallback(address token, uint256 amount, address account, bytes calldata data)
        external
        nonReentrant
    {
        uint256 cap = _post(token, amount, account);

        _callSupplier(token, amount, data);
        uint256 held = _take(token, msg.sender, amount);
        require(held <= cap, CapExceeded(token, held, cap));
    }

    /// @dev Books collateral, before it arrives.
    function _post(address token, uint256 amount, address account) private returns (uint256 cap) {
        require(amount != 0, ZeroAmount());
        uint256 listing = _listingOf(token);
        uint256 number = _numberIn(listing);
        cap = listing >> 8;
        Balance storage b = _balances[account][number];
        uint256 balance = b.amount;

        // Cannot overflow: unless `amount` arrives in the end, and with all there is stays below the cap of 120 bits,
        // nothing of this has happened.
        unchecked {
            b.amount = balance + amount;
        }
        if (balance == 0) _hold(account, number);

        emit CollateralSupplied(account, token, amount);
    }

    function _callSupplier(address token, uint256 amount, bytes calldata data) private unlocked {
        ILendingCallback(msg.sender).onSupplyCollateral(token, amount, data);
    }

    /// @dev Notes that `account` holds a collateral it did not hold; from now on its liquidation asks one oracle more.
    /// Only the account may choose that, in debt or not: a grain planted before the first loan waits for its oracle to die.
    function _hold(address account, uint256 number) private {
        _authorize(account);
        Account memory a = _accountOf(account);
        if (a.debtShares != 0) _priceOf(_risks[number].oracle);
        _accounts[account].held = uint16(a.held | 1 << number);
    }

    /// @inheritdoc ILendingPool
    function withdrawCollateral(address token, uint256 amount, address receiver, address account)
        external
        nonReentrant
    {
        _authorize(account);
        _checkReceiver(receiver);
        require(amount != 0, ZeroAmount());
        uint256 number = _numberOf(token);
        Balance storage b = _balances[account][number];
        uint256 balance = b.amount;
        require(amount <= balance, CollateralExceedsBalance(token, amount, balance));

        Account memory a = _accountOf(account);
        if (amount == balance) a.held ^= uint16(1 << number);
        _accounts[account].held = a.held;
        b.amount = balance - amount;
        if (a.debtShares != 0) {
            Market memory m = _accrued(); // not written: neither debts nor cash change
            _checkLimit(account, a, uint256(a.debtShares).toAssetsUp(m.index));
        }

        emit CollateralWithdrawn(account, receiver, token, amount);

        _push(token, receiver, amount);
    }

    /* DEBT */

    /// @inheritdoc ILendingPool
    function borrow(uint256 assets, address receiver, address account) external nonReentrant {
        _authorize(account);
        _checkReceiver(receiver);
        require(assets != 0, ZeroAmount());
        Market memory m = _open();
        require(assets <= m.cash, InsufficientCash(assets, m.cash));
        uint256 shares = assets.toSharesUp(m.index);

        Account memory a = _accountOf(account);
        a.debtShares = (a.debtShares + shares).toUint128();
        uint256 debt = uint256(a.debtShares).toAssetsUp(m.index);
        require(debt >= _minimumDebt, DebtBelowMinimum(debt, _minimumDebt));
        _checkLimit(account, a, debt);

        _accounts[account] = a;
        m.debtShares = (m.debtShares + shares).toUint128();
        m.cash -= uint104(assets);
        _close(m);

        emit Borrowed(account, receiver, assets, shares);

        _push(_asset, receiver, assets);
    }

    /// @inheritdoc ILendingPool
    function repay(uint256 assets, address account) external nonReentrant returns (uint256 repaid) {
        repaid = _reduceDebt(assets, account);

        _pull(_asset, repaid);
    }

    /// @inheritdoc ILendingPool
    function repayWithCallback(uint256 assets, address account, bytes calldata data)
        external
        nonReentrant
        returns (uint256 repaid)
    {
        repaid = _reduceDebt(assets, account);

        _callPayer(repaid, data);
        _pull(_asset, repaid);
    }

    /// @dev Books a repayment, before it arrives.
    function _reduceDebt(uint256 assets, address account) private returns (uint256 repaid) {
        require(assets != 0, ZeroAmount());
        Market memory m = _open();
        Account memory a = _accountOf(account);
        require(a.debtShares != 0, NoDebt(account));
        (uint256 shares, uint256 left) = _repayment(a.debtShares, assets, m.index);
        require(shares != 0, ZeroAmount()); // less than a debt share, once those are worth more than a unit
        repaid = shares.toAssetsUp(m.index); // all of `assets`, until then
        require(left == 0 || left >= _minimumDebt, DebtBelowMinimum(left, _minimumDebt));

        a.debtShares -= uint128(shares);
        _accounts[account] = a;
        m.debtShares -= uint128(shares);
        m.cash = (m.cash + repaid).toUint104();
        _close(m);

        emit Repaid(account, msg.sender, repaid, shares);
    }

    function _callPayer(uint256 repaid, bytes calldata data) private unlocked {
        ILendingCallback(msg.sender).onRepay(repaid, data);
    }

    /// @dev The shares that at most `assets` cancel of `debtShares`, and the debt left.
    function _repayment(uint256 debtShares, uint256 assets, uint256 index)
        private
        pure
        returns (uint256 shares, uint256 left)
    {
        uint256 debt = debtShares.toAssetsUp(index);
        if (assets >= debt) return (debtShares, 0);
        shares = assets.toSharesDown(index);
        unchecked {
            left = (debtShares - shares).toAssetsUp(index); // less than the debt cancels less than its shares
        }
    }

    /// @dev Reverts unless the account may owe `debt`. The borrow limit lies below the limit of health.
    function _checkLimit(address account, Account memory a, uint256 debt) private view {
        uint256 limit = _appraise(account, a.held, NO_FOCUS).borrowing;
        require(debt * BPS <= limit, DebtAboveLimit(account, debt, limit / BPS));
    }

    /* LIQUIDATION */

    /// @inheritdoc ILendingPool
    function liquidate(address account, address token, uint256 maxRepay, uint256 maxSeize, uint256 minSeized)
        external
        nonReentrant
        returns (uint256 repaid, uint256 seized)
    {
        (repaid, seized) = _seize(account, token, maxRepay, maxSeize, minSeized);

        _pull(_asset, repaid);
    }

    /// @inheritdoc ILendingPool
    function liquidateWithCallback(
        address account,
        address token,
        uint256 maxRepay,
        uint256 maxSeize,
        uint256 minSeized,
        bytes calldata data
    ) external nonReentrant returns (uint256 repaid, uint256 seized) {
        (repaid, seized) = _seize(account, token, maxRepay, maxSeize, minSeized);

        _callLiquidator(account, token, repaid, seized, data);
        _pull(_asset, repaid);
    }

    /// @dev Books a liquidation and pays the collateral out; the repayment has yet to arrive.
    function _seize(address account, address token, uint256 maxRepay, uint256 maxSeize, uint256 minSeized)
        private
        returns (uint256 repaid, uint256 seized)
    {
        Request memory r = Request(account, token, _numberOf(token), maxRepay, maxSeize);
        Market memory m = _open();
        Account memory a = _accounts[account];
        Liquidation memory l = _assess(m, a, r);
        (repaid, seized) = (l.repaid, l.seized);
        require(seized >= minSeized, TooLittleSeized(seized, minSeized));

        if (l.badDebt != 0) _writeOff(m, account, l.badDebt);
        // Cannot overflow: no more shares are cancelled than the account has; a repayment fits in 150 bits.
        unchecked {
            a.debtShares -= uint128(l.debtShares);
            if (l.collateralLeft == 0) a.held ^= uint16(1 << r.number);
            _accounts[account] = a;
            _balances[account][r.number].amount = l.collateralLeft;
            m.debtShares -= uint128(l.debtShares);
            m.cash = (m.cash + repaid).toUint104();
        }
        _close(m);

        emit Liquidated(account, token, msg.sender, repaid, seized, l.bonus);

        _push(token, msg.sender, seized);
    }

    function _callLiquidator(address account, address token, uint256 repaid, uint256 seized, bytes calldata data)
        private
        unlocked
    {
        ILendingCallback(msg.sender).onLiquidate(account, token, repaid, seized, data);
    }

    /// @dev Takes a loss out of the reserve. The rest falls on the lenders without another write: the debt shares
    /// vanish from what they own.
    function _writeOff(Market memory m, address account, uint256 loss) private {
        uint256 fromReserve = loss.min(m.reserve);
        m.reserve -= uint88(fromReserve);

        emit BadDebt(account, loss, fromReserve);
    }

    /// @dev Decides a liquidation; changes nothing.
    function _assess(Market memory m, Account memory a, Request memory r) private view returns (Liquidation memory l) {
        uint256 debt = uint256(a.debtShares).toAssetsUp(m.index);
        require(debt != 0, NoDebt(r.account));
        Appraisal memory worth = _appraise(r.account, a.held, r.number);
        l.health = worth.liquidation.healthDown(debt);
        require(l.health < WAD, HealthyAccount(r.account, l.health));
        require(worth.balance != 0, CollateralExceedsBalance(r.token, 1, 0));

        // Nobody has to be drawn to their own account: beyond what covers the debt it pays them nothing.
        uint256 assured = msg.sender == r.account ? 0 : worth.risk.maxBonus;
        l.bonus =
            l.health.bonusDown(worth.risk.maxBonus, worth.risk.fullBonusHealth).coveredDown(worth.value, debt, assured);
        uint256 allowed = debt.repayToTargetUp(worth.liquidation, _targetHealth, l.bonus, worth.risk.liquidationLtv);
        // Cannot overflow: what is allowed fits in 225 bits, and no more is seized than there is.
        unchecked {
            if (debt < allowed + _minimumDebt) allowed = debt; // what would be left is too small to stand
            (l.repaid, l.seized) =
                _exchange(allowed.min(r.maxRepay), worth.balance.min(r.maxSeize), l.bonus, worth.price);
            require(l.repaid != 0 && l.seized != 0, ZeroAmount());
            l.collateralLeft = worth.balance - l.seized;
        }

        (l.debtShares, l.debtLeft) = _repayment(a.debtShares, l.repaid, m.index);
        // Taking the last of a collateral may cancel nothing: else small rests of several would stand for ever.
        require(l.debtShares != 0 || l.collateralLeft == 0, ZeroAmount());
        if (l.debtLeft != 0) _assessRest(l, worth, a.debtShares);
    }

    /// @dev A debt that is left must be worth collecting, or be written off.
    function _assessRest(Liquidation memory l, Appraisal memory worth, uint256 debtShares) private view {
        uint256 left = l.collateralLeft;
        uint256 valueLeft = worth.value - worth.balance.valueDown(worth.price) + left.valueDown(worth.price);
        uint256 dust = _minimumDebt / DUST_DIVISOR;
        require(
            left == 0 || (l.debtLeft >= _minimumDebt && valueLeft > dust),
            LeavesDust(l.debtLeft, _minimumDebt, valueLeft, dust)
        );
        if (valueLeft <= dust) (l.badDebt, l.debtLeft, l.debtShares) = (l.debtLeft, 0, debtShares);
    }

    /// @dev The most that changes hands within both limits. The liquidator never gets more than what is repaid is worth
    /// plus the bonus.
    function _exchange(uint256 maxRepay, uint256 maxSeize, uint256 bonus, uint256 price)
        private
        pure
        returns (uint256 repaid, uint256 seized)
    {
        uint256 cost = maxSeize.repaidUp(bonus, price);
        if (cost <= maxRepay) return (cost, maxSeize);
        return (maxRepay, maxRepay.seizedDown(bonus, price));
    }

    /* FLASH LOANS (ERC-3156) */

    /// @inheritdoc ILendingPool
    function flashLoan(IERC3156FlashBorrower receiver, address token, uint256 amount, bytes calldata data)
        external
        nonReentrant
        returns (bool)
    {
        uint256 maximum = maxFlashLoan(token);
        require(amount <= maximum, LoanAboveMaximum(token, amount, maximum));

        emit FlashLoaned(address(receiver), msg.sender, token, amount);

        _push(token, address(receiver), amount);
        bytes32 answer = receiver.onFlashLoan(msg.sender, token, amount, 0, data);
        require(answer == LOAN_ACCEPTED, LoanNotAccepted(address(receiver)));
        if (amount != 0) _take(token, address(receiver), amount);
        return true;
    }

    /// @inheritdoc ILendingPool
    function maxFlashLoan(address token) public view returns (uint256) {
        return _listings[token] != 0 || token == _asset ? token.balanceOf(address(this)) : 0;
    }

    /// @inheritdoc ILendingPool
    function flashFee(address token, uint256) external view returns (uint256) {
        if (token != _asset) _numberOf(token);
        return 0;
    }

    /* SHARED STEPS */

    function _accountOf(address account) private view returns (Account memory) {
        return _accounts[account];
    }

    function _listingOf(address token) private view returns (uint256 listing) {
        listing = _listings[token];
        require(listing != 0, UnknownCollateral(token));
    }

    function _numberIn(uint256 listing) private pure returns (uint256) {
        return listing & 0xff;
    }

    function _numberOf(address token) private view returns (uint256) {
        return _numberIn(_listingOf(token));
    }

    function _priceOf(address oracle) private view returns (uint256 price) {
        price = IOracle(oracle).price();
        require(price != 0, ZeroPrice(oracle));
    }

    /// @dev Asks the oracle of every collateral held. Cannot overflow: a value is below 2^137, ratios below 2^16.
    function _appraise(address account, uint256 held, uint256 focus) private view returns (Appraisal memory worth) {
        Balance[MAX_COLLATERALS] storage balances = _balances[account];
        unchecked {
            for (uint256 number; held != 0; (++number, held >>= 1)) {
                if (held & 1 == 0) continue;
                Risk memory risk = _risks[number];
                uint256 price = _priceOf(risk.oracle);
                uint256 balance = balances[number].amount;
                uint256 value = balance.valueDown(price);
                worth.value += value;
                worth.borrowing += value * risk.borrowLtv;
                worth.liquidation += value * risk.liquidationLtv;
                if (number == focus) (worth.balance, worth.price, worth.risk) = (balance, price, risk);
            }
        }
    }

    /* VIEWS: BORROWING */

    /// @inheritdoc ILendingPool
    function parameters()
        external
        view
        returns (PoolParameters memory pool, KinkedCurve memory curve, Adaptation memory adaptation)
    {
        pool = PoolParameters(_asset, _name, _symbol, _minimumDebt, _targetHealth, _reserveFactor);
        curve = KinkedCurve(_rateAtZero, _rateAtKink, _rateAtFull, _kink);
        adaptation = Adaptation(_speed, _fall, _rise);
    }

    /// @inheritdoc ILendingPool
    function collaterals() external view returns (CollateralParameters[] memory list) {
        list = new CollateralParameters[](_tokens.length);
        for (uint256 i; i < list.length; ++i) {
            (address token, Risk memory r) = (_tokens[i], _risks[i]);
            list[i] = CollateralParameters(
                token,
                r.oracle,
                r.borrowLtv,
                r.liquidationLtv,
                r.maxBonus,
                r.fullBonusHealth,
                uint120(_listings[token] >> 8)
            );
        }
    }

    /// @inheritdoc ILendingPool
    function debtOf(address account) public view returns (uint256) {
        Market memory m = _accrued();
        return uint256(_accountOf(account).debtShares).toAssetsUp(m.index);
    }

    /// @inheritdoc ILendingPool
    function collateralOf(address account, address token) external view returns (uint256) {
        return _balances[account][_numberOf(token)].amount;
    }

    /// @inheritdoc ILendingPool
    function healthOf(address account) external view returns (uint256) {
        uint256 debt = debtOf(account);
        if (debt == 0) return type(uint256).max;
        return _appraise(account, _accountOf(account).held, NO_FOCUS).liquidation.healthDown(debt);
    }

    /// @inheritdoc ILendingPool
    function maxBorrow(address account) external view returns (uint256 assets) {
        Market memory m = _accrued();
        Account memory a = _accountOf(account);
        // As many debt shares as the limit bears, less those there are, bring a debt to the limit and not beyond.
        uint256 limit = _appraise(account, a.held, NO_FOCUS).borrowing / BPS;
        uint256 shares = limit.toSharesDown(m.index).zeroFloorSub(a.debtShares);
        assets = shares.toAssetsDown(m.index).min(m.cash);
        uint256 debt = (a.debtShares + assets.toSharesUp(m.index)).toAssetsUp(m.index);
        if (debt < _minimumDebt) assets = 0;
    }

    /// @inheritdoc ILendingPool
    function maxWithdrawCollateral(address account, address token) external view returns (uint256) {
        uint256 number = _numberOf(token);
        uint256 balance = _balances[account][number].amount;
        uint256 debt = debtOf(account);
        if (debt == 0 || balance == 0) return balance;

        // All of it may go without its oracle, where the others bear the debt.
        uint256 others = _appraise(account, _accountOf(account).held & ~(1 << number), NO_FOCUS).borrowing;
        if (debt * BPS <= others) return balance;
        Risk memory risk = _risks[number];
        uint256 price = _priceOf(risk.oracle);
        uint256 needed = (debt * BPS - others).divUp(risk.borrowLtv); // of its value [asset]
        return needed > balance.valueDown(price) ? 0 : balance - needed.fullMulDivUp(1e36, price);
    }

    /// @inheritdoc ILendingPool
    function previewLiquidation(address account, address token, uint256 maxRepay, uint256 maxSeize)
        external
        view
        returns (Liquidation memory l)
    {
        Market memory m = _accrued();
        uint256 number = _numberOf(token);
        return _assess(m, _accountOf(account), Request(account, token, number, maxRepay, maxSeize));
    }

    /// @inheritdoc ILendingPool
    function liquidatable(address[] calldata accounts) external view returns (address[] memory found) {
        found = new address[](accounts.length);
        uint256 count;
        for (uint256 i; i < accounts.length; ++i) {
            // Called from outside, so that an oracle which refuses ends nothing but this call.
            try this.healthOf(accounts[i]) returns (uint256 health) {
                if (health < WAD) found[count++] = accounts[i];
            } catch {}
        }
        assembly ("memory-safe") {
            mstore(found, count) // shorter than it was made
        }
    }

    /// @inheritdoc ILendingPool
    function snapshot(address[] calldata accounts) external view returns (Snapshot memory s) {
        uint256 count = _tokens.length;
        (s.timestamp, s.market, s.drift, s.totalShares) = (block.timestamp, market(), _drift, totalSupply());
        s.collaterals = new CollateralState[](count);
        for (uint256 i; i < count; ++i) {
            address token = _tokens[i];
            s.collaterals[i] = CollateralState(token, _tryPrice(_risks[i].oracle), token.balanceOf(address(this)));
        }
        s.accounts = new AccountState[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            uint256[] memory balances = new uint256[](count);
            for (uint256 j; j < count; ++j) {
                balances[j] = _balances[accounts[i]][j].amount;
            }
            s.accounts[i] = AccountState(balanceOf(accounts[i]), _accountOf(accounts[i]).debtShares, balances);
        }
    }

    function _tryPrice(address oracle) private view returns (uint256) {
        try IOracle(oracle).price() returns (uint256 price) {
            return price;
        } catch {
            return 0;
        }
    }
}
