"""Waits for the end of a process that is not our child."""

from __future__ import annotations

import asyncio
import os

import psutil

LOOK_PAUSE = 0.5
"""Seconds between two looks where the kernel has no pidfd_open(2) (before Linux 5.3)."""


async def gone(pid: int) -> None:
    """Returns when `pid` has ended. Wakes up only then: a pidfd becomes readable."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except OSError:
        while psutil.pid_exists(pid):
            await asyncio.sleep(LOOK_PAUSE)
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(fd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)
