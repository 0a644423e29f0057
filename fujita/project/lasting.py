"""A project that outlives its sidecar: what it is doing is noted at every change, its processes are kept, and the next
sidecar goes on with both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from fujita import words
from fujita.host import Host
from fujita.process.listeners import family_of, server_among
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
        if left is None or not inherited.same_config:
            return
        self._facts = left.facts
        self._failures = left.failures
        self._running_since = left.running_since
        if left.run and left.runs and inherited.run:
            self.runs.adopt(left.run, inherited.run, left.runs.start)
        elif left.run:
            self.runs.lost(left.run)
        if left.server and inherited.server:
            self._take_over(left, left.server, inherited.server)
        elif self.state in (*ALIVE, State.RESTARTING):  # it ended as the sidecar did, or was just about to be started
            if left.server:
                self.say(words.said_exited(self._who, None, None))
            self._facts.pid = None
            self._facts.state = State.STOPPED
            self._happen(Event.START)
            return
        elif self.state is State.STOPPING:
            self._facts.state = State.STOPPED
        if self.state in ENDING:
            self._settled.clear()
        if self.state in (State.STARTING, State.BROKEN, State.EXITED):
            self._tasks.start("tries", self._recovery.starts())
        if self.state is State.EXITED:
            self._recovery.resumes(self._facts.since)
        if self.state is State.RUNNING and not self._serves():  # it broke meanwhile: what it says of that counts
            self._tasks.start("tries", self._recovery.reloads())
            self._happen(Event.SERVER_GONE)
            return
        for effect in GOING_ON[self.state]:
            self._effects[effect]()
        self.publish()

    async def leave(self) -> None:
        """Everything goes on without this sidecar, and is there for the next one."""
        self._closing = True
        for process in (self._process, self.runs.process):
            if process:
                process.leave()
        await asyncio.gather(self._tasks.close(), self.runs.leave())
        self._note()

    def publish(self) -> None:
        super().publish()
        if not self._noting:  # once for all that happens in a turn of the loop
            self._noting = asyncio.get_running_loop().call_soon(self._note)

    def _take_over(self, left: Left, going: Going, child: Child) -> None:
        process = self._starter.adopt(child, going.start, self.cache.append, keeper=self._handover)
        self._began = going.first
        self._observer.resume(left.seen, going.first, left.read)
        process.catch_up()
        self._lives(process)
        self.say(words.said_adopted(self._who))

    def _serves(self) -> bool:
        port, process = self.config.port, self._process
        return process is not None and (port is None or server_among(family_of(process.pid), port) is not None)

    def _note(self) -> None:
        self._noting = None
        server, run = self._process, self.runs.process
        self._handover.note(
            Left(
                self._digest,
                replace(self._facts, usage=None, spoke_https=False),
                self._failures,
                self._running_since,
                self._observer.seen,
                self._observer.read,
                Going(server.pid, server.start, self._began) if server else None,
                self.runs.current,
                Going(run.pid, run.start, 0) if run else None,
            )
        )
