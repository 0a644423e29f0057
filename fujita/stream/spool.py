"""A project's records on the disk, so that the next sidecar goes on where this one ended, however it ended.

The files are NDJSON: the records as clients get them, and before a record whose bytes came out of a pipe a line that
says how far that pipe has been read. Only what is written here is shown to anybody.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fujita.stream.intake import Intake, SafeIntake
from fujita.stream.record import Record

FORMAT = 1
"""Of the files; a sidecar that knows another one begins anew."""
FILES = 4
"""Parts in which a full spool lies on the disk: the oldest goes when nothing in it is kept any more."""
PART = "records-"
"""So their names begin; the rest is the id of the first record."""
LEAST = 256 * 1024
"""Bytes of a part at least."""


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
        parts = [*record.parts]
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
        if not self.broken:
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
            clear(self._folder)
            self._complain(error)

    def _begin_part(self, next: int) -> None:
        """Its first line says what one needs to know to begin with it; it appears with that line, or not at all."""
        head = line({"fujita": FORMAT, "epoch": self._epoch, "next": next, "read": self._read})
        path = self._folder / f"{PART}{next:015}"
        new = self._folder / "new"
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if os.write(file, head) < len(head):
            os.close(file)
            raise full()
        new.replace(path)
        if self._file >= 0:
            os.close(self._file)
        self._file = file
        self._parts.append((path, next))
        self._room = max(LEAST, self._limit // FILES)

    def _forget_before(self, first: int) -> None:
        while len(self._parts) > 1 and self._parts[1][1] <= first:
            self._parts.pop(0)[0].unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Takes away what a spool left; the folder stays."""
    with suppress(OSError):
        for path in folder.iterdir():
            path.unlink()


def read(folder: Path, limit: int) -> Spooled:
    """What is spooled in `folder`. FileNotFoundError if nothing is; Unreadable, or another OSError, if what is there is
    damaged, larger than a cache of `limit` bytes leads to, or not ours."""
    paths = parts_in(folder)
    if not paths:
        raise FileNotFoundError(folder)
    try:
        return _put_together([whole_lines(path, 2 * max(limit, LEAST)) for path in paths])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


def _put_together(parts: list[list[bytes]]) -> Spooled:
    heads: list[dict[str, Any]] = []
    records: list[Record] = []
    positions: dict[str, int] = {}
    for head, *lines in parts:
        heads.append(json.loads(head))
        if heads[-1]["fujita"] != FORMAT or heads[-1]["epoch"] != heads[0]["epoch"]:
            raise Unreadable("it is of another Fujita")
        positions = {str(name): int(position) for name, position in heads[-1]["read"].items()}
        moved: dict[str, int] = {}
        for text in lines:
            said = json.loads(text)
            if "read" in said:
                moved = said["read"]  # true only with the record that follows
                continue
            if records and said["id"] != records[-1].id + 1:
                raise Unreadable("its parts do not belong together")
            records.append(Record(int(said["id"]), float(said["time"]), said["stream"], text + b"\n", said.get("run")))
            positions.update(moved)
            moved = {}
    following = records[-1].id + 1 if records else int(heads[-1]["next"])
    return Spooled(str(heads[0]["epoch"]), records, following, positions)


def whole_lines(path: Path, limit: int) -> list[bytes]:
    """The lines of a file of ours; the line in which its writer was killed is none."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(file, "rb") as opened:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > limit:
            raise Unreadable(f"{path.name} is no file of ours")
        return opened.read().split(b"\n")[:-1]


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
