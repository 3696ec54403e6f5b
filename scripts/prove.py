"""Proofs about the maths libraries: `make prove`. Two solvers, each for what it can do.

*Packed words and bounds, on the bytecode.* halmos runs the functions `check_...` of
`tests/solidity` on symbolic arguments: for all values that the fields may have, not for samples.

*Directions of rounding, over the integers.* What multiplies and divides 256-bit unknowns no SMT
solver decides on bit vectors (tried: yices runs out of a minute at four bits). So the twin's own
functions are run on z3's unbounded integers, with `n // d` as the one q that fulfils
`q d <= n < q d + d`. That the contracts compute the same is the twins' tests' business, that
nothing overflows below the stated bounds is halmos's. Not proved, for z3 does not end: that a
sale on the constant product never lowers it (a purchase is); the
Exchange's invariants X1 and X8 test it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from _compiler import ROOT

HALMOS = ROOT / ".quality" / "halmos"
SECONDS = 240
"""For one proof, generously: how long z3 takes for products of unknowns is luck."""
ATTEMPTS = 20

PASSED = re.compile(r"\[PASS\] (\w+)")
SOUGHT = re.compile(r"function (check_\w+)")


def main() -> int:
    if not HALMOS.exists():
        print("halmos is not installed: `make prove` installs it", file=sys.stderr)
        return 1
    unproved = [*on_bytecode(), *over_integers()]
    for name in unproved:
        print(f"NOT PROVED: {name}", file=sys.stderr)
    return 1 if unproved else 0


# --- on the bytecode ----------------------------------------------------------------------------


def on_bytecode() -> list[str]:
    """Runs halmos; the names of the checks that it did not pass."""
    shutil.rmtree(ROOT / ".cache" / "prove", ignore_errors=True)  # proofs that are there no more
    path = f"{HALMOS / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = [HALMOS / "bin" / "halmos", "--forge-build-out", ".cache/prove/out"]
    command += ["--solver", "yices", "--solver-timeout-assertion", f"{SECONDS}s"]
    run = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "FOUNDRY_PROFILE": "prove", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", run.stdout)
    passed = set(PASSED.findall(text))
    for name in sorted(passed):
        print(f"proved on the bytecode: {name}")
    sought = {
        name
        for file in (ROOT / "tests" / "solidity").glob("*.t.sol")
        for name in SOUGHT.findall(file.read_text(encoding="utf-8"))
    }
    if missed := sorted(sought - passed):
        print(f"{text}\n{run.stderr}", file=sys.stderr)
    return missed


# --- over the integers --------------------------------------------------------------------------


class Proof:
    """What is taken for granted, and what was shown from it."""

    def __init__(self, z3: Any) -> None:
        self.z3 = z3
        self.facts: list[Any] = []
        self.failed: list[str] = []
        self._count = 0

    def unknown(self, name: str, least: int = 0) -> Whole:
        """Any integer from `least` up."""
        found = Whole(self, self.z3.Int(name))
        self.facts.append(found.term >= least)
        return found

    def given(self, *facts: Any) -> None:
        self.facts += facts

    def quotient(self, number: Any, divisor: Any) -> Whole:
        """`number // divisor`, once it is shown that the divisor is above zero."""
        self.show(f"divisor {self._count} is above zero", divisor > 0, quiet=True)
        self._count += 1
        q = self.z3.Int(f"q{self._count}")
        self.facts += [q * divisor <= number, number < q * divisor + divisor]
        return Whole(self, q)

    def show(self, name: str, claim: Any, *, quiet: bool = False) -> None:
        """Shows that the claim follows, and takes it for granted from then on."""
        if not any(self._refutes(self.z3.Not(claim), seed) for seed in range(ATTEMPTS)):
            self.failed.append(name)
        elif not quiet:
            print(f"proved over the integers: {name}")
        self.facts.append(claim)

    def _refutes(self, claim: Any, seed: int) -> bool:
        """One attempt. What does not end soon often ends from another seed."""
        solver = self.z3.Solver()
        solver.set("timeout", SECONDS * 1000 // ATTEMPTS)
        solver.set("random_seed", seed)
        solver.add(*self.facts, claim)
        return bool(solver.check() == self.z3.unsat)


class Whole:
    """An unknown integer with Python's arithmetic."""

    def __init__(self, proof: Proof, term: Any) -> None:
        self.proof, self.term = proof, term

    def _other(self, other: Any) -> Any:
        return other.term if isinstance(other, Whole) else other

    def __add__(self, other: Any) -> Whole:
        return Whole(self.proof, self.term + self._other(other))

    def __sub__(self, other: Any) -> Whole:
        return Whole(self.proof, self.term - self._other(other))

    def __rsub__(self, other: Any) -> Whole:
        return Whole(self.proof, self._other(other) - self.term)

    def __mul__(self, other: Any) -> Whole:
        return Whole(self.proof, self.term * self._other(other))

    def __neg__(self) -> Whole:
        return Whole(self.proof, -self.term)

    def __floordiv__(self, other: Any) -> Whole:
        return self.proof.quotient(self.term, self._other(other))

    __radd__ = __add__
    __rmul__ = __mul__


def over_integers() -> list[str]:
    """The names of the claims that were not shown."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path.append(str(HALMOS / "lib" / version / "site-packages"))
    import z3  # type: ignore[import-not-found]  # halmos brings it, and its environment has this Python

    failed: list[str] = []
    for prove in PROOFS:
        proof, start = Proof(z3), time.perf_counter()
        prove(proof)
        print(f"  {prove.__name__}: {time.perf_counter() - start:.1f} s")
        failed += [f"{prove.__name__}: {name}" for name in proof.failed]
    return failed


def cast(function: Any) -> Callable[..., Whole]:
    """A twin's function, for whatever has Python's arithmetic."""
    found: Callable[..., Whole] = function
    return found


def constant_product_purchase(p: Proof) -> None:
    from defi_kit.dex.constant_product import PIPS, ConstantProduct

    wanted, held, sold = p.unknown("y"), p.unknown("rin", 1), p.unknown("rout", 1)
    fee = p.unknown("fee")
    p.given(fee.term < PIPS, wanted.term < sold.term)
    p.show("there is something left", (PIPS - fee.term) * (sold.term - wanted.term) > 0, quiet=True)
    paid = cast(ConstantProduct().amount_in)(wanted, held, sold, fee, True).term
    left = sold.term - wanted.term
    p.show(
        "a purchase never lowers the product", (held.term + paid) * left >= held.term * sold.term
    )


def debts_as_shares(p: Proof) -> None:
    from defi_kit.lending import interest

    shares, assets, index = p.unknown("shares"), p.unknown("assets"), p.unknown("index", 1)
    down = cast(interest.to_assets_down)(shares, index).term
    up = cast(interest.to_assets_up)(shares, index).term
    p.show(
        "a debt rounded up is that rounded down or one more", p.z3.And(up >= down, up - down <= 1)
    )
    cancelled = cast(interest.to_shares_down)(assets, index)
    p.show(
        "a repayment cancels no more than it pays",
        cancelled.term * index.term <= assets.term * 10**27,
    )
    costs = cast(interest.to_shares_up)(assets, index)
    p.show("a loan costs no less than it gives", costs.term * index.term >= assets.term * 10**27)
    p.show(
        "and at most one share more than a repayment of it cancels",
        costs.term - cancelled.term <= 1,
    )
    owed = cast(interest.to_assets_up)(costs, index).term
    p.show("whoever borrows owes at least the loan", owed >= assets.term)
    freed = cast(interest.to_assets_down)(cancelled, index).term
    p.show("whoever repays is freed of no more than the payment", freed <= assets.term)


def vault_shares(p: Proof) -> None:
    """As `LendingVault` converts them: assets + 1 beside supply + 1e6."""
    deposit, total, shares = p.unknown("deposit"), p.unknown("total", 1), p.unknown("shares", 10**6)
    minted = (deposit * shares // total).term
    p.show(
        "a deposit mints no more than its part", minted * total.term <= deposit.term * shares.term
    )
    after_total, after_shares = total.term + deposit.term, shares.term + minted
    p.show(
        "a deposit never lowers the share price",
        after_total * shares.term >= total.term * after_shares,
    )
    back = (Whole(p, minted) * Whole(p, after_total) // Whole(p, after_shares)).term
    p.show("its worth in shares", minted * after_total <= deposit.term * after_shares, quiet=True)
    p.show("in and out gives no more", back <= deposit.term)


def withdrawals(p: Proof) -> None:
    amount, total, shares = p.unknown("amount"), p.unknown("total", 1), p.unknown("shares", 10**6)
    burned = (-(-amount * shares // total)).term
    p.show("a withdrawal burns at least its part", burned * total.term >= amount.term * shares.term)
    p.show("and less than one share more", (burned - 1) * total.term < amount.term * shares.term)


def liquidations(p: Proof) -> None:
    from defi_kit.lending import liquidation

    repaid, bonus, price = p.unknown("repaid"), p.unknown("bonus"), p.unknown("price", 1)
    wad = 10**18
    seized = cast(liquidation.seized_down)(repaid, bonus, price)
    worth = repaid.term * (wad + bonus.term) * wad
    p.show(
        "the liquidator gets at most repaid times (1 + bonus)", seized.term * price.term <= worth
    )
    cost = cast(liquidation.repaid_up)(seized, bonus, price).term
    p.show("buying what a repayment buys costs no more than it", cost <= repaid.term)
    adjusted, debt = p.unknown("adjusted"), p.unknown("debt", 1)
    health = cast(liquidation.health_down)(adjusted, debt).term
    healthy = adjusted.term >= debt.term * 10**4
    p.show("health is 1 or more exactly where it should be", (health >= wad) == healthy)


PROOFS: tuple[Callable[[Proof], None], ...] = (
    constant_product_purchase,
    debts_as_shares,
    vault_shares,
    withdrawals,
    liquidations,
)


if __name__ == "__main__":
    raise SystemExit(main())
