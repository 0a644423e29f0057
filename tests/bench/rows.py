"""The rows of the bench: what is measured of whom, and which goal the figure has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from tests.bench import company, measure
from tests.bench.measure import Figures
from tests.bench.subjects import SEVERAL

OURS, CEILING = "fujita", "ceiling"
ALL = (CEILING, "json", OURS, "terminado", "websocketd", "supervisor", "circus", "pm2")


@dataclass(frozen=True)
class Goal:
    """A bound for Fujita's median of one figure: a number, or where `of_ceiling` a share of the ceiling's."""

    figure: str
    bound: float
    at_least: bool = False
    of_ceiling: bool = False

    def held(self, ours: float, ceiling: float | None) -> bool:
        bound = self.bound * (ceiling or 0.0) if self.of_ceiling else self.bound
        return ours >= bound if self.at_least else ours <= bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:g}{' × the ceiling' if self.of_ceiling else ''}"


@dataclass(frozen=True)
class Row:
    """One line of the table for each of `who`. `run` measures one of them, once."""

    name: str
    title: str
    run: Callable[[Path, str], Awaitable[Figures]]
    who: Collection[str] = (OURS,)
    goals: tuple[Goal, ...] = ()


def rows(scale: float, names: Collection[str]) -> list[Row]:
    """All rows, or those that are named; `scale` makes the work smaller."""
    all_rows = (*streaming(scale), *at_rest(scale))
    return [row for row in all_rows if not names or row.name in names]


def streaming(scale: float) -> list[Row]:
    def lines(count: int) -> int:
        return max(1000, int(count * scale))

    def slow_ones_get_less(count: int, name: str) -> int:
        return lines(count) // (1 if name in (CEILING, "json", OURS) else 20)

    return [
        Row(
            "one",
            "5,000,000 lines in blocks, 1 client",
            lambda folder, who: measure.flood(folder, who, 1, slow_ones_get_less(5_000_000, who)),
            ALL,
            (Goal("lines/s", 0.7, at_least=True, of_ceiling=True),),
        ),
        Row(
            "twenty",
            "300,000 lines in blocks, 20 clients",
            lambda folder, who: measure.flood(folder, who, 20, slow_ones_get_less(300_000, who)),
            SEVERAL,
            (Goal("lines/s", 0.7, at_least=True, of_ceiling=True),),
        ),
        Row(
            "prints",
            "200,000 lines, a write for each, 1 client",
            lambda folder, who: measure.flood(folder, who, 1, slow_ones_get_less(200_000, who), "lines"),
            ALL,
        ),
        Row(
            "letters",
            "a write for each byte, 1,000 lines",
            lambda folder, who: measure.flood(folder, who, 1, 1000, "letters"),
            (CEILING, OURS),
        ),
        Row(
            "replay",
            "100,000 cached lines, printed in blocks",
            lambda folder, who: measure.replay(folder, who, lines(100_000), "blocks"),
            (CEILING, OURS),
            (Goal("ms", 1.5, of_ceiling=True),),
        ),
        Row(
            "replay-prints",
            "100,000 cached lines, printed one by one",
            lambda folder, who: measure.replay(folder, who, lines(100_000), "lines"),
            (CEILING, OURS),
            (Goal("ms", 1.5, of_ceiling=True),),
        ),
        Row(
            "delay-ten",
            "1,000 lines/s, 10 clients",
            lambda folder, who: measure.delays(folder, who, 10, lines(5000)),
            (CEILING, OURS, "terminado"),
            (Goal("ms p99", 2, of_ceiling=True),),
        ),
        Row(
            "delay",
            "from a print to a client, nothing else going on",
            lambda folder, who: measure.delays(folder, who, 1, 60, "slow"),
            ALL,
        ),
        Row(
            "stalled",
            "300,000 lines, 1 client beside 5 that read nothing",
            lambda folder, who: measure.stalled(folder, lines(300_000), 5),
        ),
        Row(
            "unstalled",
            "the same without them",
            lambda folder, who: measure.stalled(folder, lines(300_000), 0),
        ),
    ]


def at_rest(scale: float) -> list[Row]:
    seconds = max(2.0, 10 * scale)
    return [
        Row(
            "rest",
            "two projects that print nothing",
            lambda folder, who: measure.at_rest(folder, 2, 2),
            goals=(Goal("MiB", 45),),
        ),
        Row(
            "idle",
            "five projects that print nothing",
            lambda folder, who: measure.at_rest(folder, 5, seconds),
            goals=(Goal("% of a core", 0.3), Goal("wake-ups/s", 0.5)),
        ),
        Row("djangos", "two idle Django projects", lambda folder, who: measure.two_djangos(folder, seconds)),
        Row(
            "watching",
            "two projects that ended and wait for a save",
            lambda folder, who: measure.at_rest(folder, 2, seconds, watching=True),
        ),
        Row(
            "million",
            "memory after 1,000,000 lines through the usual cache of 8 MiB",
            lambda folder, who: measure.after_a_flood(folder, 1_000_000),
            goals=(Goal("MiB", (45 + 8) * 1.2),),
        ),
        Row(
            "clients",
            "200 clients that wait",
            lambda folder, who: measure.idle_clients(folder, 200),
            goals=(Goal("KiB per idle client", 40),),
        ),
        Row(
            "crowd",
            "a restart while 500 pages see it",
            lambda folder, who: company.status_changes(folder, 500, 10),
        ),
        Row("alone", "the same while none does", lambda folder, who: company.status_changes(folder, 0, 10)),
        Row(
            "day",
            "10 projects, 20 lines/s each, 5 clients that come and go (--scale 40: an hour)",
            lambda folder, who: company.long_day(folder, 90 * scale),
            goals=(Goal("% more", 10),),
        ),
        Row("start", "from exec", lambda folder, who: measure.starts(folder), goals=(Goal("ms of status", 150),)),
    ]
