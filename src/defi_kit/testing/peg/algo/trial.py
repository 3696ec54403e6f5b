"""An algorithmic dollar driven verb by verb: S5, and the twin in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ....errors import Reverted
from ...explored import Explored
from ...recipe import Recipe
from ...trial import Literal_, Trial, step
from ...words import grouped, lasting
from .world import ORACLES, AlgoWorld

__all__ = ["AlgoTrial"]


class AlgoTrial(Trial):
    """Everything that people, oracles and time may do to an algorithmic dollar."""

    KIND: ClassVar[str] = "peg"
    SUBJECT: ClassVar[str] = "peg"

    def __init__(
        self,
        world: AlgoWorld,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.world = world
        super().__init__(world, recipe=recipe, explored=explored, prepared=prepared)

    # --- people -----------------------------------------------------------------------------------

    @step("{who} mints {dollars}")
    def mint(self, who: str, dollars: int) -> object:
        """For collateral and shares, whatever it costs."""
        return _done(self.world.mint(dollars, who))

    @step("{who} redeems {dollars}")
    def redeem(self, who: str, dollars: int) -> object:
        """For collateral and new shares, whatever it pays."""
        return _done(self.world.redeem(dollars, who))

    @step("{who} steps the ratio")
    def step_ratio(self, who: str) -> object:
        """Towards the peg, if it is time."""
        return _done(self.world.step_ratio(who))

    @step("{who} looks whether enough stands behind a dollar")
    def alarm(self, who: str) -> object:
        """Raises the alarm, or clears it."""
        raised = _done(self.world.alarm(who))
        if raised:
            self.note("alarms")
        return raised

    @step("{who} ends it")
    def end(self, who: str) -> None:
        """After an alarm, if it is old enough and still right."""
        _done(self.world.end(who))
        self.note("ends")

    @step("{who} claims a part of the collateral for {dollars}")
    def claim(self, who: str, dollars: int) -> object:
        """After the end."""
        return _done(self.world.claim(dollars, who))

    # --- the world around -------------------------------------------------------------------------

    @step("the oracle of {oracle} says {percent} of what it said at first")
    def reprice(self, oracle: str, percent: int) -> None:
        """A jump."""
        self.world.rescale(oracle, percent)

    @step("the share costs {percent} of what it cost at first, on average as well as now")
    def crash(self, percent: int) -> None:
        """Both of its oracles."""
        self.world.crash(percent)

    @step("the oracle of {oracle} says {price}")
    def say(self, oracle: str, price: int | None) -> None:
        """Anything, or nothing: it refuses."""
        self.world.say(oracle, price)

    @step("all oracles say what they said at first")
    def mend(self) -> None:
        """After a failure."""
        for name in ORACLES:
            self.world.rescale(name, 100)

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.world.chain.advance(seconds)

    @step("somebody gives the controller {collateral} for nothing")
    def give(self, collateral: int) -> None:
        """A donation."""
        self.world.give(collateral)

    # --- experiments ------------------------------------------------------------------------------

    @step("what if {who} mints {dollars} and redeems them at the same prices?", undone=True)
    def go_around(self, who: str, dollars: int) -> None:
        """S5: no loop profits."""
        self.world.go_around(dollars, who)

    @step(
        "what if {who} moves the price of now to {percent}, redeems {dollars}, and moves it back?",
        undone=True,
    )
    def sandwich(self, who: str, dollars: int, percent: int) -> None:
        """S5: who moves the price of now for a moment gets no more than who does not."""
        self.world.sandwich(dollars, percent, who)

    @step("what if {who} mints and redeems {dollars} for {to}?", undone=True)
    def for_another(self, who: str, to: str, dollars: int) -> None:
        """S5: at the quote, and beyond it."""
        self.world.for_another(dollars, who, to)

    @step(
        "what if the collateral keeps a part of what is sent, and {who} mints {dollars}?",
        undone=True,
    )
    def taxed(self, who: str, dollars: int) -> None:
        """S5: the books say no more than is there."""
        self.world.taxed(dollars, who)

    # --- telling ----------------------------------------------------------------------------------

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """Amounts with their decimals, parts in percent."""
        if value is None:
            return "nothing any more"
        if not isinstance(value, int):
            return f"the {value}" if name == "oracle" else str(value)
        if name == "dollars":
            return f"{grouped(value, 18)} ALGO"
        if name == "collateral":
            return f"{grouped(value, self.world.design.decimals)} CASH"
        if name == "percent":
            return f"{value} %"
        return lasting(value) if name == "seconds" else f"{value:,}"


def _done(outcome: Any) -> Any:
    """What came of it; a refusal is raised, to be recorded as one."""
    if isinstance(outcome, Reverted):
        raise outcome
    return outcome
