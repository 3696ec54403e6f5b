"""The contracts as an Ape user meets them: `project.X`, receipts, decoded events and errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ape
import pytest

USD = 10**6
ETHER = 10**18
BPS = 10**4
FOREVER = 2**256 - 1
ARTIFACTS = Path(__file__).resolve().parents[2] / "src" / "defi_kit" / "artifacts"


def test_ape_deploys_the_bytecode_of_the_artifacts(project: Any, usd: Any) -> None:
    artifact = json.loads((ARTIFACTS / "FaucetToken.json").read_text(encoding="utf-8"))
    compiled = project.FaucetToken.contract_type
    assert compiled.deployment_bytecode.bytecode.removeprefix("0x") == artifact["bytecode"]
    assert compiled.runtime_bytecode.bytecode.removeprefix("0x") == artifact["deployedBytecode"]


def test_mint_reverts_for_a_stranger(usd: Any, alice: Any, owner: Any) -> None:
    with ape.reverts(usd.NotOwner, caller=alice, owner=owner):
        usd.mint(alice, 100 * USD, sender=alice)
    assert usd.balanceOf(alice) == 0


def test_mint_by_the_owner_shows_in_balance_and_event(usd: Any, alice: Any, owner: Any) -> None:
    receipt = usd.mint(alice, 100 * USD, sender=owner)
    assert usd.balanceOf(alice) == usd.totalSupply() == 100 * USD
    (event,) = receipt.decode_logs(usd.Transfer)
    assert (event.to, event.amount) == (alice, 100 * USD)


@pytest.fixture
def exchange(project: Any, owner: Any) -> Any:
    nobody = "0x" + "0" * 40  # no wrapped ether, and nobody who gets a share of the fees
    return owner.deploy(project.Exchange, nobody, 0, nobody)


@pytest.fixture
def pool_key(usd: Any, ether: Any, exchange: Any, owner: Any) -> tuple[Any, Any, int, int]:
    """A pool of 1,000 ether against 2,000,000 dollars, fee 0.3 %."""
    amounts = {usd.address: 2_000_000 * USD, ether.address: 1_000 * ETHER}
    token0, token1 = sorted((usd, ether), key=lambda token: int(token.address, 16))
    key = (token0.address, token1.address, 3_000, 0)
    for token in (usd, ether):
        token.mint(owner, amounts[token.address], sender=owner)
        token.approve(exchange, amounts[token.address], sender=owner)
    exchange.createPool(key, sender=owner)
    maximums = (amounts[token0.address], amounts[token1.address])
    exchange.addLiquidity(key, *maximums, 0, owner, FOREVER, sender=owner)
    return key


def test_a_swap_pays_what_was_quoted(
    usd: Any, ether: Any, exchange: Any, pool_key: Any, alice: Any, owner: Any
) -> None:
    path = [(usd.address, pool_key[2], pool_key[3])]
    quoted = exchange.quoteExactIn(ether, ETHER, path)
    assert 1_990 * USD < quoted < 1_994 * USD

    ether.mint(alice, ETHER, sender=owner)
    ether.approve(exchange, ETHER, sender=alice)
    exchange.swapExactIn(ether, ETHER, path, quoted, alice, FOREVER, sender=alice)
    assert usd.balanceOf(alice) == quoted


def test_a_swap_reverts_when_it_pays_too_little(
    usd: Any, ether: Any, exchange: Any, pool_key: Any, alice: Any, owner: Any
) -> None:
    path = [(usd.address, pool_key[2], pool_key[3])]
    quoted = exchange.quoteExactIn(ether, ETHER, path)
    ether.mint(alice, ETHER, sender=owner)
    ether.approve(exchange, ETHER, sender=alice)
    with ape.reverts(exchange.TooLittleOut, amountOut=quoted, minAmountOut=quoted + 1):
        exchange.swapExactIn(ether, ETHER, path, quoted + 1, alice, FOREVER, sender=alice)


@pytest.fixture
def oracle(project: Any, owner: Any) -> Any:
    """One raw ether in raw dollars, times 1e36: 2,000."""
    return owner.deploy(project.MockOracle, 2_000 * 10 ** (36 + 6 - 18))


@pytest.fixture
def lending(project: Any, usd: Any, ether: Any, oracle: Any, owner: Any) -> Any:
    """A pool with 100,000 dollars of cash; 80 % borrow LTV, 85 % liquidation LTV, 5 % bonus."""
    parameters = (usd.address, "Lent dollar", "lUSD", 100 * USD, 10_500, 1_000)
    curve = (0, 1_585_489_599, 31_709_791_983, 8 * 10**17)
    collateral = (ether.address, oracle.address, 8_000, 8_500, 500, 9_500, 1_000 * ETHER)
    pool = owner.deploy(project.LendingPool, parameters, curve, (0, 0, 0), [collateral])
    usd.mint(owner, 100_000 * USD, sender=owner)
    usd.approve(pool, 100_000 * USD, sender=owner)
    pool.deposit(100_000 * USD, owner, sender=owner)
    return pool


@pytest.fixture
def loan(lending: Any, usd: Any, ether: Any, alice: Any, owner: Any) -> Any:
    """Alice owes 16,000 dollars against 10 ether."""
    ether.mint(alice, 10 * ETHER, sender=owner)
    ether.approve(lending, 10 * ETHER, sender=alice)
    lending.supplyCollateral(ether, 10 * ETHER, alice, sender=alice)
    lending.borrow(16_000 * USD, alice, alice, sender=alice)
    return lending


def test_a_healthy_loan_cannot_be_liquidated(
    loan: Any, usd: Any, ether: Any, alice: Any, keeper: Any, owner: Any
) -> None:
    assert usd.balanceOf(alice) == 16_000 * USD
    usd.mint(keeper, 20_000 * USD, sender=owner)
    usd.approve(loan, 20_000 * USD, sender=keeper)
    with ape.reverts():
        loan.liquidate(alice, ether, FOREVER, FOREVER, 0, sender=keeper)


def test_a_crash_makes_the_loan_liquidatable(
    loan: Any, oracle: Any, usd: Any, ether: Any, alice: Any, keeper: Any, owner: Any
) -> None:
    usd.mint(keeper, 20_000 * USD, sender=owner)
    usd.approve(loan, 20_000 * USD, sender=keeper)
    oracle.setPrice(1_700 * 10 ** (36 + 6 - 18), sender=owner)
    assert loan.healthOf(alice) < 10**18

    loan.liquidate(alice, ether, FOREVER, FOREVER, 0, sender=keeper)
    seized = ether.balanceOf(keeper)
    paid = 20_000 * USD - usd.balanceOf(keeper)
    assert paid < seized * 1_700 * USD // ETHER <= paid * 105 // 100
    assert loan.healthOf(alice) > 10**18
