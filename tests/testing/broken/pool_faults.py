"""One-line mistakes of real incidents, put into our LendingPool. None is in tests/lending."""

from __future__ import annotations

from faults import Faults

POOL: Faults = {
    "only the last withdrawal of collateral is checked (Euler 2023)": (
        "if (a.debtShares != 0) {\n            Market",
        "if (a.debtShares != 0 && amount == balance) {\n            Market",
    ),
    "a withdrawal of collateral is checked against the debt without interest": (
        "Market memory m = _accrued(); // not written: neither debts nor cash change",
        "Market memory m = _market;",
    ),
    "borrowing up to where one is liquidated": (
        "worth.borrowing += value * risk.borrowLtv;",
        "worth.borrowing += value * risk.liquidationLtv;",
    ),
    "liquidated where one may still borrow": (
        "worth.liquidation += value * risk.liquidationLtv;",
        "worth.liquidation += value * risk.borrowLtv;",
    ),
    "liquidated a little above health 1": (
        "require(l.health < WAD, HealthyAccount",
        "require(l.health < WAD + WAD / 100, HealthyAccount",
    ),
    "a dead oracle makes a collateral worthless": (
        "price = IOracle(oracle).price();\n        require(price != 0, ZeroPrice(oracle));",
        "price = _tryPrice(oracle);",
    ),
    "a loan at an index of yesterday": (
        "Market memory m = _open();\n        require(assets <= m.cash",
        "Market memory m = _market;\n        require(assets <= m.cash",
    ),
    "a repayment at an index of yesterday": (
        "Market memory m = _open();\n        Account memory a = _accountOf(account);",
        "Market memory m = _market;\n        Account memory a = _accountOf(account);",
    ),
    "a liquidation at an index of yesterday": (
        "Market memory m = _open();\n        Account memory a = _accounts[account];",
        "Market memory m = _market;\n        Account memory a = _accounts[account];",
    ),
    "a second loan replaces the first": (
        "a.debtShares = (a.debtShares + shares).toUint128();",
        "a.debtShares = shares.toUint128();",
    ),
    "a repayment takes a percent less than it cancels": (
        "repaid = shares.toAssetsUp(m.index); // all",
        "repaid = shares.toAssetsUp(m.index) * 99 / 100; // all",
    ),
    "a repayment cancels a debt whose shares it is short of": (
        "if (assets >= debt) return (debtShares, 0);",
        "if (assets + assets / 50 >= debt) return (debtShares, 0);",
    ),
    "a repayment is not lent again": (
        "m.cash = (m.cash + repaid).toUint104();\n        _close(m);\n\n        emit Repaid",
        "_close(m);\n\n        emit Repaid",
    ),
    "what a liquidator repays is not lent again": (
        "m.cash = (m.cash + repaid).toUint104();\n        }",
        "}",
    ),
    "anyone borrows for anyone (Prisma)": (
        "_authorize(account);\n        _checkReceiver(receiver);\n        require(assets != 0",
        "_authorize(msg.sender);\n        _checkReceiver(receiver);\n        require(assets != 0",
    ),
    "anyone withdraws anyone's collateral": (
        "_authorize(account);\n        _checkReceiver(receiver);\n        require(amount != 0",
        "_authorize(receiver);\n        _checkReceiver(receiver);\n        require(amount != 0",
    ),
    "more collateral is seized than there is": (
        "worth.balance.min(r.maxSeize)",
        "(2 * worth.balance).min(r.maxSeize)",
    ),
    "a liquidation leaves the collateral in the books": (
        "_balances[account][r.number].amount = l.collateralLeft;",
        "",
    ),
    "a liquidation cancels nothing": (
        "a.debtShares -= uint128(l.debtShares);",
        "",
    ),
    "all of the collateral for any repayment": (
        "return (maxRepay, maxRepay.seizedDown(bonus, price));",
        "return (maxRepay, maxSeize);",
    ),
    "bad debt is told and stays": (
        "(l.badDebt, l.debtLeft, l.debtShares) = (l.debtLeft, 0, debtShares);",
        "(l.badDebt, l.debtLeft) = (l.debtLeft, 0);",
    ),
    "a flash loan is back when as much is there (DFX)": (
        """nonReentrant
        returns (bool)
    {
        uint256 maximum = maxFlashLoan(token);""",
        """returns (bool)
    {
        if (amount <= maxFlashLoan(token)) {
            uint256 before = token.balanceOf(address(this));
            emit FlashLoaned(address(receiver), msg.sender, token, amount);
            _push(token, address(receiver), amount);
            receiver.onFlashLoan(msg.sender, token, amount, 0, data);
            require(token.balanceOf(address(this)) >= before);
            return true;
        }
        uint256 maximum = maxFlashLoan(token);""",
    ),
    "a flash loan is back when most of it is": (
        "if (amount != 0) _take(token, address(receiver), amount);",
        "if (amount != 0) _take(token, address(receiver), amount - amount / 100);",
    ),
    "a loan is paid to whose debt it is": (
        "_push(_asset, receiver, assets);",
        "_push(_asset, account, assets);",
    ),
    "who repays for another has it pay": (
        "repaid = _reduceDebt(assets, account);\n\n        _pull(_asset, repaid);",
        "repaid = _reduceDebt(assets, account);\n\n        _take(_asset, account, repaid);",
    ),
    "part of a collateral that leaves takes the rest out of account": (
        "if (amount == balance) a.held ^= uint16(1 << number);",
        "a.held ^= uint16(1 << number);",
    ),
    "a cap is not looked at (Cream)": (
        "uint256 held = _take(token, msg.sender, amount);\n        require(held <= cap, CapExceeded"
        "(token, held, cap));\n    }\n\n    /// @inheritdoc ILendingPool\n    function supplyCollat"
        "eralWithCallback",
        "_take(token, msg.sender, amount);\n        cap;\n    }\n\n    /// @inheritdoc ILending"
        "Pool\n    function supplyCollateralWithCallback",
    ),
    "a repayment leaves less than the minimum": (
        "require(left == 0 || left >= _minimumDebt, DebtBelowMinimum(left, _minimumDebt));",
        "",
    ),
    "a loan of less than the minimum": (
        "require(debt >= _minimumDebt, DebtBelowMinimum(debt, _minimumDebt));",
        "",
    ),
    "a liquidator pays more than it would": (
        "_exchange(allowed.min(r.maxRepay),",
        "_exchange(allowed,",
    ),
}
CHECKED: Faults = {
    "an operator's loan overwrites the debt": (
        "Account memory a = _accountOf(account);\n        a.debtShares = (a",
        "Account memory a = _accountOf(msg.sender);\n        a.debtShares = (a",
    ),
    "a flash loan needs nobody's answer": (
        "require(answer == LOAN_ACCEPTED, LoanNotAccepted(address(receiver)));",
        "answer;",
    ),
    "the oracle of a collateral that was seized stays asked": (
        "if (l.collateralLeft == 0) a.held ^= uint16(1 << r.number);",
        "",
    ),
    "a small loss takes all of the reserve": (
        "uint256 fromReserve = loss.min(m.reserve);",
        "uint256 fromReserve = m.reserve;",
    ),
    "a loan leaves the rate of before it": (
        "m.cash -= uint104(assets);\n        _close(m);\n\n        emit Borrowed",
        "m.cash -= uint104(assets);\n        _market = m;\n\n        emit Borrowed",
    ),
    "as much is liquidated as would be at another LTV": (
        "_targetHealth, l.bonus, worth.risk.liquidationLtv)",
        "_targetHealth, l.bonus, worth.risk.borrowLtv)",
    ),
    "a loan may be taken in the middle of anything": (
        "function borrow(uint256 assets, address receiver, address account) external nonReentrant",
        "function borrow(uint256 assets, address receiver, address account) external",
    ),
    "a loss beyond the reserve is not to be booked": (
        "uint256 fromReserve = loss.min(m.reserve);",
        "uint256 fromReserve = loss;",
    ),
    "a small loss costs the whole reserve": (
        "m.reserve -= uint88(fromReserve);",
        "m.reserve = 0;",
    ),
}
"""Mistakes that are found by what `PoolMachine` knows of our pool, not of anybody's."""
CHECKED_VAULT: Faults = {
    "a deposit for another is the payer's": ("_mint(to, shares);", "_mint(msg.sender, shares);"),
    "anybody ends what one lends": (
        "if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);",
        "if (msg.sender != owner && to != owner) _spendAllowance(owner, msg.sender, shares);",
    ),
    "the rates of the kink and of nothing are swapped": (
        "KinkedRate.rateDown(utilisation, _rateAtZero, _rateAtKink, _rateAtFull, _kink)",
        "KinkedRate.rateDown(utilisation, _rateAtZero, _rateAtZero, _rateAtKink, _kink)",
    ),
    "gifts count for the rate (Silo)": (
        "debt * WAD / (debt + m.cash)",
        "debt * WAD / (debt + _asset.balanceOf(address(this)))",
    ),
    "a unit for no share": ("require(shares != 0 || assets == 0, ZeroAmount());", ""),
    "the pool pays itself": (
        "require(receiver != address(this), InvalidReceiver(receiver));",
        "receiver;",
    ),
    "a claim may be paid out in the middle of anything": (
        "function withdraw(uint256 assets, address to, address owner) public override nonReentrant",
        "function withdraw(uint256 assets, address to, address owner) public override",
    ),
    "a deposit is booked though less arrives": (
        "require(held - before == amount,",
        "require(held >= before,",
    ),
}
AUTHORIZATION: Faults = {
    "what is revoked stays": (
        "isAuthorized[owner][operator] = authorized;",
        "if (authorized) isAuthorized[owner][operator] = authorized;",
    ),
    "a signature is good for ever": (
        "uint256 nonce = ++authorizationNonce[owner];",
        "uint256 nonce = authorizationNonce[owner];",
    ),
}
VAULT: Faults = {
    "a small withdrawal needs no allowance": (
        "if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);",
        "if (msg.sender != owner && shares > 1e12) _spendAllowance(owner, msg.sender, shares);",
    ),
    "gifts belong to the lenders (Cream, Venus)": (
        "private pure returns (uint256) {\n        return m.cash + uint256(m.debtShares)",
        "private view returns (uint256) {\n        return _asset.balanceOf(address(this)) + "
        "uint256(m.debtShares)",
    ),
    "an allowance is asked of the receiver only": (
        "if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);",
        "if (msg.sender != to) _spendAllowance(owner, msg.sender, shares);",
    ),
    "a deposit at yesterday's share price": (
        "Market memory m = _open();\n        (uint256 total, uint256 supply) = (_totalAssets(m),"
        " totalSupply());\n        uint256 maximum = _maxDeposit(total, supply);",
        "Market memory m = _market;\n        (uint256 total, uint256 supply) = (_totalAssets(m),"
        " totalSupply());\n        uint256 maximum = _maxDeposit(total, supply);",
    ),
    "interest that nobody owes goes to the reserve": (
        "m.index = uint112(index);",
        "",
    ),
    "an accrual counts its last second again": (
        "m.accruedAt = uint40(block.timestamp);\n            uint256 exponent",
        "m.accruedAt = uint40(block.timestamp - 1);\n            uint256 exponent",
    ),
    "a withdrawal pays a little more than it books": (
        "_push(_asset, to, assets);",
        "_push(_asset, to, assets + assets / 1000);",
    ),
    "a withdrawal burns shares of before the interest": (
        "Market memory m = _open();\n        shares = assets.fullMulDivUp(totalSupply()",
        "Market memory m = _market;\n        shares = assets.fullMulDivUp(totalSupply()",
    ),
}
MATH: Faults = {
    "a value with a decimal too many": (
        "return FixedPointMathLib.saturatingMul(amount, price) / 1e36;",
        "return FixedPointMathLib.saturatingMul(amount, price) / 1e35;",
    ),
    "collateral of another scale is seized": (
        "return FixedPointMathLib.fullMulDiv(repaid, (WAD + bonus) * WAD, price);",
        "return FixedPointMathLib.fullMulDiv(repaid, (WAD + bonus) * WAD * 10, price);",
    ),
    "the bonus is paid to the borrower": (
        "return FixedPointMathLib.fullMulDivUp(seized, price, (WAD + bonus) * WAD);",
        "return FixedPointMathLib.fullMulDivUp(seized, price, (WAD + 3 * bonus) * WAD);",
    ),
}
SOURCES: dict[str, Faults] = {"LendingPool": POOL, "LendingVault": VAULT, "LiquidationMath": MATH}
CHECKED_SOURCES: dict[str, Faults] = {
    "LendingPool": CHECKED,
    "LendingVault": CHECKED_VAULT,
    "LendingAuthorization": AUTHORIZATION,
}
