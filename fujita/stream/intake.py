"""How bytes come out of a pipe: read, or moved into a file first, so that a sidecar that is killed between reading and
recording loses none of them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fujita import files

if TYPE_CHECKING:
    from fujita.stream.spool import Spool

FILE_SIZE = 1024 * 1024
"""Bytes after which the next file is begun."""


class Intake:
    """Reads the pipe itself."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def read_into(self, room: memoryview) -> int:
        """How many bytes were put there; BlockingIOError says that there are none now, 0 that none will ever come."""
        return os.readv(self.fd, [room])

    @property
    def behind(self) -> bool:
        """Whether there is something that an earlier sidecar took out of the pipe."""
        return False

    def became_records(self, count: int) -> None:
        """So many of the bytes that were read, from the oldest on, will be in a record at once."""

    def close(self) -> None:
        os.close(self.fd)


class SafeIntake(Intake):
    """Moves bytes from the pipe into a file, and reads them there.

    splice(2) takes them out of the pipe in the same system call that writes them: whenever we are killed, each byte is
    in the pipe or in the file. `position` counts those that became records since the process began; the spool keeps it
    with the records, and the next sidecar's intake begins there: with what had become none. Once the spool is broken
    this is an intake like any other.
    """

    def __init__(self, fd: int, file: Path, position: int, spool: Spool) -> None:
        """`file` is the path without its number. OSError if there can be no file."""
        super().__init__(fd)
        self.position = position
        self.name = file.name
        self._stem = file
        self._spool = spool
        self._base = max((base for base in bases_of(file) if base <= position), default=position)
        self._file = os.open(self._path(self._base), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._read = position
        self._end = max(position, self._base + os.fstat(self._file).st_size)

    @property
    def behind(self) -> bool:
        return self._read < self._end

    def read_into(self, room: memoryview) -> int:
        if self._read == self._end and not self._moved(len(room)):
            return super().read_into(room) if self._spool.broken else 0
        size = os.preadv(self._file, [room[: self._end - self._read]], self._read - self._base)
        self._read += size
        return size

    def _moved(self, size: int) -> int:
        """How many bytes went from the pipe into the file."""
        moved = 0
        try:
            if self._end - self._base >= FILE_SIZE and self.position > self._base and not self._spool.broken:
                self._begin_file()
            if not self._spool.broken:
                at = self._end - self._base
                moved = os.splice(self.fd, self._file, size, offset_dst=at, flags=os.SPLICE_F_NONBLOCK)
        except (BlockingIOError, InterruptedError):
            raise
        except OSError as error:
            self._spool.fail(error)
        self._end += moved
        return moved

    def became_records(self, count: int) -> None:
        self.position += count
        self._spool.moves(self.name, self.position)

    def close(self) -> None:
        super().close()
        os.close(self._file)
        for base in bases_of(self._stem):
            self._path(base).unlink(missing_ok=True)

    def _begin_file(self) -> None:
        """What is in no record yet goes along. Killed here, the next sidecar takes the newest file that is whole."""
        old, base = self._path(self._base), self.position
        files.replace(self._path(base), os.pread(self._file, self._end - base, base - self._base))
        file = os.open(self._path(base), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        os.close(self._file)
        self._file, self._base = file, base
        old.unlink(missing_ok=True)

    def _path(self, base: int) -> Path:
        return self._stem.with_name(f"{self._stem.name}-{base}")


def bases_of(stem: Path) -> list[int]:
    """The positions at which the files of `stem` begin."""
    found = []
    with suppress(OSError):
        for path in stem.parent.glob(f"{stem.name}-*"):
            number = path.name.rpartition("-")[2]
            if number.isdecimal():
                found.append(int(number))
    return found
