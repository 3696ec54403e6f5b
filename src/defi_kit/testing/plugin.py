"""The pytest plugin: a chain, an economy and people for every test, as good as new each time.

It is installed with defi_kit and imports next to nothing until a test asks for one of its fixtures.
`defi_chain` forgets what a test did to it, and what each example of a Hypothesis test did.
`chain` is the same under a shorter name, unless Ape's plugin is there, whose own fixture that is.
Machines live on such a chain too, unless they name another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, Final

import pytest

from ..errors import InputError
from . import engine as engines
from .explored import EVERYTHING, Explored

if TYPE_CHECKING:
    from ..chain import Account, Chain
    from ..kit import Kit

__all__: list[str] = []  # pytest finds what it needs by itself

PEOPLE: Final = ("alice", "attacker", "bob", "carol", "keeper", "owner")
"""Accounts that are fixtures."""

_EXPLORED: Final = "defi_kit_explored"
_REWINDS = pytest.StashKey[Callable[[], AbstractContextManager[None]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("defi_kit").addoption(
        "--defi-chain",
        default="embedded",
        metavar="ENGINE",
        help="where the fixtures and machines of defi_kit live: embedded (in this process), anvil, "
        "or the address of a development node, http(s)://… or ws(s)://…",
    )


@pytest.hookimpl(trylast=True)  # after Ape, and after the conftest.py that lets Ape in
def pytest_configure(config: pytest.Config) -> None:
    engine = config.getoption("--defi-chain")
    if engine not in ("anvil", "embedded") and "://" not in engine:
        raise pytest.UsageError(
            f"--defi-chain {engine}: not embedded, anvil or the address of a node"
        )
    if "://" in engine and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError(
            f"--defi-chain {engine}: workers would undo each other's work on one node; "
            "leave out -n, or use anvil, of which each worker starts its own"
        )
    if not config.pluginmanager.hasplugin("ape-fixtures"):
        config.pluginmanager.register(_ShortName(), "defi_kit-chain")
    engines.use(engine)


def pytest_unconfigure() -> None:
    engines.close()


# --- fixtures -----------------------------------------------------------------------------------


class _Places:
    """The chains of one process, each made when a test first asks for it."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.open = ExitStack()

    @cached_property
    def bare(self) -> Chain:
        """A chain with people and nothing else."""
        return self._start()

    @cached_property
    def economy(self) -> Kit | None:
        """The standard economy on a chain of its own, so that no test can tell which ran before.
        None where there is but one chain: the economy is then deployed on it for each test."""
        if self.engine not in ("anvil", "embedded"):
            return None
        from ..kit import deploy

        kit = deploy(self._start())
        kit.actors(*PEOPLE)
        return kit

    def _start(self) -> Chain:
        try:
            chain = self.open.enter_context(engines.connected(self.engine))
        except InputError as error:
            raise pytest.UsageError(f"--defi-chain {error.message}") from error
        for name in PEOPLE:
            chain.account(name)
        return chain


@pytest.fixture(scope="session")
def _defi_places(request: pytest.FixtureRequest) -> Iterator[_Places]:
    places = _Places(request.config.getoption("--defi-chain"))
    with places.open:
        yield places


@pytest.fixture
def defi_chain(request: pytest.FixtureRequest, _defi_places: _Places) -> Iterator[Chain]:
    """A development chain that forgets what was done to it at the end of every test, and of every
    example of a Hypothesis test."""
    with_kit = _defi_places.economy if "kit" in request.fixturenames else None
    chain = _defi_places.bare if with_kit is None else with_kit.chain
    request.node.stash[_REWINDS] = chain.snapshot
    with chain.snapshot():
        yield chain


@pytest.fixture
def kit(request: pytest.FixtureRequest, defi_chain: Chain, _defi_places: _Places) -> Iterator[Kit]:
    """The standard economy on `defi_chain`: deployed once in a process, and like new for every test
    and every example. On a node that runs already it is deployed for each test."""
    known = _defi_places.economy
    if known is None or known.chain is not defi_chain:
        from ..kit import deploy

        known = deploy(defi_chain)
        known.actors(*PEOPLE)
    rewound = request.node.stash[_REWINDS]
    request.node.stash[_REWINDS] = lambda: _forgetting(known, rewound())
    with _forgetting(known):
        yield known


@contextmanager
def _forgetting(kit: Kit, undone: AbstractContextManager[None] | None = None) -> Iterator[None]:
    """Forgets at the end whom the economy has given money meanwhile: the chain forgets it too."""
    granted = set(kit._granted)
    try:
        with undone or nullcontext():
            yield
    finally:
        kit._granted.intersection_update(granted)


def _person(name: str) -> Any:
    @pytest.fixture(name=name)
    def person(defi_chain: Chain) -> Account:
        return defi_chain.account(name)

    person.__doc__ = f"{name}'s account: ether, and in a test that uses `kit` every token of it."
    return person


alice, attacker, bob, carol, keeper, owner = map(_person, PEOPLE)


class _ShortName:
    @pytest.fixture
    def chain(self, defi_chain: Chain) -> Chain:
        """`defi_chain` under a shorter name, where Ape's plugin has no fixture of that name."""
        return defi_chain


# --- Hypothesis -----------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before Hypothesis looks at the test's fixtures
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    handle = getattr(getattr(item, "obj", None), "hypothesis", None)
    rewound = item.stash.get(_REWINDS, None)
    if handle is None or rewound is None:
        return (yield)
    _allow_fixtures(item)
    test = handle.inner_test

    @wraps(test)
    def example(*arguments: Any, **named: Any) -> Any:
        with rewound():
            return test(*arguments, **named)

    handle.inner_test = example
    try:
        return (yield)
    finally:
        handle.inner_test = test


def _allow_fixtures(item: Any) -> None:
    """Hypothesis refuses tests whose fixtures live as long as the test, because examples would see
    each other's work. On the chain these do not."""
    from hypothesis import HealthCheck, settings

    # Hypothesis's own plugin does it like this: a test can be given its settings only once.
    function = getattr(item.obj, "__func__", item.obj)
    known = function._hypothesis_internal_use_settings
    function._hypothesis_internal_use_settings = settings(
        parent=known,
        suppress_health_check={HealthCheck.function_scoped_fixture, *known.suppress_health_check},
    )


# --- what was explored ----------------------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Of pytest-xdist: what a worker puts there goes to the one who tells.
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_EXPLORED] = EVERYTHING.to_json()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    found = getattr(node, "workeroutput", {}).get(_EXPLORED)
    if found is not None:  # a worker that died has none
        EVERYTHING.add(Explored.from_json(found))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if EVERYTHING.steps:
        terminalreporter.section("defi_kit explored")
        terminalreporter.write_line(_told(EVERYTHING))


def _told(explored: Explored) -> str:
    """Lives, steps, what was noted, and refusals with their usual reasons."""
    verbs = len(explored.done | explored.refused)
    parts = [
        f"{explored.steps:,} steps in {explored.trials:,} lives",
        f"{verbs} verb" + "s" * (verbs != 1),
        *(f"{count:,} {what}" for what, count in sorted(explored.noted.items())),
    ]
    refused = explored.refusals.total()
    usual = ", ".join(f"{name} {count:,}" for name, count in explored.refusals.most_common(3))
    parts.append(f"{refused:,} refusals" + (f" ({usual})" if usual else ""))
    return ", ".join(parts)
