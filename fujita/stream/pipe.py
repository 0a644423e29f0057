"""One end of a pipe in, text out: read in large chunks, cut at newlines, decoded over the edges of what was read."""

from __future__ import annotations

import asyncio
import fcntl
import mmap
import os
from codecs import utf_8_decode
from collections.abc import Callable
from contextlib import suppress

from fujita.stream.intake import Intake
from fujita.stream.record import TEXT_LIMIT

READ_SIZE = 480 * 1024
"""At most at once: as JSON it fits into one message, so that what is read at once reaches a client at once."""
ROOM = mmap.mmap(-1, TEXT_LIMIT + READ_SIZE, mmap.MAP_PRIVATE)
"""Where all pipes read into, one after the other: a flood passes through memory that is in the CPU's cache already.
Text is made of it before a read is over; what stays is the open line, which each pipe keeps for itself. A mapping
takes memory only where something was read into it."""
VIEW = memoryview(ROOM)
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
        self._loop.add_reader(intake.fd, self._read)

    def close(self) -> None:
        """Reads what is still there, delivers it, and closes the descriptor."""
        left = PIPE_SIZE
        while not self._closed and left > 0:
            read = self._read()
            left -= read or left
        self._close()

    def catch_up(self) -> None:
        """Delivers what an earlier sidecar took out of the pipe and had no time to deliver."""
        while self._intake.behind:
            self._read()

    def leave(self) -> None:
        """Reads no more: what comes is the next sidecar's."""
        if not self._closed:
            self._loop.remove_reader(self._intake.fd)
            self._forget_timer()

    def _read(self) -> int:
        held = len(self._open_line)
        try:
            size = self._intake.read_into(VIEW[held : held + READ_SIZE])
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            size = 0
        if size:
            ROOM[:held] = self._open_line
            self._take(held, held + size)
        else:
            self._close()
        return size

    def _take(self, held: int, size: int) -> None:
        """Hands on what is in the room up to `size`, but for the open line; `held` bytes of it are no news."""
        end = ROOM.rfind(b"\n", held, size) + 1
        if size - end >= TEXT_LIMIT:
            end = size
        end = self._hand_on(end)
        if end or not held:
            self._opened = self._loop.time()
        self._open_line = bytes(VIEW[end:size])
        self._hold_open_line()

    def _hand_on(self, end: int, final: bool = False) -> int:
        """Delivers what is in the room up to `end`, save (unless `final`) a begun character; returns how much."""
        start = 0
        while start < end:
            stop = end
            if end - start > TEXT_LIMIT:
                stop = ROOM.rfind(b"\n", start, start + TEXT_LIMIT) + 1 or start + TEXT_LIMIT
            text, size = decoded(VIEW[start:stop], final and stop == end)
            if not size:
                break
            start += size
            self._intake.became_records(size)
            self._deliver(text)
        return start

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
        held = len(self._open_line)
        ROOM[:held] = self._open_line
        self._open_line = self._open_line[self._hand_on(held, final) :]

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


def decoded(data: memoryview, final: bool) -> tuple[str, int]:
    """A text of at most 64 KiB, and the number of bytes at the beginning of `data` (no more than that) that it was made
    of: all but a begun character, unless `final`. Bytes that are no UTF-8 become U+FFFD, which takes three for one."""
    try:
        return utf_8_decode(data, "strict", final)
    except UnicodeDecodeError:
        if len(data) > TEXT_LIMIT // 3:
            data, final = data[: TEXT_LIMIT // 3], False
            data = data[: bytes(data).rfind(b"\n") + 1] or data
        return utf_8_decode(data, "replace", final)
