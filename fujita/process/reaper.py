"""Collects every child that ends: ours, and the orphans that the kernel hands to a subreaper (prctl(2)).

Nothing else in the sidecar may wait for a child; a process that nobody collects stays a zombie.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal

PR_SET_CHILD_SUBREAPER = 36


class Reaper:
    """Listens for SIGCHLD; `exit_of(pid)` is the wait status (os.waitstatus_to_exitcode) of one child of ours."""

    def __init__(self) -> None:
        self._expected: dict[int, asyncio.Future[int | None]] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._collect)
        # Orphans of a project come to us rather than to init, so that none can hide by losing its parent.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def exit_of(self, pid: int) -> asyncio.Future[int | None]:
        """The exit code of `pid` to come, negative for a signal. Ask before the loop turns again after the spawn."""
        return self._expected.setdefault(pid, asyncio.get_running_loop().create_future())

    def _collect(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            waiter = self._expected.pop(pid, None)
            if waiter and not waiter.done():
                waiter.set_result(os.waitstatus_to_exitcode(status))
