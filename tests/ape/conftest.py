"""People and contracts as an Ape user has them: Ape's chain, accounts and `project`.

ape test tests/ape                                      on Anvil
ape test tests/ape --network ethereum:local:test        on Ape's own chain
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def owner(accounts: Any) -> Any:
    return accounts[0]


@pytest.fixture
def alice(accounts: Any) -> Any:
    return accounts[1]


@pytest.fixture
def keeper(accounts: Any) -> Any:
    return accounts[2]


@pytest.fixture
def usd(project: Any, owner: Any) -> Any:
    return owner.deploy(project.FaucetToken, "US dollar", "USD", 6, owner)


@pytest.fixture
def ether(project: Any, owner: Any) -> Any:
    return owner.deploy(project.FaucetToken, "Ether", "ETH", 18, owner)
