"""What every test may ask for: a chain that forgets, and people with ether on it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from defi_kit.chain import Account, Chain

# `ape test` runs tests/ape, on the chain that Ape provides; pytest runs all the rest. Ape's plugin
# would start a node in every run: pyproject.toml switches it off, and this hook switches it on.
if "ape_test._cli" in sys.modules:
    from ape.pytest.plugin import pytest_configure as pytest_configure

    collect_ignore = [
        entry.name for entry in Path(__file__).parent.iterdir() if entry.name != "ape"
    ]
else:
    collect_ignore = ["ape"]

# Shells start background jobs with Ctrl-C ignored, and children inherit that: undo it, so that the
# tests which interrupt a child work there as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "dev",
    deadline=None,  # the first example of a test pays for imports and compiled code
    max_examples=40,
    stateful_step_count=30,
    print_blob=True,
    # The chain fixture is meant to be shared by a test's examples; each takes its own snapshot.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("deep", settings.get_profile("dev"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def _shared_chain() -> Iterator[Chain]:
    with Chain.embedded() as chain:
        yield chain


@pytest.fixture
def chain(_shared_chain: Chain) -> Iterator[Chain]:
    """The in-process chain; whatever a test does to it is undone after the test."""
    with _shared_chain.snapshot():
        yield _shared_chain


@pytest.fixture
def alice(chain: Chain) -> Account:
    return chain.account("alice")


@pytest.fixture
def bob(chain: Chain) -> Account:
    return chain.account("bob")


@pytest.fixture
def keeper(chain: Chain) -> Account:
    return chain.account("keeper")


@pytest.fixture
def attacker(chain: Chain) -> Account:
    return chain.account("attacker")


@pytest.fixture
def owner(chain: Chain) -> Account:
    return chain.account("owner")
