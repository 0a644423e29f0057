"""Everything that belongs to a process: its descendants, its session, and whatever bears its marker in the
environment, daemonised or orphaned. Leaves to others what it is for and when it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import psutil

from fujita.process.cgroup import Group

SWEEP_PAUSE = 0.02
"""Seconds between two looks at a tree that is ending."""
KILL_PATIENCE = 2.0
"""Seconds after SIGKILL in which a process must be gone, unless the kernel itself holds it (state D, proc(5))."""
NO_ROOT = -1


class Tree:
    """The tree that grew from `root` (a session leader), found anew at each look.

    What was seen once is remembered by pid and start time (psutil's identity, so a reused pid is never taken for it):
    a process that loses its parent, leaves its session and clears its environment afterwards is still known. Where it
    has a control `group`, all of that is of it too. Never of it is what is in one of the `other` trees.
    """

    def __init__(
        self, root: int, marker: Mapping[str, str], group: Group | None = None, other: Collection[Tree] = ()
    ) -> None:
        self.group = group
        self._root = root
        self._marker = marker
        self._other = other
        self._known: dict[int, psutil.Process] = {}
        self.unkillable: list[psutil.Process] = []

    def members(self) -> list[psutil.Process]:
        """The living processes of the tree, its root among them; zombies don't count."""
        processes = living_processes()
        parents = {pid: parent for pid, (_, parent) in processes.items()}
        mine = {pid for pid, known in self._known.items() if processes.get(pid, (None,))[0] == known}
        for pid, (process, _) in processes.items():
            if pid == self._root or session_of(pid) == self._root or bears(process, self._marker):
                mine.add(pid)
        if self.group:
            mine |= self.group.pids() & processes.keys()
        mine |= descendants(mine, parents)
        mine -= {os.getpid(), *(member.pid for tree in self._other for member in tree.members())}
        self._known = {pid: processes[pid][0] for pid in mine}
        return list(self._known.values())

    async def look(self) -> list[psutil.Process]:
        """`members`, in a thread: some hundred files of /proc are read."""
        return await asyncio.to_thread(self.members)

    async def end(self, deadline: Callable[[], float]) -> None:
        """SIGTERM to every member, SIGKILL at `deadline` (time.monotonic, asked anew each time), until all are gone.

        Repeated until a look finds nobody, so that a tree which forks while it dies is ended too.
        """
        asked: set[psutil.Process] = set()
        pause = SWEEP_PAUSE
        while members := await self.look():
            now = time.monotonic()
            if now < deadline():
                send_term([member for member in members if member not in asked])
                asked.update(members)
            else:
                if self.group:
                    self.group.kill()
                send(signal.SIGKILL, members)
            if now >= deadline() + KILL_PATIENCE:
                self.unkillable = members
                pause = 1.0
            await asyncio.sleep(pause)
        self.unkillable = []


def send(number: signal.Signals, processes: Iterable[psutil.Process]) -> None:
    """Signals each of them; psutil leaves a reused pid alone."""
    for process in processes:
        try:
            process.send_signal(number)
        except (psutil.Error, OSError, ValueError):
            continue  # gone, or not ours to end


def send_term(processes: Iterable[psutil.Process]) -> None:
    """SIGTERM, and SIGCONT so that a stopped process can obey it (systemd.kill(5) does the same)."""
    processes = list(processes)
    send(signal.SIGTERM, processes)
    send(signal.SIGCONT, processes)


def living_processes() -> dict[int, tuple[psutil.Process, int]]:
    """Every process on this machine with its parent's pid, but zombies."""
    found = {}
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                if process.status() != psutil.STATUS_ZOMBIE:
                    found[process.pid] = (process, process.ppid())
        except psutil.Error:
            continue
    return found


def bears(process: psutil.Process, marker: Mapping[str, str]) -> bool:
    """Whether its environment, as it was at exec, has all of `marker` (proc_pid_environ(5))."""
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False
    return all(environment.get(key) == value for key, value in marker.items())


def session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def descendants(pids: set[int], parents: Mapping[int, int]) -> set[int]:
    """All that descends from `pids`."""
    found: set[int] = set()
    generation = pids
    while generation:
        generation = {pid for pid, parent in parents.items() if parent in generation} - found - pids
        found |= generation
    return found


def marker_of(config: Path) -> dict[str, str]:
    """What the environment has of everything that a sidecar of `config` starts."""
    return {"FUJITA_SIDECAR": str(config)}


async def end_orphans(marker: Mapping[str, str], patience: float, spared: Collection[Tree] = ()) -> int:
    """Ends what a dead sidecar with this `marker` left behind, with its descendants, but for the `spared`; returns how
    many."""
    orphans = Tree(NO_ROOT, marker, other=spared)
    count = len(await orphans.look())
    deadline = time.monotonic() + patience
    await orphans.end(lambda: deadline)
    return count
