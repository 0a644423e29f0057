"""The lines of a stream, whole again whatever the cut of its records. Most are never made: a record is
decoded only where somebody may want one of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fujita.django.tracebacks import plain
from fujita.stream.record import Record

LINE_LIMIT = 16 * 1024
"""Characters of a line that are kept; nothing that Django says is longer."""
WATCHING = "Watching for file changes with "
"""Written by another thread, at any place between the lines of a failed start."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its newline and colours, the record in which it began, and the line before it."""

    text: str
    record: int
    before: str


class Lines:
    """Of one stream."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.unfinished = ""
        self._began = 0
        self._before: str | Record = ""

    def of(self, record: Record, needles: tuple[bytes, ...] | None) -> Iterator[Line]:
        """The lines that end in `record`, if one of the needles is in its bytes or all lines are wanted (None)."""
        if needles is None or self.unfinished or any(needle in record.line for needle in needles):
            yield from self._read(record)
        elif ends_with_a_line(record):
            self._before = record
        else:
            _, newline, last = record.text.rpartition("\n")
            self.unfinished, self._began = last[:LINE_LIMIT], record.id
            self._before = record if newline else self._before

    def _read(self, record: Record) -> Iterator[Line]:
        if len(self.unfinished) >= LINE_LIMIT and record.line.find(b"\\") < 0:  # no newline in it, nothing quoted
            return
        texts = record.text.split("\n")
        began = self._began if self.unfinished else record.id
        texts[0] = self.unfinished + texts[0]
        last = texts.pop()
        self.unfinished = last[:LINE_LIMIT]
        self._began = record.id if texts else began
        before = self._line_before() if texts else ""
        for text in texts:
            line = Line(plain(text[:LINE_LIMIT]), began, before)
            yield line
            began = record.id
            before = before if text.startswith(WATCHING) else line.text
        if texts:
            self._before = before

    def _line_before(self) -> str:
        """The last line of a record that nobody wanted to know, until now."""
        if isinstance(self._before, Record):
            lines = self._before.text.split("\n")[-4:-1]
            self._before = next((plain(line) for line in reversed(lines) if not line.startswith(WATCHING)), "")
        return self._before[:LINE_LIMIT]


def ends_with_a_line(record: Record) -> bool:
    """Told by its JSON, where a newline is a backslash and an n, unless the backslash is a quoted one."""
    if record.line.endswith(b'\\\\n"}\n'):
        return record.text.endswith("\n")
    return record.line.endswith(b'\\n"}\n')
