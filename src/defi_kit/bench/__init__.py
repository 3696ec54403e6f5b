"""What a user pays for each verb, in gas: the kit's contracts, and others' beside them.

    from defi_kit.bench import measure
    report = measure()                     # ours alone: needs Anvil
    report = measure(peers=ALL)            # and Uniswap, Morpho, Aave: needs the repository

How it is measured, the same for everybody: one Anvil; OpenZeppelin tokens with an endless
allowance; one transaction a block, twelve seconds apart; the gas of whole transactions, from their
receipts. Everybody starts from one snapshot and lives through one script. `steady`: everything the
verb writes has been written before. `first`: the account's first time, so its slots go from zero;
for a swap also the pool's first.
"""

from __future__ import annotations

from .goals import GOALS, Goal
from .peers import ALL
from .report import Report, Row
from .run import measure

__all__ = ["ALL", "GOALS", "Goal", "Report", "Row", "measure"]
