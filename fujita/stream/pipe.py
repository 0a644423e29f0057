"""One end of a pipe in, text out: read in large chunks, decoded over their edges, cut at newlines."""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress

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
    """Reads `fd` whenever the loop says that there is something and hands the text on to `deliver`.

    What is delivered is whole lines, or after `patience` seconds an unfinished one; never over 64 KiB of UTF-8 at once.
    With `patience=None` an unfinished line waits until it is finished. Bytes that are no UTF-8 become U+FFFD.
    """

    def __init__(self, fd: int, deliver: Callable[[str], object], patience: float | None = OPEN_LINE_PATIENCE) -> None:
        os.set_blocking(fd, False)
        with suppress(OSError):  # a user's pipes may hold so much together, and no more
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self._fd = fd
        self._deliver = deliver
        self._patience = patience
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open_line = ""
        self._opened = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._loop.add_reader(fd, self._readable)

    def close(self) -> None:
        """Reads what is still there, delivers it, and closes the descriptor."""
        left = PIPE_SIZE
        while not self._closed and left > 0:
            read = self._read()
            left -= read or left
        self._close()

    def _readable(self) -> None:
        for _ in range(READS):
            if self._closed or self._read() < READ_SIZE:
                break

    def _read(self) -> int:
        try:
            data = os.read(self._fd, READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            data = b""
        if data:
            self._take(self._decoder.decode(data))
        else:
            self._close()
        return len(data)

    def _take(self, text: str) -> None:
        began = not self._open_line
        text = self._open_line + text
        end = text.rfind("\n") + 1
        if len(text) - end >= TEXT_LIMIT:
            end = len(text)
        self._open_line = text[end:]
        if began or end:
            self._opened = self._loop.time()
        for piece in pieces(text[:end]):
            self._deliver(piece)
        self._hold_open_line()

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

    def _show_open_line(self) -> None:
        self._forget_timer()
        text, self._open_line = self._open_line, ""
        for piece in pieces(text):
            self._deliver(piece)

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        self._open_line += self._decoder.decode(b"", final=True)
        self._show_open_line()


def pieces(text: str, limit: int = TEXT_LIMIT) -> Iterator[str]:
    """`text` in parts of at most `limit` bytes of UTF-8 each, cut after a newline where there is one."""
    if len(text) * 4 <= limit or (len(text) <= limit and text.isascii()):
        if text:
            yield text
        return
    data = text.encode("utf-8", "replace")
    start = 0
    while len(data) - start > limit:
        end = data.rfind(b"\n", start, start + limit) + 1
        if end <= start:
            end = start + limit
            while data[end] & 0xC0 == 0x80:  # inside a character (RFC 3629)
                end -= 1
        yield data[start:end].decode()
        start = end
    if start < len(data):
        yield data[start:].decode()
