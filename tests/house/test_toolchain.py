"""The compiler's shim, and the generator's rules."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import _bindings
import _compiler
import artifacts as generator

HALF = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;
library Half { function of_(uint256 x) internal pure returns (uint256) { return x / 2; } }
"""
USER = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.4;
import {Half} from "maths/Half.sol";
contract User { function f(uint256 x) external pure returns (uint256) { return Half.of_(x); } }
"""


@pytest.fixture(scope="module")
def offline_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """py-solc-x's folder, empty at first, on a machine whose network is down."""

    def refuse(*_: Any, **__: Any) -> None:
        raise requests.ConnectionError("no network")

    folder = tmp_path_factory.mktemp("solcx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "head", refuse)
        patch.setenv("SOLCX_BINARY_PATH", str(folder))
        yield folder


@pytest.fixture(scope="module")
def shim(offline_folder: Path) -> Path:
    return _compiler.ensure()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "Half.sol").write_text(HALF)
    (tmp_path / "User.sol").write_text(USER)
    return tmp_path


def _solc(shim: Path, *arguments: object, stdin: str = "", cwd: Path | None = None) -> Any:
    command = [str(part) for part in (shim, *arguments)]
    return subprocess.run(
        command, input=stdin, cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )


def test_without_network_the_shim_is_installed_and_complete(
    shim: Path, offline_folder: Path
) -> None:
    assert shim == offline_folder / f"solc-v{_compiler.VERSION}"
    assert sorted(file.name for file in offline_folder.iterdir()) == sorted(
        [shim.name, "solc.cjs", "soljson.js"]
    )


def test_py_solc_x_takes_the_shim_for_a_compiler(shim: Path) -> None:
    import solcx

    assert [str(version) for version in solcx.get_installed_solc_versions()] == [_compiler.VERSION]
    assert str(solcx.wrapper.get_solc_version(shim)) == _compiler.VERSION


def test_an_outdated_shim_is_replaced(shim: Path, offline_folder: Path) -> None:
    (offline_folder / "solc.cjs").write_text("throw 1;")
    assert _compiler.ensure() == shim
    assert f"Version: {_compiler.VERSION}+" in _solc(shim, "--version").stdout
    assert (offline_folder / "solc.cjs").read_text() != "throw 1;"


def test_the_shim_compiles_standard_json_with_imports(shim: Path, project: Path) -> None:
    request = {
        "language": "Solidity",
        "sources": {"User.sol": {"content": USER}},
        "settings": {
            "remappings": ["maths/=lib/"],
            "outputSelection": {"User.sol": {"*": ["evm.bytecode.object"]}},
        },
    }
    run = _solc(shim, "--standard-json", "--base-path", project, stdin=json.dumps(request))
    output = json.loads(run.stdout)
    assert "errors" not in output
    assert output["contracts"]["User.sol"]["User"]["evm"]["bytecode"]["object"]


def test_the_shim_writes_combined_json(shim: Path, project: Path) -> None:
    run = _solc(shim, "--combined-json", "abi,bin", "maths/=lib/", "User.sol", cwd=project)
    output = json.loads(run.stdout)
    assert output["contracts"]["User.sol:User"]["bin"]
    assert output["contracts"]["User.sol:User"]["abi"][0]["name"] == "f"
    assert output["sourceList"] == ["User.sol", "lib/Half.sol"]


def test_the_shim_fails_as_solc_does(shim: Path, project: Path) -> None:
    (project / "Wrong.sol").write_text(HALF.replace("x / 2", "y / 2"))
    wrong = _solc(shim, "--combined-json", "bin", "Wrong.sol", cwd=project)
    assert wrong.returncode == 1
    assert "Undeclared identifier" in wrong.stderr
    unknown = _solc(shim, "--no-such-option", cwd=project)
    assert unknown.returncode == 1
    assert "unrecognised option '--no-such-option'" in unknown.stderr


@pytest.mark.parametrize(
    ("solidity", "python"),
    [
        ("totalAssets", "total_assets"),
        ("DOMAIN_SEPARATOR", "domain_separator"),
        ("eip712Domain", "eip712_domain"),
        ("MAX_LTV", "max_ltv"),
        ("isERC6909", "is_erc6909"),
        ("amount0Out", "amount0_out"),
        ("_owner", "owner"),
        ("ERC20Token", "erc20_token"),
    ],
)
def test_names_become_snake_case(solidity: str, python: str) -> None:
    assert _bindings.snake(solidity) == python


def _error(name: str, *types: str) -> dict[str, Any]:
    inputs = [{"name": f"a{place}", "type": kind} for place, kind in enumerate(types)]
    return {"type": "error", "name": name, "inputs": inputs}


def _table(own: list[dict[str, Any]], solady: list[dict[str, Any]]) -> dict[str, Any]:
    artifacts = {"Own": {"abi": own}}
    output = {"contracts": {"node_modules/solady/L.sol": {"Lib": {"abi": solady}}}}
    return generator._errors(artifacts, output, {})


def test_a_librarys_error_of_the_same_name_gets_the_librarys_name() -> None:
    table = _table([_error("Short", "uint256")], [_error("Short")])
    assert table["Short(uint256)"]["className"] == "Short"
    assert table["Short()"]["className"] == "LibShort"


def test_two_errors_of_our_own_with_one_name_are_refused() -> None:
    with pytest.raises(_compiler.CompilerError, match="two errors are named Short"):
        _table([_error("Short", "uint256"), _error("Short", "address")], [])
