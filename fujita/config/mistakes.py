"""`Mistake`: one thing that is wrong in a config, with its place; and `ConfigError`, which carries all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fujita import words

REPORT_LIMIT = 16 * 1024
"""Bytes of all mistakes together, as a report: more would help nobody."""
PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")

Place = tuple[int, int]
"""Line and column, from 1."""
Key = Sequence[str | int]
"""The way to a value: `("projects", "blog", "options", 0)`."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at one place, and what to write instead."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        return f"{self.file}:{self.line}:{self.column}: {key}{self.message}"


class ConfigError(Exception):
    """A config that can't be used. `mistakes` are sorted by place; `more` says how many did not fit into a report."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        distinct: dict[tuple[int, int, str], Mistake] = {}
        for mistake in mistakes:  # an alias repeats what is wrong where it leads to
            distinct.setdefault((mistake.line, mistake.column, mistake.message), mistake)
        ordered = sorted(distinct.values(), key=lambda mistake: (mistake.line, mistake.column))
        fitting = _fitting(ordered)
        self.mistakes = tuple(ordered[:fitting])
        self.more = len(ordered) - fitting
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        lines = [str(mistake) for mistake in self.mistakes]
        return "\n".join([*lines, words.more_mistakes(self.more)] if self.more else lines)


class Mistakes:
    """Collects what is wrong in one file, so that all of it is said at once."""

    def __init__(self, file: str) -> None:
        self._file = words.printable(file)
        self._found: list[Mistake] = []

    def add(self, place: Place, key: Key, message: str) -> None:
        self._found.append(Mistake(self._file, *place, shown_key(key), message))

    def raise_any(self) -> None:
        if self._found:
            raise ConfigError(self._found)

    def stop(self, place: Place, message: str) -> ConfigError:
        """For a mistake after which nothing more can be read: `raise mistakes.stop(…)`."""
        self.add(place, (), message)
        return ConfigError(self._found)


def shown_key(key: Key) -> str:
    """`projects.blog.options[0]`; a key that is no plain word stands in quotes."""
    shown = ""
    for part in key:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            shown += ("." if shown else "") + (part if PLAIN_KEY.fullmatch(part) else words.quoted(part))
    return shown


def _fitting(mistakes: Sequence[Mistake]) -> int:
    """How many of them fit into a report, with room for its last line."""
    room = REPORT_LIMIT - 100
    for count, mistake in enumerate(mistakes):
        room -= len(str(mistake).encode("utf-8", "replace")) + 1
        if room < 0:
            return count
    return len(mistakes)
