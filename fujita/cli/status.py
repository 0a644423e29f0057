"""`fujita status`: what every project is doing, as a table, as JSON, or live."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from fujita import words
from fujita.cli.client import connect, path_of
from fujita.cli.terminal import harmless, painted, wants_colours

HEADINGS = ("PROJECT", "STATE", "FOR", "ADDRESS", "SUMMARY")
COLOURS = {
    "running": "32",
    "starting": "36",
    "stopping": "36",
    "waiting": "33",
    "backoff": "33",
    "broken": "31",
    "exited": "31",
    "stopped": "2",
}

Json = dict[str, Any]


def run(arguments: Namespace) -> int:
    client = connect(arguments)
    if arguments.watch:
        from fujita.cli.live import watch

        return watch(client, arguments.project, arguments.json)
    told = client.get(path_of(arguments.project) if arguments.project else "/api/projects")
    statuses = [told] if arguments.project else told["projects"]
    if arguments.json:
        print(json.dumps(told))
    elif arguments.names:
        print("".join(f"{status['project']}\n" for status in statuses), end="")
    else:
        print("\n".join(table(statuses)))
        for line in details(told) if arguments.project else ():
            print(line)
        if not arguments.project and told["config"]["error"]:
            print(told["config"]["error"], file=sys.stderr)
    return 0


def table(statuses: Iterable[Json], width: int | None = None) -> list[str]:
    """A line of headings and one for each project, cut at `width`."""
    rows = [HEADINGS, *(row(status) for status in statuses)]
    columns = [max(map(len, column)) for column in zip(*rows, strict=True)]
    colours = wants_colours(sys.stdout)
    lines = []
    for cells in rows:
        name, state, *others = (cell.ljust(column) for cell, column in zip(cells, columns, strict=True))
        line = "  ".join((name, state, *others)).rstrip()[:width]
        after = len(name) + 2 + len(state)
        if cells[1] in COLOURS and len(line) >= after:
            line = f"{name}  {painted(state, COLOURS[cells[1]], colours)}{line[after:]}"
        lines.append(line)
    return lines


def row(status: Json) -> Sequence[str]:
    cells = (
        status["project"],
        status["state"],
        words.age(time.time() - status["since"]),
        status["url"] or "",
        summary(status),
    )
    return [harmless(cell).replace("\n", " ") for cell in cells]


def summary(status: Json) -> str:
    """The summary, and what else one would want to know."""
    more = [words.some_errors(status["errors"]["count"])] if status.get("errors") else []
    if status.get("help"):
        more.append(status["help"]["text"])
    if status.get("run"):
        more.append(words.runs(status["run"]["command"]))
    return "; ".join([status["summary"], *more])


def details(status: Json) -> list[str]:
    """What is wrong with one project, where, and what to do."""
    problem = status["problem"]
    newest = (status.get("errors") or {}).get("newest")
    lines = []
    for what in filter(None, (problem, newest)):
        where = f"{what['file']}:{what['line'] or 1}: " if what["file"] else ""
        lines.append(harmless(f"{where}{what['kind']}: {what['message']}"))
        if what.get("hint"):
            lines.append(harmless(what["hint"]))
    return lines
