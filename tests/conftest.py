"""Settings of all tests. The chain and the people on it come from the plugin of defi_kit itself."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

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
    # Fixtures that no example changes live as long as the test; the plugin rewinds the chain.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("deep", settings.get_profile("dev"), max_examples=1000)
# Of `make test`: whether it passes is decided by the code, not by what was drawn today.
settings.register_profile("same", settings.get_profile("dev"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
