"""A replay as one HTML file that needs nothing else: the picture, the figures, a table of steps."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from defi_kit.simulation import picture
from defi_kit.simulation.instants import format_time
from defi_kit.simulation.records import CLOSED, HEALTH_SCALE
from defi_kit.simulation.story import dollars, facts, percent, price_text, seized

if TYPE_CHECKING:
    from defi_kit.simulation.records import Loan, Replay, Step

__all__ = ["STYLE", "html"]

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; background: #f5f7fa; margin: 0; }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px 64px; }
section { background: #fff; border-radius: 8px; padding: 16px 24px; margin: 16px 0;
  box-shadow: 0 1px 3px rgba(31, 41, 51, .12); }
h2 { font-size: 17px; margin: 4px 0 12px; }
svg { width: 100%; height: auto; display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 24px; margin: 0; }
dt { color: #616e7c; } dd { margin: 0; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: 13px;
  font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 3px 10px; white-space: nowrap; }
th { color: #616e7c; font-weight: 600; position: sticky; top: 0; background: #fff;
  border-bottom: 1px solid #9aa5b1; }
th:first-child, td:first-child { text-align: left; }
tbody tr:hover { background: #f5f7fa; }
tr.hit td { background: #fdf2f2; }
.scroll { overflow: auto; max-height: 70vh; }
.bad { color: #d64545; } .good { color: #3f9142; }
"""


def html(replay: Replay) -> str:
    """The page. Without matplotlib it says in the picture's place how to get one."""
    try:
        drawing = picture.svg(replay)
    except picture.PlotsMissing as missing:
        drawing = f"<p>{escape(missing.message)}: <code>{escape(missing.hint or '')}</code></p>"
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(picture.title(replay))}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<section>{drawing}</section>\n"
        f"<section><h2>The figures</h2>{_facts(replay)}</section>\n"
        f"<section><h2>Step by step</h2>{_steps(replay)}</section>\n"
        f"<section><h2>The loans</h2>{_loans(replay)}</section>\n"
        "</main>\n</body>\n</html>\n"
    )


def _facts(replay: Replay) -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts(replay)
    )
    broken = "".join(f'<p class="bad">{escape(line)}</p>' for line in replay.violations)
    return f"<dl>{rows}</dl>{broken}"


def _table(head: tuple[str, ...], rows: list[tuple[str, bool]]) -> str:
    titles = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr{' class=hit' if hit else ''}>{cells}</tr>\n" for cells, hit in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>\n{body}</tbody></table></div>"
    )


def _cells(*values: str) -> str:
    return "".join(f"<td>{escape(value)}</td>" for value in values)


def _steps(replay: Replay) -> str:
    head = (
        "time (UTC)",
        "price",
        "loans open",
        "lowest health",
        "liquidations",
        "seized",
        "repaid",
        "bonus",
        "bad debt",
        "utilisation",
        "lenders",
    )
    return _table(head, [(_step(step, replay), bool(step.liquidations)) for step in replay.steps])


def _step(step: Step, replay: Replay) -> str:
    unit = replay.bonus_paid.unit
    healths = [health for health in step.health if health != CLOSED]
    return _cells(
        format_time(step.time),
        price_text(step.price),
        str(len(healths)),
        f"{min(healths) / HEALTH_SCALE:.3f}" if healths else "–",
        str(step.liquidations or ""),
        seized(step.collateral_seized, replay),
        dollars(step.debt_repaid, unit),
        dollars(step.bonus_paid, unit),
        dollars(step.bad_debt, unit),
        percent(step.utilisation, 1, sign=False),
        percent(step.lenders_return, 3),
    )


def _loans(replay: Replay) -> str:
    head = ("borrower", "address", "collateral", "debt", "ratio", "liquidations", "end")
    return _table(head, [(_loan(loan), bool(loan.liquidations)) for loan in replay.loans])


def _loan(loan: Loan) -> str:
    return _cells(
        loan.name,
        loan.address,
        f"{loan.collateral:,.4f}",
        f"{loan.debt:,.2f}",
        percent(loan.ratio, 1, sign=False),
        str(loan.liquidations or ""),
        "open" if loan.closed is None else f"closed {format_time(loan.closed)}",
    )
