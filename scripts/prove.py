"""Proofs about the maths libraries: `make prove`. Two solvers, each for what it can do.

*Packed words and bounds, on the bytecode.* halmos runs the functions `check_...` of
`tests/solidity` on symbolic arguments: for all values that the fields may have, not for samples.

*Directions of rounding, over the integers.* What multiplies and divides 256-bit unknowns no SMT
solver decides on bit vectors (tried: yices runs out of a minute at four bits), and how long z3
searches for a proof among products of unknowns is luck. So the twin's own functions are run on
unbounded integers, with `n // d` as the one q that fulfils `q d <= n < q d + d`, and each proof
says which products it takes. What is left is linear in those products, and z3 decides that at once,
or not at all. That the contracts compute the same is the twins' tests' business; that nothing
overflows below the stated bounds is halmos's.
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
TOOLS = ROOT / "tools" / "node_modules" / ".bin"
SECONDS = 600
"""For one proof on the bytecode, on a busy machine: they take two. [seconds]"""

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
    path = os.pathsep.join((str(HALMOS / "bin"), str(TOOLS), os.environ["PATH"]))
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
    """What is taken for granted, and what was shown from it. Every fact is `term >= 0`."""

    def __init__(self, z3: Any) -> None:
        self.z3 = z3
        self.facts: list[Whole] = []
        self.failed: list[str] = []
        self._quotients = 0

    def unknown(self, name: str, least: int = 0) -> Whole:
        """Any integer from `least` up."""
        found = Whole(self, self.z3.Int(name))
        self.given(found, least)
        return found

    def given(self, more: Whole, less: Whole | int) -> None:
        """From now on `more >= less`."""
        self.facts.append(more - less)

    def quotient(self, number: Whole, divisor: Whole | int) -> Whole:
        """`number // divisor`, once it is shown that the divisor is above zero."""
        if isinstance(divisor, Whole):
            self.show("a divisor is above zero", divisor, 1, quiet=True)
        self._quotients += 1
        q = Whole(self, self.z3.Int(f"q{self._quotients}"))
        self.given(number, q * divisor)
        self.given(q * divisor + divisor, number + 1)
        return q

    def product(self, one: Whole, other: Whole) -> None:
        """Neither factor is below zero, so neither is their product."""
        for factor in (one, other):
            self.show("a factor is not below zero", factor, 0, quiet=True)
        self.given(one * other, 0)

    def show(
        self,
        name: str,
        more: Whole,
        less: Whole | int,
        *,
        times: Whole | None = None,
        when: Whole | None = None,
        quiet: bool = False,
    ) -> None:
        """Shows that `more >= less`, and takes it for granted from then on.

        Args:
            name: what to call it.
            more: and
            less: the two sides.
            times: not below zero; the opposite of the claim is multiplied by it, and that
                contradicts the facts.
            when: the claim holds where this is not below zero, and is not kept as a fact.
            quiet: a step on the way.
        """
        claim = more - less
        opposite = -claim - 1
        against = [opposite]
        if times is not None:
            self.show("a factor is not below zero", times, 0, quiet=True)
            against.append(opposite * times)
        if when is not None:
            against.append(when)
        if not self.contradicts([*self.facts, *against]):
            self.failed.append(name)
        elif not quiet:
            print(f"proved over the integers: {name}")
        if when is None:
            self.facts.append(claim)

    def contradicts(self, facts: list[Whole]) -> bool:
        """Whether no values fulfil all of these, each product of unknowns an unknown of its own."""
        solver = self.z3.SimpleSolver()
        solver.set("arith.nl", False)
        solver.add(*(self.z3.simplify(fact.term, som=True) >= 0 for fact in facts))
        return bool(solver.check() == self.z3.unsat)


class Whole:
    """An unknown integer with Python's arithmetic."""

    def __init__(self, proof: Proof, term: Any) -> None:
        self.proof, self.term = proof, term

    def _other(self, other: Whole | int) -> Any:
        return other.term if isinstance(other, Whole) else other

    def __add__(self, other: Whole | int) -> Whole:
        return Whole(self.proof, self.term + self._other(other))

    def __sub__(self, other: Whole | int) -> Whole:
        return Whole(self.proof, self.term - self._other(other))

    def __rsub__(self, other: int) -> Whole:
        return Whole(self.proof, other - self.term)

    def __mul__(self, other: Whole | int) -> Whole:
        return Whole(self.proof, self.term * self._other(other))

    def __neg__(self) -> Whole:
        return Whole(self.proof, -self.term)

    def __floordiv__(self, other: Whole | int) -> Whole:
        return self.proof.quotient(self, other)

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
        if proof.contradicts(proof.facts):  # from which everything follows
            proof.failed.append("what is given contradicts itself")
        print(f"  {prove.__name__}: {time.perf_counter() - start:.1f} s")
        failed += [f"{prove.__name__}: {name}" for name in proof.failed]
    return failed


def cast(function: Any) -> Callable[..., Whole]:
    """A twin's function, for whatever has Python's arithmetic."""
    found: Callable[..., Whole] = function
    return found


def constant_product_sale(p: Proof) -> None:
    from defi_kit.dex.constant_product import PIPS, ConstantProduct

    paid, held, sold = p.unknown("a"), p.unknown("rin", 1), p.unknown("rout", 1)
    fee = p.unknown("fee")
    p.given(PIPS - fee, 1)
    after_fee = paid * (PIPS - fee)
    p.product(paid, PIPS - fee)
    fetched = cast(ConstantProduct().amount_out)(paid, held, sold, fee, True)
    p.product(held, sold)
    p.show("a sale fetches no more than there is", sold, fetched, times=held * PIPS + after_fee)
    p.product(paid, fee)
    p.product(paid * fee, sold - fetched)
    p.show("a sale never lowers the product", (held + paid) * (sold - fetched), held * sold)


def constant_product_purchase(p: Proof) -> None:
    from defi_kit.dex.constant_product import PIPS, ConstantProduct

    wanted, held, sold = p.unknown("y"), p.unknown("rin", 1), p.unknown("rout", 1)
    fee = p.unknown("fee")
    p.given(PIPS - fee, 1)
    p.given(sold - wanted, 1)
    left = sold - wanted
    p.product(PIPS - fee - 1, left - 1)
    paid = cast(ConstantProduct().amount_in)(wanted, held, sold, fee, True)
    p.product(wanted, held)
    p.show("a purchase is paid for", paid, 0, times=(PIPS - fee) * left)
    p.product(paid, left)
    p.product(paid * left, fee)
    p.show("a purchase never lowers the product", (held + paid) * left, held * sold)


def debts_as_shares(p: Proof) -> None:
    from defi_kit.lending import interest

    shares, assets, index = p.unknown("shares"), p.unknown("assets"), p.unknown("index", 1)
    down = cast(interest.to_assets_down)(shares, index)
    up = cast(interest.to_assets_up)(shares, index)
    p.show("a debt rounded up is no less than it rounded down", up, down)
    p.show("and no more than one above that", down + 1, up)
    p.show("it covers what is owed", up * 10**27, shares * index)
    cancelled = cast(interest.to_shares_down)(assets, index)
    p.show("a repayment cancels no more than it pays", assets * 10**27, cancelled * index)
    costs = cast(interest.to_shares_up)(assets, index)
    p.show("a loan costs no less than it gives", costs * index, assets * 10**27)
    p.show(
        "and at most one share more than a repayment of it cancels",
        cancelled + 1,
        costs,
        times=index,
    )
    owed = cast(interest.to_assets_up)(costs, index)
    p.show("whoever borrows owes at least the loan", owed, assets)
    freed = cast(interest.to_assets_down)(cancelled, index)
    p.show("whoever repays is freed of no more than the payment", assets, freed)


def vault_shares(p: Proof) -> None:
    """As `LendingVault` converts them: assets + 1 beside supply + 1e6."""
    deposit, total, shares = p.unknown("deposit"), p.unknown("total", 1), p.unknown("shares", 10**6)
    minted = deposit * shares // total
    p.show("a deposit mints no more than its part", deposit * shares, minted * total)
    after_total, after_shares = total + deposit, shares + minted
    p.show("a deposit never lowers the share price", after_total * shares, total * after_shares)
    p.product(deposit, shares)
    p.show("a deposit burns no shares", minted, 0, times=total)
    back = minted * after_total // after_shares
    p.show("in and out gives no more", deposit, back, times=after_shares)


def withdrawals(p: Proof) -> None:
    amount, total, shares = p.unknown("amount"), p.unknown("total", 1), p.unknown("shares", 10**6)
    burned = -(-amount * shares // total)
    p.show("a withdrawal burns at least its part", burned * total, amount * shares)
    p.show("and less than one share more", amount * shares, (burned - 1) * total + 1)


def liquidations(p: Proof) -> None:
    from defi_kit.lending import liquidation

    repaid, bonus, price = p.unknown("repaid"), p.unknown("bonus"), p.unknown("price", 1)
    wad = 10**18
    seized = cast(liquidation.seized_down)(repaid, bonus, price)
    worth = repaid * (wad + bonus) * wad
    p.show("the liquidator gets at most repaid times (1 + bonus)", worth, seized * price)
    cost = cast(liquidation.repaid_up)(seized, bonus, price)
    p.show("buying what a repayment buys costs no more than it", repaid, cost, times=wad + bonus)
    adjusted, debt = p.unknown("adjusted"), p.unknown("debt", 1)
    health = cast(liquidation.health_down)(adjusted, debt)
    covered = adjusted - debt * 10**4
    p.show("health is 1 or more where it should be", health, wad, times=debt, when=covered)
    p.show("and nowhere else", wad - health, 1, times=debt, when=-covered - 1)


PROOFS: tuple[Callable[[Proof], None], ...] = (
    constant_product_sale,
    constant_product_purchase,
    debts_as_shares,
    vault_shares,
    withdrawals,
    liquidations,
)


if __name__ == "__main__":
    raise SystemExit(main())
