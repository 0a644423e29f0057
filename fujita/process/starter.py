"""Starts processes, and takes over those that an earlier sidecar started."""

from __future__ import annotations

import asyncio
import os
import secrets
import select
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace

from fujita.process.cgroup import Cgroup, Group
from fujita.process.gone import ended
from fujita.process.process import Keeper, Process
from fujita.process.reaper import Reaper
from fujita.process.spawn import Child, environment_for, spawn
from fujita.process.tree import NO_ROOT, Tree
from fujita.stream.pipe import OPEN_LINE_PATIENCE

Deliver = Callable[[str, str], object]

START = "FUJITA_START"
"""The variable in the environment of a process, and of all that it starts, which says which start they come from."""
PROJECT = "FUJITA_PROJECT"


class Starter:
    """Of one project. All that it starts has `marker` in its environment and, where `cgroup` is given, a control group
    of its own."""

    def __init__(self, reaper: Reaper, marker: Mapping[str, str], cgroup: Cgroup | None = None) -> None:
        self._reaper = reaper
        self._marker = marker
        self._cgroup = cgroup

    def start(
        self,
        argv: Sequence[str],
        directory: str,
        environment: Mapping[str, str],
        deliver: Deliver,
        *,
        marker: Mapping[str, str] | None = None,
        answerable: bool = True,
        patience: float | None = OPEN_LINE_PATIENCE,
        keeper: Keeper | None = None,
    ) -> Process:
        """Starts `argv` at once; OSError or ValueError says why that failed.

        `marker` is more for its environment. Who is not `answerable` finds the end of its stdin at once.
        """
        start = secrets.token_hex(8)
        marked = {**self._marker, **(marker or {}), START: start}
        group = self._group(start)
        try:
            with group.entered() if group else nullcontext():
                child = spawn(argv, directory, environment_for(os.environ, environment, marked))
        except (OSError, ValueError):
            if group:
                group.remove()
            raise
        exit = self._reaper.exit_of(child.pid)
        if child.stdin is not None and not answerable:
            os.close(child.stdin)
            child = replace(child, stdin=None)
        tree = Tree(child.pid, {START: start}, group)
        return Process(child, start, tree, exit, deliver, patience=patience, keeper=keeper)

    def adopt(
        self,
        child: Child,
        start: str,
        deliver: Deliver,
        *,
        patience: float | None = OPEN_LINE_PATIENCE,
        keeper: Keeper | None = None,
    ) -> Process:
        """Takes over what lives already, or has ended unseen. It is no child of ours: nobody will say with which code
        it ends."""
        tree = self.tree(start, child.pid if lives(child) else NO_ROOT)
        return Process(child, start, tree, _end_of(child), deliver, patience=patience, keeper=keeper)

    def tree(self, start: str, root: int) -> Tree:
        """What comes from one start."""
        return Tree(root, {START: start}, self._group(start))

    def _group(self, start: str) -> Group | None:
        return self._cgroup.group(f"{self._marker[PROJECT]}-{start}") if self._cgroup else None


def lives(child: Child) -> bool:
    """Whether it has not ended; a pid alone may be another's by now."""
    if child.pidfd is None:
        return False
    look = select.poll()
    look.register(child.pidfd, select.POLLIN)
    return not look.poll(0)


def _end_of(child: Child) -> asyncio.Future[int | None]:
    async def wait() -> None:
        if child.pidfd is not None:
            await ended(child.pidfd)

    return asyncio.ensure_future(wait())
