"""All projects by name: takes a config, the first one and every later one, and ends everything at the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fujita import words
from fujita.config.load import ConfigError, load
from fujita.config.models import Config, ProjectConfig
from fujita.host import Host, read_host
from fujita.process.reaper import Reaper
from fujita.project.project import Project
from fujita.project.states import Event, State
from fujita.stream.board import Board
from fujita.stream.cache import Cache

LOOK_PAUSE = 2.0
"""Seconds between two looks at a config that is missing or wrong."""
MEASURE_PAUSE = 5.0
"""Seconds between two looks at memory and CPU, while somebody sees them."""
CONFIG = ":config"
"""The board's key for the config; no project can have this name."""


class Supervisor:
    """`projects` by name, the `config` in force (None before the first good one) and `error`, why the file is not.

    Everything that people see is on `board`: a line for each project, one for the config.
    """

    def __init__(self, config_path: Path, reaper: Reaper) -> None:
        self.config_path = config_path
        self.config: Config | None = None
        self.error: str | None = None
        self.projects: dict[str, Project] = {}
        self.board = Board()
        self.host = Host()
        self._reaper = reaper
        self._wrong = asyncio.Event()
        self._applying = asyncio.Lock()
        self._watchers = 0
        self._watched = asyncio.Event()

    @property
    def marker(self) -> dict[str, str]:
        """What the environment of everything it starts has, so that a later sidecar knows its orphans."""
        return {"FUJITA_SIDECAR": str(self.config_path)}

    async def reload(self) -> list[str]:
        """Reads the config and applies it; returns what changed, in words. ConfigError leaves everything as it is."""
        async with self._applying:
            self.host = await asyncio.to_thread(read_host)
            try:
                config = await asyncio.to_thread(load, self.config_path)
            except ConfigError as error:
                awaited = not await asyncio.to_thread(self.config_path.exists)
                self._tell(words.waiting(str(self.config_path)) if awaited else str(error))
                raise
            self._tell(None)
            changes = await self._apply(config)
            for project in self.projects.values():
                project.publish()
            return changes

    async def keep_looking(self) -> None:
        """Looks again at a config that is missing or wrong until it is right; sleeps while it is."""
        while True:
            await self._wrong.wait()
            await asyncio.sleep(LOOK_PAUSE)
            with suppress(ConfigError):
                await self.reload()

    async def keep_measuring(self) -> None:
        """Measures the projects while somebody watches."""
        while True:
            await self._watched.wait()
            for project in list(self.projects.values()):
                await project.measure()
            await asyncio.sleep(MEASURE_PAUSE)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While it is entered, somebody sees memory and CPU."""
        self._watchers += 1
        self._watched.set()
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._watched.clear()

    @property
    def summary(self) -> str:
        running = sum(project.state is State.RUNNING for project in self.projects.values())
        return words.sidecar_summary(running, len(self.projects), self.error is not None)

    @property
    def longest_stop(self) -> float:
        """Seconds that the end of all projects may take."""
        return max((project.config.stop_timeout for project in self.projects.values()), default=0.0)

    async def close(self) -> None:
        """Ends every project, all at the same time."""
        async with self._applying:
            await asyncio.gather(*(project.close() for project in self.projects.values()))

    async def _apply(self, config: Config) -> list[str]:
        """From what is there to `config`: what is the same is left alone; ports are free before they are taken."""
        old, new = self.projects, config.projects
        gone = [name for name in old if name not in new]
        changed = [name for name in new if name in old and old[name].config != new[name]]
        added = [name for name in new if name not in old]
        wanted = {name for name in changed if old[name].state is not State.STOPPED}
        await asyncio.gather(*(old[name].close() for name in gone + changed))
        for name in gone:
            del self.projects[name]
            self.board.post(name, json.dumps({"removed": name}).encode() + b"\n")
        caches = {name: old[name].cache for name in changed}
        self.projects = {
            name: old[name] if name not in changed + added else self._project(project, caches.get(name))
            for name, project in new.items()
        }
        self.config = config
        for name in changed + added:
            if name in wanted or (name in added and new[name].autostart):
                self.projects[name].ask(Event.START)
        return [
            words.config_changes(kind, name)
            for kind, names in (("added", added), ("changed", changed), ("removed", gone))
            for name in names
        ]

    def _project(self, config: ProjectConfig, cache: Cache | None) -> Project:
        if cache is None:
            cache = Cache(config.cache)
        cache.resize(config.cache)
        return Project(config, cache, self.board, self._reaper, self.marker, lambda: self.host)

    def _tell(self, error: str | None) -> None:
        self.error = error
        if error:
            self._wrong.set()
        else:
            self._wrong.clear()
        told = {"config": {"path": str(self.config_path), "error": error}}
        self.board.post(CONFIG, json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
