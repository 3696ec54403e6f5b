"""Every invariant bites: contracts with one mistake each, caught by the check it concerns.

A fault is named `L<n> what is wrong`: the drill must report a violation of that invariant.
"""

from __future__ import annotations

from functools import cache

import pytest

from defi_kit.chain import Chain
from defi_kit.lending.rates import RateModel
from defi_kit.testing.lending.pool.checks import STEP_CHECKS
from defi_kit.testing.lending.pool.experiments import EXPERIMENTS
from defi_kit.testing.lending.pool.setting import ADAPTIVE, RATE
from defi_kit.testing.lending.pool.world import World
from faults import Faults, faulty_bytecode
from lending.drill import drill

POOL: Faults = {
    "L1 repaid shares stay in the total": (
        """m.debtShares -= uint128(shares);
        m.cash = (m.cash + repaid).toUint104();
        _close(m);

        emit Repaid""",
        """m.cash = (m.cash + repaid).toUint104();
        _close(m);

        emit Repaid""",
    ),
    "L1 liquidation cancels half in the total": (
        "m.debtShares -= uint128(l.debtShares);",
        "m.debtShares -= uint128(l.debtShares / 2);",
    ),
    "L3 half of a repayment is collected": (
        "repaid = _reduceDebt(assets, account);\n\n        _pull(_asset, repaid);",
        "repaid = _reduceDebt(assets, account);\n\n        _pull(_asset, repaid / 2);",
    ),
    "L3 half of the collateral is collected": (
        "account);\n\n        uint256 held = _take(token, msg.sender, amount);",
        "account);\n\n        uint256 held = _take(token, msg.sender, amount / 2);",
    ),
    "L3 a callback instead of collateral": (
        "data);\n        uint256 held = _take(token, msg.sender, amount);",
        "data);\n        uint256 held;",
    ),
    "L3 a callback instead of a repayment": (
        "_callPayer(repaid, data);\n        _pull(_asset, repaid);",
        "_callPayer(repaid, data);",
    ),
    "L3 a callback instead of what a liquidator owes": (
        "seized, data);\n        _pull(_asset, repaid);",
        "seized, data);",
    ),
    "L3 a flash loan that stays": (
        "if (amount != 0) _take(token, address(receiver), amount);",
        "",
    ),
    "L4 bad debt only when nothing at all is left": (
        "if (valueLeft <= dust) (l.badDebt",
        "if (worth.balance == 0) (l.badDebt",
    ),
    "L4 one unit left dodges the loss": (
        """left == 0 || (l.debtLeft >= _minimumDebt && valueLeft > dust),
            LeavesDust(l.debtLeft, _minimumDebt, valueLeft, dust)
        );
        if (valueLeft <= dust)""",
        "true, LeavesDust(0, 0, 0, 0)); if (left == 0 && valueLeft <= dust)",
    ),
    "L5 health exactly 1 can be liquidated": (
        "require(l.health < WAD, HealthyAccount",
        "require(l.health <= WAD, HealthyAccount",
    ),
    "L5 collateral leaves without a check": (
        "if (a.debtShares != 0) {\n            Market",
        "if (a.debtShares == 1) {\n            Market",
    ),
    "L6 a loan books more than it gives": (
        "m.cash -= uint104(assets);\n        _close(m);\n\n        emit Borrowed",
        "m.cash -= uint104(assets + assets / 100);\n        _close(m);\n\n        emit Borrowed",
    ),
    "L9 bad debt of accounts that have cover": (
        "if (valueLeft <= dust) (l.badDebt",
        "if (l.debtLeft > 0) (l.badDebt",
    ),
    "L9 only half of what is repaid counts": (
        "a.debtShares -= uint128(l.debtShares);",
        "a.debtShares -= uint128(l.debtShares / 2);",
    ),
    "L10 collateral for half its price": (
        "if (cost <= maxRepay) return (cost, maxSeize);",
        "if (cost <= maxRepay) return (cost / 2, maxSeize);",
    ),
    "L10 a bonus beyond the cover for one's own account": (
        "msg.sender == r.account ? 0 : worth.risk.maxBonus;",
        "worth.risk.maxBonus;",
    ),
    "L11 a stranger plants a collateral": (
        "private {\n        _authorize(account);",
        "private {",
    ),
    "L11 collateral posted for another opens a debt": (
        "emit CollateralSupplied(account, token, amount);",
        "if (account != msg.sender) _accounts[account].debtShares += 1;",
    ),
    "L12 repaying asks an oracle": (
        "require(left == 0 || left >= _minimumDebt, DebtBelowMinimum(left, _minimumDebt));",
        "_checkLimit(account, a, 0);",
    ),
    "L12 leaving without debt asks an oracle": (
        "if (a.debtShares != 0) {\n            Market",
        "if (true) {\n            Market",
    ),
    "L13 a limit by the wrong ratio": (
        ".divUp(risk.borrowLtv);",
        ".divUp(risk.liquidationLtv);",
    ),
    "L13 a borrow limit that forgets the debt": (
        "limit.toSharesDown(m.index).zeroFloorSub(a.debtShares);",
        "limit.toSharesDown(m.index);",
    ),
    "L15 half a loan is owed": (
        "uint256 shares = assets.toSharesUp(m.index);",
        "uint256 shares = assets.toSharesUp(m.index) / 2;",
    ),
    "L15 collateral comes back and stays": (
        "b.amount = balance - amount;",
        "b.amount = balance - amount / 2;",
    ),
    "L16 a repayment cancels more than it takes": (
        "repaid = shares.toAssetsUp(m.index);",
        "repaid = shares.toAssetsDown(m.index);",
    ),
}
VAULT: Faults = {
    "L2 the reserve belongs to the lenders too": (
        "toAssetsDown(m.index) - m.reserve;",
        "toAssetsDown(m.index);",
    ),
    "L2 total debt without its interest": (
        "totalDebt() external view returns (uint256) {\n        Market memory m = _accrued();",
        "totalDebt() external view returns (uint256) {\n        Market memory m = _market;",
    ),
    "L6 redeeming rounds up": (
        "assets = shares.fullMulDiv(_totalAssets(m) + 1, totalSupply() + VIRTUAL_SHARES);",
        "assets = shares.fullMulDivUp(_totalAssets(m) + 1, totalSupply() + VIRTUAL_SHARES);",
    ),
    "L7 every accrual counts the same seconds": (
        "m.accruedAt = uint40(block.timestamp);\n            uint256 exponent",
        "uint256 exponent",
    ),
    "L7 an accrual moves the rate": (
        "_market = _open();",
        "_close(_open());",
    ),
    "L8 minting rounds down": (
        "assets = shares.fullMulDivUp(total + 1, supply + VIRTUAL_SHARES);",
        "assets = shares.fullMulDiv(total + 1, supply + VIRTUAL_SHARES);",
    ),
    "L8 withdrawing rounds down": (
        "shares = assets.fullMulDivUp(totalSupply() + VIRTUAL_SHARES, _totalAssets(m) + 1);",
        "shares = assets.fullMulDiv(totalSupply() + VIRTUAL_SHARES, _totalAssets(m) + 1) * 9 / 10;",
    ),
    "L14 a limit that cannot be minted": (
        "return (MAX_SHARES - supply).min(",
        "return MAX_SHARES.max(",
    ),
    "L14 a limit that forgets the cash": (
        "return balanceOf(owner).min(payable_);",
        "return balanceOf(owner);",
    ),
    "L16 a share more for every deposit": (
        "shares = assets.fullMulDiv(supply + VIRTUAL_SHARES, total + 1);",
        "shares = assets.fullMulDiv(supply + VIRTUAL_SHARES, total + 1) + 1e6;",
    ),
}
AUTHORIZATION: Faults = {
    "L11 anyone signs for anyone": (
        "SignatureCheckerLib.isValidSignatureNowCalldata(owner, digest, signature)",
        "digest != 0 && signature.length != 0 && owner != address(this)",
    ),
    "L11 anyone acts for anyone": (
        "require(msg.sender == account ||",
        "require(msg.sender != address(0) ||",
    ),
}
INDEX: Faults = {
    "L7 simple interest": (
        "result = RAY + x;\n            uint256 term = x;",
        "return RAY + x;\n            uint256 term = x;",
    ),
}
ADAPTIVE_RATE: Faults = {
    "L7 the last rate counts for all the time": (
        "sum = (FixedPointMathLib.dist(exp(drift), sum) * RAY + sum * (path - moved)) / pace;",
        "sum = sum * elapsed;",
    ),
    "L7 a drift passes its bounds": (
        "FixedPointMathLib.min(path, FixedPointMathLib.dist(drift, bound));",
        "FixedPointMathLib.min(path, FixedPointMathLib.dist(drift, bound) * 11 / 10);",
    ),
}
MATH: Faults = {
    "L9 a bonus beyond the cover": (
        "return FixedPointMathLib.min(bonus, FixedPointMathLib.max(cover, least));",
        "return FixedPointMathLib.max(bonus, FixedPointMathLib.max(cover, least));",
    ),
    "L10 twice the bonus": (
        "return FixedPointMathLib.fullMulDiv(repaid, (WAD + bonus) * WAD, price);",
        "return FixedPointMathLib.fullMulDiv(repaid, (WAD + 2 * bonus) * WAD, price);",
    ),
}
SOURCES: dict[str, Faults] = {
    "LendingPool": POOL,
    "LendingVault": VAULT,
    "LendingAuthorization": AUTHORIZATION,
    "InterestIndex": INDEX,
    "AdaptiveRate": ADAPTIVE_RATE,
    "LiquidationMath": MATH,
}
ALL = [(source, name) for source, faults in SOURCES.items() for name in faults]


@cache
def _bytecode(source: str) -> dict[str, bytes]:
    path = f"contracts/lending/{source}.sol"
    return faulty_bytecode(path, SOURCES[source], contract="LendingPool")


def test_every_invariant_has_two_faults() -> None:
    ids = [name.split()[0] for _, name in ALL]
    wanted = {f"L{n}": 2 for n in range(1, 17)} | {
        "L3": 6,
        "L7": 5,
        "L9": 3,
        "L10": 3,
        "L11": 4,
    }
    assert {id_: ids.count(id_) for id_ in ids} == wanted
    assert set(ids) == STEP_CHECKS.keys() | EXPERIMENTS.keys()


@pytest.mark.parametrize("rate", [RATE, ADAPTIVE], ids=["kinked", "adaptive"])
def test_the_pool_as_it_is_violates_nothing(chain: Chain, rate: RateModel) -> None:
    assert drill(World(chain, lockstep=False, rate=rate)) == set()


@pytest.mark.parametrize(("source", "fault"), ALL, ids=[name for _, name in ALL])
def test_fault_is_caught_by_its_invariant(chain: Chain, source: str, fault: str) -> None:
    invariant = fault.split()[0]
    rate = ADAPTIVE if source == "AdaptiveRate" else RATE
    world = World(chain, bytecode=_bytecode(source)[fault], lockstep=False, rate=rate)
    violated = drill(world, [invariant] if invariant in EXPERIMENTS else [])
    assert invariant in violated
