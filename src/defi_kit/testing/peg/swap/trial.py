"""A peg swap driven verb by verb: S4, and the twin in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ....errors import Reverted
from ...explored import Explored
from ...recipe import Recipe
from ...trial import Literal_, Trial, step
from ...words import lasting
from .world import SYMBOLS, SwapWorld

__all__ = ["SwapTrial"]


class SwapTrial(Trial):
    """Everything that people, oracles and time may do to a peg swap. Side 0 is the backing."""

    KIND: ClassVar[str] = "peg"
    SUBJECT: ClassVar[str] = "peg"

    def __init__(
        self,
        world: SwapWorld,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.world = world
        super().__init__(world, recipe=recipe, explored=explored, prepared=prepared)

    # --- people -----------------------------------------------------------------------------------

    @step("{who} changes {amount} into {side}")
    def swap(self, who: str, side: int, amount: int) -> object:
        """Sells the token of that side."""
        return _done(self.world.swap_(side, amount, who))

    @step("{who} pays {amount} in as stock")
    def fund(self, who: str, side: int, amount: int) -> None:
        """The treasury may."""
        _done(self.world.stock("fund", side, amount, who))

    @step("{who} takes {amount} of the stock back")
    def unfund(self, who: str, side: int, amount: int) -> None:
        """The treasury may, as much as it paid in."""
        _done(self.world.stock("unfund", side, amount, who))

    @step("{who} sends the surplus to the treasury, not in {side}")
    def collect(self, who: str, side: int) -> object:
        """Anyone may."""
        return _done(self.world.collect(side, who))

    # --- the world around -------------------------------------------------------------------------

    @step("the oracle sees {percent} of par in what comes in for {side}")
    def reprice(self, side: int, percent: int | None) -> None:
        """A jump, or None: it refuses."""
        price = None if percent is None else self.world.par(side) * percent // 100
        self.world.say(side, price)

    @step("somebody gives the swap {amount} for nothing")
    def give(self, side: int, amount: int) -> None:
        """A donation."""
        self.world.give(side, amount)

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.world.chain.advance(seconds)

    @step("what if {who} changes {amount} there and back?", undone=True)
    def go_around(self, who: str, side: int, amount: int) -> None:
        """S4: no loop profits."""
        self.world.go_around(side, amount, who)

    @step("what if {who} changes {amount} into {side}, for {to}?", undone=True)
    def pay_another(self, who: str, to: str, side: int, amount: int) -> None:
        """S4: what is sold for another is paid to the other."""
        self.world.pay_another(side, amount, who, to)

    @step("what if the token that {who} changes {amount} of keeps a part?", undone=True)
    def taxed(self, who: str, side: int, amount: int) -> None:
        """S4: nothing is taken that has not arrived."""
        self.world.taxed(side, amount, who)

    # --- telling ----------------------------------------------------------------------------------

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """Amounts with their decimals; a side is told as what is got for it."""
        side = given.get("side")
        if name == "percent":
            return "nothing" if value is None else f"{value} %"
        if not isinstance(value, int) or not isinstance(side, int):
            return lasting(value) if isinstance(value, int) else str(value)
        if name == "side":
            return SYMBOLS[1 - value]
        return self.world.sum_of(side, value)


def _done(outcome: Any) -> Any:
    """What came of it; a refusal is raised, to be recorded as one."""
    if isinstance(outcome, Reverted):
        raise outcome
    return outcome
