"""Waits for the end of a process that is not our child."""

from __future__ import annotations

import asyncio
import os

import psutil

LOOK_PAUSE = 0.5
"""Seconds between two looks where the kernel has no pidfd_open(2) (before Linux 5.3)."""


async def gone(pid: int) -> None:
    """Returns when `pid` has ended."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except OSError:
        while psutil.pid_exists(pid):
            await asyncio.sleep(LOOK_PAUSE)
        return
    try:
        await ended(fd)
    finally:
        os.close(fd)


async def ended(pidfd: int) -> None:
    """Returns when the process has ended. Wakes up only then: its pidfd becomes readable."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(pidfd, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(pidfd)
