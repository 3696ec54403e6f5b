"""Generated files are fresh, names are unique, sizes are legal, every error has its class."""

from __future__ import annotations

import filecmp
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from Crypto.Hash import keccak

import artifacts as generator
from defi_kit import artifacts, bindings, reverts
from defi_kit.errors import ArtifactError, Reverted

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "defi_kit"
SIZES = ROOT / "snapshots" / "sizes.json"
LARGEST_RUNTIME = 24_576  # [bytes] EIP-170


def _generated(package: Path) -> dict[str, Path]:
    patterns = ("artifacts/*.json", "bindings/*.py", "reverts.py")
    files = [file for pattern in patterns for file in package.glob(pattern)]
    return {file.relative_to(package).as_posix(): file for file in files}


@pytest.mark.slow
def test_generated_files_are_what_the_contracts_compile_to(tmp_path: Path) -> None:
    generator.generate(tmp_path)
    fresh, kept = _generated(tmp_path / "src" / "defi_kit"), _generated(PACKAGE)
    assert sorted(fresh) == sorted(kept), "run `make artifacts`"
    stale = [name for name in fresh if not filecmp.cmp(fresh[name], kept[name], shallow=False)]
    assert stale == [], "run `make artifacts`"


def test_contract_names_are_unique() -> None:
    """Ape keys contracts by bare name and silently drops one of two."""
    folder = PACKAGE / "artifacts"
    names = Counter(file.stem.lower() for file in folder.glob("*.json"))
    assert [name for name, count in names.items() if count > 1] == []
    for name in artifacts.names():
        assert artifacts.load(name).name == name


def test_loading_an_unknown_contract_names_those_there_are() -> None:
    with pytest.raises(ArtifactError, match="no contract named 'Bank'") as refusal:
        artifacts.load("Bank")
    assert "LendingPool" in str(refusal.value)


@pytest.mark.parametrize("name", artifacts.names())
def test_runtime_code_fits_the_limit(name: str) -> None:
    assert len(artifacts.load(name).deployed_bytecode) < LARGEST_RUNTIME


def test_sizes_are_the_ones_in_the_snapshot() -> None:
    """A change of size is seen in the diff: `make artifacts` writes the new one."""
    assert json.loads(SIZES.read_text(encoding="utf-8")) == generator.sizes(
        {name: len(artifacts.load(name).deployed_bytecode) for name in artifacts.names()},
        {name: artifacts.load(name).source for name in artifacts.names()},
    )


@pytest.mark.parametrize("name", artifacts.names())
def test_selectors_and_topics_are_the_hashes_of_their_signatures(name: str) -> None:
    artifact = artifacts.load(name)
    for signature, selector in {**artifact.selectors, **artifact.errors}.items():
        assert selector == _keccak(signature)[:4]
    for signature, topic in artifact.topics.items():
        assert topic == _keccak(signature)


@pytest.mark.parametrize("name", artifacts.names())
def test_every_error_in_an_abi_has_a_python_class(name: str) -> None:
    for signature, selector in artifacts.load(name).errors.items():
        kind = reverts.BY_SELECTOR[selector]
        assert kind.SIGNATURE == signature


def test_every_error_class_has_the_errors_name_and_arguments() -> None:
    table = artifacts.errors()
    assert len(table) == len(reverts.BY_SELECTOR)
    for entry in table:
        kind = reverts.BY_SELECTOR[entry.selector]
        assert issubclass(kind, Reverted)
        assert kind is getattr(reverts, entry.class_name)
        assert kind.SELECTOR == _keccak(entry.signature)[:4]
        assert kind.TYPES == tuple(type_ for _, type_ in entry.inputs)
        assert len(kind.FIELDS) == len(entry.inputs)
        raised = kind(*range(len(kind.FIELDS)))
        assert raised.name == entry.signature.partition("(")[0]
        assert tuple(raised.arguments.values()) == tuple(range(len(kind.FIELDS)))


def test_errors_that_solady_raises_in_assembly_have_classes() -> None:
    """No ABI of the kit's own names them; they are read from Solady's files."""
    assert reverts.TransferFromFailed.SELECTOR.hex() == "7939f424"
    assert reverts.InsufficientBalance.SELECTOR.hex() == "f4d678b8"


def test_every_deployable_contract_has_a_binding() -> None:
    for name in bindings.__all__:
        binding = getattr(bindings, name)
        assert binding.ARTIFACT == name == binding.__name__
        assert artifacts.load(name).bytecode
        declared = {
            text.partition(")(")[0].rstrip(")") + ")" for text in binding.FUNCTIONS.values()
        }
        assert len(declared) == len(binding.FUNCTIONS) == len(artifacts.load(name).selectors)
    assert {"Exchange", "FaucetToken", "FiatDollar", "LendingPool"} <= set(bindings.__all__)


def test_importing_the_bindings_imports_no_single_binding() -> None:
    check = (
        "import sys, defi_kit.bindings; "
        "print([m for m in sys.modules if m.startswith('defi_kit.bindings.')])"
    )
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def _keccak(text: str) -> bytes:
    return keccak.new(digest_bits=256, data=text.encode()).digest()
