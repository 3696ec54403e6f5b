"""What was deployed where: a file that says so, and that lets a broken deployment go on.

A deployment file is JSON. It is written before and after every contract creation, each time whole
and atomically, so that a crash at any moment leaves a file from which `defi_kit.deploy` carries on
without deploying anything twice.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defi_kit.errors import DeploymentError, WrongDeployment

if TYPE_CHECKING:
    from defi_kit.chain import Chain

LAYOUT = 2
"""Version of the file's layout; a file of another layout is refused."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One contract of a deployment."""

    contract: str
    """Name of the artifact, such as `LendingPool`."""

    address: str
    """Checksummed address; while `block` is None, where the contract is about to appear."""

    block: int | None = None
    """Block that created it, or None while its creation is not confirmed."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The contracts of one economy on one chain."""

    chain_id: int
    genesis: str
    """Hash of block 0: tells a restarted development chain from the one that was deployed to."""

    deployer: str
    economy: Mapping[str, Any] = field(default_factory=dict)
    """The parameters it was deployed with, as text."""

    contracts: Mapping[str, Deployed] = field(default_factory=dict)
    complete: bool = False

    def address(self, key: str) -> str:
        """Address of the contract called `key` here, such as `lending` or `weth_feed`.

        Raises `DeploymentError` when it is not deployed (yet).
        """
        found = self.contracts.get(key)
        if found is None or found.block is None:
            known = ", ".join(sorted(self.contracts)) or "nothing"
            raise DeploymentError(
                f"the deployment holds no contract {key!r} (it holds {known})",
                hint="run `defi-kit deploy` again to finish it",
            )
        return found.address

    def with_contract(self, key: str, deployed: Deployed) -> Deployment:
        """This deployment with one contract added or replaced."""
        return replace(self, contracts={**self.contracts, key: deployed})

    def without(self, *keys: str) -> Deployment:
        """This deployment less these contracts, as far as it has them."""
        kept = {key: one for key, one in self.contracts.items() if key not in keys}
        return replace(self, contracts=kept)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data, ABIs included so that any other tool can use the file by itself."""
        from defi_kit import artifacts

        return {
            "layout": LAYOUT,
            "chain_id": self.chain_id,
            "genesis": self.genesis,
            "deployer": self.deployer,
            "complete": self.complete,
            "economy": dict(self.economy),
            "contracts": {
                key: {
                    "contract": one.contract,
                    "address": one.address,
                    "block": one.block,
                    "abi": artifacts.load(one.contract).abi,
                }
                for key, one in self.contracts.items()
            },
        }

    def save(self, path: str | Path) -> Path:
        """Write the file whole or not at all; its folder is created. Returns the path."""
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                    json.dump(self.to_dict(), stream, indent=1)
                    stream.write("\n")
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(name, target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise DeploymentError(
                f"cannot write the deployment file {target}: {error.strerror}",
                hint="choose a folder you may write to",
            ) from error
        return target

    @classmethod
    def load(cls, path: str | Path) -> Deployment:
        """Read a file that `save` wrote.

        Raises `DeploymentError` when it is absent or damaged, `WrongDeployment` when its layout is
        another one.
        """
        source = Path(path)
        try:
            text = source.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise DeploymentError(
                f"there is no deployment file {source}",
                hint="deploy first: `defi-kit up` (a local chain) or `defi-kit deploy --chain URL`",
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise DeploymentError(f"cannot read the deployment file {source}: {error}") from error
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            line = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise DeploymentError(
                f"{source} is not a deployment file: not JSON{line}",
                hint="restore it from a copy, or move it away and deploy again",
            ) from error
        return cls.from_dict(data, str(source))

    @classmethod
    def from_dict(cls, data: Any, source: str = "the deployment") -> Deployment:
        """The inverse of `to_dict`; `source` names it in errors."""
        layout = data.get("layout") if isinstance(data, dict) else None
        if layout != LAYOUT or isinstance(layout, bool):
            raise WrongDeployment(
                f"{source} has layout {layout!r}, this version reads layout {LAYOUT}",
                hint="move the file away and deploy again, or use the defi_kit that wrote it",
            )
        try:
            return cls(
                chain_id=_typed(data, "chain_id", int),
                genesis=_typed(data, "genesis", str),
                deployer=_typed(data, "deployer", str),
                economy=_typed(data, "economy", dict),
                complete=_typed(data, "complete", bool),
                contracts={
                    key: Deployed(
                        contract=_typed(one, "contract", str),
                        address=_typed(one, "address", str),
                        block=None if one["block"] is None else _typed(one, "block", int),
                    )
                    for key, one in _typed(data, "contracts", dict).items()
                },
            )
        except (KeyError, TypeError) as error:
            raise DeploymentError(
                f"{source} is damaged: {error.args[0]}",
                hint="restore it from a copy, or move it away and deploy again",
            ) from error

    def check_chain(self, chain: Chain) -> None:
        """Raise `WrongDeployment` unless this was deployed to `chain`."""
        if chain.chain_id != self.chain_id:
            raise WrongDeployment(
                f"the deployment is of chain {self.chain_id}, this node is chain {chain.chain_id}",
                hint="connect to the other chain, or name that chain's deployment file",
            )
        genesis = chain.genesis_hash
        if genesis != self.genesis:
            raise WrongDeployment(
                f"the deployment is of a chain {self.chain_id} that began with block "
                f"{self.genesis}, this one began with {genesis}",
                hint="a development chain was restarted: move the file away and deploy again",
            )


def _typed(data: Any, key: str, kind: type[Any]) -> Any:
    if not isinstance(data, dict) or key not in data:
        raise KeyError(f"no {key!r} in it")
    value = data[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{key!r} is {value!r}, not a {kind.__name__}")
    return value
