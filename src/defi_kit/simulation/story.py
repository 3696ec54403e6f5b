"""A replay told in a terminal (with Rich) and as plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from defi_kit.simulation.instants import PRICE_DECIMALS, format_time
from defi_kit.simulation.invariants import ELSEWHERE, natural
from defi_kit.simulation.records import CLOSED, HEALTH_SCALE
from defi_kit.units import WAD, format_units

if TYPE_CHECKING:
    from rich.console import Console

    from defi_kit.simulation.records import Loan, Replay, Step
    from defi_kit.units import Amount, Unit

__all__ = [
    "amount_text",
    "as_data",
    "change_text",
    "dollars",
    "facts",
    "format_signed",
    "percent",
    "price_text",
    "seized",
    "tell",
]

_MOST_LINES = 48  # steps shown in the terminal; the page has them all


def percent(wad: int, digits: int, *, sign: bool = True) -> str:
    """`wad` as a percentage with `digits` digits, rounded to the nearest.

    >>> percent(-12_345 * 10**12, 2)
    '-1.23%'
    """
    scale = 10 ** (16 - digits)
    rounded = (2 * abs(wad) + scale) // (2 * scale)
    text = format_units(rounded, digits) if digits else str(rounded)
    whole, _, fraction = text.partition(".")
    number = f"{whole}.{fraction:0<{digits}}" if digits else whole
    lead = "-" if wad < 0 and rounded else "+" if sign and rounded else ""
    return f"{lead}{number}%"


def change_text(first: int, later: int) -> str:
    """How far a price moved, with as many digits as tell a fall from a total loss.

    >>> change_text(10**8, 10**3), change_text(20, 15)
    ('-99.999%', '-25.0%')
    """
    move = later * WAD // first - WAD
    digits = 1
    while digits < 16 and later and percent(move, digits).startswith("-100"):
        digits += 1
    return percent(move, digits)


def amount_text(amount: Amount, places: int) -> str:
    """An amount with `places` decimals; two significant digits where those would show none.

    >>> from defi_kit.units import Unit
    >>> amount_text(Unit("WETH", 18).amount(1_234), 2)
    '0.0000000000000012 WETH'
    """
    decimals = amount.unit.decimals
    if amount.raw and amount.raw < 10 ** max(0, decimals - places):
        places = min(decimals, decimals - len(str(amount.raw)) + 2)
    return f"{amount:,.{places}f}"


def dollars(raw: int, unit: Unit) -> str:
    """Whole dollars for a table, nothing where there are none."""
    return amount_text(unit.amount(raw), 0).removesuffix(f" {unit.symbol}") if raw else ""


def price_text(price: int) -> str:
    """A price for a person: two decimals from one dollar on, all that matter below."""
    text = format_units(price, PRICE_DECIMALS)
    if price < 10**PRICE_DECIMALS:
        return text
    whole, _, fraction = text.partition(".")
    return f"{int(whole):,}.{fraction[:2]:0<2}"


def facts(replay: Replay) -> list[tuple[str, str]]:
    """The figures of the replay, named, for people."""
    low = change_text(replay.first_price, replay.lowest_price)
    checks = ", ".join(sorted(replay.checks, key=natural))
    state = "all held" if replay.invariants_held else f"{len(replay.violations)} BROKEN"
    return [
        ("prices", replay.source),
        (
            "from, to",
            f"{format_time(replay.start)} to {format_time(replay.end)}, {replay.rows:,} rows",
        ),
        (
            "price",
            f"{price_text(replay.first_price)} → {price_text(replay.last_price)}, "
            f"lowest {price_text(replay.lowest_price)} ({low}), "
            f"highest {price_text(replay.highest_price)}",
        ),
        (
            "loans",
            f"{len(replay.loans)} opened, {replay.loans_liquidated} liquidated "
            f"(in {replay.liquidations:,} calls), {replay.loans_closed} closed, "
            f"{replay.loans_unhealthy} unhealthy at the end",
        ),
        ("collateral seized", amount_text(replay.collateral_seized, 4)),
        ("debt repaid by keepers", amount_text(replay.debt_repaid, 2)),
        ("bonus paid", amount_text(replay.bonus_paid, 2)),
        ("keepers' gain, after selling", _keepers(replay)),
        ("bad debt", f"{replay.bad_debt:,.2f} (the reserve bore {replay.bad_debt_reserve:,.2f})"),
        (
            "lenders",
            f"{replay.lenders_start:,.2f} → {replay.lenders_end:,.2f}, "
            f"{percent(replay.lenders_return, 4)}",
        ),
        ("invariants", f"{state}; {replay.invariants_checked:,} checks of {checks}"),
        (
            "not checked here",
            f"{', '.join(ELSEWHERE)}: they need an adversary or a dead oracle, which no price "
            "history holds; their own tests try them",
        ),
        *_merging(replay),
        ("chain", f"{replay.engine}, seed {replay.seed}"),
    ]


def _keepers(replay: Replay) -> str:
    shares = ", ".join(
        f"{one.name} {one.profit:,.2f} in {one.liquidations:,} (late for {one.late:,})"
        for one in replay.keepers
    )
    return f"{_signed(replay.keeper_profit, replay.bonus_paid.unit)}: {shares}"


def _merging(replay: Replay) -> list[tuple[str, str]]:
    most = max(step.rows for step in replay.steps)
    if most == 1:
        return []
    words = (
        f"{len(replay.steps):,}, each of up to {most:,} neighbouring rows merged: what flowed adds "
        "up, the rest is the last row's; every row was lived through and checked"
    )
    return [("steps", words)]


def tell(replay: Replay, console: Console) -> None:
    """Prints the story: step by step where something happened, then the figures."""
    from rich.table import Table

    console.print(_steps(replay, console.width))
    summary = Table.grid(padding=(0, 3))
    summary.add_column(style="bold")
    summary.add_column()
    for name, value in facts(replay):
        summary.add_row(name, value)
    console.print(summary)
    for line in replay.violations[:20]:
        console.print(f"broken: {line}", style="bold red", markup=False)


def _steps(replay: Replay, width: int) -> Any:
    from rich.table import Table

    shown = _interesting(replay)
    top = max(step.price for step in shown)
    cells = {column: [column.cell(step, replay, top) for step in shown] for column in _COLUMNS}
    kept = _fitting(cells, width)
    title = f"{len(replay.loans)} loans through {replay.source}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in kept:
        table.add_column(column.title, justify="left" if column.left else "right", no_wrap=True)
    for index, step in enumerate(shown):
        row = [cells[column][index] for column in kept]
        table.add_row(*row, style="" if step.liquidations else "dim")
    notes = []
    if len(shown) < len(replay.steps):
        notes.append(
            f"{len(shown)} of {len(replay.steps):,} steps: the extremes, the largest liquidations, "
            "and some between; the page has them all"
        )
    if hidden := [column.title or "bars" for column in _COLUMNS if column not in kept]:
        notes.append(f"no room for: {', '.join(hidden)}; a wider terminal shows them")
    table.caption = "\n".join(notes) or None
    table.caption_justify = "left"
    return table


def _fitting(cells: dict[_Column, list[str]], width: int) -> list[_Column]:
    """The columns that fit: the least needed go first, never time and price."""
    from rich.text import Text

    need = {
        column: max(map(len, (column.title, *(Text.from_markup(one).plain for one in rows))))
        for column, rows in cells.items()
    }
    kept = list(cells)
    for column in sorted(cells, key=lambda column: column.spared):
        if sum(need[one] + 2 for one in kept) - 2 <= width:
            break
        if column.spared < _NEVER:
            kept.remove(column)
    return kept


def _interesting(replay: Replay) -> list[Step]:
    """At most `_MOST_LINES` steps: the ends, the extremes of the price, those with most
    liquidated, and an even spread of the others."""
    steps = replay.steps
    if len(steps) <= _MOST_LINES:
        return list(steps)
    every = range(len(steps))
    chosen = {0, len(steps) - 1}
    chosen.add(min(every, key=lambda i: steps[i].low))
    chosen.add(max(every, key=lambda i: steps[i].high))
    busy = sorted((i for i in every if steps[i].liquidations), key=_by_size(steps))
    chosen |= set(busy[: _MOST_LINES // 2])
    left = _MOST_LINES - len(chosen)
    chosen |= {(2 * n + 1) * len(steps) // (2 * left) for n in range(left)}
    return [steps[i] for i in sorted(chosen)]


def _by_size(steps: tuple[Step, ...]) -> Callable[[int], tuple[int, int]]:
    return lambda i: (-steps[i].debt_repaid, i)


def _time(step: Step, replay: Replay, top: int) -> str:
    return format_time(step.time).removesuffix("Z").replace("T", " ")


def _bar(step: Step, replay: Replay, top: int) -> str:
    return f"[blue]{'▇' * max(1, 20 * step.price // top)}[/]"


def _open(step: Step, replay: Replay, top: int) -> str:
    return str(sum(1 for health in step.health if health != CLOSED))


def _lowest(step: Step, replay: Replay, top: int) -> str:
    health = min((health for health in step.health if health != CLOSED), default=None)
    if health is None:
        return ""
    return f"{'[red]' if health < HEALTH_SCALE else ''}{health / HEALTH_SCALE:.3f}"


def _seized(step: Step, replay: Replay, top: int) -> str:
    return seized(step.collateral_seized, replay)


def seized(raw: int, replay: Replay) -> str:
    """Collateral for a table, nothing where there is none."""
    unit = replay.collateral_seized.unit
    return amount_text(unit.amount(raw), 2) if raw else ""


def _bad_debt(step: Step, replay: Replay, top: int) -> str:
    return f"[red]{dollars(step.bad_debt, replay.bad_debt.unit)}" if step.bad_debt else ""


_NEVER = 9


class _Column(NamedTuple):
    title: str
    cell: Callable[[Step, Replay, int], str]
    spared: int
    """Rank in which it makes room in a narrow terminal; `_NEVER` for what stays."""
    left: bool = False


_COLUMNS = (
    _Column("time (UTC)", _time, _NEVER, left=True),
    _Column("price", lambda step, replay, top: price_text(step.price), _NEVER),
    _Column("", _bar, 0, left=True),
    _Column("open", _open, 2),
    _Column("health", _lowest, 6),
    _Column("hit", lambda step, replay, top: str(step.liquidations or ""), 7),
    _Column("seized", _seized, 1),
    _Column("bonus $", lambda step, replay, top: _bonus(step, replay), 3),
    _Column("bad debt $", _bad_debt, 4),
    _Column("lenders", lambda step, replay, top: percent(step.lenders_return, 3), 5),
)


def _bonus(step: Step, replay: Replay) -> str:
    return dollars(step.bonus_paid, replay.bonus_paid.unit)


def _signed(raw: int, unit: Unit) -> str:
    return f"{'-' if raw < 0 else '+'}{unit.amount(abs(raw)):,.2f}"


def as_data(replay: Replay, *, path: bool = False) -> dict[str, Any]:
    """The replay as JSON data.

    Amounts, prices, ratios and health are decimal strings, exact to the last digit; times are
    ISO 8601 in UTC. With `path` every step and every loan is in it as well.
    """
    data: dict[str, Any] = {
        "engine": replay.engine,
        "source": replay.source,
        "seed": replay.seed,
        "rows": replay.rows,
        "hours": round(replay.hours),
        "start": format_time(replay.start),
        "end": format_time(replay.end),
        "first_price": _price(replay.first_price),
        "last_price": _price(replay.last_price),
        "lowest_price": _price(replay.lowest_price),
        "highest_price": _price(replay.highest_price),
        "loans": len(replay.loans),
        "loans_liquidated": replay.loans_liquidated,
        "loans_closed": replay.loans_closed,
        "loans_unhealthy": replay.loans_unhealthy,
        "liquidations": replay.liquidations,
        "collateral_seized": _exact(replay.collateral_seized),
        "collateral": replay.collateral_seized.symbol,
        "debt_repaid": _exact(replay.debt_repaid),
        "bonus_paid": _exact(replay.bonus_paid),
        "keeper_profit": format_signed(replay.keeper_profit, replay.bonus_paid.unit.decimals),
        "keepers": [
            {
                "name": one.name,
                "address": one.address,
                "liquidations": one.liquidations,
                "late": one.late,
                "profit": _exact(one.profit),
            }
            for one in replay.keepers
        ],
        "bad_debt": _exact(replay.bad_debt),
        "bad_debt_reserve": _exact(replay.bad_debt_reserve),
        "lenders_start": _exact(replay.lenders_start),
        "lenders_end": _exact(replay.lenders_end),
        "lenders_return": format_signed(replay.lenders_return, 18),
        "invariants_checked": replay.invariants_checked,
        "invariants_held": replay.invariants_held,
        "invariants": {
            number: replay.checks[number] for number in sorted(replay.checks, key=natural)
        },
        "violations": list(replay.violations),
    }
    if path:
        data["path"] = [_step_data(step, replay) for step in replay.steps]
        data["borrowers"] = [_loan_data(loan) for loan in replay.loans]
    return data


def format_signed(raw: int, decimals: int) -> str:
    """A number that may be negative, exactly.

    >>> format_signed(-15, 1)
    '-1.5'
    """
    return ("-" if raw < 0 else "") + format_units(abs(raw), decimals)


def _exact(amount: Amount) -> str:
    return format_units(amount.raw, amount.unit.decimals)


def _price(price: int) -> str:
    return format_units(price, PRICE_DECIMALS)


def _step_data(step: Step, replay: Replay) -> dict[str, Any]:
    unit = replay.bonus_paid.unit
    healths = [health for health in step.health if health != CLOSED]
    return {
        "time": format_time(step.time),
        "rows": step.rows,
        "price": _price(step.price),
        "loans_open": len(healths),
        "lowest_health": str(min(healths) / HEALTH_SCALE) if healths else None,
        "liquidations": step.liquidations,
        "loans_liquidated": list(step.liquidated),
        "collateral_seized": format_units(
            step.collateral_seized, replay.collateral_seized.unit.decimals
        ),
        "debt_repaid": format_units(step.debt_repaid, unit.decimals),
        "bonus_paid": format_units(step.bonus_paid, unit.decimals),
        "bad_debt": format_units(step.bad_debt, unit.decimals),
        "debt": format_units(step.debt, unit.decimals),
        "utilisation": format_units(step.utilisation, 18),
        "lenders_return": format_signed(step.lenders_return, 18),
    }


def _loan_data(loan: Loan) -> dict[str, Any]:
    return {
        "name": loan.name,
        "address": loan.address,
        "collateral": _exact(loan.collateral),
        "debt": _exact(loan.debt),
        "ratio": format_units(loan.ratio, 18),
        "liquidations": loan.liquidations,
        "closed": None if loan.closed is None else format_time(loan.closed),
    }
