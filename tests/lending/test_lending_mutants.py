"""What only mutants of the pool had shown that nobody looked at."""

from __future__ import annotations

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.lending_pool import (
    Accrued,
    Adaptation,
    AuthorizationSet,
    CollateralParameters,
    KinkedCurve,
    PoolParameters,
)
from defi_kit.chain import Account, Chain
from defi_kit.lending.books import MAX_ASSETS, MAX_OWNED
from defi_kit.lending.interest import START, grow, index_at, to_assets_down
from defi_kit.units import MAX_UINT256, WAD

PLENTY = 10**24
PAR = 10**36
"""A base unit of the collateral is worth one of the asset."""


class Pool:
    """A pool of one collateral at par, a lender, and a borrower of 7,000 against 10,000."""

    def __init__(self, chain: Chain, lender: Account, borrower: Account, *, rate: int = 0) -> None:
        self.asset = bindings.MockToken.deploy(chain, "ASSET", 6)
        self.token = bindings.MockToken.deploy(chain, "COLL", 6)
        self.oracle = bindings.MockOracle.deploy(chain, PAR)
        self.contract = bindings.LendingPool.deploy(
            chain,
            PoolParameters(self.asset.address, "pool", "lp", 1_099, 11_000, 1_000),
            KinkedCurve(rate, rate, rate, WAD // 2),
            Adaptation(0, 0, 0),
            [
                CollateralParameters(
                    self.token.address, self.oracle.address, 7_000, 8_000, 500, 9_000, PLENTY
                )
            ],
        )
        for who in (lender, borrower):
            for token in (self.asset, self.token):
                token.mint(who, PLENTY)
                token.approve(self.contract, MAX_UINT256, sender=who)
        self.contract.deposit(10**6, lender, sender=lender)
        self.contract.supply_collateral(self.token, 10_000, borrower, sender=borrower)
        self.contract.borrow(7_000, borrower, borrower, sender=borrower)


def test_dust_is_a_hundredth_of_the_minimum_debt_rounded_down(
    chain: Chain, alice: Account, bob: Account
) -> None:
    pool = Pool(chain, alice, bob)
    pool.oracle.set_price(PAR // 2)
    with pytest.raises(reverts.LeavesDust) as refused:
        pool.contract.liquidate(bob, pool.token, MAX_UINT256, 9_990, 0, sender=alice)
    assert list(refused.value.arguments.values())[1:] == [1_099, 5, 10]
    pool.contract.liquidate(bob, pool.token, MAX_UINT256, 10_000, 0, sender=alice)


def test_interest_that_just_reaches_the_end_is_not_touched(
    chain: Chain, alice: Account, bob: Account
) -> None:
    """The index is lowered only where cash and debts exceed MAX_OWNED, not where they equal it."""
    rate, seconds = 10**12, 500_000
    index = grow(START, rate * seconds * 10**9)

    def grown(debt: int) -> int:
        return to_assets_down(debt * 10**6, index)

    debt, above = 0, MAX_ASSETS  # all of cash and debts grows with the debt, by at most one a unit
    while above - debt > 1:
        middle = (debt + above) // 2
        beyond = grown(middle) + MAX_ASSETS - middle > MAX_OWNED
        debt, above = (debt, middle) if beyond else (middle, above)
    assert grown(debt) + MAX_ASSETS - debt == MAX_OWNED
    assert index_at(debt * 10**6, grown(debt)) < index  # by one, worth 10**10 of this debt

    asset, token = (bindings.MockToken.deploy(chain, name, 6) for name in ("ASSET", "COLL"))
    oracle = bindings.MockOracle.deploy(chain, PAR * 10**12)
    pool = bindings.LendingPool.deploy(
        chain,
        PoolParameters(asset.address, "pool", "lp", 1_000, 11_000, 1_000),
        KinkedCurve(rate, rate, rate, WAD // 2),
        Adaptation(0, 0, 0),
        [CollateralParameters(token.address, oracle.address, 7_000, 8_000, 500, 9_000, PLENTY)],
    )
    asset.mint(alice, MAX_ASSETS)
    asset.approve(pool, MAX_ASSETS, sender=alice)
    pool.deposit(MAX_ASSETS, alice, sender=alice)
    token.mint(bob, PLENTY)
    token.approve(pool, PLENTY, sender=bob)
    pool.supply_collateral(token, PLENTY, bob, sender=bob)
    pool.borrow(debt, bob, bob, sender=bob)
    chain.set_next_timestamp(chain.timestamp + seconds)
    pool.accrue()
    assert (pool.market().index, pool.total_debt()) == (index, grown(debt))


def test_interest_is_told_as_it_is_added_and_only_then(
    chain: Chain, alice: Account, bob: Account
) -> None:
    """Lenders keep their accounts by these events."""
    rate, seconds = 10**12, 10_000
    pool = Pool(chain, alice, bob, rate=rate)
    contract, began = pool.contract, chain.timestamp
    debt = contract.total_debt()
    chain.set_next_timestamp(began + seconds)
    told = contract.deposit(1, alice, sender=alice).one(Accrued)
    assert told.interest == contract.total_debt() - debt > 0
    assert told.to_reserve == contract.market().reserve > 0

    chain.set_next_timestamp(chain.timestamp + seconds)
    contract.repay(MAX_UINT256, bob, sender=bob)
    chain.advance(seconds)
    assert contract.accrue(sender=alice).all(Accrued) == []


def test_an_authorization_is_told_with_the_number_that_voids_the_signatures_before_it(
    chain: Chain, alice: Account, bob: Account
) -> None:
    contract = Pool(chain, alice, bob).contract
    for nonce, authorized in ((1, True), (2, False)):
        told = contract.set_authorization(bob, authorized, sender=alice).one(AuthorizationSet)
        assert (told.owner, told.operator) == (alice.address, bob.address)
        assert (told.authorized, told.nonce) == (authorized, nonce)
