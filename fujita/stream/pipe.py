"""One end of a pipe in, text out: read in large chunks, cut at newlines, decoded in whole characters."""

from __future__ import annotations

import asyncio
import fcntl
import os
from codecs import utf_8_decode
from collections.abc import Callable, Iterator
from contextlib import suppress

from fujita.stream.intake import Intake
from fujita.stream.record import TEXT_LIMIT

READ_SIZE = 60 * 1024
"""Less than a record may hold, so that the beginning of its first line, read before, fits in too."""
READS = 4
"""As often at most while there is more, before the loop turns: what is read at once reaches a client at once."""
OPEN_LINE_PATIENCE = 0.05
"""Seconds that an unfinished line waits for its newline: Django writes a traceback in pieces over some 10 ms, and a
prompt such as `(Pdb) ` never gets its newline."""
PIPE_SIZE = 1024 * 1024
"""The most that a pipe can hold (F_SETPIPE_SZ without privileges, pipe(7)): a flood goes on while the loop is busy."""


class Pipe:
    """Takes from `intake` whenever the loop says that there is something and hands the text on to `deliver`.

    What is delivered is whole lines, or after `patience` seconds an unfinished one; never over 64 KiB of UTF-8 at once.
    With `patience=None` an unfinished line waits until it is finished. Bytes that are no UTF-8 become U+FFFD.
    """

    def __init__(
        self, intake: Intake, deliver: Callable[[str], object], patience: float | None = OPEN_LINE_PATIENCE
    ) -> None:
        os.set_blocking(intake.fd, False)
        with suppress(OSError):  # a user's pipes may hold so much together, and no more
            fcntl.fcntl(intake.fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self._intake = intake
        self._deliver = deliver
        self._patience = patience
        self._open_line = b""
        self._opened = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._loop.add_reader(intake.fd, self._readable)

    def close(self) -> None:
        """Reads what is still there, delivers it, and closes the descriptor."""
        left = PIPE_SIZE
        while not self._closed and left > 0:
            read = self._read()
            left -= read or left
        self._close()

    def catch_up(self) -> None:
        """Delivers what an earlier sidecar took out of the pipe and had no time to deliver."""
        while not self._closed and self._read():
            pass

    def _readable(self) -> None:
        for _ in range(READS):
            if self._closed or self._read() < READ_SIZE:
                break

    def _read(self) -> int:
        try:
            data = self._intake.read(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            data = b""
        if data:
            self._take(data)
        else:
            self._close()
        return len(data)

    def _take(self, data: bytes) -> None:
        data = self._open_line + data
        end = data.rfind(b"\n") + 1
        if len(data) - end >= TEXT_LIMIT:
            end = len(data)
        if end or self._timer is None:
            self._opened = self._loop.time()
        self._open_line = data[self._give(data[:end]) :]
        self._hold_open_line()

    def _give(self, data: bytes, final: bool = False) -> int:
        """Delivers `data` but for an unfinished character at its end; returns how many bytes that were."""
        given = 0
        for text, size in pieces(data, final):
            given += size
            self._intake.became_records(size)
            self._deliver(text)
        return given

    def _hold_open_line(self) -> None:
        if not self._open_line or self._patience is None:
            self._forget_timer()
        elif self._timer is None:
            self._timer = self._loop.call_at(self._opened + self._patience, self._show_open_line_if_old)

    def _show_open_line_if_old(self) -> None:
        """Not while lines stream by: then what is open now began just now, and its end is on its way."""
        self._timer = None
        if self._patience and self._loop.time() < self._opened + self._patience:
            self._hold_open_line()
        else:
            self._show_open_line()

    def _show_open_line(self, final: bool = False) -> None:
        self._forget_timer()
        self._open_line = self._open_line[self._give(self._open_line, final) :]

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._intake.fd)
        self._show_open_line(final=True)
        self._intake.close()


def pieces(data: bytes, final: bool = False, limit: int = TEXT_LIMIT) -> Iterator[tuple[str, int]]:
    """`data` in texts of at most `limit` bytes of UTF-8 each, cut after a newline where there is one, each with the
    number of bytes that it was made of. Unless `final`, an unfinished character at the end is left out."""
    start = 0
    while start < len(data):
        piece = data[start : _end_of_piece(data, start, limit)]
        try:
            text, size = utf_8_decode(piece, "strict", final and start + len(piece) == len(data))
        except UnicodeDecodeError:  # each byte may become a U+FFFD, which has three
            piece = data[start : _end_of_piece(data, start, limit // 3)]
            text, size = utf_8_decode(piece, "replace", final and start + len(piece) == len(data))
        if not size:
            return
        yield text, size
        start += size


def _end_of_piece(data: bytes, start: int, limit: int) -> int:
    if len(data) - start <= limit:
        return len(data)
    return data.rfind(b"\n", start, start + limit) + 1 or start + limit
