"""`python -m tests.bench [ROW…]` measures Fujita, its peers and the ceiling on the same work, in turns, and prints one
table; the figures of every round go to a JSON file."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.measure import Figures
from tests.bench.rows import CEILING, OURS, Row, rows
from tests.bench.subjects import ROOT, install_peers

LONGEST = 120.0
"""Seconds that one measurement may take."""


def main() -> int:
    options = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    options.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(row.name for row in rows(1, ())))
    options.add_argument("--rounds", type=int, default=3, help="how often each is measured; the median counts")
    options.add_argument("--scale", type=float, default=1.0, help="less work: 0.1 for a first look")
    options.add_argument("--json", type=Path, default=ROOT / ".cache" / "bench.json", help="where the figures go")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    chosen = rows(given.scale, given.rows)
    who = {OURS, CEILING, "json", *(install_peers() if any(len(row.who) > 2 for row in chosen) else ())}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.rounds} rounds\n")
    told = []
    for row in chosen:
        print(row.title, flush=True)
        figures = asyncio.run(
            measured(row, [name for name in row.who if name in who], given.rounds, LONGEST * max(1.0, given.scale))
        )
        print("\n".join(lines(row, figures)) + "\n", flush=True)
        told.append({"row": row.name, "title": row.title, "figures": figures})
    given.json.parent.mkdir(exist_ok=True)
    given.json.write_text(json.dumps({"time": time.time(), "load": os.getloadavg(), "rows": told}, indent=1))
    return 0


async def measured(row: Row, who: list[str], rounds: int, longest: float) -> dict[str, list[Figures]]:
    """The figures of each round, everybody in every round, so that a busy minute is busy for all."""
    figures: dict[str, list[Figures]] = {name: [] for name in who}
    for _ in range(rounds):
        for name in who:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    figures[name].append(await asyncio.wait_for(row.run(Path(folder) / "bench", name), longest))
                except Exception as error:
                    print(f"  {name}: {type(error).__name__}: {error}", file=sys.stderr)
    return figures


def lines(row: Row, figures: dict[str, list[Figures]]) -> list[str]:
    """A line for each figure of each subject: median, spread, ratio to the ceiling, and whether the goal is held."""
    said = []
    for name, rounds in figures.items():
        for figure in rounds[0] if rounds else ():
            values = [one[figure] for one in rounds]
            if figure == "lost" and not any(values):
                continue
            ours, ceiling = statistics.median(values), median_of(figures.get(CEILING, []), figure)
            spread = f"{number(min(values))} … {number(max(values))}"
            ratio = f"{ours / ceiling:5.2f} × ceiling" if ceiling and name != CEILING else ""
            verdict = verdict_of(row, figure, ours, ceiling) if name == OURS else ""
            said.append(f"  {name:11}{figure:22}{number(ours):>12}   {spread:26}{ratio:16} {verdict}".rstrip())
    return said


def verdict_of(row: Row, figure: str, ours: float, ceiling: float | None) -> str:
    return ", ".join(
        f"{'holds' if goal.held(ours, ceiling) else 'MISSED'}: {goal}" for goal in row.goals if goal.figure == figure
    )


def median_of(rounds: list[Figures], figure: str) -> float | None:
    values = [one[figure] for one in rounds if figure in one]
    return statistics.median(values) if values else None


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
