"""What the documentation shows is run: every Python block, in order, in one namespace a page."""

from __future__ import annotations

import doctest
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import defi_kit
from defi_kit import artifacts
from defi_kit.chain.base import key_address, named_key
from defi_kit.chain.keys import is_development_account

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = ROOT / "docs" / "reference"
PAGES = sorted(
    page
    for page in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("contracts/**/README.md"),
    )
    if GENERATED not in page.parents
)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.chain
@pytest.mark.parametrize("page", [one for one in PAGES if BLOCK.search(one.read_text())], ids=named)
def test_every_python_block_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block.group(1), named(page), "exec"), namespace)


def test_nobody_off_local_chains_can_use_a_key_that_a_page_shows() -> None:
    """Keys of actors follow from their names, and whoever has read a page knows the names."""
    named = re.compile(r"(?:actors|account)\(((?:\"\w+\"(?:, )?)+)\)")
    text = "\n".join(block for page in PAGES for block in BLOCK.findall(page.read_text()))
    names = {name for call in named.findall(text) for name in re.findall(r"\w+", call)}
    known = {name for name in names if is_development_account(key_address(named_key(name)))}
    assert names == known
    assert "alice" in names


def test_the_readme_shows_python() -> None:
    assert BLOCK.search((ROOT / "README.md").read_text())


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    missing = [link for link in targets if not (page.parent / link).exists()]
    assert missing == []


MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(defi_kit.__path__, "defi_kit.")
    if not module.name.startswith("defi_kit.bindings.") and not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", ["defi_kit", *MODULES])
def test_every_example_in_a_docstring_runs(name: str) -> None:
    importlib.import_module(name)
    result = doctest.testmod(sys.modules[name])
    assert result.failed == 0


@pytest.mark.parametrize("name", ["defi_kit", *MODULES])
def test_everything_public_has_a_docstring(name: str) -> None:
    module = importlib.import_module(name)
    bare = []
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            bare += [public] if not inspect.getdoc(thing) else []
            bare += [f"{public}.{member}" for member in undocumented(thing)]
    assert bare == []


def undocumented(owner: object) -> list[str]:
    return [
        member
        for member, value in vars(owner).items()
        if not member.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property))
        and not inspect.getdoc(value)
        # A machine's rule chooses; what it then does, the trial's verb tells.
        and not any(
            mark.startswith("hypothesis_stateful") for mark in getattr(value, "__dict__", {})
        )
    ]


@pytest.mark.parametrize("name", artifacts.names())
def test_every_function_event_and_error_of_a_contract_has_natspec(name: str) -> None:
    artifact = artifacts.load(name)
    if artifact.source.startswith("contracts/testing/"):
        return
    documented = {
        signature
        for kind in ("methods", "events", "errors")
        for signature, doc in artifact.doc.get(kind, {}).items()
        if doc
    }
    assert [one for one in artifact.selectors if one not in documented] == []


def test_the_reference_is_fresh() -> None:
    script = ROOT / "scripts" / "reference.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr + "run `make reference`"


def test_the_gas_figures_of_the_readme_are_those_of_the_snapshots() -> None:
    steady = {
        verb: figures["steady"]
        for room in ("dex", "lending")
        for verb, figures in json.loads((ROOT / "snapshots" / f"{room}.json").read_text()).items()
    }
    shown = re.findall(r"^\| [^|]+ \| ([0-9, ]+) \|", (ROOT / "README.md").read_text(), re.M)
    verbs = (
        ["swap_1_hop"],
        ["swap_stable"],
        ["swap_2_hops"],
        ["add_liquidity", "remove_liquidity"],
        ["supply"],
        ["borrow"],
        ["liquidate"],
    )
    assert shown == [", ".join(f"{steady[verb]:,}" for verb in row) for row in verbs]
