"""What a process tree uses: memory, and CPU since the last look."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from fujita.process.cgroup import Group


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu` in cores (1.0 is one core, busy), `memory` in bytes (resident, summed over the tree)."""

    cpu: float
    memory: int


class Meter:
    """Measures one tree; the first look has nothing to compare with and says 0 cores."""

    def __init__(self, root: int, group: Group | None = None) -> None:
        self._root = root
        self._group = group
        self._seconds = 0.0
        self._looked = time.monotonic()

    def look(self) -> Usage | None:
        """What the tree uses now; None when it is gone. Reads some files of /proc: call it in a thread."""
        seconds, memory = 0.0, 0
        try:
            tree = self._tree()
        except psutil.Error:
            return None
        for process in tree:
            try:
                times = process.cpu_times()
                seconds += times.user + times.system
                memory += process.memory_info().rss
            except psutil.Error:
                continue
        if self._group:  # it counts what has ended, too
            seconds = self._group.cpu_seconds() or seconds
        now = time.monotonic()
        passed = now - self._looked
        cpu = max(0.0, seconds - self._seconds) / passed if self._seconds and passed > 0 else 0.0
        self._seconds, self._looked = seconds, now
        return Usage(round(cpu, 3), memory)

    def _tree(self) -> Iterable[psutil.Process]:
        if pids := self._group.pids() if self._group else ():
            return [process for process in psutil.process_iter() if process.pid in pids]
        root = psutil.Process(self._root)
        return [root, *root.children(recursive=True)]
