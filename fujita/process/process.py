"""One started process: its pipes, its tree, its end. Leaves to others why it runs and what its output means."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fujita.process.input import Input
from fujita.process.reaper import Reaper
from fujita.process.spawn import environment_for, spawn
from fujita.process.tree import Tree, send_term
from fujita.stream.pipe import OPEN_LINE_PATIENCE, Pipe

LEFTOVERS_PATIENCE = 0.5
"""Seconds from SIGTERM to SIGKILL for what a process left behind when it ended by itself."""
GENTLE_PATIENCE = 0.5
"""Seconds that Django's server process has before its reloader is asked too."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: with a `code`, or by a `signal` ("SIGKILL")."""

    code: int | None = None
    signal: str | None = None

    @classmethod
    def of(cls, returncode: int) -> Exit:
        if returncode >= 0:
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


class Process:
    """Starts `argv` at once (OSError or ValueError if that fails); `await run()` returns when nothing of it is left.

    `deliver(stream, text)` gets what it prints, all of it before `run` returns.
    """

    def __init__(
        self,
        argv: Sequence[str],
        directory: str,
        environment: Mapping[str, str],
        marker: Mapping[str, str],
        deliver: Callable[[str, str], object],
        reaper: Reaper,
        *,
        patience: float | None = OPEN_LINE_PATIENCE,
    ) -> None:
        start = {"FUJITA_START": secrets.token_hex(8)}
        self._popen = spawn(argv, directory, environment_for(os.environ, environment, {**marker, **start}))
        self._exit = reaper.exit_of(self.pid)
        self.tree = Tree(self.pid, start)
        popen = self._popen
        assert popen.stdin and popen.stdout and popen.stderr
        self.input = Input(os.dup(popen.stdin.fileno()))
        self._pipes = [
            Pipe(os.dup(source.fileno()), lambda text, stream=stream: deliver(stream, text), patience)  # type: ignore[misc]
            for stream, source in (("stdout", popen.stdout), ("stderr", popen.stderr))
        ]
        for stream in (popen.stdin, popen.stdout, popen.stderr):
            stream.close()
        self._asked = asyncio.Event()
        self._deadline = float("inf")
        self._gently = False

    @property
    def pid(self) -> int:
        return self._popen.pid

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
        self._popen.returncode = returncode  # so that subprocess does not wait for this pid ever again
        self.input.close()
        for pipe in self._pipes:
            pipe.close()
        return Exit.of(returncode)

    async def _end_server_first(self) -> None:
        servers = [member for member in await self.tree.look() if member.pid != self.pid]
        if servers:
            send_term(servers)
            patience = max(0.0, min(GENTLE_PATIENCE, self._deadline - time.monotonic()))
            await asyncio.wait({self._exit}, timeout=patience)
