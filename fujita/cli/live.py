"""`fujita status -w`: the table of `status.py`, drawn anew at every change."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from typing import Any

from fujita.cli.client import Client, path_of
from fujita.cli.status import row, summary, table
from fujita.cli.streams import following
from fujita.cli.terminal import harmless

REDRAW = "\x1b[{}F\x1b[J"
"""CPL and ED (ECMA-48): to the beginning of so many lines above, and away with what follows."""

Json = dict[str, Any]


def watch(client: Client, project: str | None, as_json: bool) -> int:
    """Until it is interrupted."""
    asyncio.run(show(client, project, as_json))
    return 0


async def show(client: Client, project: str | None, as_json: bool) -> None:
    """Draws the table anew at every change, or prints what changed where there is no terminal to draw on."""
    path = path_of(project, "status", "stream") if project else "/api/status/stream"
    live = Live()
    async for lines in following(client, path, str, live.remark):
        for line in lines:
            if as_json:
                print(line)
            else:
                live.take(json.loads(line))
        sys.stdout.flush()


class Live:
    """The table as it is now, drawn over the one before."""

    def __init__(self) -> None:
        self._statuses: dict[str, Json] = {}
        self._drawn = 0

    def take(self, told: Json) -> None:
        if "project" in told:
            self._statuses[told["project"]] = told
        elif "removed" in told:
            self._statuses.pop(told["removed"], None)
        else:
            return
        if sys.stdout.isatty():
            self._draw()
        elif "project" in told:
            print("  ".join([*row(told)[:2], harmless(summary(told))]))

    def remark(self, sentence: str) -> None:
        print(f"fujita: {sentence}", file=sys.stderr, flush=True)
        self._drawn = 0  # what is drawn stays, with the remark below

    def _draw(self) -> None:
        size = shutil.get_terminal_size()
        lines = table(self._statuses.values(), size.columns - 1)[: size.lines - 1]
        print((REDRAW.format(self._drawn) if self._drawn else "") + "\n".join(lines))
        self._drawn = len(lines)
