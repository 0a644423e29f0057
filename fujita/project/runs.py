"""The commands that run beside a project's server, on demand, one at a time, into the project's log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.process.process import Keeper, Process
from fujita.process.spawn import Child
from fujita.process.starter import Starter
from fujita.project import launch
from fujita.project.status import Run
from fujita.project.tasks import Tasks
from fujita.stream.cache import Cache


class Busy(Exception):
    """Another command runs; str() says which."""


class Runs:
    """`start` one, `stop` it; `current` is the one that runs, and `changed` is called when that changes."""

    def __init__(
        self,
        config: ProjectConfig,
        cache: Cache,
        starter: Starter,
        keeper: Keeper | None,
        changed: Callable[[], None],
    ) -> None:
        self.current: Run | None = None
        self._config = config
        self._cache = cache
        self._starter = starter
        self._keeper = keeper
        self._changed = changed
        self._process: Process | None = None
        self._tasks = Tasks()
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self, name: str) -> str:
        """Runs the configured command `name` and returns the run's id. KeyError, Busy, or OSError if it can't start."""
        asked = launch.command(self._config, name)
        if self.current:
            raise Busy(words.busy(self.current.command))
        id = f"r{self._cache.next}-{self._cache.epoch}"
        process = self._starter.start(
            asked.argv,
            asked.directory,
            asked.environment,
            self._deliver_for(id),
            marker={"FUJITA_RUN": id},
            answerable=False,  # a question ends with EOF rather than never
            patience=None,  # whole lines only: they stand between the server's own
            keeper=self._keeper,
        )
        self._cache.append("fujita", words.said_run_started(name) + "\n", run=id)
        self._go_on(Run(id, name, round(time.time(), 3)), process, time.monotonic())
        return id

    def adopt(self, run: Run, child: Child, start: str) -> None:
        """Goes on with the run of an earlier sidecar."""
        deliver = self._deliver_for(run.id)
        process = self._starter.adopt(child, start, deliver, patience=None, keeper=self._keeper)
        process.catch_up()
        self._go_on(run, process, time.monotonic() - max(0.0, time.time() - run.since))

    def lost(self, run: Run) -> None:
        """It ended as the sidecar did."""
        self._cache.append("fujita", words.run_was_lost(run.command) + "\n", run=run.id, code=None, signal=None)

    @property
    def process(self) -> Process | None:
        """That of the current run."""
        return self._process

    def stop(self) -> bool:
        """Asks the current run to end; False if there is none."""
        if self._process:
            self._process.end(self._config.stop_timeout)
        return self._process is not None

    async def close(self) -> None:
        """Ends the current run and waits until nothing is left of it."""
        self.stop()
        await self._idle.wait()

    async def leave(self) -> None:
        """Forgets the current run, which goes on."""
        await self._tasks.close()

    def _deliver_for(self, id: str) -> Callable[[str, str], object]:
        return lambda stream, text: self._cache.append(stream, text, run=id)

    def _go_on(self, run: Run, process: Process, started: float) -> None:
        self._process, self.current = process, run
        self._idle.clear()
        self._tasks.start("run", self._until_ended(process, run, started))
        self._changed()

    async def _until_ended(self, process: Process, run: Run, started: float) -> None:
        exit = await process.run()
        self._process = self.current = None
        ended = words.said_run_ended(run.command, exit.code, exit.signal, time.monotonic() - started)
        self._cache.append("fujita", ended + "\n", run=run.id, code=exit.code, signal=exit.signal)
        self._changed()
        self._idle.set()
