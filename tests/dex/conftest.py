"""What the exchange's tests share."""

from __future__ import annotations

import pytest

from defi_kit.chain import Account, Chain
from dex.market import Market, build_market


@pytest.fixture
def market(chain: Chain, alice: Account, bob: Account) -> Market:
    return build_market(chain, alice, bob)
