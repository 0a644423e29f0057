"""What people type for a process: a bounded queue in front of its standard input."""

from __future__ import annotations

import asyncio
import os

WAITING_LIMIT = 64 * 1024
"""Bytes that may wait for a process to read them, beside what the kernel's pipe holds (pipe(7): 64 KiB)."""


class Input:
    """The writing end of a process's stdin, or None where it has none. Each text arrives whole and in order, or not at
    all."""

    def __init__(self, fd: int | None) -> None:
        self._fd = -1 if fd is None else fd
        self._waiting = bytearray()
        self._loop = asyncio.get_running_loop()
        self._closed = fd is None
        if not self._closed:
            os.set_blocking(self._fd, False)

    def write(self, data: bytes) -> bool:
        """Takes `data`, or says False: nobody reads, or too much waits already."""
        if self._closed or len(self._waiting) + len(data) > WAITING_LIMIT:
            return False
        self._waiting += data
        self._flush()
        return not self._closed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_writer(self._fd)
            os.close(self._fd)

    def _flush(self) -> None:
        try:
            del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            pass
        except OSError:  # EPIPE: it closed its stdin
            self.close()
            return
        if self._waiting:
            self._loop.add_writer(self._fd, self._flush)
        else:
            self._loop.remove_writer(self._fd)
