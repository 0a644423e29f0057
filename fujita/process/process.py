"""One started process: its pipes, its tree, its end. Leaves to others why it runs and what its output means."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from fujita.process.input import Input
from fujita.process.spawn import Child
from fujita.process.tree import Tree, send_term
from fujita.stream.intake import Intake
from fujita.stream.pipe import OPEN_LINE_PATIENCE, Pipe

LEFTOVERS_PATIENCE = 0.5
"""Seconds from SIGTERM to SIGKILL for what a process left behind when it ended by itself."""
GENTLE_PATIENCE = 0.5
"""Seconds that Django's server process has before its reloader is asked too."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: with a `code`, or by a `signal` ("SIGKILL"); with neither where nobody was told."""

    code: int | None = None
    signal: str | None = None

    @classmethod
    def of(cls, returncode: int | None) -> Exit:
        if returncode is None or returncode >= 0:
            return cls(code=returncode)
        try:
            return cls(signal=signal.Signals(-returncode).name)
        except ValueError:
            return cls(signal=f"signal {-returncode}")

    @property
    def returncode(self) -> int | None:
        """As Popen's: negative for a signal; None for one that has no name here."""
        if self.signal is None:
            return self.code
        return -signal.Signals[self.signal].value if self.signal in signal.Signals.__members__ else None


class Keeper(Protocol):
    """What a process survives the sidecar by. A start is named by its marker's token."""

    def intake(self, fd: int, name: str) -> Intake:
        """How to read a pipe of it."""

    def keep(self, start: str, child: Child) -> None:
        """It lives."""

    def forget(self, start: str) -> None:
        """It is gone, and all that it printed is delivered."""


class NoKeeper:
    """Of processes that end with the sidecar."""

    def intake(self, fd: int, name: str) -> Intake:
        return Intake(fd)

    def keep(self, start: str, child: Child) -> None:
        pass

    def forget(self, start: str) -> None:
        pass


class Process:
    """A child that lives already; `await run()` returns when nothing of it is left.

    `start` is its name among all starts. `exit` is its exit code to come, None where nobody can know it.
    `deliver(stream, text)` gets what it prints, all of it before `run` returns.
    """

    def __init__(
        self,
        child: Child,
        start: str,
        tree: Tree,
        exit: asyncio.Future[int | None],
        deliver: Callable[[str, str], object],
        *,
        patience: float | None = OPEN_LINE_PATIENCE,
        keeper: Keeper | None = None,
    ) -> None:
        self.pid = child.pid
        self.start = start
        self.tree = tree
        self.input = Input(child.stdin)
        self._exit = exit
        self._keeper = keeper or NoKeeper()
        self._keeper.keep(start, child)
        self._pidfd = child.pidfd
        self._pipes = [
            Pipe(self._keeper.intake(fd, f"{start}.{stream}"), partial(deliver, stream), patience)
            for stream, fd in (("stdout", child.stdout), ("stderr", child.stderr))
        ]
        self._asked = asyncio.Event()
        self._deadline = float("inf")
        self._gently = False

    def catch_up(self) -> None:
        """Delivers what an earlier sidecar had no time to."""
        for pipe in self._pipes:
            pipe.catch_up()

    def leave(self) -> None:
        """Lets it go on without us."""
        for pipe in self._pipes:
            pipe.leave()

    def end(self, patience: float, *, gently: bool = False) -> None:
        """Asks for its end, SIGKILL after `patience` seconds. May be asked again: the earliest deadline counts.

        `gently` spares the leader at first: Django's reloader, told to end, kills its server at once, whose atexit
        functions then never run; a server that ends by itself takes the reloader along.
        """
        self._deadline = min(self._deadline, time.monotonic() + patience)
        self._gently = gently
        self._asked.set()

    async def run(self) -> Exit:
        """Waits until it ended, by itself or asked to, with its whole tree; its pipes are read to the last byte."""
        asked = asyncio.ensure_future(self._asked.wait())
        await asyncio.wait((self._exit, asked), return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if self._exit.done():
            self._deadline = min(self._deadline, time.monotonic() + LEFTOVERS_PATIENCE)
        elif self._gently:
            await self._end_server_first()
        await self.tree.end(lambda: self._deadline)
        returncode = await self._exit
        self.input.close()
        for pipe in self._pipes:
            pipe.close()
        self._keeper.forget(self.start)
        if self._pidfd is not None:
            os.close(self._pidfd)
        if self.tree.group:
            self.tree.group.remove()
        return Exit.of(returncode)

    async def _end_server_first(self) -> None:
        servers = [member for member in await self.tree.look() if member.pid != self.pid]
        if servers:
            send_term(servers)
            patience = max(0.0, min(GENTLE_PATIENCE, self._deadline - time.monotonic()))
            await asyncio.wait({self._exit}, timeout=patience)
