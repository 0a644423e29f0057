"""What Django printed, measured once: tests/django/output/VERSION/CASE.txt, and how a reader hears it.

`out|` and `err|` are lines of the two streams (`out_|`: without a newline), `---` is what happened meanwhile,
`exit` how the process ended. `<project>`, `<venv>` and `<python>` stand for folders.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fujita.django.finding import Erred, Failed, Finding, Watching
from fujita.django.problem import Problem
from fujita.django.reader import Reader
from fujita.stream.record import Record

FOLDER = Path(__file__).parent / "output"
PROJECT = "/srv/site"
FOLDERS = {"<project>": PROJECT, "<venv>": "/srv/site/.venv", "<python>": "/usr", "<venvs>": "/opt"}
LINE = re.compile(r"(out|err)(_?)\| ?(.*)$")

Piece = tuple[str, str]
"""A stream and a text that was written to it."""


@dataclass(frozen=True)
class Output:
    """One case: what was written in which order, and how it ended (None: it was still alive)."""

    pieces: tuple[Piece, ...]
    code: int | None


def output(case: str) -> Output:
    """`case` is "5.2/3-start-views-syntax"."""
    text = (FOLDER / f"{case}.txt").read_text(encoding="utf-8")
    for name, folder in FOLDERS.items():
        text = text.replace(name, folder)
    pieces = []
    code = None
    for line in text.split("\n"):
        if match := LINE.match(line):
            pieces.append((f"std{match[1]}", match[3] + ("" if match[2] else "\n")))
        elif line.startswith("exit exit code "):
            code = int(line.rpartition(" ")[2])
        elif line.startswith("exit killed by "):
            code = -signal.Signals[line.rpartition(" ")[2]].value
    return Output(tuple(pieces), code)


def cases() -> list[str]:
    return sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("*/*.txt"))


def records(pieces: Iterable[Piece], first: int = 1) -> Iterator[Record]:
    for number, (stream, text) in enumerate(pieces, first):
        yield Record.make(number, 1.0, stream, text)


def read(case: str, requirements: str | None = None) -> tuple[list[Finding], Problem | None]:
    """What a reader finds in a case that is read at once, and why the process ended."""
    reader = Reader(PROJECT, requirements)
    said = output(case)
    found = heard(reader, records(said.pieces))
    return found, reader.ended(said.code) if said.code is not None else None


def heard(reader: Reader, records: Iterable[Record]) -> list[Finding]:
    """What is found once it is quiet after these."""
    return [*reader.read(records), *reader.so_far()]


def newest(found: Iterable[Finding]) -> list[Finding]:
    """Without what came again, more exact."""
    kept: list[Finding] = []
    for finding in found:
        if kept and replaces(finding, kept[-1]):
            kept.pop()
        kept.append(finding)
    return kept


def replaces(finding: Finding, before: Finding) -> bool:
    if isinstance(finding, Erred):
        return finding.again
    return isinstance(finding, Failed) and isinstance(before, Failed)


def told(found: Iterable[Finding], end: Problem | None) -> list[str]:
    """Findings and end as lines for people: findings.txt is made of them."""
    lines = [" ".join(words_of(finding)) for finding in newest(found) if not isinstance(finding, Watching)]
    return [*lines, *([f"ended {told_problem(end)}"] if end else [])]


def words_of(finding: Finding) -> Iterator[str]:
    yield type(finding).__name__.lower()
    for name in finding.__slots__:
        value = getattr(finding, name)
        if isinstance(value, Problem):
            yield told_problem(value)
        elif name not in ("record", "again"):
            yield ",".join(value) if isinstance(value, tuple) else str(value)


def told_problem(problem: Problem) -> str:
    place = f" {problem.file}:{problem.line}" if problem.file else ""
    hint = f" [{problem.hint}]" if problem.hint else ""
    return f"{problem.kind}{place}: {problem.message}{hint}"


if __name__ == "__main__":
    for case in cases():
        print(case, *told(*read(case)), sep="\n    ")
