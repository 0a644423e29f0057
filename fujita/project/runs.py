"""The commands that run beside a project's server, on demand, one at a time, into the project's log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.process.process import Process
from fujita.process.reaper import Reaper
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
        reaper: Reaper,
        marker: Mapping[str, str],
        changed: Callable[[], None],
    ) -> None:
        self.current: Run | None = None
        self._config = config
        self._cache = cache
        self._reaper = reaper
        self._marker = marker
        self._changed = changed
        self._count = 0
        self._process: Process | None = None
        self._tasks = Tasks()
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self, name: str) -> str:
        """Runs the configured command `name` and returns the run's id. KeyError, Busy, or OSError if it can't start."""
        asked = launch.command(self._config, name)
        if self.current:
            raise Busy(words.busy(self.current.command))
        self._count += 1
        id = f"r{self._count}-{self._cache.epoch}"
        self._process = Process(
            asked.argv,
            asked.directory,
            asked.environment,
            {**self._marker, "FUJITA_RUN": id},
            lambda stream, text: self._cache.append(stream, text, run=id),
            self._reaper,
            patience=None,  # whole lines only: they stand between the server's own
        )
        self._process.input.close()  # nobody can answer it: a question ends with EOF rather than never
        self._idle.clear()
        self.current = Run(id, name, round(time.time(), 3))
        self._cache.append("fujita", words.said_run_started(name) + "\n", run=id)
        self._tasks.start("run", self._until_ended(self._process, self.current))
        self._changed()
        return id

    def stop(self) -> bool:
        """Asks the current run to end; False if there is none."""
        if self._process:
            self._process.end(self._config.stop_timeout)
        return self._process is not None

    async def close(self) -> None:
        """Ends the current run and waits until nothing is left of it."""
        self.stop()
        await self._idle.wait()

    async def _until_ended(self, process: Process, run: Run) -> None:
        started = time.monotonic()
        exit = await process.run()
        self._process = self.current = None
        ended = words.said_run_ended(run.command, exit.code, exit.signal, time.monotonic() - started)
        self._cache.append("fujita", ended + "\n", run=run.id, code=exit.code, signal=exit.signal)
        self._changed()
        self._idle.set()
