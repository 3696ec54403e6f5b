"""The algorithmic dollar through its client: three designs, one contract."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.stablecoins import AlgoController, AlgoDesign
from defi_kit.testing.peg.algo.world import DESIGN, AlgoWorld, without
from defi_kit.units import WAD


def controller(chain: Chain, design: AlgoDesign) -> tuple[AlgoController, AlgoWorld]:
    """A world around this design."""
    world = AlgoWorld.build(chain, design)
    return world.algo, world


def test_a_dollar_costs_its_two_parts_and_the_spread(chain: Chain, alice: Account) -> None:
    algo, _ = controller(chain, without(DESIGN, virtual_liquidity=0))
    done = algo.mint(algo.dollar(1_000), sender=alice)
    assert done.collateral == algo.collateral("801.6")
    assert done.shares == algo.share("100.2")
    back = algo.redeem(algo.dollar(1_000), sender=alice)
    assert back.collateral == algo.collateral("796")
    assert back.shares == algo.share("99.5")


def test_a_quote_is_what_is_paid_or_it_is_refused(chain: Chain, alice: Account) -> None:
    algo, world = controller(chain, without(DESIGN, virtual_liquidity=0))
    quote = algo.quote_mint(algo.dollar(10))
    assert algo.mint(algo.dollar(10), sender=alice).shares == quote.shares
    with pytest.raises(reverts.TooManyShares, match=r"max_shares=0\.5 SHARE"):
        algo.mint(algo.dollar(10), max_shares=algo.share("0.5"), sender=alice)
    with pytest.raises(reverts.TooMuchCollateral):
        algo.mint(algo.dollar(10), max_collateral=algo.collateral(8), sender=alice)
    with pytest.raises(reverts.TooLittleCollateral):
        algo.redeem(algo.dollar(10), min_collateral=algo.collateral(8), sender=alice)
    with pytest.raises(reverts.TooFewAlgoShares):
        algo.redeem(algo.dollar(10), min_shares=algo.share(1), sender=alice)
    assert world.algo.state().design == world.design


def test_the_twin_follows_the_contract_through_the_client(chain: Chain, alice: Account) -> None:
    algo, _ = controller(chain, DESIGN)
    twin, _ = algo.state().mint(500 * WAD, algo.prices(), now=chain.timestamp + 1)
    algo.mint(algo.dollar(500), sender=alice)
    assert algo.state() == twin


def test_redemption_pays_by_the_worse_of_average_and_now(chain: Chain, alice: Account) -> None:
    """Iron's death: an average that lags below the price of now pays too many shares."""
    algo, world = controller(chain, without(DESIGN, virtual_liquidity=0))
    algo.mint(algo.dollar(1_000), sender=alice)
    at_peace = algo.quote_redeem(algo.dollar(100)).shares
    world.rescale("share", 10)  # the average is still down, now is not
    assert algo.quote_redeem(algo.dollar(100)).shares == at_peace
    assert algo.quote_mint(algo.dollar(100)).shares > at_peace * 9
    world.rescale("share", 100)
    world.rescale("spot", 10)
    assert algo.quote_redeem(algo.dollar(100)).shares == at_peace


def test_the_breaker_ends_in_equal_parts(chain: Chain, alice: Account, bob: Account) -> None:
    algo, world = controller(chain, without(DESIGN, virtual_liquidity=0))
    for who in (alice, bob):
        algo.mint(algo.dollar(1_000), sender=who)
    assert not algo.alarm()
    world.say("share", None)
    assert algo.alarm()
    with pytest.raises(reverts.AlarmTooYoung):
        algo.end()
    chain.advance(3_600)
    algo.end()
    assert algo.ended
    with pytest.raises(reverts.AlgoEnded):
        algo.redeem(algo.dollar(1), sender=alice)
    with pytest.raises(reverts.AlgoEnded):
        algo.mint(algo.dollar(1), sender=alice)
    first = algo.claim(algo.dollar(1_000), sender=alice).collateral
    last = algo.claim(algo.dollar(1_000), sender=bob).collateral
    assert first == last == algo.collateral("801.6")


def test_a_full_epoch_refuses_and_the_next_one_pays(chain: Chain, alice: Account) -> None:
    algo, world = controller(chain, without(DESIGN, virtual_liquidity=0))
    algo.mint(algo.dollar(100_000), sender=alice)
    world.crash(20)
    with pytest.raises(reverts.EpochCapExceeded, match="SHARE"):
        algo.redeem(algo.dollar(60_000), sender=alice)
    algo.redeem(algo.dollar(30_000), sender=alice)
    with pytest.raises(reverts.EpochCapExceeded):
        algo.redeem(algo.dollar(30_000), sender=alice)
    chain.advance(86_400)
    algo.redeem(algo.dollar(30_000), sender=alice)


def test_terra_has_no_guard_and_frax_no_end(chain: Chain) -> None:
    terra, _ = controller(chain, AlgoDesign.terra())
    frax, world = controller(chain, AlgoDesign.frax())
    with pytest.raises(reverts.RatioFixed):
        terra.step_ratio()
    for algo in (terra, frax):
        with pytest.raises(reverts.BreakerOff):
            algo.alarm()
    with pytest.raises(reverts.StepTooEarly):
        frax.step_ratio()
    chain.advance(3_600)
    world.rescale("dollar", 99)
    assert frax.step_ratio().decimal == Decimal("0.8525")


def test_virtual_pools_make_a_run_dear_and_recover(chain: Chain, alice: Account) -> None:
    algo, _ = controller(chain, without(DESIGN, ratio=0, min_ratio=0, max_share_growth=0))
    algo.mint(algo.dollar(20_000), sender=alice)
    chain.advance(86_400)
    first = algo.redeem(algo.dollar(10_000), sender=alice).shares
    second = algo.quote_redeem(algo.dollar(10_000)).shares
    assert second < first < algo.share(5_000)
    chain.advance(86_400)
    assert abs(algo.quote_redeem(algo.dollar(10_000)).shares.raw - first.raw) < 10**12
    with pytest.raises(reverts.VirtualPoolExhausted):
        algo.quote_mint(algo.dollar(60_000))


def test_what_is_too_much_or_too_little_is_said_with_a_remedy(chain: Chain) -> None:
    world = AlgoWorld.build(chain, DESIGN)
    world.mint(WAD)
    algo = world.algo
    with pytest.raises(reverts.SupplyTooLarge, match="hint: ask for less: no more dollars than"):
        algo.redeem(algo.dollar(10**12))
    with pytest.raises(reverts.ZeroAmount, match="hint: ask for more"):
        algo.redeem(1)


def test_only_the_controller_mints_and_burns(chain: Chain, alice: Account) -> None:
    algo, _ = controller(chain, DESIGN)
    token = bindings.AlgoToken(chain, algo.dollar.address)
    for call in (token.mint, token.burn):
        with pytest.raises(reverts.NotController):
            call(alice, 1, sender=alice)


def test_dollars_at_birth_need_a_ratio_of_zero(chain: Chain) -> None:
    _, world = controller(chain, DESIGN)
    terms = {"share_oracle": world.contracts["share"], "shares": 10**24, "dollars": 10**24}
    born = AlgoController.deploy(chain, AlgoDesign.terra(), world.algo.collateral, **terms)  # type: ignore[arg-type]
    assert born.dollar.total_supply() == born.dollar(1_000_000)
    with pytest.raises(reverts.InvalidParameter):
        AlgoController.deploy(chain, AlgoDesign.frax(), world.algo.collateral, **terms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"max_ratio": WAD + 1},
        {"min_ratio": 95 * WAD // 100},
        {"ratio": WAD},
        {"band": WAD},
        {"mint_spread": 10**6},
        {"redeem_spread": 10**6},
        {"virtual_liquidity": 2**112},
        {"recovery_time": 0},
        {"epoch_length": 0},
        {"ratio_step": 0},
        {"decimals": 25},
    ],
)
def test_a_design_that_cannot_be_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(reverts.Reverted):
        replace(DESIGN, **change)


def test_an_alarm_needs_gas_enough_to_tell_a_dead_oracle(chain: Chain) -> None:
    algo, _ = controller(chain, DESIGN)
    assert algo.cover.wad == 2**256 - 1  # no dollars yet
    assert not algo.alarm()
