"""The gas benchmark, of ours alone: what it reports, that it repeats, and what it refuses.

The peers' part needs the packages of tools/peers, which `make test` and `make bench-gas` install.
Those tests are skipped, by name, where the packages are missing.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from defi_kit.bench import ALL, GOALS, Report, measure
from defi_kit.bench.meter import BLOCK_SECONDS, Meter
from defi_kit.bindings import StandardToken
from defi_kit.chain import Chain
from defi_kit.cli import main
from defi_kit.errors import NotSupported, Reverted
from defi_kit.testing import packages

pytestmark = pytest.mark.chain

ROOT = Path(__file__).resolve().parents[2]
with_packages = pytest.mark.skipif(
    not (ROOT / "tools" / "peers" / "node_modules").is_dir(),
    reason="the peers' packages are not installed: `make bench-gas` does it",
)


@pytest.fixture(scope="module")
def ours() -> Report:
    return measure()


def test_two_runs_measure_the_same_to_the_last_unit(ours: Report) -> None:
    assert measure().rows == ours.rows


def test_every_verb_is_reported_once_steady_and_once_first(ours: Report) -> None:
    found = [(row.room, row.verb, row.when) for row in ours.rows]
    assert len(found) == len(set(found))
    steady = {(room, verb) for room, verb, when in found if when == "steady"}
    first = {(room, verb) for room, verb, when in found if when == "first"}
    assert first <= steady
    keeper = {("keeper", verb) for verb in ("keeper_liquidate", "keeper_liquidate_2_pools")}
    step = ("stablecoins", "algo_step_ratio")
    # A second in its block has been preceded, a repayment reduces what is there, a ratio is there
    # from the start, and a keeper's owner holds dollars.
    never = {("dex", "swap_1_hop_same_block"), ("lending", "repay"), step}
    assert steady - first == never | keeper
    algo = {("stablecoins", verb) for verb in ("algo_mint", "algo_redeem")}
    wanted = {(goal.room, goal.verb) for goal in GOALS}
    # Some have no goal, being compared with nobody.
    assert steady == wanted | keeper | algo | {step}


def test_first_times_cost_more_than_later_ones(ours: Report) -> None:
    gas = {(row.room, row.verb, row.when): row.ours for row in ours.rows}
    for room, verb, when in gas:
        # Creating a pool is each pool's first time.
        if when == "first" and verb != "create_pool":
            # A slot's first value costs 17,100 more; the stable curve's solver varies by a step.
            least = 16_000 if verb == "swap_stable" else 17_000
            assert gas[room, verb, "first"] >= gas[room, verb, "steady"] + least, verb


def test_whole_transactions_are_counted(ours: Report) -> None:
    assert all(row.ours > 21_000 for row in ours.rows)
    assert all(row.peers == {} for row in ours.rows)


def test_what_is_above_its_goal_is_named_with_how_much(ours: Report) -> None:
    gas = {(row.room, row.verb): row.ours for row in ours.rows if row.when == "steady"}
    missed = {(goal.room, goal.verb): over for goal, over in ours.missed()}
    for goal in GOALS:
        over = gas.get((goal.room, goal.verb), 0) - goal.gas
        assert missed.get((goal.room, goal.verb), 0) == max(over, 0)


def test_the_report_is_plain_json(ours: Report) -> None:
    data = ours.to_json()
    assert json.loads(json.dumps(data)) == data
    assert data["hardfork"] == "prague"
    for row in data["rows"]:
        assert list(row) == ["room", "verb", "when", "ours", "peers"]


def test_blocks_are_twelve_seconds_apart_and_two_can_share_one() -> None:
    with Chain.anvil() as chain:
        meter, alice = Meter(chain), chain.account("alice")
        token = StandardToken.deploy(chain, "A", 18)
        mint = token.build("mint", alice, 5)
        start = chain.timestamp
        first = meter.gas(mint)
        assert chain.timestamp == start + BLOCK_SECONDS
        assert meter.gas(mint) < first
        block = chain.block_number
        meter.second_in_block(mint)
        assert chain.block_number == block + 1
        assert chain.timestamp == start + 3 * BLOCK_SECONDS
        assert token.balance_of(alice) == 4 * 5


def test_a_transaction_that_fails_is_an_error_and_no_figure() -> None:
    with Chain.anvil() as chain:
        token = StandardToken.deploy(chain, "A", 18)
        theft = token.build("transfer", chain.account("bob"), 1, sender=chain.account("alice"))
        with pytest.raises(Reverted):
            Meter(chain).gas(theft)


def test_without_the_repository_peers_are_refused_and_ours_is_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_root", lambda: tmp_path)
    with pytest.raises(NotSupported, match="not part of the installed package") as refused:
        measure(ALL)
    assert refused.value.hint is not None
    assert "make bench-gas" in refused.value.hint
    assert "--ours" in refused.value.hint


def test_without_the_packages_peers_are_refused_and_the_target_is_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tools" / "peers"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    monkeypatch.setattr(packages, "_root", lambda: tmp_path)
    with pytest.raises(NotSupported, match="not installed") as refused:
        measure(ALL)
    assert refused.value.hint is not None
    assert "make bench-gas" in refused.value.hint


def test_the_command_prints_the_report_as_json(ours: Report) -> None:
    result = CliRunner().invoke(main, ["bench", "gas", "--ours", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == ours.to_json()


def test_the_command_prints_a_table_that_says_what_is_missed(ours: Report) -> None:
    result = CliRunner().invoke(main, ["bench", "gas", "--ours"])
    assert result.exit_code == 0, result.output
    for row in ours.rows:
        over = ours.over(row)
        line = next(
            line
            for line in result.stdout.splitlines()
            if line.split()[:2] == [row.verb, row.when] and f"{row.ours:,}" in line
        )
        if over is not None:
            assert (f"{over:,} over" if over > 0 else f"{-over:,} below") in line


def test_the_command_without_the_repository_fails_and_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_root", lambda: tmp_path)
    result = CliRunner().invoke(main, ["bench", "gas"])
    assert result.exit_code == 1
    assert "make bench-gas" in result.output


@with_packages
def test_ours_measures_the_same_with_a_peer_beside_it(ours: Report) -> None:
    peer = ALL[0]
    together = measure([peer])
    assert [row.ours for row in together.rows] == [row.ours for row in ours.rows]
    dex = [row for row in together.rows if row.room == "dex" and row.verb != "swap_stable"]
    assert all(list(row.peers) == [peer.name] for row in dex)
    assert all(row.peers == {} for row in together.rows if row.room == "stablecoins")
    assert together.notes == {peer.name: peer.note}


@with_packages
def test_uniswap_v2_costs_what_it_is_known_to_cost() -> None:
    """Its router's swap of plain tokens, price oracle written, is a figure found all over."""
    report = measure([peer for peer in ALL if peer.name == "Uniswap V2"])
    gas = {(row.verb, row.when): row.peers for row in report.rows if row.room == "dex"}
    assert 95_000 < gas["swap_1_hop", "steady"]["Uniswap V2"] < 102_000
    assert gas["create_pool", "first"]["Uniswap V2"] > 2_400_000


@with_packages
@pytest.mark.slow  # compiles them, the first time
@pytest.mark.timeout(1_800)
def test_every_peer_has_every_verb_of_its_room() -> None:
    report = measure(ALL)
    for row in report.rows:
        room = [peer for peer in ALL if getattr(peer, _KINDS.get(row.room, ""), None)]
        if row.verb == "swap_stable":  # no peer has such pools
            room = []
        assert list(row.peers) == [peer.name for peer in room], row
        assert all(21_000 < gas for gas in row.peers.values())
    assert set(report.notes) == {peer.name for peer in ALL}


_KINDS = {"dex": "exchange", "lending": "lending"}
