"""A project that outlives its sidecar: what it is doing is noted at every change, its processes are kept, and the next
sidecar goes on with both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from fujita import words
from fujita.host import Host
from fujita.process.spawn import Child
from fujita.process.starter import Starter
from fujita.project.handover import Handover, Inherited
from fujita.project.left import Going, Left, digest
from fujita.project.project import Project
from fujita.project.states import ALIVE, ENDING, GOING_ON, Event, State
from fujita.stream.board import Board
from fujita.stream.cache import Cache

if TYPE_CHECKING:
    from fujita.config.models import ProjectConfig


class LastingProject(Project):
    """A project with a `handover` to the next sidecar."""

    def __init__(
        self,
        config: ProjectConfig,
        cache: Cache,
        board: Board,
        starter: Starter,
        host: Callable[[], Host],
        handover: Handover,
    ) -> None:
        self._handover = handover
        self._digest = digest(config)
        self._noting: asyncio.Handle | None = None
        super().__init__(config, cache, board, starter, host, handover)

    def adopt(self, inherited: Inherited) -> None:
        """Goes on with what an earlier sidecar left."""
        left = inherited.left
        if left is None:
            return
        self._facts = left.facts
        self._failures = left.failures
        self._running_since = left.running_since
        if left.run and left.runs and inherited.run:
            self.runs.adopt(left.run, inherited.run, left.runs.start)
        if left.server and inherited.server:
            self._take_over(left.server, inherited.server, left.read)
        elif self.state in (*ALIVE, State.RESTARTING):  # it was just about to be started
            self._facts.state = State.STOPPED
            self._happen(Event.START)
            return
        elif self.state is State.STOPPING:
            self._facts.state = State.STOPPED
        if self.state in ENDING:
            self._settled.clear()
        if self.state in (State.STARTING, State.BROKEN, State.EXITED):
            self._tasks.start("tries", self._recovery.starts())
        for effect in GOING_ON[self.state]:
            self._effects[effect]()
        self.publish()

    async def leave(self) -> None:
        """Everything goes on without this sidecar, and is there for the next one."""
        self._closing = True
        await asyncio.gather(self._tasks.close(), self.runs.leave())
        self._note()

    def publish(self) -> None:
        super().publish()
        if not self._noting:  # once for all that happens in a turn of the loop
            self._noting = asyncio.get_running_loop().call_soon(self._note)

    def _take_over(self, going: Going, child: Child, read: int) -> None:
        process = self._starter.adopt(child, going.start, self.cache.append, keeper=self._handover)
        self._began = going.first
        self._observer.resume(going.first, read)
        process.catch_up()
        self._lives(process)
        self.say(words.said_adopted(self._who))

    def _note(self) -> None:
        self._noting = None
        server, run = self._process, self.runs.process
        self._handover.note(
            Left(
                self._digest,
                replace(self._facts, usage=None),
                self._failures,
                self._running_since,
                self._observer.read,
                Going(server.pid, server.start, self._began) if server else None,
                self.runs.current,
                Going(run.pid, run.start, 0) if run else None,
            )
        )
