"""When a process began, by the clock that stamps files. (psutil's create_time counts from a boot time in seconds.)"""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil

STARTTIME = 22 - 3
"""proc_pid_stat(5) numbers from 1, and what follows the name begins with the third."""


def began(pid: int) -> float:
    """In seconds of time.time(), to a hundredth; OSError if it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[STARTTIME]) / os.sysconf("SC_CLK_TCK")
    return time.time() - age


def server_began(reloader: int) -> float | None:
    """When the server below Django's `reloader` began, or that itself where it has none; None if they are gone."""
    try:
        return max(began(child.pid) for child in psutil.Process(reloader).children() or [psutil.Process(reloader)])
    except (OSError, psutil.Error):
        return None
