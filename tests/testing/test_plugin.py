"""The pytest plugin, in projects of a few lines that pytester makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import defi_kit
from defi_kit.chain import Chain

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]

CHAIN_AND_KIT = """
    from hypothesis import given, settings, strategies as st

    settings.register_profile("few", max_examples=5, deadline=None)
    settings.load_profile("few")

    def test_the_chain_is_new_and_has_people(chain, defi_chain, alice, bob):
        assert chain is defi_chain
        assert chain.block_number == 0
        assert chain.balance(alice) == chain.balance(bob) > 0
        chain.set_balance(alice, 0)
        chain.advance(days=1)

    def test_it_is_new_again(chain, alice):
        assert chain.block_number == 0
        assert chain.balance(alice) > 0

    def test_people_of_the_economy_have_tokens(chain, kit, carol):
        assert kit.chain is chain
        assert kit.usd.balance(carol) == kit.usd("100_000")
        kit.usd.transfer("0x" + "11" * 20, kit.usd.balance(carol), sender=carol)
        assert kit.weth.balance(kit.actor("dave")) == kit.weth("100")

    def test_the_economy_is_as_it_was(kit, carol):
        assert kit.usd.balance(carol) == kit.usd("100_000")
        assert kit.weth.balance(kit.actor("dave")) == kit.weth("100")

    def test_without_the_economy_the_chain_is_new(chain):
        assert chain.block_number == 0

    @given(st.integers(1, 10**6))
    def test_examples_begin_alike(kit, alice, amount):
        assert kit.usd.balance(alice) == kit.usd("100_000")
        kit.lending.supply_collateral(kit.weth("1"), sender=alice)
        kit.usd.transfer("0x" + "11" * 20, kit.usd.unit.amount(amount), sender=alice)
        assert kit.weth.balance(kit.actor("erin")) == kit.weth("100")

    class TestInAClass:
        @given(st.integers(1, 10**6))
        def test_examples_begin_alike(self, chain, seconds):
            assert chain.block_number == 0
            chain.advance(seconds)
"""
TESTS = 7


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project without Ape, whose plugin would start a node. It is run in a process of its own:
    pytester forgets what was imported, and the EVM cannot be imported twice."""
    pytester.makeini("[pytest]\naddopts = -p no:ape_test -p no:cacheprovider\n")
    return pytester


def test_a_test_and_an_example_begin_with_everything_new(run: pytest.Pytester) -> None:
    run.makepyfile(CHAIN_AND_KIT)
    run.runpytest_subprocess().assert_outcomes(passed=TESTS)


def test_the_tests_that_the_documentation_shows_pass(run: pytest.Pytester) -> None:
    page = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
    run.makepyfile(page.partition("```python\n")[2].partition("```")[0])
    run.runpytest_subprocess().assert_outcomes(passed=2)


def test_each_of_two_workers_has_its_own_chain(run: pytest.Pytester) -> None:
    run.makepyfile(CHAIN_AND_KIT)
    run.runpytest_subprocess("-n", "2").assert_outcomes(passed=TESTS)


@pytest.mark.chain
def test_the_same_tests_run_on_anvil(run: pytest.Pytester) -> None:
    run.makepyfile(CHAIN_AND_KIT)
    run.runpytest_subprocess("--defi-chain", "anvil").assert_outcomes(passed=TESTS)


MACHINES = """
    from hypothesis import settings
    from defi_kit.testing import LendingMachine, PegMachine, PoolMarket

    seen = []

    def made(chain):
        seen.append(chain.engine)
        return PoolMarket.deploy(chain, mode="chain")

    class Ours(LendingMachine):
        make = made
        folder = None

    TestOurs = Ours.TestCase
    TestOurs.settings = settings(max_examples=1, stateful_step_count=2, deadline=None)

    def test_it_lived_there(request):
        wanted = request.config.getoption("--defi-chain")
        assert seen == ["node" if "://" in wanted else wanted]
"""


@pytest.mark.chain
def test_machines_live_where_pytest_is_told_to_run(run: pytest.Pytester) -> None:
    run.makepyfile(MACHINES)
    run.runpytest_subprocess("--defi-chain", "anvil").assert_outcomes(passed=2)
    with Chain.anvil() as node:
        before = node.block_number
        run.runpytest_subprocess("--defi-chain", node.url).assert_outcomes(passed=2)
        assert node.block_number == before


@pytest.mark.chain
def test_a_node_that_runs_already_is_left_as_it_was(run: pytest.Pytester) -> None:
    run.makepyfile("""
        def test_the_economy_is_deployed_for_a_test(kit, alice):
            assert kit.chain.engine == "node"
            assert kit.usd.balance(alice) == kit.usd("100_000")
            kit.usd.transfer("0x" + "11" * 20, kit.usd("1"), sender=alice)
    """)
    with Chain.anvil() as node:
        before = node.block_number
        run.runpytest_subprocess("--defi-chain", node.url).assert_outcomes(passed=1)
        assert node.block_number == before


def test_the_summary_adds_up_what_the_workers_explored(run: pytest.Pytester) -> None:
    run.makepyfile("""
        import pytest
        from defi_kit.testing.explored import EVERYTHING

        @pytest.mark.parametrize("place", range(4))
        def test_something(place):
            EVERYTHING.trials += 1
            EVERYTHING.done["swap"] += 300
            EVERYTHING.refused["swap"] += 2
            EVERYTHING.refusals["ZeroAmount"] += 2
            EVERYTHING.noted["flash loans"] += 5
    """)
    run.runpytest_subprocess("-n", "2").stdout.fnmatch_lines(
        [
            "*defi_kit explored*",
            "1,208 steps in 4 lives, 1 verb, 20 flash loans, 8 refusals (ZeroAmount 8)",
        ]
    )


def test_an_example_that_fails_shrinks_to_the_simplest(run: pytest.Pytester) -> None:
    run.makepyfile("""
        from hypothesis import given, settings, strategies as st

        @settings(deadline=None)  # the busier the machine, the longer an example takes
        @given(st.integers(1, 10**6))
        def test_nobody_waits_long(chain, seconds):
            chain.advance(seconds)
            assert chain.timestamp < 1_700_000_000 + 77
    """)
    result = run.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*seconds=77,*"])
    result.stdout.no_fnmatch_line("*Flaky*")


def test_a_projects_own_fixtures_come_first(run: pytest.Pytester) -> None:
    run.makeconftest("""
        import pytest

        @pytest.fixture
        def chain():
            return "mine"
    """)
    run.makepyfile("""
        def test_mine(chain, defi_chain):
            assert chain == "mine" != defi_chain
    """)
    run.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--defi-chain", "ganache"], "*ganache: not embedded, anvil or the address*"),
        (["--defi-chain", "http://127.0.0.1:1", "-n", "2"], "*would undo each other's work*"),
    ],
)
def test_a_chain_that_cannot_be_is_refused(
    run: pytest.Pytester, arguments: list[str], told: str
) -> None:
    result = run.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])


def test_the_plugin_alone_imports_next_to_nothing() -> None:
    seen = "import sys, defi_kit.testing.plugin; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", seen], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"ape", "hypothesis", "pyrevm", "defi_kit.chain.base", "defi_kit.kit"} & set(found)


def test_an_economy_in_a_failing_example_is_one_line() -> None:
    from hypothesis.vendor.pretty import pretty

    kit = defi_kit.deploy(Chain.embedded())
    assert pretty(kit) == repr(kit)
    assert len(repr(kit)) < 300
