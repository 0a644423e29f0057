"""A project's records on the disk, so that the next sidecar goes on where this one ended, however it ended.

The files are NDJSON: the records as clients get them, and before a record whose bytes came out of a pipe a line that
says how far that pipe has been read. Only what is written here is shown to anybody.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from fujita import files
from fujita.stream.intake import Intake, SafeIntake, bases_of
from fujita.stream.record import TEXT_LIMIT, Record

FORMAT = 1
"""Of the files; a sidecar that knows another one begins anew."""
FILES = 4
"""Parts in which a full spool lies on the disk: the oldest goes when nothing in it is kept any more."""
PART = "records-"
"""So their names begin; the rest is the id of the first record."""
LEAST = 256 * 1024
"""Bytes after which a part is full at least."""
LARGEST = 1024**3 // FILES + 6 * TEXT_LIMIT
"""Bytes of a part at most: of the largest cache that there can be, and a last record full of control characters."""
STREAMS = ("stdout", "stderr", "fujita")


class Unreadable(Exception):
    """What is there is not the spool of an earlier sidecar; str() says why, for the log."""


@dataclass(frozen=True)
class Spooled:
    """What an earlier sidecar kept: its numbering, its records, and how far each pipe was read, in bytes."""

    epoch: str
    records: list[Record]
    next: int
    read: dict[str, int] = field(default_factory=dict)


class Spool:
    """Writes beside the cache what the cache keeps. After the first error (a full disk) it is `broken`, its files are
    gone, `complain` has been called with the error, and the sidecar goes on without."""

    def __init__(self, folder: Path, limit: int, start: Spooled, complain: Callable[[OSError], object]) -> None:
        """Goes on in `folder` after `start`, which may have been read there."""
        self.broken = False
        self._folder = folder
        self._epoch = start.epoch
        self._limit = limit
        self._complain = complain
        self._read = dict(start.read)
        self._moved: dict[str, int] = {}
        self._parts = [(path, first_of(path)) for path in parts_in(folder) if first_of(path) < start.next]
        self._file = -1
        self._room = 0
        try:
            self._begin_part(start.next)
        except OSError as error:
            self.fail(error)

    def write(self, record: Record, first: int) -> None:
        """Keeps `record`; what is older than `first` is kept no longer."""
        if self.broken:
            return
        parts = [record.line]
        if self._moved:
            self._read.update(self._moved)
            parts.insert(0, line({"read": self._moved}))
            self._moved = {}
        size = sum(map(len, parts))
        try:
            if os.writev(self._file, parts) < size:
                raise full()
            self._room -= size
            if self._room <= 0:
                self._begin_part(record.id + 1)
                self._forget_before(first)
        except OSError as error:
            self.fail(error)

    def intake(self, fd: int, name: str, position: int = 0) -> Intake:
        """A way out of the pipe `fd` on which nothing is lost; `name` is one that no other pipe has."""
        if not self.broken or bases_of(self._folder / name):  # what was taken out of the pipe is delivered in any case
            try:
                intake = SafeIntake(fd, self._folder / name, position, self)
                self._read[name] = position
                return intake
            except OSError as error:
                self.fail(error)
        return Intake(fd)

    def forget(self, name: str) -> None:
        """The pipe is read to its end."""
        self._read.pop(name, None)
        self._moved.pop(name, None)

    def resize(self, limit: int) -> None:
        self._limit = limit
        self._room = min(self._room, max(LEAST, limit // FILES))

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self.broken = True

    def moves(self, name: str, position: int) -> None:
        """So far the pipe of that name is read, as soon as the next record is written."""
        self._moved[name] = position

    def fail(self, error: OSError) -> None:
        """Gives up."""
        if not self.broken:
            self.close()
            for path in parts_in(self._folder):
                path.unlink(missing_ok=True)
            self._complain(error)

    def _begin_part(self, next: int) -> None:
        """Its first line says what one needs to know to begin with it; it appears with that line, or not at all."""
        head = line({"fujita": FORMAT, "epoch": self._epoch, "next": next, "read": self._read})
        path = self._folder / f"{PART}{next:015}"
        files.replace(path, head)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        if self._file >= 0:
            os.close(self._file)
        self._file = file
        self._parts.append((path, next))
        self._room = max(LEAST, self._limit // FILES)

    def _forget_before(self, first: int) -> None:
        while len(self._parts) > 1 and self._parts[1][1] <= first:
            self._parts.pop(0)[0].unlink(missing_ok=True)


def clear(folder: Path, keep: Collection[str] = ()) -> None:
    """Takes away what a spool left, but for its records and the pipes' names in `keep`, if there are any; the folder
    stays."""
    with suppress(OSError):
        for path in folder.iterdir():
            if not keep or not path.name.startswith((PART, *keep)):
                path.unlink()


def read(folder: Path, limit: int) -> Spooled:
    """What is spooled in `folder`, as much as a cache of `limit` bytes takes. FileNotFoundError if nothing is;
    Unreadable, or another OSError, if what is there is damaged or not ours."""
    parts: list[list[bytes]] = []
    size = 0
    for path in reversed(parts_in(folder)):
        if size <= limit:
            data = files.read(path, LARGEST)
            size += len(data)
            parts.insert(0, data.split(b"\n")[:-1])  # the line in which its writer was killed is none
    if not parts:
        raise FileNotFoundError(folder)
    try:
        return _put_together(parts)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


def _put_together(parts: list[list[bytes]]) -> Spooled:
    epochs: set[str] = set()
    records: list[Record] = []
    following = 0
    positions: dict[str, int] = {}
    for first, *lines in parts:
        head = orjson.loads(first)
        epochs.add(str(head["epoch"]))
        if head["fujita"] != FORMAT or len(epochs) > 1:
            raise Unreadable("it is of another Fujita")
        following, positions = int(head["next"]), numbers(head["read"])
        moved: dict[str, int] = {}
        for text in lines:
            said = orjson.loads(text)
            if "read" in said:
                moved = numbers(said["read"])  # true only with the record that follows
                continue
            record = recorded(said, text + b"\n")
            if records and record.id != records[-1].id + 1:
                raise Unreadable("its parts do not belong together")
            records.append(record)
            positions.update(moved)
            moved = {}
    return Spooled(epochs.pop(), records, records[-1].id + 1 if records else following, positions)


def recorded(said: dict[str, Any], line: bytes) -> Record:
    if said["stream"] not in STREAMS or not isinstance(said["text"], str):
        raise Unreadable("a record is none")
    return Record(int(said["id"]), float(said["time"]), said["stream"], line, said.get("run"))


def numbers(said: dict[str, Any]) -> dict[str, int]:
    return {str(name): int(position) for name, position in said.items()}


def parts_in(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PART}*"))


def first_of(part: Path) -> int:
    """The id of the first record in it."""
    number = part.name.removeprefix(PART)
    return int(number) if number.isdecimal() else 0


def full() -> OSError:
    """A file takes less than it is given, and says nothing, where the disk is full (write(2))."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def line(said: dict[str, object]) -> bytes:
    return json.dumps(said).encode() + b"\n"
