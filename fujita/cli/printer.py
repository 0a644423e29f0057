"""`Printer`: records of one or several logs as lines of text, prefixed like those of docker compose."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, TextIO

from fujita.cli.terminal import DIM, NAMES, RESET, SGR, UNFINISHED, harmless, painted, wants_colours

PAINT_LIMIT = 16
"""SGR sequences that are remembered from one line to the next."""

Source = tuple[str, str]
"""A project and one of its streams."""


class Printer:
    """Writes to `out`. Into a pipe or a file, the text of one project is written as it is; on a terminal it is made
    harmless. With several projects each line is led by its project's name."""

    def __init__(self, projects: Sequence[str], out: TextIO, times: bool = False) -> None:
        self._out = out
        self._times = times
        self._is_terminal = out.isatty()
        self._colours = wants_colours(out)
        self._is_plain = len(projects) == 1 and not times and not self._is_terminal
        width = max(map(len, projects), default=0)
        self._names = {
            name: painted(f"{name:<{width}} | ", NAMES[index % len(NAMES)], self._colours) if len(projects) > 1 else ""
            for index, name in enumerate(projects)
        }
        self._open: Source | None = None
        self._held: dict[Source, str] = {}
        self._paint: dict[Source, list[str]] = {}

    def write(self, project: str, record: dict[str, Any]) -> None:
        """One record; the next one of its stream continues its last line if that has no newline."""
        text, stream = record["text"], record["stream"]
        if self._is_plain:
            self._out.write(text)
            return
        source = (project, stream)
        if record.get("input") and self._open and self._open[0] == project:
            source = self._open  # what was typed stands behind the prompt that asked for it
        if self._is_terminal:
            text = self._harmless(source, text)
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            self._line(source, line, record)

    def close(self) -> None:
        if self._open and self._is_terminal:
            self._out.write(RESET + "\n" if self._colours else "\n")
        self._out.flush()

    def _harmless(self, source: Source, text: str) -> str:
        text = self._held.pop(source, "") + text
        if unfinished := UNFINISHED.search(text):
            self._held[source] = unfinished[0]
            text = text[: unfinished.start()]
        return harmless(text, self._colours)

    def _line(self, source: Source, line: str, record: dict[str, Any]) -> None:
        if self._open != source:
            self._out.write("\n" if self._open else "")
            self._out.write(self._lead(source[0], record["time"]))
        self._out.write(self._painted(source, line) if self._is_terminal and self._colours else line)
        self._open = None if line.endswith("\n") else source

    def _lead(self, project: str, when: float) -> str:
        if not self._times:
            return self._names[project]
        moment = time.strftime("%H:%M:%S", time.localtime(when))
        return self._names[project] + painted(f"{moment}.{int(when % 1 * 1000):03} ", "2", self._colours)

    def _painted(self, source: Source, line: str) -> str:
        """`line` in the colours that its stream has by now, and nothing of them left behind it."""
        paint = self._paint.setdefault(source, [DIM] if source[1] == "fujita" else [])
        before = "".join(paint)
        for sgr in SGR.findall(line):
            if re.match(r"\x1b\[0*[;m]", sgr):
                paint.clear()
            paint.append(sgr)
        del paint[:-PAINT_LIMIT]
        if paint and paint[-1] in (RESET, "\x1b[m"):
            paint.clear()
        after = RESET if before or SGR.search(line) else ""
        return before + line.removesuffix("\n") + after + line[len(line.removesuffix("\n")) :]
