"""One-line mistakes in contracts/testing/lending/SimplePool.sol, which has no twin."""

from __future__ import annotations

from faults import Faults

SIMPLE: Faults = {
    "collateral leaves unchecked": (
        "_checkDebt(account);\n        collateral.safeTransfer",
        "collateral.safeTransfer",
    ),
    "a loan is checked before it is booked": (
        "accrue();\n        uint256 shares = assets.fullMulDivUp(RAY, index);",
        "accrue();\n        _checkDebt(account);\n        if (assets != 0) {\n            "
        "positions[account].debtShares += assets.fullMulDivUp(RAY, index);\n            "
        "totalDebtShares += assets.fullMulDivUp(RAY, index);\n            cash -= assets;\n"
        "            return asset.safeTransfer(msg.sender, assets);\n        }\n        "
        "uint256 shares = assets.fullMulDivUp(RAY, index);",
    ),
    "gifts belong to the lenders": (
        "return cash + totalDebtShares",
        "return asset.balanceOf(address(this)) + totalDebtShares",
    ),
    "the first lender sets the price (Hundred, Sonne)": (
        "uint256 shares = assets.fullMulDiv(totalShares + VIRTUAL_SHARES, totalAssets() + 1);",
        "uint256 shares = totalShares == 0 ? assets : assets * totalShares / "
        "(asset.balanceOf(address(this)) + totalAssets() - cash);",
    ),
    "interest is not booked before a loan": (
        "onlyFor(account) {\n        accrue();\n        uint256 shares = assets.fullMulDivUp(RAY",
        "onlyFor(account) {\n        uint256 shares = assets.fullMulDivUp(RAY",
    ),
    "interest is booked and the clock is not": (
        "index = currentIndex();\n        accruedAt = block.timestamp;",
        "index = currentIndex();",
    ),
    "anyone borrows for anyone": (
        "function borrow(uint256 assets, address account) external onlyFor(account) {",
        "function borrow(uint256 assets, address account) external onlyFor(msg.sender) {",
    ),
    "a loan's shares round down": (
        "uint256 shares = assets.fullMulDivUp(RAY, index);",
        "uint256 shares = assets.fullMulDiv(RAY, index);",
    ),
    "a repayment cancels a little more than it pays": (
        "shares = assets.fullMulDiv(RAY, index);",
        "shares = (assets + assets / 1000).fullMulDiv(RAY, index);",
    ),
    "a repayment is booked in full and taken in part": (
        "address(this), repaid);\n    }",
        "address(this), repaid - repaid / 1000);\n    }",
    ),
    "a withdrawal burns too few shares": (
        "uint256 shares = assets.fullMulDivUp(totalShares + VIRTUAL_SHARES, totalAssets() + 1);",
        "uint256 shares = assets.fullMulDiv(totalShares + VIRTUAL_SHARES, totalAssets() + 1)"
        " / 1e6 * 1e6;",
    ),
    "liquidated at exactly the limit": (
        "require(debtOf(account) > limit, StillHealthy",
        "require(debtOf(account) >= limit, StillHealthy",
    ),
    "liquidated at the limit of borrowing": (
        "uint256 limit = limitOf(account, LIQUIDATION_LTV);",
        "uint256 limit = limitOf(account, BORROW_LTV);",
    ),
    "more is seized than is paid for": (
        "seized = _bought(repaid, price);",
        "seized = _bought(assets.min(2 * debt), price);",
    ),
    "the collateral stays in the books": (
        "p.collateral -= seized;\n        totalCollateral",
        "totalCollateral",
    ),
    "bad debt stays in the books": (
        "if (p.collateral == 0) _cancel(account, debtOf(account)); // a loss for the lenders",
        "if (p.collateral == 0) return (repaid, seized);",
    ),
    "a liquidation leaves a grain, and nobody comes for the debt": (
        "require(p.debtShares == 0 || valueLeft > DUST, WouldLeaveDust(valueLeft));",
        "valueLeft;",
    ),
    "a debt is a loss while some collateral is left": (
        "if (p.collateral == 0) _cancel",
        "if (p.collateral < seized / 50) _cancel",
    ),
    "a repayment of a liquidator is not lent again": (
        "cash += repaid;\n        if",
        "if",
    ),
    "a price with a decimal too many": (
        "return positions[account].collateral.fullMulDiv(oracle.price(), 1e36).mulWad(ltv);",
        "return positions[account].collateral.fullMulDiv(oracle.price(), 1e35).mulWad(ltv);",
    ),
    "repaying asks the oracle": (
        "repaid = assets.min(debtOf(account));",
        "repaid = assets.min(debtOf(account)).min(oracle.price());",
    ),
    "a withdrawal burns a share too few": (
        "uint256 shares = assets.fullMulDivUp(totalShares + VIRTUAL_SHARES, totalAssets() + 1);",
        "uint256 shares = assets.fullMulDiv(totalShares + VIRTUAL_SHARES, totalAssets() + 1);",
    ),
    "a month's interest is forgotten by who lends": (
        "accrue();\n        uint256 shares = assets.fullMulDiv(totalShares",
        "accruedAt = block.timestamp;\n        uint256 shares = assets.fullMulDiv(totalShares",
    ),
    "a small loan needs no collateral": (
        "if (debt == 0) return;",
        "if (debt <= 1e6) return;",
    ),
    "a repayment of a little too much is refused": (
        "repaid = assets.min(debtOf(account));",
        "repaid = assets.min(debtOf(account));\n"
        "        require(assets <= repaid || assets > repaid + 1e3);",
    ),
    "a loan is paid out before it is booked (Rari)": (
        "totalDebtShares += shares;\n        cash -= assets;\n        _checkDebt(account);\n"
        "        asset.safeTransfer(msg.sender, assets);",
        "_checkDebt(account);\n        positions[account].debtShares -= shares;\n"
        "        asset.safeTransfer(msg.sender, assets);\n"
        "        positions[account].debtShares += shares;\n"
        "        totalDebtShares += shares;\n        cash -= assets;",
    ),
    "a claim that is paid out is remembered (Cream, Grim)": (
        "positions[account].shares -= shares;\n        totalShares -= shares;\n"
        "        cash -= assets;\n        asset.safeTransfer(msg.sender, assets);",
        "uint256 left = positions[account].shares - shares;\n"
        "        asset.safeTransfer(msg.sender, assets);\n"
        "        positions[account].shares = left;\n"
        "        totalShares -= shares;\n        cash -= assets;",
    ),
    "in the middle of a withdrawal a share is worth less (read-only, Sturdy)": (
        "totalShares -= shares;\n        cash -= assets;\n"
        "        asset.safeTransfer(msg.sender, assets);",
        "cash -= assets;\n        asset.safeTransfer(msg.sender, assets);\n"
        "        totalShares -= shares;",
    ),
    "a token that does not move is booked all the same": (
        "collateral.safeTransferFrom(msg.sender, address(this), amount);",
        "collateral.call(abi.encodeWithSelector(0x23b872dd, msg.sender, address(this), amount));",
    ),
}
