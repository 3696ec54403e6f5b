"""Which lines and branches of the Solidity a Python test run has reached.

    python -m defi_kit.testing.coverage input.json build.json     # Solidity's Standard JSON input
    pytest -p defi_kit.testing.coverage.plugin --defi-coverage build.json

writes coverage/index.html, lcov.info and summary.json.

No trace is taken. The contracts are compiled once more, without the optimizer, and a *probe* is put
at the head of every block and before every conditional jump: `PUSH4 id, BALANCE, POP`. The balance
of an address that is nobody's changes nothing, is allowed in views, and is not undone when a call
reverts; but the embedded chain's EVM remembers afterwards whom it was asked about. So the tests run
at nearly their usual speed, and a call that failed counts as well.

Where the code that is deployed is one that was compiled, its twin with probes is deployed instead.
It does the same and is larger: gas is not what it is, and limits on code size are lifted. Contracts
on a node (Anvil, Hardhat, `ape test`) are not seen, nor are processes that a test starts.
"""

from .instrument import Build, instrument
from .record import Recorder
from .report import Report

__all__ = ["Build", "Recorder", "Report", "instrument"]
